-- request_answer: the answer of a provider

CREATE TABLE tempcloud_data.request_answer (
	request_id	uuid NOT NULL,
	customer_id	uuid NOT NULL,
	provider_id	uuid NOT NULL,
	answered_by	uuid NOT NULL,
	accepted	boolean NOT NULL,
	reason		tempcloud_data.paragraph,
	created_at	timestamptz NOT NULL,
	CONSTRAINT request_answer_pkey PRIMARY KEY (request_id, customer_id),
	CONSTRAINT request_answer_request_fkey FOREIGN KEY (request_id, customer_id, provider_id)
		REFERENCES tempcloud_data.request (id, customer_id, provider_id),
	CONSTRAINT request_answer_answered_by_fkey FOREIGN KEY (answered_by, provider_id)
		REFERENCES tempcloud_data.contact (id, account_id)
);
SELECT pg_extension_config_dump('tempcloud_data.request_answer', '');

COMMENT ON TABLE tempcloud_data.request_answer IS
'Answers, one for each request; rows are never changed';
COMMENT ON COLUMN tempcloud_data.request_answer.answered_by IS 'Contact of the provider';
COMMENT ON COLUMN tempcloud_data.request_answer.accepted IS 'False if it was declined';

-- An answer is written once.
CREATE TRIGGER request_answer_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.request_answer
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER request_answer_truncate BEFORE TRUNCATE ON tempcloud_data.request_answer
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.request_answer
	ENABLE ALWAYS TRIGGER request_answer_append_only,
	ENABLE ALWAYS TRIGGER request_answer_truncate;

CREATE FUNCTION tempcloud.answer_request(
	id			uuid,
	accept		boolean,
	reason		text DEFAULT NULL,
	headcount	integer DEFAULT NULL,
	shifts		jsonb DEFAULT NULL)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_answer_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.answer_request IS
'Accept or decline a request
For the provider, while it is open. A provider can accept with fewer people: headcount is the maximum for every shift; shifts, an array of objects with id and headcount, sets it for single shifts, 0 for none. The answer is final; an accepted request can be cancelled. Repeating the same answer has no effect.';
GRANT EXECUTE ON FUNCTION tempcloud.answer_request TO tempcloud_user;

-- After all tables

CREATE VIEW tempcloud.requests_received WITH (security_barrier) AS
SELECT r.id, r.order_id, r.order_name, r.reference, r.ordered_by,
	   r.customer_id, a.company_name::text AS customer_company,
	   r.profession, r.location, r.department, r.requirements, r.time_zone, r.status, r.answer_by,
	   r.created_at, r.decided_at, r.reason, r.answered_at, r.answer,
	   r.starts_at, r.ends_at, r.headcount, r.offered, r.assigned
  FROM tempcloud_data.request_overview r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = r.customer_id OFFSET 0) a
 WHERE r.provider_id = (SELECT tempcloud.current_account_id())
 ORDER BY r.created_at DESC, r.id DESC;
COMMENT ON VIEW tempcloud.requests_received IS
'The requests to the caller, a provider
Anfragen. With the answer to each, and the numbers of people offered and named. Newest first.';
COMMENT ON COLUMN tempcloud.requests_received.customer_company IS 'Name of the customer';
GRANT SELECT ON tempcloud.requests_received TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.customer(tempcloud.requests_received)
RETURNS SETOF tempcloud.customers
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.customers c WHERE c.id = ($1).customer_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.customer(tempcloud.requests_received) IS
'The requesting customer';

CREATE FUNCTION tempcloud.shifts(tempcloud.requests_received)
RETURNS SETOF tempcloud.shifts
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.shifts s WHERE s.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.shifts(tempcloud.requests_received) IS
'The working times of a request';

CREATE FUNCTION tempcloud.request_received(tempcloud.shifts)
RETURNS SETOF tempcloud.requests_received
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.requests_received r WHERE r.id = ($1).request_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.request_received(tempcloud.shifts) IS
'The request of a shift, for the provider';
GRANT EXECUTE ON FUNCTION
	tempcloud.customer(tempcloud.requests_received),
	tempcloud.shifts(tempcloud.requests_received),
	tempcloud.request_received(tempcloud.shifts)
	TO tempcloud_user;
