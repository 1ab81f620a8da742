-- The commands as one would write them by hand in PL/pgSQL, on the tables of bare.sql:
-- the same rules, locks and rows as tempcloud's, without its constraints and triggers,
-- and at READ COMMITTED only. What tempcloud lets users set is a number here.

CREATE SCHEMA by_hand;

CREATE FUNCTION by_hand.invite(_email text, _given_name text, _family_name text, _company_name text, _message text)
RETURNS tempcloud.invitation
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bare, pg_temp AS $$
DECLARE
	caller record;
	owner record;
	kind tempcloud.account_kind;
	open boolean;
	result tempcloud.invitation;
	instant timestamptz;
BEGIN
	SELECT c.id, c.account_id, c.role, a.kind, a.locale INTO caller
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE c.subject = current_setting('request.jwt.claims')::jsonb ->> 'sub';
	IF NOT FOUND THEN RAISE 'no account'; END IF;
	IF caller.role NOT IN ('owner', 'manager') THEN RAISE 'not permitted'; END IF;

	_email := trim(_email);
	IF _email !~ '^[^@\s[:cntrl:]]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$' OR length(_email) > 254
	THEN RAISE 'invalid address'; END IF;
	IF _given_name ~ '[[:cntrl:]@]|://|www\.' OR length(_given_name) > 200
		OR _family_name ~ '[[:cntrl:]@]|://|www\.' OR length(_family_name) > 200
		OR _company_name ~ '[[:cntrl:]@]|://|www\.' OR length(_company_name) > 200
		OR length(_message) > 2000
	THEN RAISE 'invalid argument'; END IF;

	PERFORM pg_advisory_xact_lock(hashtextextended('sender ' || caller.account_id, 0));
	PERFORM pg_advisory_xact_lock(hashtextextended('address ' || lower(_email), 0));
	SELECT c.account_id, a.kind, a.locale INTO owner
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE lower(c.email) = lower(_email) AND c.email_verified_at IS NOT NULL;
	IF owner.account_id IS NOT NULL THEN
		PERFORM pg_advisory_xact_lock(hashtextextended(
			least(caller.account_id, owner.account_id) || ' ' || greatest(caller.account_id, owner.account_id), 0));
	END IF;
	SELECT bool_and(a.closed_at IS NULL) INTO open
	  FROM (SELECT a.closed_at FROM account a
			 WHERE a.id IN (caller.account_id, owner.account_id) ORDER BY a.id FOR SHARE) a;
	IF NOT open THEN RAISE 'account closed'; END IF;
	PERFORM FROM contact c
	  WHERE c.id = caller.id AND c.removed_at IS NULL AND c.role IN ('owner', 'manager');
	IF NOT FOUND THEN RAISE 'not permitted'; END IF;
	instant := clock_timestamp();

	IF owner.account_id IS NOT NULL THEN
		IF owner.account_id = caller.account_id THEN RAISE 'own account'; END IF;
		IF owner.kind = caller.kind THEN RAISE 'same kind'; END IF;
		PERFORM FROM partnership p
		  WHERE (p.customer_id = caller.account_id AND p.provider_id = owner.account_id)
			 OR (p.customer_id = owner.account_id AND p.provider_id = caller.account_id);
		IF FOUND THEN RAISE 'already partners'; END IF;
		PERFORM FROM invitation i
		  WHERE i.inviter_id = owner.account_id AND i.status = 'pending' AND i.expires_at > instant
			AND (i.invitee_id = caller.account_id
				 OR lower(i.email) IN (SELECT lower(c.email) FROM contact c
										WHERE c.account_id = caller.account_id AND c.email_verified_at IS NOT NULL));
		IF FOUND THEN RAISE 'they have invited you'; END IF;
	END IF;
	PERFORM FROM invitation i
	  WHERE i.inviter_id = caller.account_id AND lower(i.email) = lower(_email)
		AND i.status = 'pending' AND i.expires_at > instant;
	IF FOUND THEN RAISE 'already invited'; END IF;
	IF owner.account_id IS NOT NULL THEN
		PERFORM FROM invitation i
		  WHERE i.inviter_id = caller.account_id AND i.invitee_id = owner.account_id
			AND i.status = 'pending' AND i.expires_at > instant;
		IF FOUND THEN RAISE 'already invited'; END IF;
		PERFORM FROM invitation i
		  WHERE i.inviter_id = caller.account_id AND i.invitee_id = owner.account_id
			AND i.status = 'declined' AND i.decided_at > instant - interval '7 days';
		IF FOUND THEN RAISE 'declined recently'; END IF;
	END IF;
	PERFORM FROM invitation i
	  WHERE i.inviter_id = caller.account_id AND lower(i.email) = lower(_email)
		AND i.status = 'declined' AND i.decided_at > instant - interval '7 days';
	IF FOUND THEN RAISE 'declined recently'; END IF;
	PERFORM FROM block b WHERE b.inviter_id = caller.account_id AND lower(b.email) = lower(_email);
	IF FOUND THEN RAISE 'declined recently'; END IF;
	IF owner.account_id IS NOT NULL THEN
		PERFORM FROM block b WHERE b.inviter_id = caller.account_id AND b.account_id = owner.account_id;
		IF FOUND THEN RAISE 'declined recently'; END IF;
	END IF;
	-- those that are past their time make room
	UPDATE invitation i SET status = 'expired', decided_at = instant
	 WHERE i.inviter_id = caller.account_id AND lower(i.email) = lower(_email) AND i.status = 'pending';

	IF (SELECT count(*) FROM (SELECT FROM invitation i
							   WHERE i.inviter_id = caller.account_id AND i.status = 'pending'
								 AND i.expires_at > instant LIMIT 1000) i) >= 1000
	THEN RAISE 'too many pending'; END IF;
	IF (SELECT count(*) FROM (SELECT FROM invitation i
							   WHERE i.inviter_id = caller.account_id
								 AND i.sent_at > instant - interval '24 hours' LIMIT 500) i) >= 500
	THEN RAISE 'too many today'; END IF;
	IF (SELECT count(*) FROM mail m JOIN invitation i ON i.id = m.invitation_id
		 WHERE lower(m.recipient) = lower(_email) AND m.kind IN ('invitation', 'reminder')
		   AND m.created_at > instant - interval '24 hours'
		   AND (m.attempt > 0 OR m.state IN ('queued', 'suppressed'))
		   AND i.inviter_id = caller.account_id) >= 3
	THEN RAISE 'too many mails'; END IF;

	kind := CASE caller.kind WHEN 'customer' THEN 'provider' ELSE 'customer' END;
	INSERT INTO invitation AS i
		(inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, given_name, family_name,
		 company_name, message, locale, created_at, sent_at, expires_at)
	VALUES (caller.account_id, caller.kind, caller.id, owner.account_id, kind, _email, _given_name, _family_name,
			_company_name, _message, caller.locale, instant, instant, instant + interval '30 days')
	RETURNING i.id, i.inviter_id, i.inviter_kind, i.invitee_id, i.invitee_kind, i.email, i.given_name, i.family_name,
			  i.company_name, i.phone, i.message, i.locale, i.status, i.created_at, i.expires_at, i.decided_at, i.reason
		INTO result;
	INSERT INTO event (at, transaction_id, event, account_id, contact_id, partner_id, invitation_id)
	VALUES (instant, pg_current_xact_id(), 'invitation.created', caller.account_id, caller.id, owner.account_id, result.id);
	INSERT INTO mail (kind, invitation_id, round, recipient, recipient_name, locale, message_domain, due_at, created_at)
	VALUES ('invitation', result.id, 1, _email, concat_ws(' ', _given_name, _family_name),
			coalesce(owner.locale, caller.locale), 'tempcloud.invalid', instant, instant);
	RETURN result;
