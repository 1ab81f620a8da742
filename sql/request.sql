-- request: orders, requests and their shifts
--
-- These tables, with those of answers and assignments, are keyed by customer as well:
-- customer_id is in every primary key, unique and exclusion constraint, and in every
-- foreign key among them. So they can be spread over several servers by customer.

CREATE TYPE tempcloud.request_status AS ENUM
	('open', 'accepted', 'declined', 'withdrawn', 'expired', 'cancelled');
COMMENT ON TYPE tempcloud.request_status IS
'Status of a request; open past its answer_by is shown as expired';
GRANT USAGE ON TYPE tempcloud.request_status TO tempcloud_service;

CREATE TABLE tempcloud_data.staff_order (
	id				uuid DEFAULT tempcloud_data.new_id(),
	customer_id		uuid NOT NULL,
	customer_kind	tempcloud.account_kind NOT NULL DEFAULT 'customer',
	ordered_by		uuid NOT NULL,
	name			tempcloud_data.line NOT NULL,
	reference		tempcloud_data.line,
	digest			bytea,
	created_at		timestamptz NOT NULL,
	CONSTRAINT staff_order_pkey PRIMARY KEY (id, customer_id),
	CONSTRAINT staff_order_reference_key UNIQUE (customer_id, reference),
	CONSTRAINT staff_order_customer_kind CHECK (customer_kind = 'customer'),
	CONSTRAINT staff_order_digest CHECK ((reference IS NULL) = (digest IS NULL)),
	CONSTRAINT staff_order_customer_fkey FOREIGN KEY (customer_id, customer_kind)
		REFERENCES tempcloud_data.account (id, kind),
	CONSTRAINT staff_order_ordered_by_fkey FOREIGN KEY (ordered_by, customer_id)
		REFERENCES tempcloud_data.contact (id, account_id)
);
SELECT pg_extension_config_dump('tempcloud_data.staff_order', '');

COMMENT ON TABLE tempcloud_data.staff_order IS
'Orders: requests sent together, to one or several providers';
COMMENT ON COLUMN tempcloud_data.staff_order.customer_kind IS 'Constant; ties customer_id to an account of this kind';
COMMENT ON COLUMN tempcloud_data.staff_order.ordered_by IS 'Contact of the customer';
COMMENT ON COLUMN tempcloud_data.staff_order.reference IS 'Number given by the customer; an order sent again with it is not created again';
COMMENT ON COLUMN tempcloud_data.staff_order.digest IS 'SHA-256 of the stored order; tells the same order from another one with its reference';

CREATE FUNCTION tempcloud_data.guard_order()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_order'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_order IS
'Refuses changes of an order, and its deletion once one of its requests was accepted';

CREATE TRIGGER staff_order_guard BEFORE UPDATE OR DELETE ON tempcloud_data.staff_order
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_order();
CREATE TRIGGER staff_order_guard_after AFTER UPDATE ON tempcloud_data.staff_order
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_order();
CREATE TRIGGER staff_order_truncate BEFORE TRUNCATE ON tempcloud_data.staff_order
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.staff_order
	ENABLE ALWAYS TRIGGER staff_order_guard,
	ENABLE ALWAYS TRIGGER staff_order_guard_after,
	ENABLE ALWAYS TRIGGER staff_order_truncate;

