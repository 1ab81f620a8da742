\echo Use "CREATE EXTENSION tempcloud_test" to load this file. \quit

CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;

--
-- Callers
--

-- Set claims until the session ends where that is allowed, as for pg_regress and the specs,
-- or else until the transaction ends, as for pgTAP.
CREATE FUNCTION test.set_claims(claims text)
RETURNS void
LANGUAGE sql
AS $$
SELECT set_config('request.jwt.claims', claims,
				  current_setting('tempcloud.allow_session_claims', true) IS DISTINCT FROM 'on');
$$;

-- Sign in. Customers have names with a, providers others, unless their address is given.
CREATE FUNCTION test.sign_in(subject text, email text DEFAULT NULL)
RETURNS void
LANGUAGE sql
AS $$
SELECT test.set_claims(json_build_object('sub', subject,
										 'email', COALESCE(email, subject || CASE WHEN subject LIKE 'a%' THEN '@kunde.example'
																				  ELSE '@anbieter.example' END),
										 'email_verified', true)::text);
$$;

-- Sign in by claims and register; returns the account.
CREATE FUNCTION test.company(claims text, kind tempcloud.account_kind, company_name text,
							 given_name text, family_name text)
RETURNS uuid
LANGUAGE sql
AS $$
SELECT test.set_claims(claims);
SELECT id FROM tempcloud.register_account(kind, company_name, given_name, family_name);
$$;

-- What most tests begin with: a customer, whose owner is anna, and a provider, whose owner
-- is bob
CREATE FUNCTION test.two_companies()
RETURNS void
LANGUAGE sql
AS $$
SELECT test.sign_in('anna');
SELECT FROM tempcloud.register_account('customer', 'Kunde AG', 'Anna', 'Alt');
SELECT test.sign_in('bob');
SELECT FROM tempcloud.register_account('provider', 'Anbieter GmbH', 'Bob', 'Berg');
$$;

-- Make partners of two who have registered, given by their claims.
CREATE FUNCTION test.partners(inviter text, invitee text)
RETURNS void
LANGUAGE sql
AS $$
SELECT test.set_claims(inviter);
SELECT FROM tempcloud.invite(invitee::json ->> 'email');
SELECT test.set_claims(invitee);
SELECT FROM tempcloud.invitations_received r, tempcloud.accept_invitation(r.id) WHERE r.can_accept;
$$;

-- The account of a subject, for statements of any role
CREATE FUNCTION test.account_of(subject text)
RETURNS uuid
LANGUAGE sql SECURITY DEFINER
AS $$
SELECT account_id FROM tempcloud_data.contact WHERE contact.subject = account_of.subject;
$$;

-- Early shifts at the place of work from next month on, day after day, for so many people each
CREATE FUNCTION test.shifts(VARIADIC headcounts integer[])
RETURNS jsonb
LANGUAGE sql
AS $$
SELECT jsonb_agg(jsonb_build_object('starts_at', day + time '06:00', 'ends_at', day + time '14:00',
									'headcount', headcount) ORDER BY day)
  FROM (SELECT current_date + 30 + n::integer, headcount
		  FROM unnest(headcounts) WITH ORDINALITY h (headcount, n)) s (day, headcount);
$$;

-- A time as the API takes it, whatever the DateStyle
CREATE FUNCTION test.iso(t timestamptz)
RETURNS text
LANGUAGE sql
AS $$
SELECT to_jsonb(t) #>> '{}';
$$;

--
-- Answers
--

-- The SQLSTATE a command ends with, and the word of a refusal
CREATE FUNCTION test.refusal(command text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	word text;
BEGIN
	EXECUTE command;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, CASE WHEN SQLSTATE LIKE 'PT%' THEN word END);
END
$$;

-- What a command returns, or its error: message, word of a refusal, hint
CREATE FUNCTION test.answer(command text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	result text;
	word text;
	hint text;
BEGIN
	EXECUTE command INTO result;
	RETURN COALESCE(result, 'null');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, CASE WHEN SQLSTATE LIKE 'PT%' THEN word END, NULLIF(hint, ''));
