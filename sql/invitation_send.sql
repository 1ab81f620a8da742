-- invitation_send: the inviter's commands, and what they have sent

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
A customer invites providers, a provider customers. Where the address belongs to an account the invitation waits there; otherwise the person is asked to make one. A mail brings them the link. Names, company and phone describe the person invited; message is a personal word to them; locale the language of the mail.';
GRANT EXECUTE ON FUNCTION tempcloud.invite TO tempcloud_user;

CREATE FUNCTION tempcloud.resend_invitation(id uuid)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_resend_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.resend_invitation IS
'Send an invitation again
For the inviter, while it is pending or after it has expired. A new mail with a new link; earlier links end and the lifetime starts anew.';
GRANT EXECUTE ON FUNCTION tempcloud.resend_invitation TO tempcloud_user;

CREATE FUNCTION tempcloud.withdraw_invitation(id uuid)
RETURNS tempcloud.invitation
AS 'MODULE_PATHNAME', 'tempcloud_withdraw_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.withdraw_invitation IS
'Withdraw an invitation
For the inviter, as long as it is pending.';
GRANT EXECUTE ON FUNCTION tempcloud.withdraw_invitation TO tempcloud_user;

-- After all tables

-- The mail that tells how delivery goes is the newest that carries a link.
CREATE VIEW tempcloud.invitations_sent WITH (security_barrier) AS
SELECT i.id, i.email::text, i.given_name::text, i.family_name::text, i.company_name::text,
	   i.phone::text, i.message::text, i.locale::text,
	   CASE WHEN i.status = 'pending' AND i.expires_at <= statement_timestamp()
			THEN 'expired' ELSE i.status END AS status,
	   i.created_at, i.sent_at, i.expires_at, i.decided_at, i.reason::text,
	   NULLIF(concat_ws(' ', c.given_name, c.family_name), '') AS invited_by,
	   p.account_id AS partner_id,
	   NULLIF(concat_ws(' ', p.given_name, p.family_name), '') AS accepted_by_name,
	   p.email::text AS accepted_by_email,
	   CASE WHEN m.state = 'queued' AND m.error IS NOT NULL THEN 'deferred'
			WHEN m.state = 'suppressed' THEN 'sent'	-- who is blocked is not told
			ELSE m.state::text END AS delivery,
	   m.error::text AS delivery_error
  FROM tempcloud_data.invitation i
  JOIN tempcloud_data.contact c ON c.id = i.invited_by
  LEFT JOIN tempcloud_data.contact p ON p.id = i.decided_by AND i.status = 'accepted'
  LEFT JOIN LATERAL (
	SELECT m.state, m.error
	  FROM tempcloud_data.mail m
	 WHERE m.invitation_id = i.id AND m.kind IN ('invitation', 'reminder')
	 ORDER BY m.id DESC
	 LIMIT 1) m ON true
 WHERE i.inviter_id = (SELECT tempcloud.current_account_id())
 ORDER BY i.id DESC;
COMMENT ON VIEW tempcloud.invitations_sent IS
'The invitations of the caller''s account
Einladungen gesendet: with who accepted, and how delivery of the mail goes (queued, sent, deferred, failed, bounced, dropped).';
COMMENT ON COLUMN tempcloud.invitations_sent.id IS 'Key of the invitation';
COMMENT ON COLUMN tempcloud.invitations_sent.email IS 'The address invited';
COMMENT ON COLUMN tempcloud.invitations_sent.given_name IS 'Given name of the person invited';
COMMENT ON COLUMN tempcloud.invitations_sent.family_name IS 'Family name of the person invited';
COMMENT ON COLUMN tempcloud.invitations_sent.company_name IS 'Company of the person invited';
COMMENT ON COLUMN tempcloud.invitations_sent.phone IS 'Telephone number of the person invited';
COMMENT ON COLUMN tempcloud.invitations_sent.message IS 'The personal words';
COMMENT ON COLUMN tempcloud.invitations_sent.locale IS 'Language of the mail';
COMMENT ON COLUMN tempcloud.invitations_sent.status IS 'What became of it';
COMMENT ON COLUMN tempcloud.invitations_sent.created_at IS 'When it was first sent';
COMMENT ON COLUMN tempcloud.invitations_sent.sent_at IS 'When it was last sent';
COMMENT ON COLUMN tempcloud.invitations_sent.expires_at IS 'When it expires unless it is answered';
COMMENT ON COLUMN tempcloud.invitations_sent.decided_at IS 'When it ceased to be pending';
COMMENT ON COLUMN tempcloud.invitations_sent.reason IS 'Why it was declined';
COMMENT ON COLUMN tempcloud.invitations_sent.invited_by IS 'The contact who invited';
COMMENT ON COLUMN tempcloud.invitations_sent.partner_id IS 'The account it was accepted for';
COMMENT ON COLUMN tempcloud.invitations_sent.accepted_by_name IS 'Who accepted';
COMMENT ON COLUMN tempcloud.invitations_sent.accepted_by_email IS 'The address of who accepted';
COMMENT ON COLUMN tempcloud.invitations_sent.delivery IS 'How delivery of the newest mail goes: queued, sent, deferred, failed, bounced or dropped';
COMMENT ON COLUMN tempcloud.invitations_sent.delivery_error IS 'What the mail server said';
GRANT SELECT ON tempcloud.invitations_sent TO tempcloud_user;

-- relationships: see contacts() in partnership.sql
CREATE FUNCTION tempcloud.partner(tempcloud.invitations_sent)
RETURNS SETOF tempcloud.partners
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT * FROM tempcloud.partners p WHERE p.id = ($1).partner_id OFFSET 0;
END;
COMMENT ON FUNCTION tempcloud.partner(tempcloud.invitations_sent) IS
'The partner that an accepted invitation has made';
GRANT EXECUTE ON FUNCTION tempcloud.partner(tempcloud.invitations_sent) TO tempcloud_user;
