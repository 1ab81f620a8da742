-- setup: the extension, and what the other tests share
--
-- Each test registers companies of its own and leaves those of others alone.

CREATE EXTENSION pgcrypto;
CREATE EXTENSION unaccent;
CREATE EXTENSION btree_gist;
SET client_min_messages = error;	-- of roles of an earlier run with their members
CREATE EXTENSION tempcloud;
RESET client_min_messages;

-- DROP takes everything but the roles, which other databases may use; and
-- what a session has prepared does not outlive it.
SET request.jwt.claims = '{"sub":"setup"}';
SELECT permissions FROM tempcloud.whoami();
DROP EXTENSION tempcloud;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tempcloud%';
SELECT rolname, rolcanlogin, rolsuper, rolinherit
  FROM pg_roles WHERE rolname LIKE 'tempcloud%' ORDER BY rolname COLLATE "C";
SET client_min_messages = error;
CREATE EXTENSION tempcloud;
RESET client_min_messages;
SELECT permissions FROM tempcloud.whoami();

-- Logins of a cluster, as a DBA would make them
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tempcloud_app, regress_tempcloud_nobody;
RESET client_min_messages;
CREATE ROLE regress_tempcloud_app LOGIN IN ROLE tempcloud_service;
CREATE ROLE regress_tempcloud_nobody LOGIN;

CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;

-- Sign in and register; returns the account.
CREATE FUNCTION test.company(claims text, kind tempcloud.account_kind, company_name text,
	given_name text, family_name text)
RETURNS uuid
LANGUAGE sql
AS $$
SELECT set_config('request.jwt.claims', claims, false);
SELECT id FROM tempcloud.register_account(kind, company_name, given_name, family_name);
$$;

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
SELECT substring(text_body from 'tc[ie]_[A-Za-z0-9_-]{48}') FROM test.mail(recipient);
$$;

-- Let time go by for an invitation: what would be due later is due now.
CREATE FUNCTION test.let_pass(invitation_id uuid, duration interval)
RETURNS void
LANGUAGE sql SECURITY DEFINER
AS $$
UPDATE tempcloud_data.invitation
   SET created_at = created_at - duration, sent_at = sent_at - duration,
	   expires_at = expires_at - duration, decided_at = decided_at - duration
 WHERE id = invitation_id;
$$;

-- Make two partners who are signed up.
CREATE FUNCTION test.partners(inviter text, invitee text)
RETURNS void
LANGUAGE sql
AS $$
SELECT set_config('request.jwt.claims', inviter, false);
SELECT FROM tempcloud.invite(invitee::json ->> 'email');
SELECT set_config('request.jwt.claims', invitee, false);
SELECT FROM tempcloud.invitations_received r, tempcloud.accept_invitation(r.id) WHERE r.can_accept;
$$;

-- Early shifts from next month on, day after day, for so many people each.
CREATE FUNCTION test.shifts(VARIADIC headcounts integer[])
RETURNS jsonb
LANGUAGE sql
AS $$
SELECT jsonb_agg(jsonb_build_object('starts_at', day + interval '6 hours', 'ends_at', day + interval '14 hours',
									'headcount', headcount) ORDER BY day)
  FROM (SELECT date_trunc('day', now()) + (30 + n) * interval '1 day', headcount
		  FROM unnest(headcounts) WITH ORDINALITY h (headcount, n)) s (day, headcount);
$$;