END $$;

CREATE FUNCTION by_hand.accept_invitation(_id uuid)
RETURNS tempcloud.partnership
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bare, pg_temp AS $$
DECLARE
	caller record;
	found_invitation record;
	reader record;
	other uuid;
	open boolean;
	result tempcloud.partnership;
	instant timestamptz;
BEGIN
	SELECT c.id, c.account_id, c.role, a.kind INTO caller
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE c.subject = current_setting('request.jwt.claims')::jsonb ->> 'sub';
	IF NOT FOUND THEN RAISE 'no account'; END IF;
	IF caller.role NOT IN ('owner', 'manager') THEN RAISE 'not permitted'; END IF;
	SELECT i.inviter_id, i.invitee_id, i.invitee_kind, i.email INTO found_invitation
	  FROM invitation i WHERE i.id = _id;
	IF NOT FOUND THEN RAISE 'no such invitation'; END IF;
	IF found_invitation.invitee_id IS NULL THEN
		PERFORM FROM contact c
		  WHERE c.account_id = caller.account_id AND lower(c.email) = lower(found_invitation.email)
			AND c.email_verified_at IS NOT NULL;
		IF NOT FOUND THEN RAISE 'not your invitation'; END IF;
	ELSIF found_invitation.invitee_id <> caller.account_id THEN
		RAISE 'not your invitation';
	END IF;
	IF found_invitation.inviter_id = caller.account_id THEN RAISE 'own account'; END IF;
	IF found_invitation.invitee_kind <> caller.kind THEN RAISE 'same kind'; END IF;

	PERFORM pg_advisory_xact_lock(hashtextextended(
		least(caller.account_id, found_invitation.inviter_id) || ' '
		|| greatest(caller.account_id, found_invitation.inviter_id), 0));
	SELECT bool_and(a.closed_at IS NULL) INTO open
	  FROM (SELECT a.closed_at FROM account a
			 WHERE a.id IN (caller.account_id, found_invitation.inviter_id) ORDER BY a.id FOR SHARE) a;
	IF NOT open THEN RAISE 'account closed'; END IF;
	PERFORM FROM contact c
	  WHERE c.id = caller.id AND c.removed_at IS NULL AND c.role IN ('owner', 'manager');
	IF NOT FOUND THEN RAISE 'not permitted'; END IF;

	-- this one, and others that are pending between the two
	PERFORM FROM invitation i
	  WHERE i.id IN (
		SELECT _id
		 UNION ALL
		SELECT i.id FROM invitation i
		 WHERE i.status = 'pending' AND i.inviter_id = found_invitation.inviter_id AND i.invitee_id = caller.account_id
		 UNION ALL
		SELECT i.id FROM invitation i
		 WHERE i.status = 'pending' AND i.inviter_id = caller.account_id AND i.invitee_id = found_invitation.inviter_id
		 UNION ALL
		SELECT i.id FROM contact c
		  JOIN invitation i
			ON i.inviter_id = CASE c.account_id WHEN caller.account_id THEN found_invitation.inviter_id
												ELSE caller.account_id END
		   AND lower(i.email) = lower(c.email) AND i.status = 'pending' AND i.invitee_id IS NULL
		 WHERE c.account_id IN (caller.account_id, found_invitation.inviter_id) AND c.email_verified_at IS NOT NULL)
	  ORDER BY i.id FOR NO KEY UPDATE;
	instant := clock_timestamp();
	SELECT i.inviter_id, i.inviter_kind, i.invited_by, i.invitee_id, i.status, i.expires_at, i.round
	  INTO found_invitation
	  FROM invitation i WHERE i.id = _id;
	IF found_invitation.invitee_id <> caller.account_id THEN RAISE 'not your invitation'; END IF;
	IF found_invitation.status = 'accepted' THEN
		SELECT p.customer_id, p.provider_id, p.invitation_id, p.accepted_by, p.created_at INTO result
		  FROM partnership p WHERE p.invitation_id = _id;
		RETURN result;
	END IF;
	IF found_invitation.status <> 'pending' OR found_invitation.expires_at <= instant
	THEN RAISE 'invitation closed'; END IF;
	PERFORM FROM partnership p
	  WHERE (p.customer_id = caller.account_id AND p.provider_id = found_invitation.inviter_id)
		 OR (p.customer_id = found_invitation.inviter_id AND p.provider_id = caller.account_id);
	IF FOUND THEN RAISE 'already partners'; END IF;

	INSERT INTO partnership AS p (customer_id, provider_id, invitation_id, accepted_by, created_at)
	VALUES (CASE caller.kind WHEN 'customer' THEN caller.account_id ELSE found_invitation.inviter_id END,
			CASE caller.kind WHEN 'customer' THEN found_invitation.inviter_id ELSE caller.account_id END,
			_id, caller.id, instant)
	RETURNING p.customer_id, p.provider_id, p.invitation_id, p.accepted_by, p.created_at INTO result;
	INSERT INTO ledger_pending (customer_id, provider_id) VALUES (result.customer_id, result.provider_id);
	UPDATE invitation i
	   SET status = 'accepted', invitee_id = caller.account_id, decided_by = caller.id, decided_at = instant
	 WHERE i.id = _id;
	INSERT INTO partner_note (account_id, partner_id, customer_id, provider_id, sort_name, sort_city)
	SELECT s.account_id, a.id, result.customer_id, result.provider_id,
		   lower(public.unaccent(a.company_name)), lower(public.unaccent(a.city))
	  FROM (VALUES (result.customer_id, result.provider_id), (result.provider_id, result.customer_id))
		   AS s (account_id, partner_id)
	  JOIN account a ON a.id = s.partner_id;
	INSERT INTO event (at, transaction_id, event, account_id, contact_id, partner_id, invitation_id)
	VALUES (instant, pg_current_xact_id(), 'invitation.accepted', caller.account_id, caller.id, found_invitation.inviter_id, _id);

	FOR other IN
		UPDATE invitation i SET status = 'superseded', decided_at = instant
		 WHERE i.status = 'pending' AND i.expires_at > instant
		   AND i.id IN (
			SELECT i.id FROM invitation i
			 WHERE i.status = 'pending' AND i.inviter_id = found_invitation.inviter_id AND i.invitee_id = caller.account_id
			 UNION ALL
			SELECT i.id FROM invitation i
			 WHERE i.status = 'pending' AND i.inviter_id = caller.account_id AND i.invitee_id = found_invitation.inviter_id
			 UNION ALL
			SELECT i.id FROM contact c
			  JOIN invitation i
				ON i.inviter_id = CASE c.account_id WHEN caller.account_id THEN found_invitation.inviter_id
													ELSE caller.account_id END
			   AND lower(i.email) = lower(c.email) AND i.status = 'pending' AND i.invitee_id IS NULL
			 WHERE c.account_id IN (caller.account_id, found_invitation.inviter_id) AND c.email_verified_at IS NOT NULL)
		RETURNING i.id
	LOOP
		INSERT INTO event (at, transaction_id, event, account_id, contact_id, partner_id, invitation_id)
		VALUES (instant, pg_current_xact_id(), 'invitation.superseded', caller.account_id, caller.id, found_invitation.inviter_id, other);
	END LOOP;

	-- to who invited or, without a proven address, to a colleague
	SELECT c.email, c.given_name, c.family_name, a.locale INTO reader
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE c.account_id = found_invitation.inviter_id AND c.email_verified_at IS NOT NULL
	 ORDER BY c.id = found_invitation.invited_by DESC, c.subject IS NOT NULL DESC, c.id LIMIT 1
	   FOR SHARE OF c;
	IF FOUND THEN
		INSERT INTO mail (kind, invitation_id, round, recipient, recipient_name, locale, message_domain, due_at, created_at)
		VALUES ('invitation_accepted', _id, found_invitation.round, reader.email,
				concat_ws(' ', reader.given_name, reader.family_name), reader.locale, 'tempcloud.invalid',
				instant, instant);
	END IF;
	RETURN result;
