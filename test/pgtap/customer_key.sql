-- customer_key: all that belongs to an order is keyed by customer, too, so that it can be
-- spread over several servers by customer

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;		-- so that names print with their schema
SELECT plan(10);

-- The tables: orders, and all that name an order, a request or a shift. The outbox and
-- the history do so, too, but are not spread.
CREATE VIEW pg_temp.family AS
SELECT DISTINCT attrelid AS relid
  FROM pg_attribute
  JOIN pg_class ON pg_class.oid = attrelid
 WHERE relnamespace = 'tempcloud_data'::regnamespace AND relkind IN ('r', 'p')
   AND (relname = 'staff_order' OR attname IN ('order_id', 'need_id', 'request_id', 'shift_id', 'assignment_id'))
   AND relname NOT IN ('mail', 'event');

CREATE FUNCTION pg_temp.customer(relation oid) RETURNS smallint LANGUAGE sql AS $$
	SELECT attnum FROM pg_attribute WHERE attrelid = relation AND attname = 'customer_id' AND attnotnull
$$;

-- Each of these lists what is wrong.
CREATE FUNCTION pg_temp.unkeyed() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT relid::regclass::text FROM pg_temp.family WHERE pg_temp.customer(relid) IS NULL
$$;
CREATE FUNCTION pg_temp.indexes_of_many() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT indexrelid::regclass::text
	  FROM pg_temp.family
	  JOIN pg_index ON indrelid = relid
	 WHERE (indisunique OR indisexclusion)
	   AND (pg_temp.customer(relid) = ANY (indkey::smallint[])) IS NOT TRUE
	 UNION ALL
	-- a constraint by another operator than equality does not count
	SELECT conname
	  FROM pg_temp.family
	  JOIN pg_constraint ON conrelid = relid
	 WHERE contype = 'x'
	   AND (SELECT oprname FROM pg_operator WHERE oid = conexclop[array_position(conkey, pg_temp.customer(relid))]) IS DISTINCT FROM '='
$$;
CREATE FUNCTION pg_temp.references_of_many() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT conname::text
	  FROM pg_temp.family f
	  JOIN pg_constraint ON conrelid = f.relid
	  JOIN pg_temp.family t ON t.relid = confrelid
	 WHERE (confkey[array_position(conkey, pg_temp.customer(f.relid))] = pg_temp.customer(t.relid)) IS NOT TRUE
$$;
CREATE FUNCTION pg_temp.defaults_of_one_server() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT relid::regclass || '.' || attname
	  FROM pg_temp.family
	  JOIN pg_attribute ON attrelid = relid
	  LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
	 WHERE attidentity <> '' OR pg_get_expr(adbin, adrelid) ~ 'nextval|clock_timestamp|now\('
$$;

SELECT set_eq('SELECT relname::text FROM pg_temp.family JOIN pg_class ON oid = relid',
	'{staff_order,request,shift,request_answer,assignment}'::text[], 'these tables belong to an order');
SELECT is_empty('SELECT pg_temp.unkeyed()', 'all have a customer');
SELECT is_empty('SELECT pg_temp.indexes_of_many()', 'all their keys, unique indexes and exclusion constraints have it');
SELECT is_empty('SELECT pg_temp.references_of_many()', 'all foreign keys among them have it');
SELECT is_empty('SELECT pg_temp.defaults_of_one_server()', 'no default is a sequence or the clock of one server');

-- Tables that are not like that are found.
CREATE TABLE tempcloud_data.of_many (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	request_id	uuid,
	created_at	timestamptz DEFAULT clock_timestamp()
);
CREATE TABLE tempcloud_data.of_another (
	id			uuid DEFAULT tempcloud_data.new_id(),
	request_id	uuid,
	customer_id	uuid NOT NULL,
	asked_id	uuid NOT NULL,
	PRIMARY KEY (id, customer_id),
	FOREIGN KEY (request_id, asked_id) REFERENCES tempcloud_data.request (id, customer_id),
	CONSTRAINT of_different EXCLUDE USING gist (customer_id WITH <>)
);
SELECT results_eq('SELECT pg_temp.unkeyed()', '{tempcloud_data.of_many}'::text[], 'a table without a customer is found');
SELECT set_eq('SELECT pg_temp.indexes_of_many()', '{tempcloud_data.of_many_pkey,of_different}'::text[], 'and keys without it');
SELECT results_eq('SELECT pg_temp.references_of_many()', '{of_another_request_id_asked_id_fkey}'::text[], 'a foreign key to another customer''s row');
SELECT set_eq('SELECT pg_temp.defaults_of_one_server()', '{tempcloud_data.of_many.id,tempcloud_data.of_many.created_at}'::text[], 'and defaults');
SELECT set_has('SELECT relid::regclass::text FROM pg_temp.family', $$VALUES ('tempcloud_data.of_many')$$, 'whatever they are called');

SELECT * FROM finish();
ROLLBACK;
