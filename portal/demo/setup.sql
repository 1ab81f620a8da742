-- The database of the demonstration: the extension, its links, and two logins.
SET client_min_messages = warning;
CREATE EXTENSION tempcloud CASCADE;
CREATE ROLE portal LOGIN IN ROLE tempcloud_service;
CREATE ROLE post LOGIN IN ROLE tempcloud_mailer;
SELECT format('ALTER DATABASE portal SET tempcloud.%s_url = %L', name, :'url' || path)
  FROM (VALUES ('invitation', '/invitation#{token}'), ('confirmation', '/confirmation#{token}'),
			   ('request', '/requests/{id}')) AS links (name, path)
\gexec