END $$;

CREATE FUNCTION by_hand.send_request(_provider_id uuid, _profession text, _location text, _shifts jsonb, _department text)
RETURNS tempcloud.request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bare, pg_temp AS $$
DECLARE
	caller record;
	reader record;
	first_start timestamptz;
	valid boolean;
	open boolean;
	_order_id uuid;
	result tempcloud.request;
	instant timestamptz;
BEGIN
	SELECT c.id, c.account_id, c.role, a.kind, a.time_zone INTO caller
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE c.subject = current_setting('request.jwt.claims')::jsonb ->> 'sub';
	IF NOT FOUND THEN RAISE 'no account'; END IF;
	IF caller.role NOT IN ('owner', 'manager', 'member') THEN RAISE 'not permitted'; END IF;
	IF caller.kind <> 'customer' THEN RAISE 'customers only'; END IF;

	IF _profession !~ '[[:graph:]]' OR _profession ~ '[[:cntrl:]]' OR length(_profession) > 200
		OR _location !~ '[[:graph:]]' OR _location ~ '[[:cntrl:]]' OR length(_location) > 200
		OR _department ~ '[[:cntrl:]]' OR length(_department) > 200
	THEN RAISE 'invalid argument'; END IF;
	IF jsonb_array_length(_shifts) NOT BETWEEN 1 AND 100 THEN RAISE 'invalid shifts'; END IF;
	SELECT min(s.starts_at),
		   bool_and(s.starts_at < s.ends_at AND s.ends_at - s.starts_at <= interval '24 hours'
					AND s.headcount BETWEEN 1 AND 1000 AND s.starts_at >= coalesce(s.previous_end, '-infinity'))
	  INTO first_start, valid
	  FROM (SELECT s.starts_at, s.ends_at, s.headcount, lag(s.ends_at) OVER (ORDER BY s.starts_at) AS previous_end
			  FROM (SELECT s.starts_at AT TIME ZONE caller.time_zone AS starts_at,
						   s.ends_at AT TIME ZONE caller.time_zone AS ends_at, s.headcount
					  FROM jsonb_to_recordset(_shifts) AS s (starts_at timestamp, ends_at timestamp, headcount integer)) s) s;
	IF valid IS NOT TRUE THEN RAISE 'invalid shifts'; END IF;

	PERFORM pg_advisory_xact_lock(hashtextextended('sender ' || caller.account_id, 0));
	SELECT bool_and(a.closed_at IS NULL) INTO open
	  FROM (SELECT a.closed_at FROM account a
			 WHERE a.id IN (caller.account_id, _provider_id) ORDER BY a.id FOR SHARE) a;
	IF NOT open THEN RAISE 'account closed'; END IF;
	PERFORM FROM contact c
	  WHERE c.id = caller.id AND c.removed_at IS NULL AND c.role IN ('owner', 'manager', 'member');
	IF NOT FOUND THEN RAISE 'not permitted'; END IF;
	instant := clock_timestamp();
	IF first_start <= instant THEN RAISE 'too late'; END IF;
	PERFORM FROM partnership p WHERE p.customer_id = caller.account_id AND p.provider_id = _provider_id;
	IF NOT FOUND THEN RAISE 'no such partner'; END IF;
	IF (SELECT r.created_at FROM request r WHERE r.customer_id = caller.account_id
		 ORDER BY r.id DESC OFFSET 999 LIMIT 1) > instant - interval '24 hours'
	THEN RAISE 'too many today'; END IF;

	INSERT INTO staff_order AS o (customer_id, ordered_by, name, created_at)
	VALUES (caller.account_id, caller.id, _profession, instant) RETURNING o.id INTO _order_id;
	INSERT INTO request AS r
		(order_id, customer_id, provider_id, profession, location, department, time_zone, answer_by, created_at)
	VALUES (_order_id, caller.account_id, _provider_id, _profession, _location, _department, caller.time_zone,
			first_start, instant)
	RETURNING r.id, r.order_id, r.customer_id, r.provider_id, r.profession, r.location, r.department,
			  r.requirements, r.time_zone, r.status, r.answer_by, r.created_at, r.decided_at, r.reason
		INTO result;
	INSERT INTO shift (request_id, customer_id, starts_at, ends_at, headcount)
	SELECT result.id, caller.account_id, s.starts_at AT TIME ZONE caller.time_zone,
		   s.ends_at AT TIME ZONE caller.time_zone, s.headcount
	  FROM jsonb_to_recordset(_shifts) AS s (starts_at timestamp, ends_at timestamp, headcount integer);
	INSERT INTO event (at, transaction_id, event, account_id, contact_id, partner_id, request_id)
	VALUES (instant, pg_current_xact_id(), 'request.sent', caller.account_id, caller.id, _provider_id, result.id);

	-- to who made the two partners or, without a proven address, to a colleague
	SELECT c.email, c.given_name, c.family_name, a.locale INTO reader
	  FROM partnership p
	  JOIN invitation i ON i.id = p.invitation_id
	  JOIN contact c ON c.account_id = p.provider_id
	  JOIN account a ON a.id = c.account_id
	 WHERE p.customer_id = caller.account_id AND p.provider_id = _provider_id AND c.email_verified_at IS NOT NULL
	 ORDER BY c.id = CASE i.inviter_kind WHEN 'provider' THEN i.invited_by ELSE i.decided_by END DESC,
			  c.subject IS NOT NULL DESC, c.id LIMIT 1
	   FOR SHARE OF c;
	IF FOUND THEN
		INSERT INTO mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain, due_at, created_at)
		VALUES ('request_received', result.id, caller.account_id, reader.email,
				concat_ws(' ', reader.given_name, reader.family_name), reader.locale, 'tempcloud.invalid',
				instant, instant);
	END IF;
	RETURN result;
