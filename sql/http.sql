-- http: checks of requests for PostgREST

-- It looks for the view in the caller's search path, so it has none of its own.
CREATE FUNCTION tempcloud.check_request()
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_check_request'
LANGUAGE C STABLE;
COMMENT ON FUNCTION tempcloud.check_request IS
'Refuse a request to write to a read-only view
For db-pre-request of PostgREST, which would otherwise answer 500.';
GRANT EXECUTE ON FUNCTION tempcloud.check_request
	TO tempcloud_anonymous, tempcloud_mailer, tempcloud_admin;
