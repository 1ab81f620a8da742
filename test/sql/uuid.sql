-- uuid: time-ordered keys

-- Version 7 of RFC 9562, in the variant of that standard
SELECT substr(id::text, 15, 1) AS version, substr(id::text, 20, 1) IN ('8', '9', 'a', 'b') AS variant
  FROM tempcloud_data.new_id() AS id;

-- Each is greater than the one before, however fast they are made.
SELECT count(*), count(DISTINCT id),
	   bool_and(id > previous) AS ascending,
	   bool_and(substr(id::text, 15, 1) = '7' AND substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')) AS well_formed,
	   count(DISTINCT substr(id::text, 20)) AS random_parts
  FROM (SELECT id, lag(id) OVER (ORDER BY n) AS previous
		  FROM (SELECT n, tempcloud_data.new_id() AS id FROM generate_series(1, 10000) n) made) made;

-- Its first 48 bits are the time in milliseconds.
SELECT clock_timestamp() AS before \gset
SELECT tempcloud_data.new_id() AS id \gset
SELECT to_timestamp(('x' || lpad(replace(left(:'id', 13), '-', ''), 16, '0'))::bit(64)::bigint / 1000.0)
	   BETWEEN :'before'::timestamptz - interval '1 ms' AND clock_timestamp() AS now;

-- It is the key of every row that is made, in the order in which they are.
\set anna '{"sub":"anna.uuid","email":"anna@kunde.uuid.example","email_verified":true}'
SET ROLE tempcloud_user;
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT id AS first FROM tempcloud.invite('bob@anbieter.uuid.example') \gset
SELECT id AS second FROM tempcloud.invite('carl@anbieter.uuid.example') \gset
SELECT substr(id::text, 15, 1) AS version, id > :'kunde' AS after_account,
	   id < :'first' AS before_invitation, :'first'::uuid < :'second'::uuid AS ascending
  FROM tempcloud.my_contacts;

-- Nobody but the extension makes them.
SELECT tempcloud_data.new_id(); \echo :SQLSTATE
