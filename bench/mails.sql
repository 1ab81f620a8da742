-- :count mails to be sent, about the invitations 0 to :invitations.

INSERT INTO tempcloud_data.mail
	(kind, invitation_id, round, recipient, recipient_name, locale, message_domain)
SELECT 'invitation', bench.key('1', n % :invitations), 1,
	   'p' || n % :accounts || '@anbieter.example', 'Bob Berg', 'de',
	   'tempcloud.invalid'
  FROM generate_series(1, :count) n;
