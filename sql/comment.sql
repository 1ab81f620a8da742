-- comment: columns of the same name mean the same, which is said once
--
-- A column of the API without a comment of its own gets that of the column with its name
-- in the other type or view.

-- After all tables

DO $$
DECLARE
	same record;
	shared record;
BEGIN
	FOR same IN
		SELECT 'tempcloud.' || relation AS relation,
			   'tempcloud.' || other AS other
		  FROM (VALUES
				(1, 'my_account', 'account'),
				(2, 'my_contacts', 'contact'),
				(3, 'customers', 'account'),
				(4, 'providers', 'customers'),
				(5, 'partners', 'customers'),
				(6, 'partner_contacts', 'contact'),
				(7, 'invitation_preview', 'invitation'),
				(8, 'invitations_sent', 'invitation'),
				(9, 'invitations_received', 'invitation'),
				(10, 'requests_sent', 'request'),
				(11, 'requests_received', 'request'),
				(12, 'requests_received', 'requests_sent'),
				(13, 'assignments', 'assignment'),
				(14, 'assignments', 'shifts'),
				(15, 'assignment_history', 'assignments'),
				(16, 'shipped_mail_template', 'mail_template')) AS s (number, relation, other)
		 ORDER BY number
	LOOP
		FOR shared IN
			SELECT attname AS column, col_description(o.attrelid, o.attnum) AS comment
			  FROM pg_attribute o
			  JOIN pg_attribute c USING (attname)
			 WHERE o.attrelid = same.other::regclass AND o.attnum > 0
			   AND c.attrelid = same.relation::regclass
			   AND col_description(c.attrelid, c.attnum) IS NULL
		LOOP
			EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', same.relation, shared.column, shared.comment);
		END LOOP;
	END LOOP;
END
$$;
