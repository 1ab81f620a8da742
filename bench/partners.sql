SELECT * FROM tempcloud.partners ORDER BY id LIMIT 20;
