-- activity: what has happened, and what of it a person has read

CREATE TABLE tempcloud_data.read_mark (
	contact_id	uuid NOT NULL,
	event_id	uuid NOT NULL,
	CONSTRAINT read_mark_pkey PRIMARY KEY (contact_id),
	CONSTRAINT read_mark_contact_id_fkey FOREIGN KEY (contact_id)
		REFERENCES tempcloud_data.contact (id) ON DELETE CASCADE
);
SELECT pg_extension_config_dump('tempcloud_data.read_mark', '');

COMMENT ON TABLE tempcloud_data.read_mark IS
'How far contacts have read the activity; those without a row have read what is older than themselves';
COMMENT ON COLUMN tempcloud_data.read_mark.event_id IS 'Newest event read';

CREATE FUNCTION tempcloud.mark_read(up_to uuid)
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_mark_read'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.mark_read IS
'Mark activity as read
For the caller alone, not for colleagues. up_to is the id of the newest event that was read. A mark does not go back. Returns the newest event read.';
GRANT EXECUTE ON FUNCTION tempcloud.mark_read TO tempcloud_user;

CREATE TYPE tempcloud.badge_counts AS (
	invitations_received	integer,
	requests_open			integer,
	requests_unfilled		integer,
	activity_unread			integer
);
COMMENT ON TYPE tempcloud.badge_counts IS 'Counts up to 100, which stands for 100 and more';
COMMENT ON COLUMN tempcloud.badge_counts.invitations_received IS 'Invitations received that are pending';
COMMENT ON COLUMN tempcloud.badge_counts.requests_open IS 'Requests that are open: sent by a customer, received by a provider';
COMMENT ON COLUMN tempcloud.badge_counts.requests_unfilled IS 'Accepted requests that lack names of workers, for shifts that have not ended';
COMMENT ON COLUMN tempcloud.badge_counts.activity_unread IS 'Activity of others that the caller has not marked as read, of the newest 200';

CREATE FUNCTION tempcloud.badge_counts()
RETURNS tempcloud.badge_counts
AS 'MODULE_PATHNAME', 'tempcloud_badge_counts'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.badge_counts IS
'Count what waits for the caller
Counts end at 100, which stands for 100 and more: so they take the same time for every account.';
GRANT EXECUTE ON FUNCTION tempcloud.badge_counts TO tempcloud_user;

-- After all tables

-- One arm for what the account did itself, one for what others did, each by its own index
-- and in the order of the whole. The other side is told apart from what is known of it: a
-- partner, or who invites. Who is invited is only known by what the inviter entered; whether
-- the address belongs to an account, and whose, is not shown here.
-- An event that hides from the inviter to whom an invitation was routed has no other side:
-- to the invitee, that is the inviter.
CREATE VIEW tempcloud.activity WITH (security_barrier) AS
SELECT e.id, e.at, e.event, e.ours,
	   CASE WHEN e.ours OR o.id IS NOT NULL THEN NULLIF(concat_ws(' ', c.given_name, c.family_name), '') END AS person,
	   CASE WHEN o.id IS NOT NULL THEN o.company_name::text ELSE i.company_name::text END AS company,
	   p.partner_id, e.invitation_id, e.request_id,
	   (e.id > (SELECT COALESCE((SELECT m.event_id FROM tempcloud_data.read_mark m
								  WHERE m.contact_id = (SELECT tempcloud.current_contact_id())),
								(SELECT tempcloud.current_contact_id())))
		AND e.contact_id IS DISTINCT FROM (SELECT tempcloud.current_contact_id())) AS unread
  FROM ((SELECT e.*, true AS ours, e.partner_id AS other_id FROM tempcloud_data.event e
		  WHERE e.account_id = (SELECT tempcloud.current_account_id())
		  ORDER BY e.id DESC)
		 UNION ALL
		(SELECT e.*, false, e.account_id FROM tempcloud_data.event e
		  WHERE e.partner_id = (SELECT tempcloud.current_account_id())
		  ORDER BY e.id DESC)) e
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact c WHERE c.id = e.contact_id OFFSET 0) c ON true
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.invitation i WHERE i.id = e.invitation_id OFFSET 0) i ON true
  CROSS JOIN LATERAL (
	SELECT COALESCE(e.other_id, NULLIF(i.inviter_id, (SELECT tempcloud.current_account_id()))) AS id OFFSET 0) other
  LEFT JOIN LATERAL (
	SELECT p.provider_id AS partner_id FROM tempcloud_data.partnership p
	 WHERE p.customer_id = (SELECT tempcloud.current_account_id()) AND p.provider_id = other.id
	 UNION ALL
	SELECT p.customer_id FROM tempcloud_data.partnership p
	 WHERE p.provider_id = (SELECT tempcloud.current_account_id()) AND p.customer_id = other.id
	OFFSET 0) p ON true
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.account o
	 WHERE o.id = other.id AND (p.partner_id IS NOT NULL OR i.inviter_id = other.id) OFFSET 0) o ON true
 ORDER BY e.id DESC;
COMMENT ON VIEW tempcloud.activity IS
'What has happened to the caller''s account
To its invitations, partners, requests and contacts. Newest first.';
COMMENT ON COLUMN tempcloud.activity.id IS 'Key, in the order of time';
COMMENT ON COLUMN tempcloud.activity.at IS 'When it happened';
COMMENT ON COLUMN tempcloud.activity.event IS 'Name, such as invitation.accepted';
COMMENT ON COLUMN tempcloud.activity.ours IS 'Whether the caller''s own side did it, or time did it to what they sent';
COMMENT ON COLUMN tempcloud.activity.person IS 'Name of the contact who did it, if it is known to the caller';
COMMENT ON COLUMN tempcloud.activity.company IS 'Name of the other side; for an address that has not accepted, the one entered by the inviter';
COMMENT ON COLUMN tempcloud.activity.partner_id IS 'The other side, if a partner';
COMMENT ON COLUMN tempcloud.activity.invitation_id IS 'Invitation that it is about';
COMMENT ON COLUMN tempcloud.activity.request_id IS 'Request that it is about';
COMMENT ON COLUMN tempcloud.activity.unread IS 'Whether others did it and the caller has not marked it as read; see mark_read';
GRANT SELECT ON tempcloud.activity TO tempcloud_user;
