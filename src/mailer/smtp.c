/*
 * smtp.c
 *		Delivery, by libcurl.
 *
 * libcurl does the protocol, TLS and MIME.  The words in header fields are
 * encoded here (RFC 2047).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "smtp.h"

/* RFC 2047, 2: at most 75 characters, 12 of them "=?UTF-8?B?" and "?=" */
#define ENCODED_WORD_BYTES 45

static Delivery try_once(Smtp *smtp, const Mail *mail);
static void begin_conversation(Smtp *smtp);
static char *envelope_sender(const Config *config, const char *message_id);
static struct curl_slist *make_header(const Smtp *smtp, const Mail *mail);
static struct curl_slist *add_field(struct curl_slist *header, const char *name,
									const char *value);
static struct curl_slist *add_address(struct curl_slist *header, const char *field,
									  const char *name, const char *address);
static curl_mime *make_body(CURL *curl, const Mail *mail);
static void add_part(curl_mime *mime, const char *type, const char *text);
static char *with_crlf(const char *text);
static char *encode_words(const char *text);
static Delivery judge(Smtp *smtp, CURLcode code);
static int	follow_commands(CURL *curl, curl_infotype type, char *bytes, size_t length, void *data);
static size_t keep_reply(char *line, size_t size, size_t count, void *data);

bool
smtp_open(Smtp *smtp, const Config *config)
{
	CURL	   *curl = curl_easy_init();
	long		tls = strcmp(config->smtp_tls, "none") == 0 ? CURLUSESSL_NONE :
	strcmp(config->smtp_tls, "try") == 0 ? CURLUSESSL_TRY : CURLUSESSL_ALL;
	long		timeout = config_number(config->timeout);

	smtp->curl = curl;
	smtp->config = config;
	smtp->in_use = false;
	begin_conversation(smtp);
	if (curl == NULL)
		return false;
	curl_easy_setopt(curl, CURLOPT_URL, config->smtp_url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long) (CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
	curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
	if (*config->smtp_ca_file != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, config->smtp_ca_file);
	if (*config->smtp_user != '\0')
	{
		curl_easy_setopt(curl, CURLOPT_USERNAME, config->smtp_user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, config->smtp_password);
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, timeout);
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_reply);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, smtp);
	/* Nothing of what is sent is printed. */
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, follow_commands);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	return true;
}

void
smtp_close(Smtp *smtp)
{
	curl_easy_cleanup(smtp->curl);
	smtp->curl = NULL;
}

/*
 * A server may end a connection that was idle, after a number of mails, or after
 * it has refused one.  This does not concern the next mail.
 */
Delivery
smtp_send(Smtp *smtp, const Mail *mail)
{
	bool		reused = smtp->in_use;
	Delivery	delivery = try_once(smtp, mail);

	if (delivery == NO_SERVER && reused)
		delivery = try_once(smtp, mail);
	return delivery;
}

bool
smtp_check(Smtp *smtp)
{
	char	   *sender = envelope_sender(smtp->config, "<check@>");
	size_t		size = strlen(sender) + 16;
	char	   *command = malloc(size);
	CURLcode	code;

	snprintf(command, size, "MAIL FROM:%s", sender);
	curl_easy_setopt(smtp->curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_CUSTOMREQUEST, command);
	code = curl_easy_perform(smtp->curl);
	free(command);
	free(sender);
	(void) judge(smtp, code);
	return code == CURLE_OK && smtp->code >= 200 && smtp->code <= 299;
}

static Delivery
try_once(Smtp *smtp, const Mail *mail)
{
	CURL	   *curl = smtp->curl;
	char	   *sender = envelope_sender(smtp->config, mail->message_id);
	struct curl_slist *recipients = curl_slist_append(NULL, mail->recipient);
	struct curl_slist *header = make_header(smtp, mail);
	curl_mime  *body = make_body(curl, mail);
	CURLcode	code;

	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, header);
	curl_easy_setopt(curl, CURLOPT_MIMEPOST, body);
	begin_conversation(smtp);
	code = curl_easy_perform(curl);
	curl_easy_setopt(curl, CURLOPT_MIMEPOST, NULL);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);

	curl_mime_free(body);
	curl_slist_free_all(header);
	curl_slist_free_all(recipients);
	free(sender);
	/* libcurl keeps the connection if the message itself is refused, too. */
	smtp->in_use = code == CURLE_OK || smtp->stage == STAGE_MESSAGE;
	return judge(smtp, code);
}