CREATE TABLE tempcloud_data.request (
	id				uuid DEFAULT tempcloud_data.new_id(),
	order_id		uuid NOT NULL,
	customer_id		uuid NOT NULL,
	provider_id		uuid NOT NULL,
	profession		tempcloud_data.line NOT NULL,
	location		tempcloud_data.line NOT NULL,
	department		tempcloud_data.line,
	requirements	tempcloud_data.paragraph,
	time_zone		tempcloud_data.time_zone NOT NULL,
	status			tempcloud.request_status NOT NULL DEFAULT 'open',
	answer_by		timestamptz NOT NULL,
	created_at		timestamptz NOT NULL,
	decided_at		timestamptz,
	decided_by		uuid,
	reason			tempcloud_data.paragraph,
	unfilled_until	timestamptz,
	CONSTRAINT request_pkey PRIMARY KEY (id, customer_id),
	-- what answers refer to, so that they are the provider's
	CONSTRAINT request_provider_key UNIQUE (id, customer_id, provider_id),
	CONSTRAINT request_order_fkey FOREIGN KEY (order_id, customer_id)
		REFERENCES tempcloud_data.staff_order (id, customer_id),
	-- without a partnership there is no request
	CONSTRAINT request_partnership_fkey FOREIGN KEY (customer_id, provider_id)
		REFERENCES tempcloud_data.partnership (customer_id, provider_id),
	CONSTRAINT request_decided_by_fkey FOREIGN KEY (decided_by)
		REFERENCES tempcloud_data.contact (id),
	CONSTRAINT request_answer_by CHECK (isfinite(answer_by) AND answer_by > created_at),
	CONSTRAINT request_decision CHECK ((status = 'open') = (decided_at IS NULL)),
	CONSTRAINT request_cancellation CHECK (
		status <> 'cancelled' OR (decided_by IS NOT NULL AND reason IS NOT NULL)),
	CONSTRAINT request_unfilled CHECK (unfilled_until IS NULL OR status = 'accepted')
);
CREATE INDEX request_order_id_idx ON tempcloud_data.request (order_id, id);
-- what a customer has asked for lately, as keys are in the order of time; shifts of
-- both sides, by request
CREATE INDEX request_customer_id_idx ON tempcloud_data.request (customer_id, id);
CREATE INDEX request_provider_id_idx ON tempcloud_data.request (provider_id, id);
-- the two lists, newest first
CREATE INDEX request_sent_idx ON tempcloud_data.request (customer_id, status, created_at, id);
CREATE INDEX request_received_idx ON tempcloud_data.request (provider_id, status, created_at, id);
-- what is open, of each side and of all
CREATE INDEX request_sent_open_idx
	ON tempcloud_data.request (customer_id, answer_by) WHERE status = 'open' AND answer_by IS NOT NULL;
CREATE INDEX request_received_open_idx
	ON tempcloud_data.request (provider_id, answer_by) WHERE status = 'open' AND answer_by IS NOT NULL;
CREATE INDEX request_expiry_idx
	ON tempcloud_data.request (answer_by) WHERE status = 'open' AND answer_by IS NOT NULL;
-- what lacks names of workers, of each side
CREATE INDEX request_sent_unfilled_idx
	ON tempcloud_data.request (customer_id, unfilled_until) WHERE unfilled_until IS NOT NULL;
CREATE INDEX request_received_unfilled_idx
	ON tempcloud_data.request (provider_id, unfilled_until) WHERE unfilled_until IS NOT NULL;
SELECT pg_extension_config_dump('tempcloud_data.request', '');

COMMENT ON TABLE tempcloud_data.request IS
'Requests for staff of one profession at one location, each to one provider';
COMMENT ON COLUMN tempcloud_data.request.time_zone IS 'Of the place of work; the times that people read are in it';
COMMENT ON COLUMN tempcloud_data.request.status IS 'Open past answer_by counts as expired';
COMMENT ON COLUMN tempcloud_data.request.answer_by IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud_data.request.decided_by IS 'Contact of either side who set the status';
COMMENT ON COLUMN tempcloud_data.request.reason IS 'Reason for declining, withdrawing or cancelling';
COMMENT ON COLUMN tempcloud_data.request.unfilled_until IS 'End of the last shift with fewer workers named than were offered; null if there is none, or the request is not accepted';

CREATE FUNCTION tempcloud_data.guard_request()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_request'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_request IS
'Protects the content of a request, and accepted requests; restricts changes of status';

CREATE TRIGGER request_guard BEFORE UPDATE OR DELETE ON tempcloud_data.request
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_request();
CREATE TRIGGER request_guard_after AFTER UPDATE ON tempcloud_data.request
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_request();
CREATE TRIGGER request_truncate BEFORE TRUNCATE ON tempcloud_data.request
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.request
	ENABLE ALWAYS TRIGGER request_guard,
	ENABLE ALWAYS TRIGGER request_guard_after,
	ENABLE ALWAYS TRIGGER request_truncate;

