-- invitation_link: the page that the link of an invitation opens

CREATE TYPE tempcloud.invitation_preview AS (
	inviter_kind		tempcloud.account_kind,
	inviter_company		text,
	inviter_name		text,
	message				text,
	kind				tempcloud.account_kind,
	email				text,
	given_name			text,
	family_name			text,
	company_name		text,
	phone				text,
	locale				text,
	status				tempcloud.invitation_status,
	expires_at			timestamptz,
	needs_account		boolean,
	link_is_current		boolean
);
COMMENT ON TYPE tempcloud.invitation_preview IS 'Content of the page that a link opens';
COMMENT ON COLUMN tempcloud.invitation_preview.inviter_company IS 'Name of the inviting company';
COMMENT ON COLUMN tempcloud.invitation_preview.inviter_name IS 'Name of the inviting contact';
COMMENT ON COLUMN tempcloud.invitation_preview.kind IS 'Kind invited, which an account registered by the link will have';
COMMENT ON COLUMN tempcloud.invitation_preview.needs_account IS 'Whether the address does not belong to an account yet';
COMMENT ON COLUMN tempcloud.invitation_preview.link_is_current IS 'False if a newer mail has replaced the link; the link can be used if it is current and the status is pending';

-- VOLATILE although it only reads, as each function that takes a token: then
-- PostgREST offers it by POST only, and the token is in no address that is logged.
CREATE FUNCTION tempcloud.preview_invitation(token text)
RETURNS tempcloud.invitation_preview
AS 'MODULE_PATHNAME', 'tempcloud_preview_invitation'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.preview_invitation IS
'Show the invitation of a link
For the page that a link opens, without a login; also of a link that cannot be used any more, with what has become of it. Changes nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.preview_invitation TO tempcloud_anonymous;

CREATE FUNCTION tempcloud.ask_again(token text)
RETURNS tempcloud.invitation_preview
AS 'MODULE_PATHNAME', 'tempcloud_ask_again'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.ask_again IS
'Ask for another mail by a link that cannot be used any more
Requires no login. If a newer mail has replaced the link, that mail is sent again to the invited address. If the invitation has expired, the inviter is told that the invitee asks for another one, once a day. If the link can be used, nothing is done.';
GRANT EXECUTE ON FUNCTION tempcloud.ask_again TO tempcloud_anonymous;