END $$;

CREATE FUNCTION by_hand.answer_request(_id uuid, _accept boolean)
RETURNS tempcloud.request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bare, pg_temp AS $$
DECLARE
	caller record;
	found_request record;
	reader record;
	result tempcloud.request;
	instant timestamptz;
BEGIN
	SELECT c.id, c.account_id, c.role INTO caller
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE c.subject = current_setting('request.jwt.claims')::jsonb ->> 'sub';
	IF NOT FOUND THEN RAISE 'no account'; END IF;
	IF caller.role NOT IN ('owner', 'manager', 'member') THEN RAISE 'not permitted'; END IF;
	PERFORM FROM account a WHERE a.id = caller.account_id AND a.closed_at IS NULL FOR SHARE;
	IF NOT FOUND THEN RAISE 'account closed'; END IF;
	PERFORM FROM contact c
	  WHERE c.id = caller.id AND c.removed_at IS NULL AND c.role IN ('owner', 'manager', 'member');
	IF NOT FOUND THEN RAISE 'not permitted'; END IF;
	SELECT r.order_id, r.customer_id, r.provider_id, r.status, r.answer_by INTO found_request
	  FROM request r WHERE r.id = _id FOR NO KEY UPDATE;
	IF NOT FOUND OR caller.account_id NOT IN (found_request.customer_id, found_request.provider_id)
	THEN RAISE 'no such request'; END IF;
	IF found_request.provider_id <> caller.account_id THEN RAISE 'not your request'; END IF;
	instant := clock_timestamp();
	IF found_request.status <> 'open' OR found_request.answer_by <= instant THEN RAISE 'request closed'; END IF;

	IF _accept THEN
		UPDATE shift s SET offered = s.headcount
		 WHERE s.request_id = _id AND s.customer_id = found_request.customer_id;
	END IF;
	INSERT INTO request_answer (request_id, customer_id, provider_id, answered_by, accepted, created_at)
	VALUES (_id, found_request.customer_id, caller.account_id, caller.id, _accept, instant);
	UPDATE request r
	   SET status = CASE WHEN _accept THEN 'accepted' ELSE 'declined' END::tempcloud.request_status,
		   decided_by = caller.id, decided_at = instant
	 WHERE r.id = _id AND r.customer_id = found_request.customer_id
	RETURNING r.id, r.order_id, r.customer_id, r.provider_id, r.profession, r.location, r.department,
			  r.requirements, r.time_zone, r.status, r.answer_by, r.created_at, r.decided_at, r.reason
		INTO result;
	INSERT INTO event (at, transaction_id, event, account_id, contact_id, partner_id, request_id)
	VALUES (instant, pg_current_xact_id(), CASE WHEN _accept THEN 'request.accepted' ELSE 'request.declined' END,
			caller.account_id, caller.id, found_request.customer_id, _id);

	-- to who ordered or, without a proven address, to a colleague
	SELECT c.email, c.given_name, c.family_name, a.locale INTO reader
	  FROM staff_order o
	  JOIN contact c ON c.account_id = o.customer_id
	  JOIN account a ON a.id = c.account_id
	 WHERE o.id = found_request.order_id AND o.customer_id = found_request.customer_id
	   AND c.email_verified_at IS NOT NULL
	 ORDER BY c.id = o.ordered_by DESC, c.subject IS NOT NULL DESC, c.id LIMIT 1
	   FOR SHARE OF c;
	IF FOUND THEN
		INSERT INTO mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain, due_at, created_at)
		VALUES (CASE WHEN _accept THEN 'request_accepted' ELSE 'request_declined' END::tempcloud.mail_kind,
				_id, found_request.customer_id, reader.email,
				concat_ws(' ', reader.given_name, reader.family_name), reader.locale, 'tempcloud.invalid',
				instant, instant);
	END IF;
	RETURN result;