CREATE TABLE tempcloud_data.shift (
	id				uuid DEFAULT tempcloud_data.new_id(),
	request_id		uuid NOT NULL,
	customer_id		uuid NOT NULL,
	starts_at		timestamptz NOT NULL,
	ends_at			timestamptz NOT NULL,
	headcount		integer NOT NULL,
	offered			integer,
	CONSTRAINT shift_pkey PRIMARY KEY (id, customer_id),
	-- what assignments refer to, so that they are no more than were offered, and in time
	CONSTRAINT shift_offered_key UNIQUE (id, customer_id, offered, ends_at),
	CONSTRAINT shift_request_fkey FOREIGN KEY (request_id, customer_id)
		REFERENCES tempcloud_data.request (id, customer_id),
	CONSTRAINT shift_times CHECK (
		isfinite(starts_at) AND isfinite(ends_at)
		AND starts_at < ends_at AND ends_at - starts_at <= '24 hours'::interval),
	CONSTRAINT shift_headcount CHECK (headcount BETWEEN 1 AND 1000),
	CONSTRAINT shift_offered CHECK (offered BETWEEN 0 AND headcount),
	-- greatest() keeps this index out of queries for shifts of a request, which
	-- would read far more of it than of shift_request_id_idx, which has both columns
	-- so that it is not combined with this one either
	CONSTRAINT shift_no_overlap EXCLUDE USING gist
		(greatest(request_id) WITH =, customer_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
);
CREATE INDEX shift_request_id_idx ON tempcloud_data.shift (request_id, customer_id, starts_at);
SELECT pg_extension_config_dump('tempcloud_data.shift', '');

COMMENT ON TABLE tempcloud_data.shift IS 'Working times of a request';
COMMENT ON COLUMN tempcloud_data.shift.headcount IS 'Number of people requested';
COMMENT ON COLUMN tempcloud_data.shift.offered IS 'Number of people offered; null until the request is accepted';

CREATE FUNCTION tempcloud_data.guard_shift()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_shift'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_shift IS 'Refuses changes of a shift but one offer';

CREATE TRIGGER shift_guard BEFORE UPDATE OR DELETE ON tempcloud_data.shift
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_shift();
CREATE TRIGGER shift_guard_after AFTER UPDATE ON tempcloud_data.shift
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_shift();
CREATE TRIGGER shift_truncate BEFORE TRUNCATE ON tempcloud_data.shift
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.shift
	ENABLE ALWAYS TRIGGER shift_guard,
	ENABLE ALWAYS TRIGGER shift_guard_after,
	ENABLE ALWAYS TRIGGER shift_truncate;

-- The API's own row type: what the table gains later is not shown by itself.
CREATE TYPE tempcloud.request AS (
	id				uuid,
	order_id		uuid,
	customer_id		uuid,
	provider_id		uuid,
	profession		text,
	location		text,
	department		text,
	requirements	text,
	time_zone		text,
	status			tempcloud.request_status,
	answer_by		timestamptz,
	created_at		timestamptz,
	decided_at		timestamptz,
	reason			text
);
COMMENT ON TYPE tempcloud.request IS 'A request; its working times are in shifts';
COMMENT ON COLUMN tempcloud.request.id IS 'Key';
COMMENT ON COLUMN tempcloud.request.order_id IS 'Order of the request';
COMMENT ON COLUMN tempcloud.request.customer_id IS 'Requesting customer';
COMMENT ON COLUMN tempcloud.request.provider_id IS 'Provider asked';
COMMENT ON COLUMN tempcloud.request.profession IS 'Profession requested';
COMMENT ON COLUMN tempcloud.request.location IS 'Place of work';
COMMENT ON COLUMN tempcloud.request.department IS 'Department at the location';
COMMENT ON COLUMN tempcloud.request.requirements IS 'Requirements for the workers';
COMMENT ON COLUMN tempcloud.request.time_zone IS 'Time zone of the place of work (IANA)';
COMMENT ON COLUMN tempcloud.request.status IS 'Current status';
COMMENT ON COLUMN tempcloud.request.answer_by IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud.request.created_at IS 'When it was sent';
COMMENT ON COLUMN tempcloud.request.decided_at IS 'When it got its status; null while it is open';
COMMENT ON COLUMN tempcloud.request.reason IS 'Reason for declining, withdrawing or cancelling';

CREATE FUNCTION tempcloud.cancel_request(id uuid, reason text)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_cancel_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.cancel_request IS
'Cancel an accepted request
For either side; the other gets the reason by mail. Answer and workers stay in the history. Cancelling again does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.cancel_request TO tempcloud_user;

-- After all tables

-- See invitation_by_status.
CREATE VIEW tempcloud_data.request_by_status AS
(SELECT r.*, 'open' AS shown_status, created_at AS shown_at FROM tempcloud_data.request r
  WHERE status = 'open' AND (answer_by > statement_timestamp()) IS TRUE
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT * FROM (
	SELECT r.*, 'expired' AS shown_status, greatest(created_at) AS shown_at FROM tempcloud_data.request r
	 WHERE status = 'open' AND answer_by <= statement_timestamp()
	 ORDER BY answer_by) r
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT r.*, 'accepted' AS shown_status, created_at AS shown_at FROM tempcloud_data.request r
  WHERE status = 'accepted'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT r.*, 'declined' AS shown_status, created_at AS shown_at FROM tempcloud_data.request r
  WHERE status = 'declined'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT r.*, 'withdrawn' AS shown_status, created_at AS shown_at FROM tempcloud_data.request r
  WHERE status = 'withdrawn'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT r.*, 'expired' AS shown_status, created_at AS shown_at FROM tempcloud_data.request r
  WHERE status = 'expired'
  ORDER BY shown_at DESC, id DESC)
 UNION ALL
(SELECT r.*, 'cancelled' AS shown_status, created_at AS shown_at FROM tempcloud_data.request r
  WHERE status = 'cancelled'
  ORDER BY shown_at DESC, id DESC);
COMMENT ON VIEW tempcloud_data.request_by_status IS 'Requests with the status to show, newest first in each.';

-- What both sides' lists show; see customers for OFFSET 0.
CREATE VIEW tempcloud_data.request_overview AS
SELECT r.id, r.order_id, o.name::text AS order_name, o.reference::text AS reference,
	   NULLIF(concat_ws(' ', c.given_name, c.family_name), '') AS ordered_by,
	   r.customer_id, r.provider_id,
	   r.profession::text, r.location::text, r.department::text, r.requirements::text,
	   r.time_zone::text,
	   r.shown_status AS status,
	   r.answer_by, r.shown_at AS created_at, r.decided_at, r.reason::text,
	   w.created_at AS answered_at, w.reason::text AS answer,
	   s.starts_at, s.ends_at, s.headcount, s.offered, s.assigned
  FROM tempcloud_data.request_by_status r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.staff_order o
	 WHERE o.id = r.order_id AND o.customer_id = r.customer_id OFFSET 0) o
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact c WHERE c.id = o.ordered_by OFFSET 0) c
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.request_answer w
	 WHERE w.request_id = r.id AND w.customer_id = r.customer_id OFFSET 0) w ON true
 CROSS JOIN LATERAL (
	SELECT min(s.starts_at) AS starts_at, max(s.ends_at) AS ends_at,
		   sum(s.headcount)::integer AS headcount,
		   sum(s.offered)::integer AS offered,
		   sum((SELECT count(*) FROM tempcloud_data.assignment p
							WHERE p.shift_id = s.id AND p.customer_id = s.customer_id
							  AND p.replaced_at IS NULL))::integer AS assigned
	  FROM tempcloud_data.shift s
	 WHERE s.request_id = r.id AND s.customer_id = r.customer_id) s;