static void
begin_conversation(Smtp *smtp)
{
	smtp->stage = STAGE_SESSION;
	smtp->code = 0;
	smtp->quitting = false;
	smtp->reply[0] = '\0';
}

/*
 * The address for bounces, in angle brackets, malloc'd.  Each {id} in it becomes
 * the local part of the Message-ID, by which a bounce is reported.
 */
static char *
envelope_sender(const Config *config, const char *message_id)
{
	const char *from = *config->envelope_from ? config->envelope_from : config->from_address;
	const char *id = message_id + strspn(message_id, "<");
	size_t		id_length = strcspn(id, "@>");
	size_t		size = strlen(from) + 3;
	char	   *sender;
	char	   *to;

	for (const char *s = from; (s = strstr(s, ENVELOPE_ID)) != NULL; s += strlen(ENVELOPE_ID))
		size += id_length;
	sender = malloc(size);
	to = sender;
	*to++ = '<';
	while (*from != '\0')
	{
		if (strncmp(from, ENVELOPE_ID, strlen(ENVELOPE_ID)) == 0)
		{
			memcpy(to, id, id_length);
			to += id_length;
			from += strlen(ENVELOPE_ID);
		}
		else
			*to++ = *from++;
	}
	strcpy(to, ">");
	return sender;
}

static struct curl_slist *
make_header(const Smtp *smtp, const Mail *mail)
{
	struct curl_slist *header = NULL;
	char		date[64];
	time_t		now = time(NULL);
	struct tm	utc;
	char	   *subject = encode_words(mail->subject);

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &utc));
	header = add_field(header, "Date", date);
	header = add_address(header, "From", smtp->config->from_name, smtp->config->from_address);
	header = add_address(header, "To", mail->recipient_name, mail->recipient);
	if (mail->reply_to != NULL)
		header = add_field(header, "Reply-To", mail->reply_to);
	header = add_field(header, "Subject", subject);
	header = add_field(header, "Message-ID", mail->message_id);
	header = add_field(header, "Auto-Submitted", "auto-generated"); /* RFC 3834, 5 */
	header = add_field(header, "Content-Type", "multipart/alternative");	/* libcurl adds the
																			 * boundary */
	free(subject);
	return header;
}

static struct curl_slist *
add_field(struct curl_slist *header, const char *name, const char *value)
{
	size_t		size = strlen(name) + strlen(value) + 3;
	char	   *field = malloc(size);

	snprintf(field, size, "%s: %s", name, value);
	header = curl_slist_append(header, field);
	free(field);
	return header;
}

static struct curl_slist *
add_address(struct curl_slist *header, const char *field, const char *name, const char *address)
{
	char	   *words = encode_words(name);
	size_t		size = strlen(words) + strlen(address) + 4;
	char	   *value = malloc(size);

	snprintf(value, size, "%s%s<%s>", words, *words ? " " : "", address);
	header = add_field(header, field, value);
	free(value);
	free(words);
	return header;
}

static curl_mime *
make_body(CURL *curl, const Mail *mail)
{
	curl_mime  *body = curl_mime_init(curl);

	/* The last alternative is the one preferred (RFC 2046, 5.1.4). */
	add_part(body, "text/plain; charset=utf-8", mail->text_body);
	if (mail->html_body != NULL)
		add_part(body, "text/html; charset=utf-8", mail->html_body);
	return body;
}

static void
add_part(curl_mime *mime, const char *type, const char *text)
{
	curl_mimepart *part = curl_mime_addpart(mime);
	char	   *lines = with_crlf(text);

	curl_mime_data(part, lines, CURL_ZERO_TERMINATED);
	curl_mime_type(part, type);
	curl_mime_encoder(part, "quoted-printable");
	free(lines);
}