END $$;

CREATE FUNCTION by_hand.assign_workers(_shift_id uuid, _workers text[])
RETURNS SETOF tempcloud.assignment
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bare, pg_temp AS $$
DECLARE
	caller record;
	found_shift record;
	found_request record;
	reader record;
	worker text;
	offered integer;
	shift_starts_at timestamptz;
	shift_ends_at timestamptz;
	filled boolean;
	changes bigint;
	more bigint;
	instant timestamptz;
BEGIN
	SELECT c.id, c.account_id, c.role INTO caller
	  FROM contact c JOIN account a ON a.id = c.account_id
	 WHERE c.subject = current_setting('request.jwt.claims')::jsonb ->> 'sub';
	IF NOT FOUND THEN RAISE 'no account'; END IF;
	IF caller.role NOT IN ('owner', 'manager', 'member') THEN RAISE 'not permitted'; END IF;
	FOREACH worker IN ARRAY _workers LOOP
		IF worker IS NULL OR worker !~ '[[:graph:]]' OR worker ~ '[[:cntrl:]@]|://|www\.' OR length(worker) > 200
		THEN RAISE 'invalid argument'; END IF;
	END LOOP;
	SELECT s.request_id, s.customer_id INTO found_shift FROM shift s WHERE s.id = _shift_id;
	IF NOT FOUND THEN RAISE 'no such shift'; END IF;
	PERFORM FROM account a WHERE a.id = caller.account_id AND a.closed_at IS NULL FOR SHARE;
	IF NOT FOUND THEN RAISE 'account closed'; END IF;
	PERFORM FROM contact c
	  WHERE c.id = caller.id AND c.removed_at IS NULL AND c.role IN ('owner', 'manager', 'member');
	IF NOT FOUND THEN RAISE 'not permitted'; END IF;
	SELECT r.order_id, r.customer_id, r.provider_id, r.status INTO found_request
	  FROM request r WHERE r.id = found_shift.request_id AND r.customer_id = found_shift.customer_id
	   FOR NO KEY UPDATE;
	IF caller.account_id NOT IN (found_request.customer_id, found_request.provider_id)
	THEN RAISE 'no such shift'; END IF;
	IF found_request.provider_id <> caller.account_id THEN RAISE 'not your request'; END IF;
	IF found_request.status <> 'accepted' THEN RAISE 'not accepted'; END IF;
	instant := clock_timestamp();
	SELECT s.offered, s.starts_at, s.ends_at INTO offered, shift_starts_at, shift_ends_at
	  FROM shift s WHERE s.id = _shift_id AND s.customer_id = found_request.customer_id;
	IF cardinality(_workers) > offered THEN RAISE 'too many workers'; END IF;
	IF shift_ends_at <= instant THEN RAISE 'shift is over'; END IF;

	UPDATE assignment p SET replaced_by = caller.id, replaced_at = instant
	 WHERE p.shift_id = _shift_id AND p.customer_id = found_request.customer_id AND p.replaced_at IS NULL
	   AND (p.worker_name IS NULL OR p.worker_name IS DISTINCT FROM _workers[p.place]);
	GET DIAGNOSTICS changes = ROW_COUNT;
	INSERT INTO assignment (shift_id, customer_id, place, places, ends_at, worker_name, assigned_by, assigned_at)
	SELECT _shift_id, found_request.customer_id, w.place, offered, shift_ends_at, w.name, caller.id, instant
	  FROM unnest(_workers) WITH ORDINALITY AS w (name, place)
		ON CONFLICT (shift_id, customer_id, place) WHERE replaced_at IS NULL DO NOTHING;
	GET DIAGNOSTICS more = ROW_COUNT;
	IF changes + more > 0 THEN
		PERFORM FROM shift s
		  WHERE s.request_id = found_shift.request_id AND s.customer_id = found_request.customer_id
			AND s.offered > (SELECT count(*) FROM assignment p
							  WHERE p.shift_id = s.id AND p.customer_id = s.customer_id AND p.replaced_at IS NULL);
		filled := NOT FOUND;
		INSERT INTO event (at, transaction_id, event, account_id, contact_id, partner_id, request_id)
		VALUES (instant, pg_current_xact_id(), CASE WHEN filled THEN 'request.filled' ELSE 'request.assigned' END,
				caller.account_id, caller.id, found_request.customer_id, found_shift.request_id);
		IF filled THEN
			SELECT c.email, c.given_name, c.family_name, a.locale INTO reader
			  FROM staff_order o
			  JOIN contact c ON c.account_id = o.customer_id
			  JOIN account a ON a.id = c.account_id
			 WHERE o.id = found_request.order_id AND o.customer_id = found_request.customer_id
			   AND c.email_verified_at IS NOT NULL
			 ORDER BY c.id = o.ordered_by DESC, c.subject IS NOT NULL DESC, c.id LIMIT 1
			   FOR SHARE OF c;
			-- one that still waits is obsolete
			UPDATE mail m SET state = 'dropped', leased = false, closed_at = instant
			 WHERE m.id IN (SELECT m.id FROM mail m
							 WHERE m.request_id = found_shift.request_id AND m.kind = 'request_filled'
							   AND m.state = 'queued' AND (NOT m.leased OR m.due_at <= instant)
							   FOR NO KEY UPDATE SKIP LOCKED);
			IF reader IS NOT NULL THEN
				INSERT INTO mail (kind, request_id, customer_id, recipient, recipient_name, locale, message_domain,
								  due_at, created_at)
				VALUES ('request_filled', found_shift.request_id, found_request.customer_id, reader.email,
						concat_ws(' ', reader.given_name, reader.family_name), reader.locale, 'tempcloud.invalid',
						instant, instant);
			END IF;
		END IF;
	END IF;
	RETURN QUERY
		SELECT p.shift_id, p.place, p.worker_name, p.assigned_at, p.assigned_at >= shift_starts_at FROM assignment p
		 WHERE p.shift_id = _shift_id AND p.customer_id = found_request.customer_id AND p.replaced_at IS NULL
		 ORDER BY p.place;
