-- order: what a customer does with requests

CREATE FUNCTION tempcloud.send_order(
	name		text,
	requests	jsonb,
	reference	text DEFAULT NULL)
RETURNS SETOF tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_send_order'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.send_order IS
'Send an order of one or several requests
For customers. requests is an array of objects: provider_id, profession, location, shifts and, where wanted, department, requirements, answer_by (else the start of the first shift). shifts is an array of objects: starts_at, ends_at, headcount; those of one request do not overlap. Each provider must be a partner. All are sent or none. reference is the customer''s own number of the order: the same order sent again with it is not made again.';
GRANT EXECUTE ON FUNCTION tempcloud.send_order TO tempcloud_user;

CREATE FUNCTION tempcloud.send_request(
	provider_id		uuid,
	profession		text,
	location		text,
	shifts			jsonb,
	department		text DEFAULT NULL,
	requirements	text DEFAULT NULL,
	answer_by		timestamptz DEFAULT NULL,
	name			text DEFAULT NULL,
	reference		text DEFAULT NULL)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_send_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.send_request IS
'Send an order of a single request
As send_order; the order is called by name or, without one, by the profession.';
GRANT EXECUTE ON FUNCTION tempcloud.send_request TO tempcloud_user;

CREATE FUNCTION tempcloud.withdraw_request(id uuid, reason text DEFAULT NULL)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_withdraw_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.withdraw_request IS
'Withdraw a request
For the customer, as long as it is open; what was accepted can be cancelled. Withdrawing again does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.withdraw_request TO tempcloud_user;
