-- assignment: who comes

-- A worker has one of as many places as were offered: places ties the row to
-- the shift's number, so that one too many cannot be written.  A name that is
-- replaced or taken back stays as a record.
CREATE TABLE tempcloud_data.assignment (
	id			uuid DEFAULT tempcloud_data.new_id(),
	shift_id	uuid NOT NULL,
	place		integer NOT NULL,
	places		integer NOT NULL,
	worker_name	tempcloud_data.person_name NOT NULL,
	assigned_by	uuid NOT NULL,
	assigned_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	replaced_by	uuid,
	replaced_at	timestamptz,
	CONSTRAINT assignment_pkey PRIMARY KEY (id),
	CONSTRAINT assignment_shift_fkey FOREIGN KEY (shift_id, places)
		REFERENCES tempcloud_data.shift (id, offered),
	CONSTRAINT assignment_assigned_by_fkey FOREIGN KEY (assigned_by)
		REFERENCES tempcloud_data.contact (id),
	CONSTRAINT assignment_replaced_by_fkey FOREIGN KEY (replaced_by)
		REFERENCES tempcloud_data.contact (id),
	CONSTRAINT assignment_place CHECK (place BETWEEN 1 AND places),
	CONSTRAINT assignment_replacement CHECK ((replaced_at IS NULL) = (replaced_by IS NULL))
);
-- each place has one current worker
CREATE UNIQUE INDEX assignment_current_key
	ON tempcloud_data.assignment (shift_id, place) WHERE replaced_at IS NULL;
CREATE INDEX assignment_shift_id_idx ON tempcloud_data.assignment (shift_id, assigned_at);
SELECT pg_catalog.pg_extension_config_dump('tempcloud_data.assignment', '');

COMMENT ON TABLE tempcloud_data.assignment IS 'The workers of each shift of an accepted request, also those who were replaced.';
COMMENT ON COLUMN tempcloud_data.assignment.id IS 'Key, time-ordered';
COMMENT ON COLUMN tempcloud_data.assignment.shift_id IS 'The shift the worker has';
COMMENT ON COLUMN tempcloud_data.assignment.place IS 'Which of the places, from 1';
COMMENT ON COLUMN tempcloud_data.assignment.places IS 'How many there are: what the provider offered for the shift';
COMMENT ON COLUMN tempcloud_data.assignment.worker_name IS 'Name of the worker';
COMMENT ON COLUMN tempcloud_data.assignment.assigned_by IS 'The provider''s contact who named the worker';
COMMENT ON COLUMN tempcloud_data.assignment.assigned_at IS 'When the worker was named';
COMMENT ON COLUMN tempcloud_data.assignment.replaced_by IS 'The provider''s contact who replaced the name or took it back; null while it is current';
COMMENT ON COLUMN tempcloud_data.assignment.replaced_at IS 'When that was; null while the name is current';

CREATE TYPE tempcloud.assignment AS (
	shift_id	uuid,
	place		integer,
	worker_name	text,
	assigned_at	timestamptz
);
COMMENT ON TYPE tempcloud.assignment IS 'A worker in a shift.';
COMMENT ON COLUMN tempcloud.assignment.shift_id IS 'The shift the worker has';
COMMENT ON COLUMN tempcloud.assignment.place IS 'Which of the places offered, from 1';
COMMENT ON COLUMN tempcloud.assignment.worker_name IS 'Name of the worker';
COMMENT ON COLUMN tempcloud.assignment.assigned_at IS 'When the worker was named';

CREATE FUNCTION tempcloud.assign_workers(shift_id uuid, workers text[])
RETURNS SETOF tempcloud.assignment
AS 'MODULE_PATHNAME', 'tempcloud_assign_workers'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.assign_workers IS
'Name the workers of a shift
For the provider, once the request is accepted: all names of the shift in their order, at most as many as were offered. They replace those given before, which stay in the record; an empty array takes all back. When every place of the request has its name, the customer gets them by mail. The same names given again do nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.assign_workers TO tempcloud_user;

