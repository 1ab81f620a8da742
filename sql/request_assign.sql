-- request_assign: the workers of a shift

-- A worker has one of as many places as were offered: places ties the row to
-- the shift's number, so that one too many cannot be written, and ends_at to its end,
-- after which names are final.  A name that is replaced or taken back stays as a record,
-- until it is erased.
CREATE TABLE tempcloud_data.assignment (
	id			uuid DEFAULT tempcloud_data.new_id(),
	shift_id	uuid NOT NULL,
	customer_id	uuid NOT NULL,
	place		integer NOT NULL,
	places		integer NOT NULL,
	ends_at		timestamptz NOT NULL,
	worker_name	tempcloud_data.person_name,
	assigned_by	uuid NOT NULL,
	assigned_at	timestamptz NOT NULL,
	replaced_by	uuid,
	replaced_at	timestamptz,
	CONSTRAINT assignment_pkey PRIMARY KEY (id, customer_id),
	CONSTRAINT assignment_shift_fkey FOREIGN KEY (shift_id, customer_id, places, ends_at)
		REFERENCES tempcloud_data.shift (id, customer_id, offered, ends_at),
	CONSTRAINT assignment_assigned_by_fkey FOREIGN KEY (assigned_by)
		REFERENCES tempcloud_data.contact (id),
	CONSTRAINT assignment_replaced_by_fkey FOREIGN KEY (replaced_by)
		REFERENCES tempcloud_data.contact (id),
	CONSTRAINT assignment_place CHECK (place BETWEEN 1 AND places),
	CONSTRAINT assignment_replacement CHECK ((replaced_at IS NULL) = (replaced_by IS NULL)),
	CONSTRAINT assignment_in_time CHECK (
		assigned_at < ends_at AND replaced_at < ends_at)
);
-- each place has one current worker
CREATE UNIQUE INDEX assignment_current_key
	ON tempcloud_data.assignment (shift_id, customer_id, place) WHERE replaced_at IS NULL;
CREATE INDEX assignment_shift_id_idx ON tempcloud_data.assignment (shift_id, assigned_at);
-- names that are still to be erased, by time and of a person
CREATE INDEX assignment_ends_at_idx
	ON tempcloud_data.assignment (ends_at) WHERE worker_name IS NOT NULL;
CREATE INDEX assignment_worker_name_idx
	ON tempcloud_data.assignment (worker_name) WHERE worker_name IS NOT NULL;
SELECT pg_extension_config_dump('tempcloud_data.assignment', '');

COMMENT ON TABLE tempcloud_data.assignment IS
'Workers of the shifts of accepted requests, including replaced ones';
COMMENT ON COLUMN tempcloud_data.assignment.place IS 'Place in the shift, from 1';
COMMENT ON COLUMN tempcloud_data.assignment.places IS 'Number of places, as offered for the shift';
COMMENT ON COLUMN tempcloud_data.assignment.ends_at IS 'End of the shift, after which nothing but the name is erased';
COMMENT ON COLUMN tempcloud_data.assignment.worker_name IS 'Null once it is erased';
COMMENT ON COLUMN tempcloud_data.assignment.assigned_by IS 'Contact of the provider';
COMMENT ON COLUMN tempcloud_data.assignment.replaced_by IS 'Contact who replaced or removed the worker; null while the worker is current';

CREATE FUNCTION tempcloud_data.guard_assignment()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_assignment'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_assignment IS
'Refuses changes of an assignment but one replacement, and the erasure of the name';

CREATE TRIGGER assignment_guard BEFORE UPDATE ON tempcloud_data.assignment
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_assignment();
CREATE TRIGGER assignment_guard_after AFTER UPDATE ON tempcloud_data.assignment
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_assignment();
CREATE TRIGGER assignment_append_only BEFORE DELETE ON tempcloud_data.assignment
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER assignment_truncate BEFORE TRUNCATE ON tempcloud_data.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.assignment
	ENABLE ALWAYS TRIGGER assignment_guard,
	ENABLE ALWAYS TRIGGER assignment_guard_after,
	ENABLE ALWAYS TRIGGER assignment_append_only,
	ENABLE ALWAYS TRIGGER assignment_truncate;

CREATE TYPE tempcloud.assignment AS (
	shift_id	uuid,
	place		integer,
	worker_name	text,
	assigned_at	timestamptz,
	late		boolean
);
COMMENT ON TYPE tempcloud.assignment IS 'A worker of a shift';
COMMENT ON COLUMN tempcloud.assignment.shift_id IS 'Shift of the worker';
COMMENT ON COLUMN tempcloud.assignment.place IS 'Place in the shift, from 1';
COMMENT ON COLUMN tempcloud.assignment.worker_name IS 'Name of the worker; null once it is erased';
COMMENT ON COLUMN tempcloud.assignment.assigned_at IS 'When the worker was named';
COMMENT ON COLUMN tempcloud.assignment.late IS 'Whether the worker was named after the start of the shift';

