-- People to choose from in the demonstration: three customers, four providers, and what there is between them.

-- as_<name>: one transaction on behalf of a person
SET TimeZone = 'Europe/Berlin';
\set as 'BEGIN; SELECT tempcloud.act_as'

:as('anna', 'anna@nordlicht.example');
SELECT tempcloud.register_account('customer', 'Nordlicht Logistik AG', 'Anna', 'Albers', "position" => 'Leiterin Lager',
	phone => '+49 40 3210 10', website => 'https://nordlicht.example', street => 'Speicherstraße 12', postal_code => '20457',
	city => 'Hamburg', country => 'DE');
SELECT tempcloud.add_contact('Adem', 'Aydın', 'adem@nordlicht.example', 'Schichtplanung', '+49 40 3210 14');
COMMIT;
:as('clara', 'clara@seeblick.example');
SELECT tempcloud.register_account('customer', 'Hotel Seeblick', 'Clara', 'Conrad', "position" => 'Direktorin',
	phone => '+49 431 555 0', street => 'Strandallee 1', postal_code => '24159', city => 'Kiel', country => 'DE');
COMMIT;
:as('carl', 'carl@werft.example');
SELECT tempcloud.register_account('customer', 'Förde Werft', 'Carl', 'Claasen', city => 'Flensburg', country => 'DE');
COMMIT;
:as('bruno', 'bruno@kranich.example');
SELECT tempcloud.register_account('provider', 'Kranich Personal GmbH', 'Bruno', 'Berg', "position" => 'Disposition',
	phone => '+49 40 998 20', website => 'https://kranich.example', street => 'Lindenweg 7', postal_code => '22087',
	city => 'Hamburg', country => 'DE');
SELECT tempcloud.add_contact('Birgit', 'Öz', 'birgit@kranich.example', 'Buchhaltung');
COMMIT;
:as('beate', 'beate@hansa-zeit.example');
SELECT tempcloud.register_account('provider', 'Hansa Zeitarbeit', 'Beate', 'Brandt', phone => '+49 451 700 33',
	street => 'An der Obertrave 3', postal_code => '23552', city => 'Lübeck', country => 'DE');
COMMIT;
:as('bela', 'bela@flexwerk.example');
SELECT tempcloud.register_account('provider', 'FlexWerk Nord', 'Béla', 'Bartels', city => 'Bremen', country => 'DE');
COMMIT;
:as('bogdan', 'bogdan@tatkraft.example');
SELECT tempcloud.register_account('provider', 'Tatkraft & Söhne', 'Bogdan', 'Bielski', city => 'Rostock', country => 'DE');
COMMIT;

-- Anna's invitations, and what has become of them
\set partner 'SELECT tempcloud.register_account(''provider'','
:as('b1', 'post@nordkraft.example'); :partner 'Nordkraft Personal', 'Birte', 'Boll', city => 'Schwerin', country => 'DE'); COMMIT;
:as('b2', 'post@anpacker.example'); :partner 'Anpacker & Partner', 'Bülent', 'Bayram', city => 'Hamburg', country => 'DE'); COMMIT;
:as('b3', 'post@elbteam.example'); :partner 'Elbteam Zeitarbeit', 'Bianca', 'Borg', city => 'Cuxhaven', country => 'DE'); COMMIT;
:as('b4', 'post@logipool.example'); :partner 'LogiPool Dänemark', 'Bent', 'Bruun', city => 'Padborg', country => 'DK'); COMMIT;
:as('anna');
SELECT tempcloud.invite(email) FROM unnest('{post@nordkraft.example,post@anpacker.example,post@elbteam.example,post@logipool.example}'::text[]) email;
COMMIT;
:as('b1'); SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received; COMMIT;
:as('b2'); SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received; COMMIT;
:as('b3'); SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received; COMMIT;
:as('b4'); SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received; COMMIT;
:as('anna');
SELECT tempcloud.invite('bela@flexwerk.example', 'Béla', 'Bartels', 'FlexWerk Nord');
SELECT tempcloud.invite('bogdan@tatkraft.example', company_name => 'Tatkraft & Söhne');
SELECT tempcloud.invite('info@kuestenjobs.example', 'Britta', 'Boysen', 'Küstenjobs',
	message => 'Liebe Frau Boysen, wir suchen für den Winter noch einen zweiten Dienstleister.');
SELECT tempcloud.invite('unknown@hafenhilfe.example', company_name => 'Hafenhilfe');
COMMIT;
:as('bela');
SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received;
COMMIT;
:as('bogdan');
SELECT tempcloud.decline_invitation(id, 'Wir arbeiten zurzeit nur in Rostock.') FROM tempcloud.invitations_received;
COMMIT;
:as('carl');
SELECT tempcloud.invite('bruno@kranich.example', message => 'Moin Herr Berg, im Frühjahr brauchen wir Schweißer.');
COMMIT;
:as('beate');
SELECT tempcloud.invite('anna@nordlicht.example', 'Anna', 'Albers',
	message => E'Guten Tag Frau Albers,\nwir haben zurzeit Staplerfahrer und Kommissionierer frei.');
SELECT tempcloud.invite('clara@seeblick.example');
COMMIT;
:as('clara');
SELECT tempcloud.accept_invitation(id) FROM tempcloud.invitations_received;
COMMIT;

-- Orders: one that is answered and partly named, and one that waits
:as('clara');
SELECT tempcloud.send_order('Silvesterwoche', jsonb_build_array(jsonb_build_object(
	'provider_id', id, 'profession', 'Servicekraft', 'location', 'Kiel', 'department', 'Restaurant',
	'requirements', 'Erfahrung im Bankett', 'shifts', jsonb_build_array(
		jsonb_build_object('starts_at', current_date + 9 + time '16:00', 'ends_at', current_date + 9 + time '23:00', 'headcount', 3),
		jsonb_build_object('starts_at', current_date + 10 + time '16:00', 'ends_at', current_date + 11 + time '01:00', 'headcount', 4)))))
  FROM tempcloud.providers;
COMMIT;
:as('beate');
SELECT tempcloud.answer_request(id, true, 'Am zweiten Tag sind leider nur drei frei.', headcount => 3) FROM tempcloud.requests_received;
SELECT tempcloud.assign_workers(id, '{Pauline Peters,Mehmet Polat,Jana Pohl}') FROM (
	SELECT id FROM tempcloud.shifts ORDER BY starts_at LIMIT 1) s;
COMMIT;
:as('anna');
SELECT tempcloud.send_request(id, 'Staplerfahrer', 'Hamburg', jsonb_build_array(
		jsonb_build_object('starts_at', current_date + 5 + time '06:00', 'ends_at', current_date + 5 + time '14:00', 'headcount', 2),
		jsonb_build_object('starts_at', current_date + 6 + time '06:00', 'ends_at', current_date + 6 + time '14:00', 'headcount', 2)),
	department => 'Halle 3', requirements => 'Staplerschein')
  FROM tempcloud.providers WHERE company_name = 'FlexWerk Nord';
COMMIT;
:as('clara');
SELECT tempcloud.send_request(id, 'Reinigungskraft', 'Kiel', jsonb_build_array(
		jsonb_build_object('starts_at', current_date + 3 + time '07:00', 'ends_at', current_date + 3 + time '13:00', 'headcount', 2)))
  FROM tempcloud.providers;
COMMIT;