/*
 * A text with CRLF as line ends, malloc'd.  libcurl would encode a lone LF or CR
 * as a character within a line.
 */
static char *
with_crlf(const char *text)
{
	char	   *out = malloc(strlen(text) * 2 + 1);
	char	   *to = out;

	for (; *text !='\0'; text ++)
	{
		if (*text !='\n' && *text !='\r')
		{
			*to++ = *text;
			continue;
		}
		if (text[0] == '\r' && text[1] == '\n')
			text	  ++;

		*to++ = '\r';
		*to++ = '\n';
	}
	*to = '\0';
	return out;
}

/*
 * A text as RFC 2047 encoded words, malloc'd; ASCII is copied.  Each word has
 * whole characters of UTF-8, as section 5 requires.
 */
static char *
encode_words(const char *text)
{
	static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t		length = strlen(text);
	char	   *out = malloc((length / (ENCODED_WORD_BYTES - 3) + 1) * 80 + 1);
	char	   *to = out;

	if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -'") == length &&
		length <= ENCODED_WORD_BYTES)
		return strcpy(out, text);

	while (length > 0)
	{
		size_t		n = length < ENCODED_WORD_BYTES ? length : ENCODED_WORD_BYTES;

		while (n < length && n > 1 && ((unsigned char) text[n] & 0xC0) == 0x80)
			n--;
		to += sprintf(to, "%s=?UTF-8?B?", to == out ? "" : "\r\n ");
		for (size_t i = 0; i < n; i += 3)
		{
			unsigned char a = text[i];
			unsigned char b = i + 1 < n ? text[i + 1] : 0;
			unsigned char c = i + 2 < n ? text[i + 2] : 0;

			*to++ = digits[a >> 2];
			*to++ = digits[(a & 3) << 4 | b >> 4];
			*to++ = i + 1 < n ? digits[(b & 15) << 2 | c >> 6] : '=';
			*to++ = i + 2 < n ? digits[c & 63] : '=';
		}
		to += sprintf(to, "?=");
		text	  +=n;

		length -= n;
	}
	*to = '\0';
	return out;
}

/*
 * The outcome of a delivery.  If it has failed without a refusal by the server,
 * smtp->reply gets libcurl's message.
 */
static Delivery
judge(Smtp *smtp, CURLcode code)
{
	if (code == CURLE_OK)
		return DELIVERED;
	if (smtp->reply[0] == '\0')
		snprintf(smtp->reply, sizeof(smtp->reply), "%s%s", curl_easy_strerror(code),
				 code == CURLE_USE_SSL_FAILED ? ": the server does not offer STARTTLS" :
				 smtp->stage == STAGE_MESSAGE ? "; the mail may have been taken" : "");
	return judge_reply(smtp->stage, smtp->code);
}

/*
 * libcurl passes each command here when it is sent; after a refusal, it sends
 * QUIT before it returns.
 */
static int
follow_commands(CURL *curl, curl_infotype type, char *bytes, size_t length, void *data)
{
	Smtp	   *smtp = data;

	(void) curl;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	smtp->quitting = is_quit(bytes, length);
	if (!smtp->quitting)
	{
		smtp->stage = next_stage(smtp->stage, bytes, length);
		smtp->code = 0;
	}
	return 0;
}

/* libcurl passes each line of the server's replies; keep the last refusal. */
static size_t
keep_reply(char *line, size_t size, size_t count, void *data)
{
	Smtp	   *smtp = data;
	size_t		length = size * count;
	size_t		kept = length < sizeof(smtp->reply) - 1 ? length : sizeof(smtp->reply) - 1;

	if (smtp->quitting)
		return length;
	smtp->code = reply_code(line, length);
	if (smtp->code < 400)
		return length;
	while (kept > 0 && (line[kept - 1] == '\n' || line[kept - 1] == '\r'))
		kept--;
	memcpy(smtp->reply, line, kept);
	smtp->reply[kept] = '\0';
	return length;
}