END $$;

-- Mails that invite; the others have texts of their own, and no token.
CREATE FUNCTION by_hand.claim_mail(_max_messages integer)
RETURNS SETOF tempcloud.outgoing_mail
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bare, public, pg_temp AS $$
DECLARE
	due record;
	template record;
	token text;
	held uuid[] := '{}';
	instant timestamptz := clock_timestamp();
	result tempcloud.outgoing_mail;
BEGIN
	FOR due IN
		SELECT m.id, m.kind, m.invitation_id, m.round, m.recipient, m.recipient_name, m.locale, m.message_domain,
			   m.attempt, i.round AS current_round, i.status, i.expires_at, i.message, i.inviter_id, i.invitee_id,
			   coalesce(invitee.time_zone, inviter.time_zone) AS time_zone,
			   inviter.company_name AS company, concat_ws(' ', host.given_name, host.family_name) AS person,
			   CASE WHEN host.email_verified_at IS NOT NULL AND host.removed_at IS NULL THEN host.email END AS reply_to,
			   EXISTS (SELECT FROM contact c JOIN block b ON b.account_id = c.account_id AND b.inviter_id = i.inviter_id
						WHERE lower(c.email) = lower(m.recipient) AND c.email_verified_at IS NOT NULL) AS blocked
		  FROM (SELECT * FROM mail m
				 WHERE m.state = 'queued' AND m.due_at <= instant
				 ORDER BY m.due_at, m.id LIMIT _max_messages FOR NO KEY UPDATE SKIP LOCKED) m
		  JOIN invitation i ON i.id = m.invitation_id
		  JOIN account inviter ON inviter.id = i.inviter_id
		  JOIN contact host ON host.id = i.invited_by
		  LEFT JOIN account invitee ON invitee.id = i.invitee_id
	LOOP
		IF due.round <> due.current_round OR due.status <> 'pending' OR due.expires_at <= instant OR due.blocked
			OR due.attempt >= 10
		THEN
			UPDATE mail m
			   SET state = CASE WHEN due.attempt >= 10 THEN 'failed' WHEN due.blocked THEN 'suppressed'
								ELSE 'dropped' END::tempcloud_data.mail_state,
				   leased = false, closed_at = instant
			 WHERE m.id = due.id;
			CONTINUE;
		END IF;
		token := 'tci_' || translate(encode(gen_random_bytes(36), 'base64'), '+/', '-_');
		INSERT INTO invitation_token (digest, invitation_id, round, issued_at)
		VALUES (sha256(convert_to(token, 'UTF8')), due.invitation_id, due.round, instant);
		held := held || due.id;

		SELECT t.subject, t.text_body, t.html_body INTO template
		  FROM (SELECT kind, locale, subject, text_body, html_body, 0 AS origin FROM mail_template
				 UNION ALL
				SELECT kind, locale, subject, text_body, html_body, 1 FROM shipped_mail_template) t
		  JOIN (VALUES (1, due.locale), (2, split_part(due.locale, '-', 1)), (3, 'en')) AS wanted (rank, locale)
			ON wanted.locale = t.locale
		 WHERE t.kind = CASE WHEN due.kind = 'invitation' AND due.invitee_id IS NULL
							 THEN 'invitation_to_register' ELSE due.kind END
		 ORDER BY wanted.rank, t.origin LIMIT 1;
		-- without a message, its line and the blank one after it go
		IF due.message IS NULL THEN
			template.text_body := regexp_replace(template.text_body, '[^\n]*\{message\}[^\n]*\n\n?', '');
			template.html_body := regexp_replace(template.html_body, '[^\n]*\{message\}[^\n]*\n', '');
		END IF;
		due.recipient_name := coalesce(nullif(due.recipient_name, ''), due.recipient);
		result.subject := regexp_replace(replace(template.subject, '{company}', due.company), '[[:cntrl:]]', ' ', 'g');
		result.text_body :=
			replace(replace(replace(replace(replace(replace(template.text_body,
				'{recipient_name}', due.recipient_name),
				'{person}', due.person),
				'{company}', due.company),
				'{message}', coalesce(due.message, '')),
				'{link}', 'https://tempcloud.invalid/invitation#' || token),
				'{expires_on}', to_char(due.expires_at AT TIME ZONE due.time_zone, 'DD.MM.YYYY'));
		result.html_body :=
			replace(replace(replace(replace(replace(replace(template.html_body,
				'{recipient_name}', replace(replace(replace(replace(due.recipient_name, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')),
				'{person}', replace(replace(replace(replace(due.person, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')),
				'{company}', replace(replace(replace(replace(due.company, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')),
				'{message}', replace(replace(replace(replace(coalesce(due.message, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')),
				'{link}', 'https://tempcloud.invalid/invitation#' || token),
				'{expires_on}', to_char(due.expires_at AT TIME ZONE due.time_zone, 'DD.MM.YYYY'));
		result.id := due.id;
		result.kind := due.kind;
		result.recipient := due.recipient;
		result.recipient_name := due.recipient_name;
		result.locale := due.locale;
		result.message_id := concat('<', due.id, '@', due.message_domain, '>');
		result.attempt := due.attempt + 1;
		result.reply_to := due.reply_to;
		RETURN NEXT result;
	END LOOP;
	UPDATE mail m SET attempt = m.attempt + 1, leased = true, due_at = instant + interval '5 min'
	 WHERE m.id = ANY (held);
	UPDATE mailer m SET last_claim_at = instant
	 WHERE m.last_claim_at IS NULL OR m.last_claim_at < instant - interval '5 s';
END $$;
