-- ledger: a Merkle tree over all partnerships, whose heads others keep
--
-- Sealing gives each partnership a position and appends it to the tree.  Nodes
-- of complete subtrees are kept, so that sealing and proofs read O(log n) rows.

-- Partnerships that are not sealed yet.
CREATE TABLE tempcloud_data.ledger_pending (
	customer_id	uuid NOT NULL,
	provider_id	uuid NOT NULL
);
SELECT pg_extension_config_dump('tempcloud_data.ledger_pending', '');

CREATE TABLE tempcloud_data.ledger_entry (
	position	bigint,
	customer_id	uuid NOT NULL,
	provider_id	uuid NOT NULL,
	hash		bytea NOT NULL,
	CONSTRAINT ledger_entry_pkey PRIMARY KEY (position),
	CONSTRAINT ledger_entry_partnership_key UNIQUE (customer_id, provider_id),
	CONSTRAINT ledger_entry_partnership_fkey FOREIGN KEY (customer_id, provider_id)
		REFERENCES tempcloud_data.partnership (customer_id, provider_id),
	CONSTRAINT ledger_entry_position CHECK (position >= 0),
	CONSTRAINT ledger_entry_hash_length CHECK (length(hash) = 32)
);
SELECT pg_extension_config_dump('tempcloud_data.ledger_entry', '');

COMMENT ON TABLE tempcloud_data.ledger_entry IS
'Leaves of the tree: sealed partnerships in the order of sealing';
COMMENT ON COLUMN tempcloud_data.ledger_entry.position IS 'From 0, without gaps';
COMMENT ON COLUMN tempcloud_data.ledger_entry.hash IS 'Leaf hash of the partnership (RFC 9162, 2.1.1)';

-- What is sealed never changes.
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.ledger_entry
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER ledger_entry_truncate BEFORE TRUNCATE ON tempcloud_data.ledger_entry
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_entry
	ENABLE ALWAYS TRIGGER ledger_entry_append_only,
	ENABLE ALWAYS TRIGGER ledger_entry_truncate;

CREATE TABLE tempcloud_data.ledger_node (
	level		integer,
	position	bigint,
	hash		bytea NOT NULL,
	CONSTRAINT ledger_node_pkey PRIMARY KEY (level, position),
	CONSTRAINT ledger_node_level CHECK (level BETWEEN 1 AND 62),
	CONSTRAINT ledger_node_position CHECK (position >= 0),
	CONSTRAINT ledger_node_hash_length CHECK (length(hash) = 32)
);
SELECT pg_extension_config_dump('tempcloud_data.ledger_node', '');

COMMENT ON TABLE tempcloud_data.ledger_node IS
'Interior nodes of the tree that cover complete subtrees';
COMMENT ON COLUMN tempcloud_data.ledger_node.level IS 'Number of levels above the leaves; the node covers 2^level leaves';
COMMENT ON COLUMN tempcloud_data.ledger_node.position IS 'From 0 in each level';
COMMENT ON COLUMN tempcloud_data.ledger_node.hash IS 'Hash of the node (RFC 9162, 2.1.1)';

CREATE TRIGGER ledger_node_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.ledger_node
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER ledger_node_truncate BEFORE TRUNCATE ON tempcloud_data.ledger_node
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_node
	ENABLE ALWAYS TRIGGER ledger_node_append_only,
	ENABLE ALWAYS TRIGGER ledger_node_truncate;

CREATE TABLE tempcloud_data.ledger_head (
	size		bigint,
	root		bytea NOT NULL,
	sealed_at	timestamptz NOT NULL,
	CONSTRAINT ledger_head_pkey PRIMARY KEY (size),
	CONSTRAINT ledger_head_size CHECK (size > 0),
	CONSTRAINT ledger_head_root_length CHECK (length(root) = 32)
);
SELECT pg_extension_config_dump('tempcloud_data.ledger_head', '');

COMMENT ON TABLE tempcloud_data.ledger_head IS 'Heads of the tree, one for each sealing';
COMMENT ON COLUMN tempcloud_data.ledger_head.size IS 'Number of partnerships';
COMMENT ON COLUMN tempcloud_data.ledger_head.root IS 'Root hash of the tree of that size';

CREATE TRIGGER ledger_head_append_only BEFORE UPDATE OR DELETE ON tempcloud_data.ledger_head
	FOR EACH ROW EXECUTE FUNCTION tempcloud_data.refuse_change();
CREATE TRIGGER ledger_head_truncate BEFORE TRUNCATE ON tempcloud_data.ledger_head
	FOR EACH STATEMENT EXECUTE FUNCTION tempcloud_data.refuse_change();
ALTER TABLE tempcloud_data.ledger_head
	ENABLE ALWAYS TRIGGER ledger_head_append_only,
	ENABLE ALWAYS TRIGGER ledger_head_truncate;

