-- guard: the promises that constraints cannot make
--
-- Each table has its triggers beside it.  They fire ALWAYS, also while
-- session_replication_role is replica, when foreign keys are not checked.  Rows that
-- pg_restore or logical replication inserts pass; in replica mode in any order of the
-- tables.
--
-- A guard fires BEFORE, to give its own error rather than that of a constraint, and
-- AFTER an INSERT or UPDATE, since another BEFORE trigger can still change the row.

CREATE FUNCTION tempcloud_data.refuse_change()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_refuse_change'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.refuse_change IS
'Refuses the statement, for tables whose rows never change';

CREATE FUNCTION tempcloud_data.guard_truncate()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_truncate'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_truncate IS
'Refuses TRUNCATE once there are partnerships or accepted requests';
