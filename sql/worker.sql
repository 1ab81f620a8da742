-- worker: the background worker, if the library is preloaded

CREATE FUNCTION tempcloud_data.worker_stats(
	OUT worker			integer,
	OUT started_at		timestamptz,
	OUT handed_over		bigint,
	OUT sent			bigint,
	OUT waiting			bigint,
	OUT resyncs			bigint,
	OUT oldest			timestamptz,
	OUT maintained_at	timestamptz)
AS 'MODULE_PATHNAME', 'tempcloud_worker_stats'
LANGUAGE C VOLATILE;
COMMENT ON FUNCTION tempcloud_data.worker_stats IS
'Statistics of the worker of this database in shared memory; null without a worker';
GRANT EXECUTE ON FUNCTION tempcloud_data.worker_stats TO tempcloud_admin, pg_monitor;

CREATE VIEW tempcloud.worker_stats WITH (security_barrier) AS
SELECT CASE WHEN s.worker IS NULL THEN 'plain' ELSE 'worker' END AS mode,
	   s.worker, s.started_at, s.handed_over, s.sent, s.waiting, s.resyncs,
	   CASE WHEN s.worker IS NOT NULL
			THEN COALESCE(clock_timestamp() - s.oldest, '0'::interval) END AS lag,
	   s.maintained_at
  FROM tempcloud_data.worker_stats() s;
COMMENT ON VIEW tempcloud.worker_stats IS
'Statistics of the delivery of live events
One row. In plain mode each transaction sends its own events, and all columns but mode are null.';
COMMENT ON COLUMN tempcloud.worker_stats.mode IS 'worker if a background worker sends the events; otherwise plain';
COMMENT ON COLUMN tempcloud.worker_stats.worker IS 'Process ID of the worker';
COMMENT ON COLUMN tempcloud.worker_stats.started_at IS 'When it was started';
COMMENT ON COLUMN tempcloud.worker_stats.handed_over IS 'Events handed over by transactions since server start';
COMMENT ON COLUMN tempcloud.worker_stats.sent IS 'Events sent';
COMMENT ON COLUMN tempcloud.worker_stats.waiting IS 'Events not yet taken';
COMMENT ON COLUMN tempcloud.worker_stats.resyncs IS 'How often listeners were told to reload everything: at each start, and after events came faster than the worker could send them';
COMMENT ON COLUMN tempcloud.worker_stats.lag IS 'Time since the commit of the oldest waiting event';
COMMENT ON COLUMN tempcloud.worker_stats.maintained_at IS 'When scheduled maintenance last started';
GRANT SELECT ON tempcloud.worker_stats TO tempcloud_admin, pg_monitor;