CREATE FUNCTION tempcloud.seal_ledger()
RETURNS integer
AS 'MODULE_PATHNAME', 'tempcloud_seal_ledger'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.seal_ledger IS
'Append new partnerships to the ledger
Returns their number, at most 10,000; call it again while it returns that many. maintain calls it, too.';
GRANT EXECUTE ON FUNCTION tempcloud.seal_ledger TO tempcloud_admin;

CREATE FUNCTION tempcloud.ledger_checkpoint()
RETURNS text
AS 'MODULE_PATHNAME', 'tempcloud_ledger_checkpoint'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.ledger_checkpoint IS
'The head of the ledger
Three lines: origin, size, and root in base64 (C2SP tlog-checkpoint).';
GRANT EXECUTE ON FUNCTION tempcloud.ledger_checkpoint TO tempcloud_anonymous, tempcloud_admin;

CREATE FUNCTION tempcloud.consistency_proof(old_size bigint)
RETURNS text
AS 'MODULE_PATHNAME', 'tempcloud_consistency_proof'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.consistency_proof IS
'Prove that the ledger has only grown
From an earlier size to that of ledger_checkpoint. Hashes in base64, one per line (RFC 9162, 2.1.4).';
GRANT EXECUTE ON FUNCTION tempcloud.consistency_proof TO tempcloud_anonymous, tempcloud_admin;

CREATE FUNCTION tempcloud.partnership_receipt(partner_id uuid)
RETURNS text
AS 'MODULE_PATHNAME', 'tempcloud_partnership_receipt'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.partnership_receipt IS
'Prove a partnership of the caller
A file in the format of C2SP tlog-proof: the partnership as extra data, its position, the inclusion proof and the checkpoint. Refused with not_sealed until the partnership is sealed.';
GRANT EXECUTE ON FUNCTION tempcloud.partnership_receipt TO tempcloud_user;

CREATE TYPE tempcloud.ledger_verification AS (
	size		bigint,
	root		text,
	unsealed	bigint,
	"position"	bigint,
	problem		text
);
COMMENT ON TYPE tempcloud.ledger_verification IS
'Result of verify_ledger; problem is null if everything agrees';
COMMENT ON COLUMN tempcloud.ledger_verification.size IS 'Size of the ledger';
COMMENT ON COLUMN tempcloud.ledger_verification.root IS 'Root in base64, computed from the partnerships; null if a difference ended the computation';
COMMENT ON COLUMN tempcloud.ledger_verification.unsealed IS 'Number of partnerships that the ledger does not cover yet';
COMMENT ON COLUMN tempcloud.ledger_verification."position" IS 'First position that differs; null if none does';
COMMENT ON COLUMN tempcloud.ledger_verification.problem IS 'Description of the difference';

CREATE FUNCTION tempcloud.verify_ledger(checkpoint text DEFAULT NULL)
RETURNS tempcloud.ledger_verification
AS 'MODULE_PATHNAME', 'tempcloud_verify_ledger'
LANGUAGE C STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.verify_ledger IS
'Compute the ledger again from the partnerships
Compares it with the stored leaves, nodes and heads, and with a checkpoint, if one is given. In a ledger of 10,000 partnerships or more, a NOTICE reports the progress at each tenth.';
GRANT EXECUTE ON FUNCTION tempcloud.verify_ledger TO tempcloud_admin;

CREATE VIEW tempcloud.ledger_stats WITH (security_barrier) AS
SELECT COALESCE(h.size, 0) AS size, h.sealed_at, p.unsealed, statement_timestamp() - p.oldest AS oldest_unsealed_age
  FROM (SELECT count(*) AS unsealed, min(u.created_at) AS oldest
		  FROM (SELECT (SELECT s.created_at FROM tempcloud_data.partnership s
						 WHERE s.customer_id = w.customer_id AND s.provider_id = w.provider_id) AS created_at
				  FROM tempcloud_data.ledger_pending w LIMIT 10000) u) p
  LEFT JOIN (SELECT l.size, l.sealed_at FROM tempcloud_data.ledger_head l ORDER BY l.size DESC LIMIT 1) h ON true;
COMMENT ON VIEW tempcloud.ledger_stats IS
'Statistics of the ledger
One row. Counts end at 10,000.';
COMMENT ON COLUMN tempcloud.ledger_stats.size IS 'Number of partnerships that are sealed';
COMMENT ON COLUMN tempcloud.ledger_stats.sealed_at IS 'When partnerships were last sealed';
COMMENT ON COLUMN tempcloud.ledger_stats.unsealed IS 'Partnerships that wait to be sealed';
COMMENT ON COLUMN tempcloud.ledger_stats.oldest_unsealed_age IS 'Age of the oldest of those counted; null if there is none';
GRANT SELECT ON tempcloud.ledger_stats TO tempcloud_admin, pg_monitor;