-- What both sides' lists show; see customers for OFFSET 0.
CREATE VIEW tempcloud_data.request_overview AS
SELECT r.id, r.order_id, o.name::text AS order_name, o.reference::text AS reference,
	   NULLIF(pg_catalog.concat_ws(' ', c.given_name, c.family_name), '') AS ordered_by,
	   r.customer_id, r.provider_id,
	   r.profession::text, r.location::text, r.department::text, r.requirements::text,
	   CASE WHEN r.status = 'open' AND r.answer_by <= pg_catalog.statement_timestamp()
			THEN 'expired' ELSE r.status END AS status,
	   r.answer_by, r.created_at, r.decided_at, r.reason::text,
	   w.created_at AS answered_at, w.reason::text AS answer,
	   s.starts_at, s.ends_at, s.headcount, s.offered, s.assigned
  FROM tempcloud_data.request r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.staff_order o WHERE o.id = r.order_id OFFSET 0) o
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact c WHERE c.id = o.ordered_by OFFSET 0) c
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.request_answer w WHERE w.request_id = r.id OFFSET 0) w ON true
 CROSS JOIN LATERAL (
	SELECT pg_catalog.min(s.starts_at) AS starts_at, pg_catalog.max(s.ends_at) AS ends_at,
		   pg_catalog.sum(s.headcount)::integer AS headcount,
		   pg_catalog.sum(s.offered)::integer AS offered,
		   pg_catalog.sum((SELECT pg_catalog.count(*) FROM tempcloud_data.assignment p
							WHERE p.shift_id = s.id AND p.replaced_at IS NULL))::integer AS assigned
	  FROM tempcloud_data.shift s WHERE s.request_id = r.id) s;
COMMENT ON VIEW tempcloud_data.request_overview IS 'Requests, with what belongs to each: order, answer, and totals over their shifts.';
COMMENT ON COLUMN tempcloud_data.request_overview.id IS 'Key of the request';
COMMENT ON COLUMN tempcloud_data.request_overview.order_id IS 'The order it is a part of';
COMMENT ON COLUMN tempcloud_data.request_overview.order_name IS 'What the order is called';
COMMENT ON COLUMN tempcloud_data.request_overview.reference IS 'The customer''s own number of the order';
COMMENT ON COLUMN tempcloud_data.request_overview.ordered_by IS 'The customer''s contact who ordered';
COMMENT ON COLUMN tempcloud_data.request_overview.customer_id IS 'The customer who asks';
COMMENT ON COLUMN tempcloud_data.request_overview.provider_id IS 'The provider who is asked';
COMMENT ON COLUMN tempcloud_data.request_overview.profession IS 'The profession that is needed';
COMMENT ON COLUMN tempcloud_data.request_overview.location IS 'Where';
COMMENT ON COLUMN tempcloud_data.request_overview.department IS 'The department there';
COMMENT ON COLUMN tempcloud_data.request_overview.requirements IS 'What is required of the workers, in words';
COMMENT ON COLUMN tempcloud_data.request_overview.status IS 'What became of it';
COMMENT ON COLUMN tempcloud_data.request_overview.answer_by IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud_data.request_overview.created_at IS 'When it was sent';
COMMENT ON COLUMN tempcloud_data.request_overview.decided_at IS 'When it got its status; null while it is open';
COMMENT ON COLUMN tempcloud_data.request_overview.reason IS 'Why it was declined, withdrawn or cancelled';
COMMENT ON COLUMN tempcloud_data.request_overview.answered_at IS 'When the provider answered';
COMMENT ON COLUMN tempcloud_data.request_overview.answer IS 'What the provider said to it';
COMMENT ON COLUMN tempcloud_data.request_overview.starts_at IS 'Start of the first shift';
COMMENT ON COLUMN tempcloud_data.request_overview.ends_at IS 'End of the last shift';
COMMENT ON COLUMN tempcloud_data.request_overview.headcount IS 'How many people are asked for, over all shifts';
COMMENT ON COLUMN tempcloud_data.request_overview.offered IS 'How many are offered, over all shifts; null until it is accepted';
COMMENT ON COLUMN tempcloud_data.request_overview.assigned IS 'How many of them have a name';

-- The lists of both sides, newest first, by the index that finds the rows.
CREATE VIEW tempcloud.requests_sent WITH (security_barrier) AS
SELECT r.id, r.order_id, r.order_name, r.reference, r.ordered_by,
	   r.provider_id, a.company_name::text AS provider_company,
	   r.profession, r.location, r.department, r.requirements, r.status, r.answer_by,
	   r.created_at, r.decided_at, r.reason, r.answered_at, r.answer,
	   r.starts_at, r.ends_at, r.headcount, r.offered, r.assigned
  FROM tempcloud_data.request_overview r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = r.provider_id OFFSET 0) a
 WHERE r.customer_id = (SELECT tempcloud.current_account_id())
 ORDER BY r.id DESC;
