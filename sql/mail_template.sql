-- mail_template: the texts of mails
--
-- What ships and what a DBA writes are kept apart: only the latter is dumped,
-- and an update of the extension may improve the former.

CREATE FUNCTION tempcloud_data.has_known_placeholders(template text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tempcloud_has_known_placeholders'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tempcloud_data.has_known_placeholders IS 'Whether all placeholders are known';

CREATE TABLE tempcloud_data.shipped_mail_template (
	kind		tempcloud.mail_kind NOT NULL,
	locale		tempcloud_data.locale NOT NULL,
	subject		tempcloud_data.line NOT NULL,
	text_body	tempcloud_data.free_text NOT NULL,
	html_body	tempcloud_data.free_text,
	CONSTRAINT shipped_mail_template_pkey PRIMARY KEY (kind, locale),
	-- longer than a mail can be, see MAX_BODY_BYTES
	CONSTRAINT shipped_mail_template_size CHECK (
		octet_length(text_body) <= 131072
		AND octet_length(html_body) <= 131072),
	CONSTRAINT shipped_mail_template_placeholders CHECK (
		tempcloud_data.has_known_placeholders(subject)
		AND tempcloud_data.has_known_placeholders(text_body)
		AND tempcloud_data.has_known_placeholders(html_body))
);
COMMENT ON TABLE tempcloud_data.shipped_mail_template IS
'Texts that come with the extension; mail_template takes precedence';

CREATE TABLE tempcloud_data.mail_template (
	kind		tempcloud.mail_kind NOT NULL,
	locale		tempcloud_data.locale NOT NULL,
	subject		tempcloud_data.line NOT NULL,
	text_body	tempcloud_data.free_text NOT NULL,
	html_body	tempcloud_data.free_text,
	CONSTRAINT mail_template_pkey PRIMARY KEY (kind, locale),
	-- longer than a mail can be, see MAX_BODY_BYTES
	CONSTRAINT mail_template_size CHECK (
		octet_length(text_body) <= 131072
		AND octet_length(html_body) <= 131072),
	CONSTRAINT mail_template_placeholders CHECK (
		tempcloud_data.has_known_placeholders(subject)
		AND tempcloud_data.has_known_placeholders(text_body)
		AND tempcloud_data.has_known_placeholders(html_body))
);
SELECT pg_extension_config_dump('tempcloud_data.mail_template', '');

-- What the admin works with; a plain view of one table can be written to.
CREATE VIEW tempcloud.mail_template WITH (security_barrier) AS
SELECT t.kind, t.locale, t.subject, t.text_body, t.html_body
  FROM tempcloud_data.mail_template t;
COMMENT ON VIEW tempcloud.mail_template IS
'Your own texts of mails
They take precedence over those in shipped_mail_template, which are used where there is no row. Placeholders: {recipient_name}, {company}, {person}, {email}, {message}, {reason}, {expires_on}, {order}, {profession}, {location}, {department}, {shifts} (at most 20 shifts and 50 names), {link} (of the invitation, the address or the request). A line whose placeholders are all empty is left out; an unknown placeholder is refused. A mail with a subject of more than 8 kB or a body of more than 128 kB is not sent.';
COMMENT ON COLUMN tempcloud.mail_template.kind IS 'Kind of mail; invitation_to_register is an invitation to an address without an account';
COMMENT ON COLUMN tempcloud.mail_template.locale IS 'Language, such as de or de-AT; de-AT falls back to de, then to tempcloud.default_locale';
COMMENT ON COLUMN tempcloud.mail_template.subject IS 'Subject, with placeholders';
COMMENT ON COLUMN tempcloud.mail_template.text_body IS 'Plain text, with placeholders';
COMMENT ON COLUMN tempcloud.mail_template.html_body IS 'HTML, with placeholders whose values are escaped';
GRANT SELECT, INSERT, UPDATE, DELETE ON tempcloud.mail_template TO tempcloud_admin;
-- PostgREST names the types of the columns that it writes.
GRANT USAGE ON SCHEMA tempcloud_data TO tempcloud_admin;
-- what the checks of that table and its domains call, as whoever writes
GRANT EXECUTE ON FUNCTION tempcloud_data.has_form, tempcloud_data.has_known_placeholders
	TO tempcloud_admin;

CREATE VIEW tempcloud.shipped_mail_template WITH (security_barrier) AS
SELECT t.kind, t.locale::text, t.subject::text, t.text_body::text, t.html_body::text
  FROM tempcloud_data.shipped_mail_template t CROSS JOIN (SELECT) AS read_only;
COMMENT ON VIEW tempcloud.shipped_mail_template IS
'The texts of mails that come with the extension
To change one, copy it into mail_template.';
GRANT SELECT ON tempcloud.shipped_mail_template TO tempcloud_admin;

INSERT INTO tempcloud_data.shipped_mail_template (kind, locale, subject, text_body, html_body) VALUES
('invitation', 'de', '{company} lädt Sie zur Zusammenarbeit ein', $$Guten Tag {recipient_name},

{person} von {company} möchte mit Ihrem Unternehmen zusammenarbeiten
und lädt Sie dazu ein.

{message}

Die Einladung ansehen und beantworten:
{link}

Sie gilt bis zum {expires_on}. Mit der Annahme sehen beide Unternehmen
einander mit Firmendaten und Kontakten. Eine angenommene Zusammenarbeit
lässt sich nicht rückgängig machen.
$$, $$<p>Guten Tag {recipient_name},</p>
<p>{person} von <b>{company}</b> möchte mit Ihrem Unternehmen zusammenarbeiten und lädt Sie dazu ein.</p>
<blockquote>{message}</blockquote>
<p><a href="{link}">Die Einladung ansehen und beantworten</a></p>
<p>Sie gilt bis zum {expires_on}. Mit der Annahme sehen beide Unternehmen einander mit Firmendaten und Kontakten. Eine angenommene Zusammenarbeit lässt sich nicht rückgängig machen.</p>
<p>Falls sich der Link nicht öffnet: {link}</p>
$$),
('invitation', 'en', '{company} invites you to work together', $$Hello {recipient_name},

{person} of {company} would like to work with your company
and invites you to become partners.

{message}

See the invitation and answer it:
{link}

It is valid until {expires_on}. Once you accept, both companies see each
other's company information and contacts. What is accepted cannot be undone.
$$, $$<p>Hello {recipient_name},</p>
<p>{person} of <b>{company}</b> would like to work with your company and invites you to become partners.</p>
<blockquote>{message}</blockquote>
<p><a href="{link}">See the invitation and answer it</a></p>
<p>It is valid until {expires_on}. Once you accept, both companies see each other's company information and contacts. What is accepted cannot be undone.</p>
<p>If the link does not open: {link}</p>
$$),
('invitation_to_register', 'de', '{company} lädt Sie zur Zusammenarbeit ein', $$Guten Tag {recipient_name},

{person} von {company} möchte mit Ihrem Unternehmen zusammenarbeiten
und lädt Sie dazu ein.

{message}

Für diese Adresse gibt es noch kein Konto. Legen Sie eines an und
beantworten Sie dann die Einladung:
{link}

Sie gilt bis zum {expires_on}. Mit der Annahme sehen beide Unternehmen
einander mit Firmendaten und Kontakten. Eine angenommene Zusammenarbeit
lässt sich nicht rückgängig machen.
$$, $$<p>Guten Tag {recipient_name},</p>
<p>{person} von <b>{company}</b> möchte mit Ihrem Unternehmen zusammenarbeiten und lädt Sie dazu ein.</p>
<blockquote>{message}</blockquote>
<p>Für diese Adresse gibt es noch kein Konto. <a href="{link}">Legen Sie eines an und beantworten Sie dann die Einladung</a></p>
<p>Sie gilt bis zum {expires_on}. Mit der Annahme sehen beide Unternehmen einander mit Firmendaten und Kontakten. Eine angenommene Zusammenarbeit lässt sich nicht rückgängig machen.</p>
<p>Falls sich der Link nicht öffnet: {link}</p>
$$),
('invitation_to_register', 'en', '{company} invites you to work together', $$Hello {recipient_name},

{person} of {company} would like to work with your company
and invites you to become partners.

{message}

There is no account for this address yet. Create one, and then answer
the invitation:
{link}

It is valid until {expires_on}. Once you accept, both companies see each
other's company information and contacts. What is accepted cannot be undone.
$$, $$<p>Hello {recipient_name},</p>
<p>{person} of <b>{company}</b> would like to work with your company and invites you to become partners.</p>
<blockquote>{message}</blockquote>
<p>There is no account for this address yet. <a href="{link}">Create one, and then answer the invitation</a></p>
<p>It is valid until {expires_on}. Once you accept, both companies see each other's company information and contacts. What is accepted cannot be undone.</p>
<p>If the link does not open: {link}</p>
$$),
('reminder', 'de', 'Erinnerung: {company} lädt Sie zur Zusammenarbeit ein', $$Guten Tag {recipient_name},

die Einladung von {person}, {company}, wartet noch auf Ihre Antwort.
Sie gilt nur noch bis zum {expires_on}:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p>die Einladung von {person}, <b>{company}</b>, wartet noch auf Ihre Antwort. Sie gilt nur noch bis zum {expires_on}.</p>
<p><a href="{link}">Die Einladung ansehen und beantworten</a></p>
<p>Falls sich der Link nicht öffnet: {link}</p>
$$),
('reminder', 'en', 'Reminder: {company} invites you to work together', $$Hello {recipient_name},

the invitation by {person} of {company} still waits for your answer.
It is valid only until {expires_on}:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p>the invitation by {person} of <b>{company}</b> still waits for your answer. It is valid only until {expires_on}.</p>
<p><a href="{link}">See the invitation and answer it</a></p>
<p>If the link does not open: {link}</p>
$$),
('invitation_accepted', 'de', '{company} hat Ihre Einladung angenommen', $$Guten Tag {recipient_name},

{person} ({email}) hat Ihre Einladung für {company} angenommen.
Sie arbeiten ab jetzt zusammen: Firmendaten und Kontakte finden Sie in
Ihrem Konto.
$$, $$<p>Guten Tag {recipient_name},</p>
<p>{person} ({email}) hat Ihre Einladung für <b>{company}</b> angenommen. Sie arbeiten ab jetzt zusammen: Firmendaten und Kontakte finden Sie in Ihrem Konto.</p>
$$),
('invitation_accepted', 'en', '{company} has accepted your invitation', $$Hello {recipient_name},

{person} ({email}) has accepted your invitation for {company}.
You are partners from now on: you find company information and contacts in
your account.
$$, $$<p>Hello {recipient_name},</p>
<p>{person} ({email}) has accepted your invitation for <b>{company}</b>. You are partners from now on: you find company information and contacts in your account.</p>
$$),
('invitation_declined', 'de', 'Ihre Einladung an {email} wurde abgelehnt', $$Guten Tag {recipient_name},

Ihre Einladung an {email} wurde abgelehnt.

{reason}
$$, $$<p>Guten Tag {recipient_name},</p>
<p>Ihre Einladung an {email} wurde abgelehnt.</p>
<blockquote>{reason}</blockquote>
$$),
('invitation_declined', 'en', 'Your invitation to {email} was declined', $$Hello {recipient_name},

your invitation to {email} was declined.

{reason}
$$, $$<p>Hello {recipient_name},</p>
<p>your invitation to {email} was declined.</p>
<blockquote>{reason}</blockquote>
$$),
('invitation_expired', 'de', 'Ihre Einladung an {email} ist abgelaufen', $$Guten Tag {recipient_name},

Ihre Einladung an {email} ist am {expires_on} unbeantwortet abgelaufen.
In Ihrem Konto können Sie sie erneut senden.
$$, $$<p>Guten Tag {recipient_name},</p>
<p>Ihre Einladung an {email} ist am {expires_on} unbeantwortet abgelaufen. In Ihrem Konto können Sie sie erneut senden.</p>
$$),
('invitation_expired', 'en', 'Your invitation to {email} has expired', $$Hello {recipient_name},

your invitation to {email} expired without an answer on {expires_on}.
You can send it again from your account.
$$, $$<p>Hello {recipient_name},</p>
<p>your invitation to {email} expired without an answer on {expires_on}. You can send it again from your account.</p>
$$),
('invitation_asked', 'de', '{email} bittet um eine neue Einladung', $$Guten Tag {recipient_name},

Ihre Einladung an {email} ist am {expires_on} abgelaufen. Nun hat jemand
ihren Link geöffnet und bittet um eine neue.
In Ihrem Konto können Sie sie erneut senden.
$$, $$<p>Guten Tag {recipient_name},</p>
<p>Ihre Einladung an {email} ist am {expires_on} abgelaufen. Nun hat jemand ihren Link geöffnet und bittet um eine neue. In Ihrem Konto können Sie sie erneut senden.</p>
$$),
('invitation_asked', 'en', '{email} asks for another invitation', $$Hello {recipient_name},

your invitation to {email} expired on {expires_on}. Now somebody has opened
its link and asks for another one.
You can send it again from your account.
$$, $$<p>Hello {recipient_name},</p>
<p>your invitation to {email} expired on {expires_on}. Now somebody has opened its link and asks for another one. You can send it again from your account.</p>
$$),
('confirm_email', 'de', 'Bitte bestätigen Sie Ihre E-Mail-Adresse', $$Guten Tag {recipient_name},

{company} hat Sie mit der Adresse {email} als Kontakt eingetragen.
Bestätigen Sie sie nur, wenn Sie zu diesem Unternehmen gehören:
{link}

Andernfalls ist nichts zu tun.
$$, $$<p>Guten Tag {recipient_name},</p>
<p><b>{company}</b> hat Sie mit der Adresse {email} als Kontakt eingetragen. Bestätigen Sie sie nur, wenn Sie zu diesem Unternehmen gehören.</p>
<p><a href="{link}">Die Adresse bestätigen</a></p>
<p>Andernfalls ist nichts zu tun. Falls sich der Link nicht öffnet: {link}</p>
$$),
('confirm_email', 'en', 'Please confirm your e-mail address', $$Hello {recipient_name},

{company} has entered you as a contact with the address {email}.
Confirm it only if you belong to this company:
{link}

Otherwise there is nothing to do.
$$, $$<p>Hello {recipient_name},</p>
<p><b>{company}</b> has entered you as a contact with the address {email}. Confirm it only if you belong to this company.</p>
<p><a href="{link}">Confirm the address</a></p>
<p>Otherwise there is nothing to do. If the link does not open: {link}</p>
$$),
('request_received', 'de', 'Anfrage von {company}: {profession}, {location}', $$Guten Tag {recipient_name},

{person} von {company} fragt Personal an ({order}):

Beruf: {profession}
Ort: {location}
Abteilung: {department}
{shifts}

{message}

Bitte antworten Sie in Ihrem Konto bis zum {expires_on}.

Die Anfrage ansehen und beantworten:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p>{person} von <b>{company}</b> fragt Personal an ({order}):</p>
<p>{profession}, {location} {department}</p>
<p>{shifts}</p>
<blockquote>{message}</blockquote>
<p>Bitte antworten Sie in Ihrem Konto bis zum {expires_on}.</p>
<p><a href="{link}">Die Anfrage ansehen und beantworten</a></p>
$$),
('request_received', 'en', 'Request from {company}: {profession}, {location}', $$Hello {recipient_name},

{person} of {company} asks for staff ({order}):

Profession: {profession}
Location: {location}
Department: {department}
{shifts}

{message}

Please answer in your account by {expires_on}.

See the request and answer it:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p>{person} of <b>{company}</b> asks for staff ({order}):</p>
<p>{profession}, {location} {department}</p>
<p>{shifts}</p>
<blockquote>{message}</blockquote>
<p>Please answer in your account by {expires_on}.</p>
<p><a href="{link}">See the request and answer it</a></p>
$$),
('request_accepted', 'de', '{company} hat Ihre Anfrage angenommen: {profession}', $$Guten Tag {recipient_name},

{person} hat Ihre Anfrage ({order}: {profession}, {location}) für {company}
angenommen. Zugesagt sind:

{shifts}

{reason}

Die Anfrage ansehen:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p>{person} hat Ihre Anfrage ({order}: {profession}, {location}) für <b>{company}</b> angenommen. Zugesagt sind:</p>
<p>{shifts}</p>
<blockquote>{reason}</blockquote>
<p><a href="{link}">Die Anfrage ansehen</a></p>
$$),
('request_accepted', 'en', '{company} has accepted your request: {profession}', $$Hello {recipient_name},

{person} has accepted your request ({order}: {profession}, {location}) for
{company}. These are offered:

{shifts}

{reason}

See the request:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p>{person} has accepted your request ({order}: {profession}, {location}) for <b>{company}</b>. These are offered:</p>
<p>{shifts}</p>
<blockquote>{reason}</blockquote>
<p><a href="{link}">See the request</a></p>
$$),
('request_declined', 'de', '{company} hat Ihre Anfrage abgelehnt: {profession}', $$Guten Tag {recipient_name},

{company} hat Ihre Anfrage ({order}: {profession}, {location}) abgelehnt.

{reason}

Die Anfrage ansehen:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p><b>{company}</b> hat Ihre Anfrage ({order}: {profession}, {location}) abgelehnt.</p>
<blockquote>{reason}</blockquote>
<p><a href="{link}">Die Anfrage ansehen</a></p>
$$),
('request_declined', 'en', '{company} has declined your request: {profession}', $$Hello {recipient_name},

{company} has declined your request ({order}: {profession}, {location}).

{reason}

See the request:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p><b>{company}</b> has declined your request ({order}: {profession}, {location}).</p>
<blockquote>{reason}</blockquote>
<p><a href="{link}">See the request</a></p>
$$),
('request_withdrawn', 'de', '{company} hat die Anfrage zurückgezogen: {profession}', $$Guten Tag {recipient_name},

{company} hat die Anfrage ({order}: {profession}, {location}) zurückgezogen.
Eine Antwort ist nicht mehr nötig.

{reason}

Die Anfrage ansehen:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p><b>{company}</b> hat die Anfrage ({order}: {profession}, {location}) zurückgezogen. Eine Antwort ist nicht mehr nötig.</p>
<blockquote>{reason}</blockquote>
<p><a href="{link}">Die Anfrage ansehen</a></p>
$$),
('request_withdrawn', 'en', '{company} has withdrawn the request: {profession}', $$Hello {recipient_name},

{company} has withdrawn the request ({order}: {profession}, {location}).
No answer is needed any more.

{reason}

See the request:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p><b>{company}</b> has withdrawn the request ({order}: {profession}, {location}). No answer is needed any more.</p>
<blockquote>{reason}</blockquote>
<p><a href="{link}">See the request</a></p>
$$),
('request_expired', 'de', 'Keine Antwort von {company} auf Ihre Anfrage: {profession}', $$Guten Tag {recipient_name},

{company} hat Ihre Anfrage ({order}: {profession}, {location}) bis zum
{expires_on} nicht beantwortet. Sie ist damit erledigt.

Die Anfrage ansehen:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p><b>{company}</b> hat Ihre Anfrage ({order}: {profession}, {location}) bis zum {expires_on} nicht beantwortet. Sie ist damit erledigt.</p>
<p><a href="{link}">Die Anfrage ansehen</a></p>
$$),
('request_expired', 'en', 'No answer from {company} to your request: {profession}', $$Hello {recipient_name},

{company} has not answered your request ({order}: {profession}, {location})
by {expires_on}. It is closed now.

See the request:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p><b>{company}</b> has not answered your request ({order}: {profession}, {location}) by {expires_on}. It is closed now.</p>
<p><a href="{link}">See the request</a></p>
$$),
('request_cancelled', 'de', '{company} hat abgesagt: {profession}, {location}', $$Guten Tag {recipient_name},

{person} von {company} hat die angenommene Anfrage ({order}: {profession},
{location}) abgesagt:

{reason}

{shifts}

Die Anfrage ansehen:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p>{person} von <b>{company}</b> hat die angenommene Anfrage ({order}: {profession}, {location}) abgesagt:</p>
<blockquote>{reason}</blockquote>
<p>{shifts}</p>
<p><a href="{link}">Die Anfrage ansehen</a></p>
$$),
('request_cancelled', 'en', '{company} has cancelled: {profession}, {location}', $$Hello {recipient_name},

{person} of {company} has cancelled the accepted request ({order}:
{profession}, {location}):

{reason}

{shifts}

See the request:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p>{person} of <b>{company}</b> has cancelled the accepted request ({order}: {profession}, {location}):</p>
<blockquote>{reason}</blockquote>
<p>{shifts}</p>
<p><a href="{link}">See the request</a></p>
$$),
('request_filled', 'de', '{company} hat die Namen genannt: {profession}, {location}', $$Guten Tag {recipient_name},

zu Ihrer Anfrage ({order}: {profession}, {location}) kommen von {company}:

{shifts}

Die Anfrage ansehen:
{link}
$$, $$<p>Guten Tag {recipient_name},</p>
<p>zu Ihrer Anfrage ({order}: {profession}, {location}) kommen von <b>{company}</b>:</p>
<p>{shifts}</p>
<p><a href="{link}">Die Anfrage ansehen</a></p>
$$),
('request_filled', 'en', '{company} has named the workers: {profession}, {location}', $$Hello {recipient_name},

for your request ({order}: {profession}, {location}) these come from {company}:

{shifts}

See the request:
{link}
$$, $$<p>Hello {recipient_name},</p>
<p>for your request ({order}: {profession}, {location}) these come from <b>{company}</b>:</p>
<p>{shifts}</p>
<p><a href="{link}">See the request</a></p>
$$);
