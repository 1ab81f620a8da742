#!/usr/bin/env python3
"""A minimal mailer in Python, as an example of the protocol in docs/mailer.md.

    apt-get install python3-psycopg2
    DATABASE='host=localhost dbname=app user=post' SMTP_HOST=localhost \\
        MAIL_FROM='Tempcloud <einladung@example.com>' ./mailer.py

SMTP_USER and SMTP_PASSWORD are for authentication; SMTP_TLS=none disables STARTTLS.
The role must be a member of tempcloud_mailer. After SIGTERM it finishes the current
mail and exits.
"""

import email.message
import email.utils
import os
import select
import signal
import smtplib
import ssl
import sys

import psycopg2
import psycopg2.extras

stopping = False
waker, woken = os.pipe()[::-1]

# Replies that concern the mailer, whatever the command: it has to authenticate, or
# to start TLS.
NOT_ABOUT_THE_MAIL = (503, 530, 534, 535, 538)


def stop(number, frame):
    global stopping
    stopping = True
    os.write(waker, b'.')


def compose(mail):
    message = email.message.EmailMessage()
    message['From'] = os.environ['MAIL_FROM']
    message['To'] = email.utils.formataddr((mail['recipient_name'], mail['recipient']))
    message['Subject'] = mail['subject']
    message['Date'] = email.utils.formatdate()
    message['Message-ID'] = mail['message_id']
    message['Auto-Submitted'] = 'auto-generated'
    if mail['reply_to'] is not None:
        message['Reply-To'] = mail['reply_to']
    message.set_content(mail['text_body'])
    if mail['html_body'] is not None:
        message.add_alternative(mail['html_body'], subtype='html')
    return message


def connect():
    smtp = smtplib.SMTP(os.environ.get('SMTP_HOST', 'localhost'),
                        int(os.environ.get('SMTP_PORT', 25)), timeout=60)
    if os.environ.get('SMTP_TLS') != 'none':
        smtp.starttls(context=ssl.create_default_context())
    if 'SMTP_USER' in os.environ:
        smtp.login(os.environ['SMTP_USER'], os.environ['SMTP_PASSWORD'])
    return smtp


def deliver(cursor, smtp, mail):
    """Send one mail and report the result.

    Only a reply to RCPT TO or to the message concerns the mail. Any other error,
    including a refused sender, concerns the mailer and is raised.
    """
    try:
        smtp.send_message(compose(mail), to_addrs=[mail['recipient']])
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = error.recipients[mail['recipient']]
        if code in NOT_ABOUT_THE_MAIL:
            raise
    except smtplib.SMTPDataError as error:
        code, reply = error.smtp_code, error.smtp_error
        if code in NOT_ABOUT_THE_MAIL:
            raise
    else:
        print(f"id={mail['id']} sent", file=sys.stderr)
        cursor.execute('SELECT tempcloud.mail_sent(%s::uuid[])', ([mail['id']],))
        return
    print(f"id={mail['id']} failed code={code}", file=sys.stderr)
    cursor.execute('SELECT tempcloud.mail_failed(%s, %s, %s)',
                   (mail['id'], f'{code} {reply.decode(errors="replace")}', code >= 500))


def drain(cursor):
    """Send the mails that are due, in batches; after SIGTERM give back the rest."""
    while not stopping:
        cursor.execute('SELECT * FROM tempcloud.claim_mail(20)')
        mails = cursor.fetchall()
        if not mails:
            return
        try:
            with connect() as smtp:
                while mails and not stopping:
                    deliver(cursor, smtp, mails[0])
                    mails.pop(0)
        finally:
            cursor.execute('SELECT tempcloud.release_mail(%s::uuid[])',
                           ([mail['id'] for mail in mails],))


def main():
    signal.signal(signal.SIGTERM, stop)
    database = psycopg2.connect(os.environ['DATABASE'])
    database.autocommit = True
    cursor = database.cursor(cursor_factory=psycopg2.extras.DictCursor)
    cursor.execute('LISTEN tempcloud_mail')
    while not stopping:
        try:
            drain(cursor)
        except (OSError, smtplib.SMTPException) as error:
            print(f'smtp: {error}', file=sys.stderr)
            select.select([woken], [], [], 60)      # even if mails are queued meanwhile
        if not database.notifies:
            select.select([database, woken], [], [], 60)
            database.poll()
        database.notifies.clear()


main()