CREATE FUNCTION tempcloud.assign_workers(shift_id uuid, workers text[])
RETURNS SETOF tempcloud.assignment
AS 'MODULE_PATHNAME', 'tempcloud_assign_workers'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.assign_workers IS
'Name the workers of a shift
For the provider, once the request is accepted: all names of the shift in order, at most as many as were offered. They replace earlier names, which stay in assignment_history; an empty array removes all. A name given after the start of the shift is marked as late; after its end, names are final. When all places of the request have a name, the customer gets them by mail. Repeating the same names has no effect.';
GRANT EXECUTE ON FUNCTION tempcloud.assign_workers TO tempcloud_user;

CREATE FUNCTION tempcloud.erase_workers(request_id uuid)
RETURNS integer
AS 'MODULE_PATHNAME', 'tempcloud_erase_workers'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.erase_workers IS
'Erase the names of a cancelled request
For the provider. Replaced names are erased, too; when who named a worker stays in the history. Returns how many names were erased. Those of other requests are erased by maintain, some years after the shift.';
GRANT EXECUTE ON FUNCTION tempcloud.erase_workers TO tempcloud_user;

-- After all tables

CREATE VIEW tempcloud.assignments WITH (security_barrier) AS
SELECT s.id AS shift_id, p.place, s.request_id, s.time_zone, s.starts_at, s.ends_at, p.worker_name::text, p.assigned_at,
	   p.assigned_at >= s.starts_at AS late
  FROM tempcloud.shifts s
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.assignment p
	 WHERE p.shift_id = s.id AND p.customer_id = s.customer_id
	   AND p.replaced_at IS NULL OFFSET 0) p;
COMMENT ON VIEW tempcloud.assignments IS
'The workers of the caller''s requests
For both sides.';
GRANT SELECT ON tempcloud.assignments TO tempcloud_user;

CREATE VIEW tempcloud.assignment_history WITH (security_barrier) AS
SELECT p.id, s.id AS shift_id, p.place, s.request_id, s.time_zone, s.starts_at, s.ends_at, p.worker_name::text,
	   p.assigned_at, NULLIF(concat_ws(' ', a.given_name, a.family_name), '') AS assigned_by,
	   p.assigned_at >= s.starts_at AS late,
	   p.replaced_at, NULLIF(concat_ws(' ', r.given_name, r.family_name), '') AS replaced_by
  FROM tempcloud.shifts s
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.assignment p
	 WHERE p.shift_id = s.id AND p.customer_id = s.customer_id
	 ORDER BY p.assigned_at, p.place OFFSET 0) p
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact a WHERE a.id = p.assigned_by OFFSET 0) a
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact r WHERE r.id = p.replaced_by OFFSET 0) r ON true;
COMMENT ON VIEW tempcloud.assignment_history IS
'All workers named for the caller''s requests
With those replaced. For both sides.';
COMMENT ON COLUMN tempcloud.assignment_history.id IS 'Key';
COMMENT ON COLUMN tempcloud.assignment_history.assigned_by IS 'Name of the contact who named the worker';
COMMENT ON COLUMN tempcloud.assignment_history.replaced_at IS 'When the worker was replaced or taken back; null while the worker is named';
COMMENT ON COLUMN tempcloud.assignment_history.replaced_by IS 'Name of the contact who replaced the worker';
GRANT SELECT ON tempcloud.assignment_history TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.assignments(tempcloud.requests_sent)
RETURNS SETOF tempcloud.assignments
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignments a WHERE a.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignments(tempcloud.requests_sent) IS
'The workers of a request';

CREATE FUNCTION tempcloud.assignments(tempcloud.requests_received)
RETURNS SETOF tempcloud.assignments
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignments a WHERE a.request_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignments(tempcloud.requests_received) IS
'The workers of a request';

CREATE FUNCTION tempcloud.assignments(tempcloud.shifts)
RETURNS SETOF tempcloud.assignments
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignments a
	 WHERE a.request_id = ($1).request_id AND a.shift_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignments(tempcloud.shifts) IS
'The workers of a shift';

CREATE FUNCTION tempcloud.assignment_history(tempcloud.shifts)
RETURNS SETOF tempcloud.assignment_history
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tempcloud.assignment_history a
	 WHERE a.request_id = ($1).request_id AND a.shift_id = ($1).id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.assignment_history(tempcloud.shifts) IS
'All workers that were named for a shift';

CREATE FUNCTION tempcloud.shift(tempcloud.assignments)
RETURNS SETOF tempcloud.shifts
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.shifts s
	 WHERE s.request_id = ($1).request_id AND s.id = ($1).shift_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.shift(tempcloud.assignments) IS
'The shift of a worker';
GRANT EXECUTE ON FUNCTION
	tempcloud.assignments(tempcloud.requests_sent),
	tempcloud.assignments(tempcloud.requests_received),
	tempcloud.assignments(tempcloud.shifts),
	tempcloud.assignment_history(tempcloud.shifts),
	tempcloud.shift(tempcloud.assignments)
	TO tempcloud_user;