END
$$;

--
-- Events
--

-- Wait until no process of the server itself is in a transaction that writes: it would
-- hold back what events_since() returns.
CREATE FUNCTION test.settle()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	FOR attempt IN 1 .. 500 LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
							   WHERE backend_xid IS NOT NULL AND backend_type <> 'client backend');
		PERFORM pg_sleep(0.02);
	END LOOP;
END
$$;

--
-- Mails
--

-- The token in the link of a mail
CREATE FUNCTION test.token_of(text_body text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
SELECT substring(text_body from 'tc[ie]_[A-Za-z0-9_-]{48}');
$$;

-- What people have in their inboxes, which only they and the mailer can read
CREATE TABLE test.inbox (
	n	serial PRIMARY KEY,
	mail tempcloud.outgoing_mail
);

-- Send what is due.
CREATE FUNCTION test.deliver()
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
	m tempcloud.outgoing_mail;
	count integer := 0;
BEGIN
	LOOP
		FOR m IN SELECT * FROM tempcloud.claim_mail(1000) LOOP
			INSERT INTO test.inbox (mail) VALUES (m);
			PERFORM tempcloud.mail_sent(ARRAY[m.id]);
			count := count + 1;
		END LOOP;
		EXIT WHEN NOT FOUND;
	END LOOP;
	RETURN count;
END
$$;

-- The newest mail to somebody, and the token in its link
CREATE FUNCTION test.mail(recipient text)
RETURNS tempcloud.outgoing_mail
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
	PERFORM test.deliver();
	RETURN (SELECT i.mail FROM test.inbox i
			 WHERE (i.mail).recipient = mail.recipient ORDER BY n DESC LIMIT 1);
END
$$;

CREATE FUNCTION test.token(recipient text)
RETURNS text
LANGUAGE sql
AS $$
SELECT test.token_of(text_body) FROM test.mail(recipient);
$$;

-- Let time go by for an invitation: what would be due later is due now.
CREATE FUNCTION test.let_pass(invitation_id uuid, duration interval)
RETURNS void
LANGUAGE sql SECURITY DEFINER
AS $$
UPDATE tempcloud_data.invitation
   SET created_at = created_at - duration, sent_at = sent_at - duration,
	   expires_at = expires_at - duration, decided_at = decided_at - duration,
	   asked_at = asked_at - duration
 WHERE id = invitation_id;
$$;

--
-- Outcomes, for sessions that meet
--

CREATE VIEW test.outcome AS
SELECT (SELECT count(*) FROM tempcloud_data.partnership) AS partnerships,
	   (SELECT string_agg(lower(email) || ' ' || status || CASE WHEN invitee_id IS NULL THEN '' ELSE ' routed' END,
						  ', ' ORDER BY lower(email), created_at)
		  FROM tempcloud_data.invitation) AS invitations,
	   (SELECT string_agg(kind::text, ', ' ORDER BY kind, id) FROM tempcloud_data.mail) AS mails;

CREATE VIEW test.outcome_of_requests AS
SELECT (SELECT count(*) FROM tempcloud_data.staff_order) AS orders,
	   (SELECT string_agg(r.profession || ' ' || r.status
						  || CASE WHEN w.accepted THEN ' yes' WHEN NOT w.accepted THEN ' no' ELSE '' END, ', ' ORDER BY r.id)
		  FROM tempcloud_data.request r
		  LEFT JOIN tempcloud_data.request_answer w ON w.request_id = r.id) AS requests,
	   (SELECT string_agg(worker_name || CASE WHEN replaced_at IS NULL THEN '' ELSE ' (replaced)' END, ', '
						  ORDER BY replaced_at IS NOT NULL, shift_id, place)
		  FROM tempcloud_data.assignment) AS workers,
	   (SELECT string_agg(kind::text, ', ' ORDER BY kind, id)
		  FROM tempcloud_data.mail WHERE request_id IS NOT NULL) AS mails;
