-- worker: how live events are told (with a worker: test/t/006_worker.pl)

\set anna '{"sub":"anna.worker","email":"anna@kunde.worker.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset

-- One row, for admins. Which mode it is depends on the server.
SET ROLE tempcloud_admin;
SELECT mode IN ('plain', 'worker') AS mode, (mode = 'worker') = (worker IS NOT NULL) AS worker,
	   (mode = 'worker') = (lag IS NOT NULL) AS lag
  FROM tempcloud.worker_stats;
SET ROLE tempcloud_user;
SELECT * FROM tempcloud.worker_stats; \echo :SQLSTATE
RESET ROLE;
SHOW tempcloud.maintenance_interval;
SHOW tempcloud.ledger_interval;

-- What is to be told after the commit has no place in a prepared transaction.
SET request.jwt.claims = :'anna';
BEGIN;
SELECT email FROM tempcloud.invite('bob@anbieter.worker.example');
PREPARE TRANSACTION 'worker'; \echo :SQLSTATE
SELECT count(*) FROM tempcloud.invitations_sent;
