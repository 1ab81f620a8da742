-- maintenance: what is done when its time has come

CREATE TYPE tempcloud.maintenance AS (
	expired		integer,
	reminded	integer,
	purged		integer,
	purged_invitations	integer,
	expired_requests	integer,
	purged_confirmations	integer,
	erased_workers	integer,
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
COMMENT ON COLUMN tempcloud.maintenance.erased_workers IS 'Names of workers erased';
COMMENT ON COLUMN tempcloud.maintenance.sealed IS 'Partnerships appended to the ledger';
COMMENT ON COLUMN tempcloud.maintenance.more IS 'Whether there may be more to do; call it again';

CREATE FUNCTION tempcloud.maintain()
RETURNS tempcloud.maintenance
AS 'MODULE_PATHNAME', 'tempcloud_maintain'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.maintain IS
'Do a part of the maintenance that is due
Closes expired invitations and requests and tells the senders, reminds invitees, purges old mails, expired confirmation links, old invitations that were not accepted and the names of workers of old shifts, and appends new partnerships to the ledger. At most 10,000 rows and 10,000 partnerships in one call; while it returns more, call it again in another transaction, or call maintain_all. Rules hold whether or not it runs.';
GRANT EXECUTE ON FUNCTION tempcloud.maintain TO tempcloud_admin;

-- It commits: hence it can be neither SECURITY DEFINER nor SET anything.
CREATE PROCEDURE tempcloud.maintain_all()
AS 'MODULE_PATHNAME', 'tempcloud_maintain_all'
LANGUAGE C;
COMMENT ON PROCEDURE tempcloud.maintain_all IS
'Do all maintenance that is due
Calls maintain and commits until there is no more to do. For a scheduler, at any interval; not inside a transaction block.';
GRANT EXECUTE ON PROCEDURE tempcloud.maintain_all TO tempcloud_admin;

-- Each is read from the first rows of an index.
CREATE VIEW tempcloud.maintenance_stats WITH (security_barrier) AS
SELECT statement_timestamp() - LEAST(
			(SELECT i.expires_at FROM tempcloud_data.invitation i
			  WHERE i.status = 'pending' AND i.expires_at IS NOT NULL AND i.expires_at <= statement_timestamp()
			  ORDER BY i.expires_at LIMIT 1),
			(SELECT r.answer_by FROM tempcloud_data.request r
			  WHERE r.status = 'open' AND r.answer_by IS NOT NULL AND r.answer_by <= statement_timestamp()
			  ORDER BY r.answer_by LIMIT 1)) AS overdue_age,
	   (SELECT count(*)
		  FROM (SELECT FROM tempcloud_data.request r
				 WHERE r.status = 'open' AND r.answer_by IS NOT NULL AND r.answer_by > statement_timestamp()
				 ORDER BY r.answer_by LIMIT 10000) r) AS open_requests,
	   (SELECT count(*)
		  FROM (SELECT FROM tempcloud_data.request r
				 WHERE r.status = 'open' AND r.answer_by IS NOT NULL AND r.answer_by > statement_timestamp()
				   AND r.answer_by <= statement_timestamp() + '1 hour'::interval
				 ORDER BY r.answer_by LIMIT 10000) r) AS expiring_requests;
COMMENT ON VIEW tempcloud.maintenance_stats IS
'Statistics of what has a time limit
One row. Counts end at 10,000. If overdue_age is larger than the interval of maintenance, it is not running.';
COMMENT ON COLUMN tempcloud.maintenance_stats.overdue_age IS 'Time since the oldest invitation or request expired that maintenance has not closed; null if there is none';
COMMENT ON COLUMN tempcloud.maintenance_stats.open_requests IS 'Open requests that have not expired';
COMMENT ON COLUMN tempcloud.maintenance_stats.expiring_requests IS 'Those of them that expire within an hour';
GRANT SELECT ON tempcloud.maintenance_stats TO tempcloud_admin, pg_monitor;