COMMENT ON VIEW tempcloud.requests_sent IS
'The requests of the caller, a customer
Bestellungen und Anfragen: with what became of each, and how many of the people are offered and named. Newest first.';
COMMENT ON COLUMN tempcloud.requests_sent.id IS 'Key of the request';
COMMENT ON COLUMN tempcloud.requests_sent.order_id IS 'The order it is a part of';
COMMENT ON COLUMN tempcloud.requests_sent.order_name IS 'What the order is called';
COMMENT ON COLUMN tempcloud.requests_sent.reference IS 'The customer''s own number of the order';
COMMENT ON COLUMN tempcloud.requests_sent.ordered_by IS 'The contact who ordered';
COMMENT ON COLUMN tempcloud.requests_sent.provider_id IS 'The provider who is asked';
COMMENT ON COLUMN tempcloud.requests_sent.provider_company IS 'Name of the provider';
COMMENT ON COLUMN tempcloud.requests_sent.profession IS 'The profession that is needed';
COMMENT ON COLUMN tempcloud.requests_sent.location IS 'Where';
COMMENT ON COLUMN tempcloud.requests_sent.department IS 'The department there';
COMMENT ON COLUMN tempcloud.requests_sent.requirements IS 'What is required of the workers, in words';
COMMENT ON COLUMN tempcloud.requests_sent.status IS 'What became of it';
COMMENT ON COLUMN tempcloud.requests_sent.answer_by IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud.requests_sent.created_at IS 'When it was sent';
COMMENT ON COLUMN tempcloud.requests_sent.decided_at IS 'When it got its status; null while it is open';
COMMENT ON COLUMN tempcloud.requests_sent.reason IS 'Why it was declined, withdrawn or cancelled';
COMMENT ON COLUMN tempcloud.requests_sent.answered_at IS 'When the provider answered';
COMMENT ON COLUMN tempcloud.requests_sent.answer IS 'What the provider said to it';
COMMENT ON COLUMN tempcloud.requests_sent.starts_at IS 'Start of the first shift';
COMMENT ON COLUMN tempcloud.requests_sent.ends_at IS 'End of the last shift';
COMMENT ON COLUMN tempcloud.requests_sent.headcount IS 'How many people are asked for, over all shifts';
COMMENT ON COLUMN tempcloud.requests_sent.offered IS 'How many are offered, over all shifts; null until it is accepted';
COMMENT ON COLUMN tempcloud.requests_sent.assigned IS 'How many of them have a name';
GRANT SELECT ON tempcloud.requests_sent TO tempcloud_user;

CREATE VIEW tempcloud.requests_received WITH (security_barrier) AS
SELECT r.id, r.order_id, r.order_name, r.reference, r.ordered_by,
	   r.customer_id, a.company_name::text AS customer_company,
	   r.profession, r.location, r.department, r.requirements, r.status, r.answer_by,
	   r.created_at, r.decided_at, r.reason, r.answered_at, r.answer,
	   r.starts_at, r.ends_at, r.headcount, r.offered, r.assigned
  FROM tempcloud_data.request_overview r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = r.customer_id OFFSET 0) a
 WHERE r.provider_id = (SELECT tempcloud.current_account_id())
 ORDER BY r.id DESC;
COMMENT ON VIEW tempcloud.requests_received IS
'The requests to the caller, a provider
Anfragen: with what became of each, and how many of the people are offered and named. Newest first.';
COMMENT ON COLUMN tempcloud.requests_received.id IS 'Key of the request';
COMMENT ON COLUMN tempcloud.requests_received.order_id IS 'The order it is a part of';
COMMENT ON COLUMN tempcloud.requests_received.order_name IS 'What the order is called';
COMMENT ON COLUMN tempcloud.requests_received.reference IS 'The customer''s own number of the order';
COMMENT ON COLUMN tempcloud.requests_received.ordered_by IS 'The customer''s contact who ordered';
COMMENT ON COLUMN tempcloud.requests_received.customer_id IS 'The customer who asks';
COMMENT ON COLUMN tempcloud.requests_received.customer_company IS 'Name of the customer';
COMMENT ON COLUMN tempcloud.requests_received.profession IS 'The profession that is needed';
COMMENT ON COLUMN tempcloud.requests_received.location IS 'Where';
COMMENT ON COLUMN tempcloud.requests_received.department IS 'The department there';
COMMENT ON COLUMN tempcloud.requests_received.requirements IS 'What is required of the workers, in words';
COMMENT ON COLUMN tempcloud.requests_received.status IS 'What became of it';
COMMENT ON COLUMN tempcloud.requests_received.answer_by IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud.requests_received.created_at IS 'When it was sent';
COMMENT ON COLUMN tempcloud.requests_received.decided_at IS 'When it got its status; null while it is open';
COMMENT ON COLUMN tempcloud.requests_received.reason IS 'Why it was declined, withdrawn or cancelled';
COMMENT ON COLUMN tempcloud.requests_received.answered_at IS 'When the provider answered';
COMMENT ON COLUMN tempcloud.requests_received.answer IS 'What the provider said to it';
COMMENT ON COLUMN tempcloud.requests_received.starts_at IS 'Start of the first shift';
COMMENT ON COLUMN tempcloud.requests_received.ends_at IS 'End of the last shift';
COMMENT ON COLUMN tempcloud.requests_received.headcount IS 'How many people are asked for, over all shifts';
COMMENT ON COLUMN tempcloud.requests_received.offered IS 'How many are offered, over all shifts; null until it is accepted';
COMMENT ON COLUMN tempcloud.requests_received.assigned IS 'How many of them have a name';
GRANT SELECT ON tempcloud.requests_received TO tempcloud_user;

