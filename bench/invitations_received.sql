SELECT * FROM tempcloud.invitations_received LIMIT 20;
