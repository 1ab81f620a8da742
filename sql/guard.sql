-- guard: the promises that constraints cannot make
--
-- The triggers fire ALWAYS, also while session_replication_role is replica,
-- when foreign keys are not checked.  Rows that pg_restore or logical
-- replication inserts pass; in replica mode in any order of the tables.
--
-- A guard fires BEFORE, to give its own error rather than that of a constraint,
-- and AFTER an INSERT or UPDATE, since another BEFORE trigger can still change
-- the row.

CREATE FUNCTION tempcloud_data.guard_account()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_account'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_account IS
'Keeps the key and kind of an account, and the account itself while it has partnerships.';

CREATE TRIGGER account_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.account
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_account();
ALTER TABLE tempcloud_data.account ENABLE ALWAYS TRIGGER account_guard;
COMMENT ON TRIGGER account_guard ON tempcloud_data.account IS
'Key and kind never change; no DELETE while there are partnerships';

CREATE TRIGGER account_guard_after
	AFTER INSERT OR UPDATE ON tempcloud_data.account
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_account();
ALTER TABLE tempcloud_data.account ENABLE ALWAYS TRIGGER account_guard_after;
COMMENT ON TRIGGER account_guard_after ON tempcloud_data.account IS
'The same, after all other BEFORE triggers; a new account has the kind that its partnerships require';

CREATE FUNCTION tempcloud_data.guard_contact()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_contact'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_contact IS
'Keeps the key and account of a contact, and the contact itself if an acceptance refers to it.';

CREATE TRIGGER contact_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.contact
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_contact();
ALTER TABLE tempcloud_data.contact ENABLE ALWAYS TRIGGER contact_guard;
COMMENT ON TRIGGER contact_guard ON tempcloud_data.contact IS
'Key and account never change; no DELETE of a contact that an acceptance refers to';

CREATE TRIGGER contact_guard_after
	AFTER UPDATE ON tempcloud_data.contact
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_contact();
ALTER TABLE tempcloud_data.contact ENABLE ALWAYS TRIGGER contact_guard_after;
COMMENT ON TRIGGER contact_guard_after ON tempcloud_data.contact IS
'The same, after all other BEFORE triggers';

CREATE FUNCTION tempcloud_data.guard_invitation()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_invitation'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_invitation IS
'Keeps accepted invitations, and restricts changes of status to the life of an invitation.';

CREATE TRIGGER invitation_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.invitation
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_invitation();
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_guard;
COMMENT ON TRIGGER invitation_guard ON tempcloud_data.invitation IS
'Accepted invitations stay; status changes follow the life of an invitation';

CREATE TRIGGER invitation_guard_after
	AFTER UPDATE ON tempcloud_data.invitation
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_invitation();
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_guard_after;
COMMENT ON TRIGGER invitation_guard_after ON tempcloud_data.invitation IS
'The same, after all other BEFORE triggers';

CREATE FUNCTION tempcloud_data.guard_partnership()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_partnership'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_partnership IS
'Requires a customer and a provider.';

CREATE TRIGGER partnership_guard
	BEFORE INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_partnership();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_guard;
COMMENT ON TRIGGER partnership_guard ON tempcloud_data.partnership IS
'A customer and a provider';

CREATE TRIGGER partnership_guard_after
	AFTER INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_partnership();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_guard_after;
COMMENT ON TRIGGER partnership_guard_after ON tempcloud_data.partnership IS
'The same, after all other BEFORE triggers';

-- One statement writes both the partnership and the acceptance of its
-- invitation; after it, each must have the other.

CREATE FUNCTION tempcloud_data.guard_acceptance()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_acceptance'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_acceptance IS
'Refuses a partnership without its accepted invitation, and an acceptance without its partnership.';

CREATE TRIGGER invitation_acceptance
	AFTER UPDATE ON tempcloud_data.invitation
	FOR EACH ROW WHEN (NEW.status = 'accepted')
	EXECUTE FUNCTION tempcloud_data.guard_acceptance();
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_acceptance;
COMMENT ON TRIGGER invitation_acceptance ON tempcloud_data.invitation IS
'An accepted invitation has its partnership';

CREATE TRIGGER partnership_acceptance
	AFTER INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_acceptance();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_acceptance;
COMMENT ON TRIGGER partnership_acceptance ON tempcloud_data.partnership IS
'A partnership has an accepted invitation between the two accounts';

