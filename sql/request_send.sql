-- request_send: what a customer does with requests

CREATE FUNCTION tempcloud.send_order(
	name		text,
	requests	jsonb,
	reference	text DEFAULT NULL)
RETURNS SETOF tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_send_order'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.send_order IS
'Send an order of one or several requests
For customers. requests is an array of objects: provider_id, profession, location, shifts and optionally department, requirements, time_zone (default: the customer''s), answer_by (default: start of the first shift). shifts is an array of objects: starts_at, ends_at, headcount; those of one request do not overlap. Times are in ISO 8601; without an offset, they are those of the request''s time zone, whatever the session''s is. Each provider must be a partner. Either all requests are sent or none. reference is the customer''s number of the order; the same order sent again with it is not created again.';
GRANT EXECUTE ON FUNCTION tempcloud.send_order TO tempcloud_user;

CREATE FUNCTION tempcloud.send_request(
	provider_id		uuid,
	profession		text,
	location		text,
	shifts			jsonb,
	department		text DEFAULT NULL,
	requirements	text DEFAULT NULL,
	answer_by		text DEFAULT NULL,
	name			text DEFAULT NULL,
	reference		text DEFAULT NULL,
	time_zone		text DEFAULT NULL)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_send_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.send_request IS
'Send an order of a single request
Like send_order; name defaults to the profession.';
GRANT EXECUTE ON FUNCTION tempcloud.send_request TO tempcloud_user;

CREATE FUNCTION tempcloud.withdraw_request(id uuid, reason text DEFAULT NULL)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_withdraw_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.withdraw_request IS
'Withdraw a request
For the customer, while it is open; an accepted request can be cancelled. Withdrawing again does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.withdraw_request TO tempcloud_user;

-- After all tables

-- The lists of both sides, newest first, by the index that finds the rows.
CREATE VIEW tempcloud.requests_sent WITH (security_barrier) AS
SELECT r.id, r.order_id, r.order_name, r.reference, r.ordered_by,
	   r.provider_id, a.company_name::text AS provider_company,
	   r.profession, r.location, r.department, r.requirements, r.time_zone, r.status, r.answer_by,
	   r.created_at, r.decided_at, r.reason, r.answered_at, r.answer,
	   r.starts_at, r.ends_at, r.headcount, r.offered, r.assigned
  FROM tempcloud_data.request_overview r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = r.provider_id OFFSET 0) a
 WHERE r.customer_id = (SELECT tempcloud.current_account_id())
 ORDER BY r.created_at DESC, r.id DESC;
COMMENT ON VIEW tempcloud.requests_sent IS
'The requests of the caller, a customer
Bestellungen und Anfragen. With the answer to each, and the numbers of people offered and named. Newest first.';
COMMENT ON COLUMN tempcloud.requests_sent.order_name IS 'Name of the order';
COMMENT ON COLUMN tempcloud.requests_sent.reference IS 'Number of the order, given by the customer';
COMMENT ON COLUMN tempcloud.requests_sent.ordered_by IS 'Name of the contact who ordered';
COMMENT ON COLUMN tempcloud.requests_sent.provider_company IS 'Name of the provider';
COMMENT ON COLUMN tempcloud.requests_sent.answered_at IS 'When the provider answered';
COMMENT ON COLUMN tempcloud.requests_sent.answer IS 'Reply of the provider';
COMMENT ON COLUMN tempcloud.requests_sent.starts_at IS 'Start of the first shift';
COMMENT ON COLUMN tempcloud.requests_sent.ends_at IS 'End of the last shift';
COMMENT ON COLUMN tempcloud.requests_sent.headcount IS 'Number of people requested in all shifts';
COMMENT ON COLUMN tempcloud.requests_sent.offered IS 'Number of people offered in all shifts; null until the request is accepted';
COMMENT ON COLUMN tempcloud.requests_sent.assigned IS 'Number of workers named in all shifts';
GRANT SELECT ON tempcloud.requests_sent TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.provider(tempcloud.requests_sent)
RETURNS SETOF tempcloud.providers
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.providers p WHERE p.id = ($1).provider_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.provider(tempcloud.requests_sent) IS
'The provider asked';

CREATE FUNCTION tempcloud.shifts(tempcloud.requests_sent)
RETURNS SETOF tempcloud.shifts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.shifts s WHERE s.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.shifts(tempcloud.requests_sent) IS
'The working times of a request';

CREATE FUNCTION tempcloud.request_sent(tempcloud.shifts)
RETURNS SETOF tempcloud.requests_sent
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.requests_sent r WHERE r.id = ($1).request_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.request_sent(tempcloud.shifts) IS
'The request of a shift, for the customer';
GRANT EXECUTE ON FUNCTION
	tempcloud.provider(tempcloud.requests_sent),
	tempcloud.shifts(tempcloud.requests_sent),
	tempcloud.request_sent(tempcloud.shifts)
	TO tempcloud_user;
