-- guard: the promises that constraints cannot make
--
-- The triggers fire ALWAYS, also while session_replication_role is replica,
-- when foreign keys sleep.  Rows that pg_restore or logical replication
-- inserts pass; in replica mode in any order of the tables.

CREATE FUNCTION tempcloud_data.guard_account()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_account'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_account IS
'Keeps an account''s key and kind, and the account itself while it has partners.';

CREATE TRIGGER account_guard
	BEFORE INSERT OR UPDATE OR DELETE ON tempcloud_data.account
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_account();
ALTER TABLE tempcloud_data.account ENABLE ALWAYS TRIGGER account_guard;
COMMENT ON TRIGGER account_guard ON tempcloud_data.account IS
'Kind and key never change; no delete while there are partners';

CREATE FUNCTION tempcloud_data.guard_contact()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_contact'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_contact IS
'Keeps a contact''s key and account, and the contact itself if it accepted an invitation.';

CREATE TRIGGER contact_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.contact
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_contact();
ALTER TABLE tempcloud_data.contact ENABLE ALWAYS TRIGGER contact_guard;
COMMENT ON TRIGGER contact_guard ON tempcloud_data.contact IS
'Key and account never change; no delete of who accepted an invitation';

CREATE FUNCTION tempcloud_data.guard_invitation()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_invitation'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_invitation IS
'Keeps accepted invitations as they are and lets a status change only as an invitation''s life allows.';

CREATE TRIGGER invitation_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.invitation
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_invitation();
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_guard;
COMMENT ON TRIGGER invitation_guard ON tempcloud_data.invitation IS
'Accepted invitations stay; status changes follow the life of an invitation';

CREATE FUNCTION tempcloud_data.guard_partnership()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_partnership'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_partnership IS
'Lets a partnership in only between a customer and a provider.';

CREATE TRIGGER partnership_guard
	BEFORE INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_partnership();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_guard;
COMMENT ON TRIGGER partnership_guard ON tempcloud_data.partnership IS
'A customer and a provider';

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
'What becomes accepted has its partnership';

CREATE TRIGGER partnership_acceptance
	AFTER INSERT ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_acceptance();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_acceptance;
COMMENT ON TRIGGER partnership_acceptance ON tempcloud_data.partnership IS
'A partnership comes of an accepted invitation between the two';

CREATE FUNCTION tempcloud_data.refuse_change()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_refuse_change'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.refuse_change IS
'Refuses whatever fires it: rows of such a table are written once.';

CREATE TRIGGER partnership_irrevocable
	BEFORE UPDATE OR DELETE ON tempcloud_data.partnership
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_irrevocable;
COMMENT ON TRIGGER partnership_irrevocable ON tempcloud_data.partnership IS
'A partnership is never changed or deleted';

CREATE TRIGGER event_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.event
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event ENABLE ALWAYS TRIGGER event_append_only;
COMMENT ON TRIGGER event_append_only ON tempcloud_data.event IS
'History is never changed or deleted';

CREATE FUNCTION tempcloud_data.guard_truncate()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_truncate'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_truncate IS
'Refuses TRUNCATE of a table that partnerships rest on, once there is one.';

CREATE TRIGGER account_truncate
	BEFORE TRUNCATE ON tempcloud_data.account
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.account ENABLE ALWAYS TRIGGER account_truncate;
COMMENT ON TRIGGER account_truncate ON tempcloud_data.account IS
'No TRUNCATE once there are partnerships';

CREATE TRIGGER contact_truncate
	BEFORE TRUNCATE ON tempcloud_data.contact
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.contact ENABLE ALWAYS TRIGGER contact_truncate;
COMMENT ON TRIGGER contact_truncate ON tempcloud_data.contact IS
'No TRUNCATE once there are partnerships';

CREATE TRIGGER invitation_truncate
	BEFORE TRUNCATE ON tempcloud_data.invitation
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.invitation ENABLE ALWAYS TRIGGER invitation_truncate;
COMMENT ON TRIGGER invitation_truncate ON tempcloud_data.invitation IS
'No TRUNCATE once there are partnerships';

CREATE TRIGGER partnership_truncate
	BEFORE TRUNCATE ON tempcloud_data.partnership
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.guard_truncate();
ALTER TABLE tempcloud_data.partnership ENABLE ALWAYS TRIGGER partnership_truncate;
COMMENT ON TRIGGER partnership_truncate ON tempcloud_data.partnership IS
'No TRUNCATE once there are partnerships';

CREATE TRIGGER event_truncate
	BEFORE TRUNCATE ON tempcloud_data.event
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.event ENABLE ALWAYS TRIGGER event_truncate;
COMMENT ON TRIGGER event_truncate ON tempcloud_data.event IS
'History is never changed or deleted';

CREATE FUNCTION tempcloud_data.guard_request()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_request'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_request IS
'Keeps what was asked, and a request that was accepted, and lets a status change only as a request''s life allows.';

CREATE TRIGGER request_guard
	BEFORE UPDATE OR DELETE ON tempcloud_data.request
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_request();
ALTER TABLE tempcloud_data.request ENABLE ALWAYS TRIGGER request_guard;
COMMENT ON TRIGGER request_guard ON tempcloud_data.request IS
'What was asked never changes; status changes follow the life of a request';

CREATE FUNCTION tempcloud_data.guard_shift()
RETURNS trigger
AS 'MODULE_PATHNAME', 'tempcloud_guard_shift'
LANGUAGE C SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud_data.guard_shift IS
'Keeps a shift as it was asked for, and what was offered for it.';

CREATE TRIGGER shift_guard
	BEFORE UPDATE ON tempcloud_data.shift
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.guard_shift();
ALTER TABLE tempcloud_data.shift ENABLE ALWAYS TRIGGER shift_guard;
COMMENT ON TRIGGER shift_guard ON tempcloud_data.shift IS
'Times and numbers never change; an offer is made once';

CREATE TRIGGER request_answer_append_only
	BEFORE UPDATE OR DELETE ON tempcloud_data.request_answer
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.request_answer ENABLE ALWAYS TRIGGER request_answer_append_only;
COMMENT ON TRIGGER request_answer_append_only ON tempcloud_data.request_answer IS
'An answer is never changed or deleted';

CREATE TRIGGER request_answer_truncate
	BEFORE TRUNCATE ON tempcloud_data.request_answer
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.request_answer ENABLE ALWAYS TRIGGER request_answer_truncate;
COMMENT ON TRIGGER request_answer_truncate ON tempcloud_data.request_answer IS
'An answer is never changed or deleted';