CREATE VIEW tempcloud_data.shift_overview AS
SELECT s.id, r.id AS request_id, r.customer_id, r.provider_id,
	   r.time_zone::text, s.starts_at, s.ends_at, s.headcount, s.offered,
	   (SELECT count(*) FROM tempcloud_data.assignment p
		 WHERE p.shift_id = s.id AND p.customer_id = s.customer_id
		   AND p.replaced_at IS NULL)::integer AS assigned
  FROM tempcloud_data.request r
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.shift s
	 WHERE s.request_id = r.id AND s.customer_id = r.customer_id
	 ORDER BY s.starts_at OFFSET 0) s;

-- One arm for each side, so that each is served by its own index, and each with
-- its order, so that a page takes no more than its rows.
CREATE VIEW tempcloud.shifts WITH (security_barrier) AS
(SELECT id, request_id, customer_id, provider_id, time_zone, starts_at, ends_at, headcount, offered, assigned
   FROM tempcloud_data.shift_overview
  WHERE customer_id = (SELECT tempcloud.current_account_id())
  ORDER BY request_id DESC)
 UNION ALL
(SELECT id, request_id, customer_id, provider_id, time_zone, starts_at, ends_at, headcount, offered, assigned
   FROM tempcloud_data.shift_overview
  WHERE provider_id = (SELECT tempcloud.current_account_id())
  ORDER BY request_id DESC);
COMMENT ON VIEW tempcloud.shifts IS
'The working times of the caller''s requests
Requests sent for a customer, received for a provider. By request, the newest first, then by time.';
COMMENT ON COLUMN tempcloud.shifts.id IS 'Key';
COMMENT ON COLUMN tempcloud.shifts.request_id IS 'Request of the shift';
COMMENT ON COLUMN tempcloud.shifts.customer_id IS 'Requesting customer';
COMMENT ON COLUMN tempcloud.shifts.provider_id IS 'Provider asked';
COMMENT ON COLUMN tempcloud.shifts.time_zone IS 'Time zone of the place of work (IANA)';
COMMENT ON COLUMN tempcloud.shifts.starts_at IS 'Start of work';
COMMENT ON COLUMN tempcloud.shifts.ends_at IS 'End of work';
COMMENT ON COLUMN tempcloud.shifts.headcount IS 'Number of people requested';
COMMENT ON COLUMN tempcloud.shifts.offered IS 'Number of people offered; null until the request is accepted';
COMMENT ON COLUMN tempcloud.shifts.assigned IS 'Number of workers named';
GRANT SELECT ON tempcloud.shifts TO tempcloud_user;