CREATE FUNCTION tempcloud_data.guard_order()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_order'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_order IS
'Keeps an order, and the order itself if one of its requests was accepted.';

CREATE TRIGGER staff_order_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.staff_order
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_order();
ALTER TABLE tempcloud_data.staff_order ENABLE ALWAYS TRIGGER staff_order_guard;
COMMENT ON TRIGGER staff_order_guard ON tempcloud_data.staff_order IS
'An order never changes; no DELETE once one of its requests was accepted';

CREATE TRIGGER staff_order_guard_after
	AFTER UPDATE ON tempcloud_data.staff_order
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_order();
ALTER TABLE tempcloud_data.staff_order ENABLE ALWAYS TRIGGER staff_order_guard_after;
COMMENT ON TRIGGER staff_order_guard_after ON tempcloud_data.staff_order IS
'The same, after all other BEFORE triggers';

CREATE FUNCTION tempcloud_data.guard_request()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_request'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_request IS
'Keeps what was asked, and a request that was accepted, and restricts changes of status to the life of a request.';

CREATE TRIGGER request_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.request
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_request();
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard;
COMMENT ON TRIGGER request_guard ON tempcloud_data.request IS
'What was asked never changes; status changes follow the life of a request';

CREATE TRIGGER request_guard_after
	AFTER UPDATE ON tempcloud_data.request
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_request();
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard_after;
COMMENT ON TRIGGER request_guard_after ON tempcloud_data.request IS
'The same, after all other BEFORE triggers';

CREATE FUNCTION tempcloud_data.guard_shift()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_shift'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_shift IS
'Keeps a shift, and what was offered for it.';

CREATE TRIGGER shift_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.shift
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_shift();
ALTER TABLE tempcloud_data.shift ENABLE ALWAYS TRIGGER shift_guard;
COMMENT ON TRIGGER shift_guard ON tempcloud_data.shift IS
'Times and numbers never change; an offer is made once';

CREATE TRIGGER shift_guard_after
	AFTER UPDATE ON tempcloud_data.shift
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_shift();
ALTER TABLE tempcloud_data.shift ENABLE ALWAYS TRIGGER shift_guard_after;
COMMENT ON TRIGGER shift_guard_after ON tempcloud_data.shift IS
'The same, after all other BEFORE triggers';

CREATE FUNCTION tempcloud_data.guard_assignment()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_assignment'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_assignment IS
'Keeps an assignment; it can be replaced once.';

CREATE TRIGGER assignment_guard
	BEFORE UPDATE ON tempcloud_data.assignment
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_assignment();
ALTER TABLE tempcloud_data.assignment ENABLE ALWAYS TRIGGER assignment_guard;
COMMENT ON TRIGGER assignment_guard ON tempcloud_data.assignment IS
'An assignment is replaced once and otherwise never changes';

CREATE TRIGGER assignment_guard_after
	AFTER UPDATE ON tempcloud_data.assignment
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_assignment();
ALTER TABLE tempcloud_data.assignment ENABLE ALWAYS TRIGGER assignment_guard_after;
COMMENT ON TRIGGER assignment_guard_after ON tempcloud_data.assignment IS
'The same, after all other BEFORE triggers';

CREATE FUNCTION tempcloud_data.refuse_change()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_refuse_change'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.refuse_change IS
'Refuses the statement that fires it, for tables whose rows are written once.';

CREATE TRIGGER partnership_irrevocable
	BEFORE UPDATE OR DELETE ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_irrevocable;
COMMENT ON TRIGGER partnership_irrevocable ON tempcloud_data.partnership IS
'No UPDATE or DELETE of a partnership';

CREATE TRIGGER event_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event ENABLE ALWAYS TRIGGER event_append_only;
COMMENT ON TRIGGER event_append_only ON tempcloud_data.event IS
'No UPDATE or DELETE of the history';

CREATE TRIGGER request_answer_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.request_answer
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.request_answer ENABLE ALWAYS TRIGGER request_answer_append_only;
COMMENT ON TRIGGER request_answer_append_only ON tempcloud_data.request_answer IS
'No UPDATE or DELETE of an answer';

CREATE TRIGGER assignment_append_only
	BEFORE DELETE ON tempcloud_data.assignment
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.assignment ENABLE ALWAYS TRIGGER assignment_append_only;
COMMENT ON TRIGGER assignment_append_only ON tempcloud_data.assignment IS
'No DELETE of an assignment';

