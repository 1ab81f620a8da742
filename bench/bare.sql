-- The same tables without rules: columns, defaults, keys, foreign keys and
-- indexes are those of the extension, but there is no domain, CHECK or trigger.

CREATE SCHEMA bare;
DO $$
DECLARE
	names text[] := '{account,contact,invitation,invitation_token,block,partnership,partner_note,ledger_pending,staff_order,'
		'request,request_answer,shift,assignment,mail,mailer,mail_template,shipped_mail_template,event}';
	name text;
	command text;
BEGIN
	FOREACH name IN ARRAY names LOOP
		EXECUTE format('CREATE TABLE bare.%1$I (LIKE tempcloud_data.%1$I INCLUDING DEFAULTS)', name);
		FOR command IN
			SELECT format('ALTER TABLE bare.%I ALTER %I TYPE text', name, attname)
			  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
			 WHERE attrelid = format('tempcloud_data.%I', name)::regclass AND typtype = 'd'
			 UNION ALL
			SELECT replace(pg_get_indexdef(indexrelid), ' ON tempcloud_data.', ' ON bare.')
			  FROM pg_index WHERE indrelid = format('tempcloud_data.%I', name)::regclass
		LOOP
			EXECUTE command;
		END LOOP;
		EXECUTE format('INSERT INTO bare.%1$I SELECT * FROM tempcloud_data.%1$I', name);
	END LOOP;
	FOR command IN
		SELECT format('ALTER TABLE bare.%I ADD %s', relname,
					  replace(pg_get_constraintdef(c.oid), 'REFERENCES tempcloud_data.', 'REFERENCES bare.'))
		  FROM pg_constraint c
		  JOIN pg_class r ON r.oid = conrelid
		 WHERE contype = 'f' AND relnamespace = 'tempcloud_data'::regnamespace AND relname = ANY (names)
	LOOP
		EXECUTE command;
	END LOOP;
END
$$;
