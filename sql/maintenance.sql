-- maintenance: what is done when its time has come

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
COMMENT ON TYPE tempcloud.maintenance IS 'Result of maintain: numbers of rows';
COMMENT ON COLUMN tempcloud.maintenance.expired IS 'Invitations closed as expired';
COMMENT ON COLUMN tempcloud.maintenance.reminded IS 'Invitees reminded';
COMMENT ON COLUMN tempcloud.maintenance.purged IS 'Mails purged from the outbox';
COMMENT ON COLUMN tempcloud.maintenance.purged_invitations IS 'Invitations purged that were not accepted';
COMMENT ON COLUMN tempcloud.maintenance.expired_requests IS 'Requests closed as expired';
COMMENT ON COLUMN tempcloud.maintenance.purged_confirmations IS 'Expired confirmation links purged';
COMMENT ON COLUMN tempcloud.maintenance.sealed IS 'Partnerships appended to the ledger';
COMMENT ON COLUMN tempcloud.maintenance.more IS 'Whether there may be more to do; call it again';

CREATE FUNCTION tempcloud.maintain()
RETURNS tempcloud.maintenance
AS 'MODULE_PATHNAME', 'tempcloud_maintain'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.maintain IS
'Do a part of the maintenance that is due
Closes expired invitations and requests and tells the senders, reminds invitees, purges old mails, expired confirmation links and old invitations that were not accepted, and appends new partnerships to the ledger. At most 10,000 rows and 10,000 partnerships in one call; while it returns more, call it again in another transaction, or call maintain_all. Rules hold whether or not it runs.';
GRANT EXECUTE ON FUNCTION tempcloud.maintain TO tempcloud_admin;

-- It commits: hence it can be neither SECURITY DEFINER nor SET anything.
CREATE PROCEDURE tempcloud.maintain_all()
AS 'MODULE_PATHNAME', 'tempcloud_maintain_all'
LANGUAGE C;
COMMENT ON PROCEDURE tempcloud.maintain_all IS
'Do all maintenance that is due
Calls maintain and commits until there is no more to do. For a scheduler, at any interval; not inside a transaction block.';
GRANT EXECUTE ON PROCEDURE tempcloud.maintain_all TO tempcloud_admin;
