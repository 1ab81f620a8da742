-- maintenance: what time does

CREATE TYPE tempcloud.maintenance AS (
	expired		integer,
	reminded	integer,
	purged		integer,
	purged_invitations	integer,
	expired_requests	integer,
	purged_confirmations	integer,
	sealed		integer,
	more		boolean
);
COMMENT ON TYPE tempcloud.maintenance IS
'What maintain() did: how many invitations it closed as expired, how many invitees it reminded, how many old mails it purged, how many invitations that ended without being accepted, and how many links; how many requests it closed as expired; how many partnerships it appended to the ledger; and whether there is more to do.';
COMMENT ON COLUMN tempcloud.maintenance.expired IS 'Invitations that were closed as expired';
COMMENT ON COLUMN tempcloud.maintenance.reminded IS 'Invitees who were reminded';
COMMENT ON COLUMN tempcloud.maintenance.purged IS 'Mails that were purged from the outbox';
COMMENT ON COLUMN tempcloud.maintenance.purged_invitations IS 'Invitations that ended without being accepted and were purged';
COMMENT ON COLUMN tempcloud.maintenance.expired_requests IS 'Requests that were closed as expired';
COMMENT ON COLUMN tempcloud.maintenance.purged_confirmations IS 'Links to prove an address that had expired long ago and were purged';
COMMENT ON COLUMN tempcloud.maintenance.sealed IS 'Partnerships that were appended to the ledger';
COMMENT ON COLUMN tempcloud.maintenance.more IS 'Whether there may be more to do: call it again';

CREATE FUNCTION tempcloud.maintain()
RETURNS tempcloud.maintenance
AS 'MODULE_PATHNAME', 'tempcloud_maintain'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.maintain IS
'Do a part of what is due
Closes invitations and requests past their time and tells who sent them, reminds invitees ahead of that, and purges old mails from the outbox, links to prove an address that have expired, and invitations that ended without being accepted long ago with all that was typed; appends new partnerships to the ledger. At most 10,000 rows and 10,000 partnerships in one call; call it again, in a transaction of its own, while it says that there is more, or call maintain_all. It is idempotent, and the rules hold whether or not it runs.';
GRANT EXECUTE ON FUNCTION tempcloud.maintain TO tempcloud_admin;

-- It commits: hence it can be neither SECURITY DEFINER nor SET anything.
CREATE PROCEDURE tempcloud.maintain_all()
AS 'MODULE_PATHNAME', 'tempcloud_maintain_all'
LANGUAGE C;
COMMENT ON PROCEDURE tempcloud.maintain_all IS
'Do all that is due
Calls maintain, and commits, until there is no more to do. To be run by any scheduler, as often as one likes; not inside a transaction block.';
GRANT EXECUTE ON PROCEDURE tempcloud.maintain_all TO tempcloud_admin;
