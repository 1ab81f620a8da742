-- uuid: time-ordered keys

CREATE FUNCTION tempcloud_data.new_id()
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_new_id'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tempcloud_data.new_id IS
'A new UUID of version 7: time-ordered, its random part by pgcrypto.';
