-- worker: what runs in the background, where the library was preloaded

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
COMMENT ON FUNCTION tempcloud_data.worker_stats IS 'What this database''s worker has in shared memory; all null where there is none.';
GRANT EXECUTE ON FUNCTION tempcloud_data.worker_stats TO tempcloud_admin;

CREATE VIEW tempcloud.worker_stats WITH (security_barrier) AS
SELECT CASE WHEN s.worker IS NULL THEN 'plain' ELSE 'worker' END AS mode,
	   s.worker, s.started_at, s.handed_over, s.sent, s.waiting, s.resyncs,
	   CASE WHEN s.worker IS NOT NULL
			THEN COALESCE(clock_timestamp() - s.oldest, '0'::interval) END AS lag,
	   s.maintained_at
  FROM tempcloud_data.worker_stats() s;
COMMENT ON VIEW tempcloud.worker_stats IS
'How live events are told in this database, for monitoring
One row. In plain mode, each transaction tells its own events, and only mode is there.';
COMMENT ON COLUMN tempcloud.worker_stats.mode IS 'worker, where a background worker tells the events; else plain';
COMMENT ON COLUMN tempcloud.worker_stats.worker IS 'Process id of the worker';
COMMENT ON COLUMN tempcloud.worker_stats.started_at IS 'When it started';
COMMENT ON COLUMN tempcloud.worker_stats.handed_over IS 'Events that transactions left for it, since the server started';
COMMENT ON COLUMN tempcloud.worker_stats.sent IS 'Events it has told';
COMMENT ON COLUMN tempcloud.worker_stats.waiting IS 'Events it has not taken yet';
COMMENT ON COLUMN tempcloud.worker_stats.resyncs IS 'How often it told listeners to load everything anew: at each start, and when events came faster than it could tell them';
COMMENT ON COLUMN tempcloud.worker_stats.lag IS 'How long the oldest event waits since its commit';
COMMENT ON COLUMN tempcloud.worker_stats.maintained_at IS 'When maintain() was last begun by schedule';
GRANT SELECT ON tempcloud.worker_stats TO tempcloud_admin;
