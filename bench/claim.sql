SELECT coalesce(array_agg(id), '{}') AS ids FROM tempcloud.claim_mail(100) \gset
SELECT tempcloud.mail_sent(:ids);
