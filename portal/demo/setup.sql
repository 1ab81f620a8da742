-- The database of the demonstration: the extension, two logins, and its links, which lead to :url.
SET client_min_messages = warning;
CREATE EXTENSION tempcloud CASCADE;
SELECT format('CREATE ROLE %I LOGIN IN ROLE %I', name, role)
  FROM (VALUES ('portal', 'tempcloud_service'), ('post', 'tempcloud_mailer')) AS logins (name, role)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
SELECT format('ALTER DATABASE %I SET tempcloud.%s_url = %L', current_database(), name, :'url' || path)
  FROM (VALUES ('invitation', '/invitation#{token}'), ('confirmation', '/confirmation#{token}'),
			   ('request', '/requests/{id}')) AS links (name, path)
\gexec
