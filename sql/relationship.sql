-- relationship: what embeds into what, for PostgREST
--
-- PostgREST takes a function of one row of a view, unnamed, for a relationship:
-- GET /partners?select=*,contacts(*).  ROWS 1 says that there is one at most.
--
-- These are the only functions in SQL: the planner puts them into the query that
-- calls them, where they read the views with the rights of the caller.  Their
-- bodies are parsed here and now, so that no search path matters.  OFFSET 0 keeps
-- each a query of its own for each row: the key of the row reaches the index
-- under the view, and no list is read whole.

CREATE FUNCTION tempcloud.contacts(tempcloud.partners)
RETURNS SETOF tempcloud.partner_contacts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.partner_contacts c WHERE c.account_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.contacts(tempcloud.partners) IS
'The people of a partner';

CREATE FUNCTION tempcloud.contacts(tempcloud.customers)
RETURNS SETOF tempcloud.partner_contacts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.partner_contacts c WHERE c.account_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.contacts(tempcloud.customers) IS
'The people of a customer';

CREATE FUNCTION tempcloud.contacts(tempcloud.providers)
RETURNS SETOF tempcloud.partner_contacts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.partner_contacts c WHERE c.account_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.contacts(tempcloud.providers) IS
'The people of a provider';

CREATE FUNCTION tempcloud.partner(tempcloud.partner_contacts)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).account_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.partner_contacts) IS
'The partner a person belongs to';

CREATE FUNCTION tempcloud.partner(tempcloud.invitations_sent)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).partner_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.invitations_sent) IS
'The partner that an accepted invitation has made';

CREATE FUNCTION tempcloud.partner(tempcloud.invitations_received)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).inviter_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.invitations_received) IS
'The inviter, where it is a partner';

CREATE FUNCTION tempcloud.provider(tempcloud.requests_sent)
RETURNS SETOF tempcloud.providers
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.providers p WHERE p.id = ($1).provider_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.provider(tempcloud.requests_sent) IS
'The provider who is asked';

CREATE FUNCTION tempcloud.customer(tempcloud.requests_received)
RETURNS SETOF tempcloud.customers
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.customers c WHERE c.id = ($1).customer_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.customer(tempcloud.requests_received) IS
'The customer who asks';

CREATE FUNCTION tempcloud.shifts(tempcloud.requests_sent)
RETURNS SETOF tempcloud.shifts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.shifts s WHERE s.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.shifts(tempcloud.requests_sent) IS
'The working times of a request';

CREATE FUNCTION tempcloud.shifts(tempcloud.requests_received)
RETURNS SETOF tempcloud.shifts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.shifts s WHERE s.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.shifts(tempcloud.requests_received) IS
'The working times of a request';

CREATE FUNCTION tempcloud.assignments(tempcloud.requests_sent)
RETURNS SETOF tempcloud.assignments
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignments a WHERE a.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignments(tempcloud.requests_sent) IS
'The workers in the shifts of a request';

CREATE FUNCTION tempcloud.assignments(tempcloud.requests_received)
RETURNS SETOF tempcloud.assignments
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignments a WHERE a.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignments(tempcloud.requests_received) IS
'The workers in the shifts of a request';

CREATE FUNCTION tempcloud.assignments(tempcloud.shifts)
RETURNS SETOF tempcloud.assignments
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignments a
	 WHERE a.request_id = ($1).request_id AND a.shift_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignments(tempcloud.shifts) IS
'The workers in a shift';

CREATE FUNCTION tempcloud.request_sent(tempcloud.shifts)
RETURNS SETOF tempcloud.requests_sent
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.requests_sent r WHERE r.id = ($1).request_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.request_sent(tempcloud.shifts) IS
'The request a shift is a part of, for the customer';

CREATE FUNCTION tempcloud.request_received(tempcloud.shifts)
RETURNS SETOF tempcloud.requests_received
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.requests_received r WHERE r.id = ($1).request_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.request_received(tempcloud.shifts) IS
'The request a shift is a part of, for the provider';

CREATE FUNCTION tempcloud.shift(tempcloud.assignments)
RETURNS SETOF tempcloud.shifts
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.shifts s
	 WHERE s.request_id = ($1).request_id AND s.id = ($1).shift_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.shift(tempcloud.assignments) IS
'The shift a worker has';

GRANT EXECUTE ON FUNCTION
	tempcloud.contacts(tempcloud.partners),
	tempcloud.contacts(tempcloud.customers),
	tempcloud.contacts(tempcloud.providers),
	tempcloud.partner(tempcloud.partner_contacts),
	tempcloud.partner(tempcloud.invitations_sent),
	tempcloud.partner(tempcloud.invitations_received),
	tempcloud.provider(tempcloud.requests_sent),
	tempcloud.customer(tempcloud.requests_received),
	tempcloud.shifts(tempcloud.requests_sent),
	tempcloud.shifts(tempcloud.requests_received),
	tempcloud.assignments(tempcloud.requests_sent),
	tempcloud.assignments(tempcloud.requests_received),
	tempcloud.assignments(tempcloud.shifts),
	tempcloud.request_sent(tempcloud.shifts),
	tempcloud.request_received(tempcloud.shifts),
	tempcloud.shift(tempcloud.assignments)
	TO tempcloud_user;
