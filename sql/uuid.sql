-- uuid: time-ordered keys

CREATE FUNCTION tempcloud_data.new_id()
RETURNS uuid
AS 'MODULE_PATHNAME', 'tempcloud_new_id'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tempcloud_data.new_id IS 'UUID of version 7, with random bits from pgcrypto';
