-- token: the tokens in links, of which only digests are kept

CREATE TABLE tempcloud_data.invitation_token (
	digest			bytea,
	invitation_id	uuid NOT NULL,
	round			integer NOT NULL,
	issued_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	CONSTRAINT invitation_token_pkey PRIMARY KEY (digest),
	CONSTRAINT invitation_token_digest_length CHECK (length(digest) = 32),
	CONSTRAINT invitation_token_invitation_id_fkey FOREIGN KEY (invitation_id)
		REFERENCES tempcloud_data.invitation (id) ON DELETE CASCADE
);
CREATE INDEX invitation_token_invitation_id_idx
	ON tempcloud_data.invitation_token (invitation_id);
SELECT pg_extension_config_dump('tempcloud_data.invitation_token', '');

COMMENT ON TABLE tempcloud_data.invitation_token IS
'Digests of the tokens in links of invitations';
COMMENT ON COLUMN tempcloud_data.invitation_token.digest IS 'SHA-256 of the token, which only the mail contains';
COMMENT ON COLUMN tempcloud_data.invitation_token.round IS 'Links of earlier rounds are not valid';

CREATE TABLE tempcloud_data.confirmation_token (
	digest		bytea,
	contact_id	uuid NOT NULL,
	email		tempcloud_data.email NOT NULL,
	issued_at	timestamptz NOT NULL DEFAULT clock_timestamp(),
	CONSTRAINT confirmation_token_pkey PRIMARY KEY (digest),
	CONSTRAINT confirmation_token_digest_length CHECK (length(digest) = 32),
	CONSTRAINT confirmation_token_contact_id_fkey FOREIGN KEY (contact_id)
		REFERENCES tempcloud_data.contact (id) ON DELETE CASCADE
);
CREATE INDEX confirmation_token_contact_id_idx
	ON tempcloud_data.confirmation_token (contact_id);
CREATE INDEX confirmation_token_issued_at_idx
	ON tempcloud_data.confirmation_token (issued_at);
SELECT pg_extension_config_dump('tempcloud_data.confirmation_token', '');

COMMENT ON TABLE tempcloud_data.confirmation_token IS
'Digests of the tokens in links that prove an address';
COMMENT ON COLUMN tempcloud_data.confirmation_token.digest IS 'SHA-256 of the token, which only the mail contains';
COMMENT ON COLUMN tempcloud_data.confirmation_token.email IS 'The link is not valid once the contact has another address';
