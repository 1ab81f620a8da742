-- ledger: heads, proofs and receipts

\pset null (null)
\set anna '{"sub":"anna.ledger","email":"anna@kunde.ledger.example","email_verified":true}'
\set bob '{"sub":"bob.ledger","email":"bob@anbieter.ledger.example","email_verified":true}'
SELECT test.company(:'anna', 'customer', 'Kunde AG', 'Anna', 'Alt') AS kunde \gset
SELECT test.company(:'bob', 'provider', 'Anbieter GmbH', 'Bob', 'Bau') AS anbieter \gset
-- what other tests have left
SELECT tempcloud.seal_ledger() >= 0 AS sealed;
SELECT split_part(tempcloud.ledger_checkpoint(), E'\n', 2)::bigint AS size, tempcloud.ledger_checkpoint() AS checkpoint \gset
SET request.jwt.claims = :'anna';
SELECT id AS invitation FROM tempcloud.invite('bob@anbieter.ledger.example') \gset
SET request.jwt.claims = :'bob';
SELECT provider_id = :'anbieter' AS provider FROM tempcloud.accept_invitation(:'invitation');

-- A partnership is sealed some time after it was accepted, once.
SELECT tempcloud.partnership_receipt(:'kunde'); \echo :SQLSTATE
SELECT tempcloud.ledger_checkpoint() = :'checkpoint' AS unchanged;
SELECT sealed FROM tempcloud.maintain();
SELECT sealed FROM tempcloud.maintain();
SELECT tempcloud.seal_ledger();
INSERT INTO tempcloud_data.ledger_pending VALUES (:'kunde', :'anbieter');
SELECT tempcloud.seal_ledger() AS "sealed before";
SELECT split_part(tempcloud.ledger_checkpoint(), E'\n', 2)::bigint - :size AS grown;
SELECT unsealed, problem FROM tempcloud.verify_ledger(:'checkpoint');
SELECT convert_from(decode(substring(tempcloud.partnership_receipt(:'kunde') FROM 'extra (.*?)\n'), 'base64'), 'UTF8')
	   = format(E'tempcloud/partnership/v1\n%s\n%s\n%s\n%s\n%s\n', customer_id, provider_id, invitation_id, accepted_by,
				to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS leaf
  FROM tempcloud_data.partnership WHERE customer_id = :'kunde';
-- in the same form whatever the session's settings are
SELECT tempcloud.partnership_receipt(:'kunde') AS receipt \gset
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'SQL, DMY';
SET bytea_output = escape;
SELECT tempcloud.partnership_receipt(:'kunde') = :'receipt' AS same;
RESET timezone;
RESET datestyle;
RESET bytea_output;

-- A row that waits twice is sealed once.
\set carl '{"sub":"carl.ledger","email":"carl@anbieter.ledger.example","email_verified":true}'
SELECT test.company(:'carl', 'provider', 'Carl GmbH', 'Carl', 'Cohn') AS carl_id \gset
SET request.jwt.claims = :'anna';
SELECT id AS second FROM tempcloud.invite('carl@anbieter.ledger.example') \gset
SET request.jwt.claims = :'carl';
SELECT provider_id = :'carl_id' AS provider FROM tempcloud.accept_invitation(:'second');
INSERT INTO tempcloud_data.ledger_pending VALUES (:'kunde', :'carl_id');
SELECT tempcloud.seal_ledger();

-- However many wait again that are sealed, those that are new do not wait longer.
\set cora '{"sub":"cora.ledger","email":"cora@anbieter.ledger.example","email_verified":true}'
SELECT test.company(:'cora', 'provider', 'Cora GmbH', 'Cora', 'Cohn') AS cora_id \gset
INSERT INTO tempcloud_data.ledger_pending SELECT :'kunde', :'anbieter' FROM generate_series(1, 10000);
SET request.jwt.claims = :'anna';
SELECT id AS third FROM tempcloud.invite('cora@anbieter.ledger.example') \gset
SET request.jwt.claims = :'cora';
SELECT provider_id = :'cora_id' AS provider FROM tempcloud.accept_invitation(:'third');
SELECT sealed, more FROM tempcloud.maintain();
SELECT count(*) FROM tempcloud_data.ledger_pending;
SELECT unsealed, problem FROM tempcloud.verify_ledger();
SET request.jwt.claims = :'bob';

-- Nobody gets a receipt of others' partnerships.
SET request.jwt.claims = :'anna';
SELECT tempcloud.partnership_receipt(:'kunde'); \echo :SQLSTATE
SELECT tempcloud.partnership_receipt(NULL); \echo :SQLSTATE
RESET request.jwt.claims;
SELECT tempcloud.partnership_receipt(:'kunde'); \echo :SQLSTATE

-- Anybody may read heads and proofs.
SET ROLE tempcloud_anonymous;
SELECT tempcloud.ledger_checkpoint() ~ '^tempcloud\.invalid/ledger\n[0-9]+\n[A-Za-z0-9+/]{43}=\n$' AS "three lines";
SELECT tempcloud.consistency_proof(0) AS "from an empty ledger",
	   tempcloud.consistency_proof(split_part(tempcloud.ledger_checkpoint(), E'\n', 2)::bigint) AS "from this one";
SELECT tempcloud.consistency_proof(-1); \echo :SQLSTATE
SELECT tempcloud.consistency_proof(9223372036854775807); \echo :SQLSTATE
SELECT tempcloud.consistency_proof(NULL); \echo :SQLSTATE
SELECT tempcloud.seal_ledger(); \echo :SQLSTATE
RESET ROLE;

-- What is no checkpoint of this ledger
SELECT checkpoint, test.refusal(format('SELECT tempcloud.verify_ledger(%L)', checkpoint))
  FROM unnest(ARRAY['', 'x', E'other\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n', E'tempcloud.invalid/ledger\n1\n',
	E'tempcloud.invalid/ledger\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
	E'tempcloud.invalid/ledger\n1x\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
	E'tempcloud.invalid/ledger\n99999999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
	E'tempcloud.invalid/ledger\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF!=\n']) checkpoint;

-- The checkpoint of another ledger, with a signature: the example of C2SP tlog-checkpoint
SET tempcloud.ledger_origin = 'example.com/behind-the-sofa';
SELECT "position" = size AS "at its end", problem FROM tempcloud.verify_ledger('example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
');
RESET tempcloud.ledger_origin;
SELECT problem FROM tempcloud.verify_ledger(E'tempcloud.invalid/ledger\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n');
SELECT size > 0 AS size, root, problem
  FROM tempcloud.verify_ledger(E'tempcloud.invalid/ledger\n0\nAAAAQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n');

-- The name of a ledger
SET tempcloud.ledger_origin = ''; \echo :SQLSTATE
SET tempcloud.ledger_origin = 'a b'; \echo :SQLSTATE
SET tempcloud.ledger_origin = 'a+b'; \echo :SQLSTATE
SET tempcloud.ledger_origin = 'example.com/ledger';
SELECT split_part(tempcloud.ledger_checkpoint(), E'\n', 1);
RESET tempcloud.ledger_origin;
