-- maintenance: what time does

CREATE TYPE tempcloud.maintenance AS (
	expired		integer,
	reminded	integer,
	purged		integer,
	purged_invitations	integer,
	expired_requests	integer
);
COMMENT ON TYPE tempcloud.maintenance IS
'What maintain() did: how many invitations it closed as expired, how many invitees it reminded, how many old mails it purged, how many invitations that came to nothing, and how many requests it closed as expired.';
COMMENT ON COLUMN tempcloud.maintenance.expired IS 'Invitations that were closed as expired';
COMMENT ON COLUMN tempcloud.maintenance.reminded IS 'Invitees who were reminded';
COMMENT ON COLUMN tempcloud.maintenance.purged IS 'Mails that were purged from the outbox';
COMMENT ON COLUMN tempcloud.maintenance.purged_invitations IS 'Invitations that came to nothing and were purged';
COMMENT ON COLUMN tempcloud.maintenance.expired_requests IS 'Requests that were closed as expired';

CREATE FUNCTION tempcloud.maintain()
RETURNS tempcloud.maintenance
AS 'MODULE_PATHNAME', 'tempcloud_maintain'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.maintain IS
'Do what is due
Closes invitations and requests past their time and tells who sent them, reminds invitees ahead of that, and purges old mails from the outbox, and invitations that came to nothing long ago with all that was typed. To be run by any scheduler, as often as one likes: it is idempotent, and the rules hold whether or not it runs.';
GRANT EXECUTE ON FUNCTION tempcloud.maintain TO tempcloud_admin;
