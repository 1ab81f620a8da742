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

CREATE FUNCTION tempcloud_data.begin_load()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_begin_load'
LANGUAGE C;
COMMENT ON FUNCTION tempcloud_data.begin_load IS
'Has COPY by a superuser check foreign keys for all rows at its end';

CREATE FUNCTION tempcloud_data.end_load()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_end_load'
LANGUAGE C;
COMMENT ON FUNCTION tempcloud_data.end_load IS
'Checks the foreign keys of the rows that COPY has loaded';

-- After all tables

-- Each table that is dumped, and has a foreign key or is referred to by one.
CREATE TRIGGER account_begin_load BEFORE INSERT ON tempcloud_data.account
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER account_end_load AFTER INSERT ON tempcloud_data.account
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.account
	ENABLE ALWAYS TRIGGER account_begin_load,
	ENABLE ALWAYS TRIGGER account_end_load;
CREATE TRIGGER assignment_begin_load BEFORE INSERT ON tempcloud_data.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER assignment_end_load AFTER INSERT ON tempcloud_data.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.assignment
	ENABLE ALWAYS TRIGGER assignment_begin_load,
	ENABLE ALWAYS TRIGGER assignment_end_load;
CREATE TRIGGER block_begin_load BEFORE INSERT ON tempcloud_data.block
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER block_end_load AFTER INSERT ON tempcloud_data.block
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.block
	ENABLE ALWAYS TRIGGER block_begin_load,
	ENABLE ALWAYS TRIGGER block_end_load;
CREATE TRIGGER confirmation_token_begin_load BEFORE INSERT ON tempcloud_data.confirmation_token
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER confirmation_token_end_load AFTER INSERT ON tempcloud_data.confirmation_token
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.confirmation_token
	ENABLE ALWAYS TRIGGER confirmation_token_begin_load,
	ENABLE ALWAYS TRIGGER confirmation_token_end_load;
CREATE TRIGGER contact_begin_load BEFORE INSERT ON tempcloud_data.contact
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER contact_end_load AFTER INSERT ON tempcloud_data.contact
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.contact
	ENABLE ALWAYS TRIGGER contact_begin_load,
	ENABLE ALWAYS TRIGGER contact_end_load;
CREATE TRIGGER invitation_begin_load BEFORE INSERT ON tempcloud_data.invitation
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER invitation_end_load AFTER INSERT ON tempcloud_data.invitation
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.invitation
	ENABLE ALWAYS TRIGGER invitation_begin_load,
	ENABLE ALWAYS TRIGGER invitation_end_load;
CREATE TRIGGER invitation_token_begin_load BEFORE INSERT ON tempcloud_data.invitation_token
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER invitation_token_end_load AFTER INSERT ON tempcloud_data.invitation_token
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.invitation_token
	ENABLE ALWAYS TRIGGER invitation_token_begin_load,
	ENABLE ALWAYS TRIGGER invitation_token_end_load;
CREATE TRIGGER ledger_entry_begin_load BEFORE INSERT ON tempcloud_data.ledger_entry
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER ledger_entry_end_load AFTER INSERT ON tempcloud_data.ledger_entry
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.ledger_entry
	ENABLE ALWAYS TRIGGER ledger_entry_begin_load,
	ENABLE ALWAYS TRIGGER ledger_entry_end_load;
CREATE TRIGGER mail_begin_load BEFORE INSERT ON tempcloud_data.mail
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER mail_end_load AFTER INSERT ON tempcloud_data.mail
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.mail
	ENABLE ALWAYS TRIGGER mail_begin_load,
	ENABLE ALWAYS TRIGGER mail_end_load;
CREATE TRIGGER partnership_begin_load BEFORE INSERT ON tempcloud_data.partnership
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER partnership_end_load AFTER INSERT ON tempcloud_data.partnership
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.partnership
	ENABLE ALWAYS TRIGGER partnership_begin_load,
	ENABLE ALWAYS TRIGGER partnership_end_load;
CREATE TRIGGER request_begin_load BEFORE INSERT ON tempcloud_data.request
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER request_end_load AFTER INSERT ON tempcloud_data.request
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.request
	ENABLE ALWAYS TRIGGER request_begin_load,
	ENABLE ALWAYS TRIGGER request_end_load;
CREATE TRIGGER request_answer_begin_load BEFORE INSERT ON tempcloud_data.request_answer
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER request_answer_end_load AFTER INSERT ON tempcloud_data.request_answer
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.request_answer
	ENABLE ALWAYS TRIGGER request_answer_begin_load,
	ENABLE ALWAYS TRIGGER request_answer_end_load;
CREATE TRIGGER shift_begin_load BEFORE INSERT ON tempcloud_data.shift
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER shift_end_load AFTER INSERT ON tempcloud_data.shift
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.shift
	ENABLE ALWAYS TRIGGER shift_begin_load,
	ENABLE ALWAYS TRIGGER shift_end_load;
CREATE TRIGGER staff_order_begin_load BEFORE INSERT ON tempcloud_data.staff_order
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER staff_order_end_load AFTER INSERT ON tempcloud_data.staff_order
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.staff_order
	ENABLE ALWAYS TRIGGER staff_order_begin_load,
	ENABLE ALWAYS TRIGGER staff_order_end_load;
CREATE TRIGGER read_mark_begin_load BEFORE INSERT ON tempcloud_data.read_mark
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER read_mark_end_load AFTER INSERT ON tempcloud_data.read_mark
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.read_mark
	ENABLE ALWAYS TRIGGER read_mark_begin_load,
	ENABLE ALWAYS TRIGGER read_mark_end_load;
CREATE TRIGGER partner_note_begin_load BEFORE INSERT ON tempcloud_data.partner_note
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.begin_load();
CREATE TRIGGER partner_note_end_load AFTER INSERT ON tempcloud_data.partner_note
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.end_load();
ALTER TABLE tempcloud_data.partner_note
	ENABLE ALWAYS TRIGGER partner_note_begin_load,
	ENABLE ALWAYS TRIGGER partner_note_end_load;