CREATE VIEW tempcloud_data.shift_overview AS
SELECT s.id, r.id AS request_id, r.customer_id, r.provider_id,
	   s.starts_at, s.ends_at, s.headcount, s.offered,
	   (SELECT pg_catalog.count(*) FROM tempcloud_data.assignment p
		 WHERE p.shift_id = s.id AND p.replaced_at IS NULL)::integer AS assigned
  FROM tempcloud_data.request r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.shift s WHERE s.request_id = r.id ORDER BY s.starts_at OFFSET 0) s;
COMMENT ON VIEW tempcloud_data.shift_overview IS 'Shifts, with whose they are and how many workers have a name.';
COMMENT ON COLUMN tempcloud_data.shift_overview.id IS 'Key of the shift';
COMMENT ON COLUMN tempcloud_data.shift_overview.request_id IS 'The request it is a part of';
COMMENT ON COLUMN tempcloud_data.shift_overview.customer_id IS 'The customer who asks';
COMMENT ON COLUMN tempcloud_data.shift_overview.provider_id IS 'The provider who is asked';
COMMENT ON COLUMN tempcloud_data.shift_overview.starts_at IS 'When work begins';
COMMENT ON COLUMN tempcloud_data.shift_overview.ends_at IS 'When it ends';
COMMENT ON COLUMN tempcloud_data.shift_overview.headcount IS 'How many people are asked for';
COMMENT ON COLUMN tempcloud_data.shift_overview.offered IS 'How many the provider offers; null until the request is accepted';
COMMENT ON COLUMN tempcloud_data.shift_overview.assigned IS 'How many of them have a name';

-- One arm for each side, so that each is served by its own index, and each with
-- its order, so that a page takes no more than its rows.
CREATE VIEW tempcloud.shifts WITH (security_barrier) AS
(SELECT id, request_id, starts_at, ends_at, headcount, offered, assigned
   FROM tempcloud_data.shift_overview
  WHERE customer_id = (SELECT tempcloud.current_account_id())
  ORDER BY request_id DESC)
 UNION ALL
(SELECT id, request_id, starts_at, ends_at, headcount, offered, assigned
   FROM tempcloud_data.shift_overview
  WHERE provider_id = (SELECT tempcloud.current_account_id())
  ORDER BY request_id DESC);
COMMENT ON VIEW tempcloud.shifts IS
'The working times of the caller''s requests
Of those sent, for a customer, and of those received, for a provider; in the order of the requests, the newest first, and of time.';
COMMENT ON COLUMN tempcloud.shifts.id IS 'Key of the shift';
COMMENT ON COLUMN tempcloud.shifts.request_id IS 'The request it is a part of';
COMMENT ON COLUMN tempcloud.shifts.starts_at IS 'When work begins';
COMMENT ON COLUMN tempcloud.shifts.ends_at IS 'When it ends';
COMMENT ON COLUMN tempcloud.shifts.headcount IS 'How many people are asked for';
COMMENT ON COLUMN tempcloud.shifts.offered IS 'How many the provider offers; null until the request is accepted';
COMMENT ON COLUMN tempcloud.shifts.assigned IS 'How many of them have a name';
GRANT SELECT ON tempcloud.shifts TO tempcloud_user;

CREATE VIEW tempcloud.assignments WITH (security_barrier) AS
SELECT s.id AS shift_id, p.place, s.request_id, s.starts_at, s.ends_at, p.worker_name::text, p.assigned_at
  FROM tempcloud.shifts s
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.assignment p
	 WHERE p.shift_id = s.id AND p.replaced_at IS NULL OFFSET 0) p;
COMMENT ON VIEW tempcloud.assignments IS
'The workers in the shifts of the caller''s requests
Both sides see them.';
COMMENT ON COLUMN tempcloud.assignments.shift_id IS 'The shift the worker has';
COMMENT ON COLUMN tempcloud.assignments.place IS 'Which of the places offered, from 1';
COMMENT ON COLUMN tempcloud.assignments.request_id IS 'The request the shift is a part of';
COMMENT ON COLUMN tempcloud.assignments.starts_at IS 'When work begins';
COMMENT ON COLUMN tempcloud.assignments.ends_at IS 'When it ends';
COMMENT ON COLUMN tempcloud.assignments.worker_name IS 'Name of the worker';
COMMENT ON COLUMN tempcloud.assignments.assigned_at IS 'When the worker was named';
GRANT SELECT ON tempcloud.assignments TO tempcloud_user;
