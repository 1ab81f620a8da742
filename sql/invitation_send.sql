-- invitation_send: what an inviter does with an invitation

CREATE FUNCTION tempcloud.invite(
	email			text,
	given_name		text DEFAULT NULL,
	family_name		text DEFAULT NULL,
	company_name	text DEFAULT NULL,
	phone			text DEFAULT NULL,
	message			text DEFAULT NULL,
	locale			text DEFAULT NULL)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_invite'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.invite IS
'Invite an address to become a partner
Customers invite providers, providers customers. If the address belongs to an account, the invitation waits there; otherwise the invitee is asked to register. The link is sent by mail. Names, company_name and phone describe the invitee; message is a personal message; locale is the language of the mail.';
GRANT EXECUTE ON FUNCTION tempcloud.invite TO tempcloud_user;

CREATE FUNCTION tempcloud.resend_invitation(id uuid)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_resend_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.resend_invitation IS
'Send an invitation again
For the inviter, if it is pending or expired. Sends a new link; earlier links are no longer valid, and the lifetime starts again.';
GRANT EXECUTE ON FUNCTION tempcloud.resend_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.withdraw_invitation(id uuid)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_withdraw_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.withdraw_invitation IS
'Withdraw an invitation
For the inviter, while it is pending.';
GRANT EXECUTE ON FUNCTION tempcloud.withdraw_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.correct_invitation(
	id				uuid,
	email			text DEFAULT NULL,
	given_name		text DEFAULT NULL,
	family_name		text DEFAULT NULL,
	company_name	text DEFAULT NULL,
	phone			text DEFAULT NULL,
	message			text DEFAULT NULL,
	locale			text DEFAULT NULL)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_correct_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.correct_invitation IS
'Correct an invitation
For the inviter, while it is pending. An argument that is left out changes nothing; an empty one clears the value. No new mail is sent, but with another address: then the invitation is withdrawn and the address is invited anew, under the same limits, and the new invitation is returned.';
GRANT EXECUTE ON FUNCTION tempcloud.correct_invitation TO tempcloud_user;

-- After all tables

-- Delivery is that of the newest mail with a link: a reminder follows the
-- invitation of its round.
CREATE VIEW tempcloud.invitations_sent WITH (security_barrier) AS
SELECT i.id, i.email::text, i.given_name::text, i.family_name::text, i.company_name::text,
	   i.phone::text, i.message::text, i.locale::text, i.shown_status AS status,
	   i.shown_at AS created_at, i.sent_at, i.expires_at, i.asked_at, i.decided_at, i.reason::text,
	   NULLIF(concat_ws(' ', c.given_name, c.family_name), '') AS invited_by,
	   p.account_id AS partner_id,
	   NULLIF(concat_ws(' ', p.given_name, p.family_name), '') AS accepted_by_name,
	   p.email::text AS accepted_by_email,
	   CASE WHEN m.state = 'queued' AND m.error IS NOT NULL THEN 'deferred'
			WHEN m.state = 'suppressed' THEN 'sent'	-- who is blocked is not told
			ELSE m.state::text END AS delivery,
	   m.error::text AS delivery_error,
	   CASE WHEN i.shown_status IN ('pending', 'expired')
			 AND (current_setting('tempcloud.max_resends')::integer < 0
				  OR i.round <= current_setting('tempcloud.max_resends')::integer)
			THEN i.sent_at + current_setting('tempcloud.resend_interval')::interval END AS can_resend_at,
	   a.company_name::text AS partner_company
  FROM tempcloud_data.invitation_by_status i
 CROSS JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact c WHERE c.id = i.invited_by OFFSET 0) c
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.contact p
	 WHERE p.id = i.decided_by AND i.shown_status = 'accepted' OFFSET 0) p ON true
  LEFT JOIN LATERAL (
	SELECT * FROM tempcloud_data.account a WHERE a.id = p.account_id OFFSET 0) a ON true
  LEFT JOIN LATERAL (
	SELECT m.state, m.error
	  FROM tempcloud_data.mail m
	 WHERE m.invitation_id = i.id AND m.kind IN ('invitation', 'reminder')
	 ORDER BY m.round DESC, m.kind DESC, m.id DESC
	 LIMIT 1) m ON true
 WHERE i.inviter_id = (SELECT tempcloud.current_account_id())
 ORDER BY i.shown_at DESC, i.id DESC;
COMMENT ON VIEW tempcloud.invitations_sent IS
'The invitations sent by the caller''s account
Einladungen gesendet. With the contact who accepted, and the delivery of the mail.';
COMMENT ON COLUMN tempcloud.invitations_sent.sent_at IS 'When it was last sent';
COMMENT ON COLUMN tempcloud.invitations_sent.asked_at IS 'When the invitee last asked for another one; null unless it has expired';
COMMENT ON COLUMN tempcloud.invitations_sent.invited_by IS 'Name of the inviting contact';
COMMENT ON COLUMN tempcloud.invitations_sent.partner_id IS 'Account that accepted';
COMMENT ON COLUMN tempcloud.invitations_sent.accepted_by_name IS 'Name of the contact who accepted';
COMMENT ON COLUMN tempcloud.invitations_sent.accepted_by_email IS 'Address of the contact who accepted';
COMMENT ON COLUMN tempcloud.invitations_sent.delivery IS 'Delivery of the latest mail: queued, sent, deferred, failed, bounced or dropped';
COMMENT ON COLUMN tempcloud.invitations_sent.delivery_error IS 'Reply of the mail server';
COMMENT ON COLUMN tempcloud.invitations_sent.can_resend_at IS 'From when on it can be sent again; null if it cannot';
COMMENT ON COLUMN tempcloud.invitations_sent.partner_company IS 'Name of the company that accepted';
GRANT SELECT ON tempcloud.invitations_sent TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.partner(tempcloud.invitations_sent)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).partner_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.invitations_sent) IS
'The partner who accepted the invitation';
GRANT EXECUTE ON FUNCTION tempcloud.partner(tempcloud.invitations_sent) TO tempcloud_user;