CREATE TRIGGER event_truncate
	BEFORE TRUNCATE ON tempcloud_data.event
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event ENABLE ALWAYS TRIGGER event_truncate;
COMMENT ON TRIGGER event_truncate ON tempcloud_data.event IS
'No TRUNCATE of the history';

CREATE TRIGGER request_answer_truncate
	BEFORE TRUNCATE ON tempcloud_data.request_answer
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.request_answer ENABLE ALWAYS TRIGGER request_answer_truncate;
COMMENT ON TRIGGER request_answer_truncate ON tempcloud_data.request_answer IS
'No TRUNCATE of answers';

CREATE FUNCTION tempcloud_data.guard_truncate()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_truncate'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_truncate IS
'Refuses TRUNCATE of a table that partnerships or accepted requests refer to, once there is one.';

CREATE TRIGGER account_truncate
	BEFORE TRUNCATE ON tempcloud_data.account
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.account ENABLE ALWAYS TRIGGER account_truncate;
COMMENT ON TRIGGER account_truncate ON tempcloud_data.account IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER contact_truncate
	BEFORE TRUNCATE ON tempcloud_data.contact
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.contact ENABLE ALWAYS TRIGGER contact_truncate;
COMMENT ON TRIGGER contact_truncate ON tempcloud_data.contact IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER invitation_truncate
	BEFORE TRUNCATE ON tempcloud_data.invitation
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_truncate;
COMMENT ON TRIGGER invitation_truncate ON tempcloud_data.invitation IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER partnership_truncate
	BEFORE TRUNCATE ON tempcloud_data.partnership
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_truncate;
COMMENT ON TRIGGER partnership_truncate ON tempcloud_data.partnership IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER staff_order_truncate
	BEFORE TRUNCATE ON tempcloud_data.staff_order
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.staff_order ENABLE ALWAYS TRIGGER staff_order_truncate;
COMMENT ON TRIGGER staff_order_truncate ON tempcloud_data.staff_order IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER request_truncate
	BEFORE TRUNCATE ON tempcloud_data.request
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_truncate;
COMMENT ON TRIGGER request_truncate ON tempcloud_data.request IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER shift_truncate
	BEFORE TRUNCATE ON tempcloud_data.shift
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.shift ENABLE ALWAYS TRIGGER shift_truncate;
COMMENT ON TRIGGER shift_truncate ON tempcloud_data.shift IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER assignment_truncate
	BEFORE TRUNCATE ON tempcloud_data.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.assignment ENABLE ALWAYS TRIGGER assignment_truncate;
COMMENT ON TRIGGER assignment_truncate ON tempcloud_data.assignment IS
'No TRUNCATE while partnerships exist';

CREATE TRIGGER ledger_entry_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.ledger_entry
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_append_only;
COMMENT ON TRIGGER ledger_entry_append_only ON tempcloud_data.ledger_entry IS
'No UPDATE or DELETE of what is sealed';

CREATE TRIGGER ledger_entry_truncate
	BEFORE TRUNCATE ON tempcloud_data.ledger_entry
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_truncate;
COMMENT ON TRIGGER ledger_entry_truncate ON tempcloud_data.ledger_entry IS
'No TRUNCATE of what is sealed';

CREATE TRIGGER ledger_node_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.ledger_node
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_node ENABLE ALWAYS TRIGGER ledger_node_append_only;
COMMENT ON TRIGGER ledger_node_append_only ON tempcloud_data.ledger_node IS
'No UPDATE or DELETE of what is sealed';

CREATE TRIGGER ledger_node_truncate
	BEFORE TRUNCATE ON tempcloud_data.ledger_node
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_node ENABLE ALWAYS TRIGGER ledger_node_truncate;
COMMENT ON TRIGGER ledger_node_truncate ON tempcloud_data.ledger_node IS
'No TRUNCATE of what is sealed';

CREATE TRIGGER ledger_head_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.ledger_head
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_head ENABLE ALWAYS TRIGGER ledger_head_append_only;
COMMENT ON TRIGGER ledger_head_append_only ON tempcloud_data.ledger_head IS
'No UPDATE or DELETE of what is sealed';

CREATE TRIGGER ledger_head_truncate
	BEFORE TRUNCATE ON tempcloud_data.ledger_head
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_head ENABLE ALWAYS TRIGGER ledger_head_truncate;
COMMENT ON TRIGGER ledger_head_truncate ON tempcloud_data.ledger_head IS
'No TRUNCATE of what is sealed';
