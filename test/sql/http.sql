-- http: what PostgREST says of the request that a call came with
--
-- It sets request.method, request.path and the search path for each transaction.
SET client_min_messages = warning;

-- A token in the address of a request is refused before it is read.
BEGIN;
SET LOCAL ROLE tempcloud_anonymous;
SET LOCAL request.method = 'GET';
SELECT tempcloud.preview_invitation('tci_'); \echo :SQLSTATE
ROLLBACK;
SELECT format('BEGIN READ ONLY; SET LOCAL request.method = %L; SELECT %L AS method, test.refusal(%L) AS preview; ROLLBACK',
			  method, method, $$SELECT tempcloud.preview_invitation('tci_')$$)
  FROM unnest('{GET,HEAD,POST,get,""}'::text[]) AS method \gexec
-- Each function that takes one is refused; PostgREST makes 405 of 25006, too.
BEGIN READ ONLY;
SET LOCAL request.method = 'GET';
SELECT proname, test.refusal(format('SELECT tempcloud.%I(token => %L)', proname, 'tci_'))
  FROM pg_proc WHERE pronamespace = 'tempcloud'::regnamespace AND 'token' = ANY (proargnames)
 ORDER BY proname COLLATE "C";
ROLLBACK;
-- Without PostgREST there is no method, and a transaction may be read only.
BEGIN READ ONLY;
SELECT tempcloud.preview_invitation('tci_'); \echo :SQLSTATE
ROLLBACK;

-- What check_request() says to a request, as PostgREST makes it
CREATE FUNCTION pg_temp.check_request(method text, path text, schema text DEFAULT 'tempcloud')
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM set_config('request.method', method, true), set_config('request.path', path, true),
			set_config('search_path', format('%I, public', schema), true);
	RETURN test.refusal('SELECT tempcloud.check_request()');
END
$$;
SELECT format('GRANT USAGE ON SCHEMA %s TO tempcloud_anonymous', pg_my_temp_schema()::regnamespace) AS "grant" \gset
:grant;
BEGIN;
SET LOCAL ROLE tempcloud_anonymous;
SELECT tempcloud.check_request();
SET LOCAL request.method = 'DELETE';
SELECT tempcloud.check_request();
SET LOCAL request.path = '/partners';
SELECT tempcloud.check_request();
SET LOCAL search_path = tempcloud;
SELECT tempcloud.check_request(); \echo :SQLSTATE
ROLLBACK;

-- The one view that can be written to, and all others
BEGIN;
SET LOCAL ROLE tempcloud_anonymous;
SELECT method, pg_temp.check_request(method, '/' || relname), string_agg(relname, ' ' ORDER BY relname COLLATE "C") AS views
  FROM pg_catalog.pg_class, pg_catalog.unnest('{GET,HEAD,POST,PUT,PATCH,DELETE}'::text[]) WITH ORDINALITY AS m (method, n)
 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v'
 GROUP BY 1, 2, n ORDER BY n, 2;
-- Functions, what is not there, paths that PostgREST does not have either, and its own way to read them
SELECT path, pg_temp.check_request('POST', path)
  FROM (VALUES ('/rpc/invite'), ('/nowhere'), ('/'), (''), ('partners'), ('/partners/'), ('//partners'), ('/partners?id=eq.1'),
	('/p%61rtners'), ('/%70%61%72%74%6E%65%72%73'), ('/%70%61%72%74%6e%65%72%73'), ('/partners%'), ('/partners%7'), ('/partner%7g'),
	('/PARTNERS'), ('/tempcloud.partners'), ('/rpc%2finvite'), ('/' || repeat('x', 100)), ('/%ff'), ('/account'), ('/pg_class')) AS t (path);
SELECT pg_temp.check_request(NULL, NULL), pg_temp.check_request('POST', NULL), pg_temp.check_request(NULL, '/partners');
ROLLBACK;

-- Another schema behind the same PostgREST has tables of its own.
CREATE SCHEMA test_http;
CREATE TABLE test_http.partners ();
SELECT pg_temp.check_request('POST', '/partners', schema) FROM unnest('{tempcloud,test_http,tempcloud_data,pg_catalog}'::text[]) AS schema;
DROP SCHEMA test_http CASCADE;

-- PostgREST offers writing where this says that there is any.
SELECT relname FROM pg_class
 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v' AND pg_relation_is_updatable(oid, true) <> 0;
