\set old_size random(1, :size)
SELECT tempcloud.consistency_proof(:old_size);
