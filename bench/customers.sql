SELECT * FROM tempcloud.customers ORDER BY id LIMIT 20;
