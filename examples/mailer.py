#!/usr/bin/env python3
"""A mailer in a page of Python: any program that can LISTEN and send will do.

    apt-get install python3-psycopg2
    DATABASE='host=localhost dbname=app user=post' SMTP_HOST=localhost \\
        MAIL_FROM='Tempcloud <einladung@example.com>' ./mailer.py

The role is a member of tempcloud_mailer. SIGTERM ends it after the mail in
hand.
"""

import email.message
import email.utils
import os
import select
import signal
import smtplib
import sys

import psycopg2
import psycopg2.extras

stopping = False
waker, woken = os.pipe()[::-1]


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
    message.set_content(mail['text_body'])
    if mail['html_body'] is not None:
        message.add_alternative(mail['html_body'], subtype='html')
    return message


def deliver(cursor, smtp, mail):
    """Send one mail and report what became of it."""
    try:
        smtp.send_message(compose(mail), to_addrs=[mail['recipient']])
    except smtplib.SMTPResponseException as error:
        code, reply = error.smtp_code, error.smtp_error
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = error.recipients[mail['recipient']]
    else:
        print(f"id={mail['id']} sent", file=sys.stderr)
        cursor.execute('SELECT tempcloud.mail_sent(%s)', ([mail['id']],))
        return
    print(f"id={mail['id']} failed code={code}", file=sys.stderr)
    cursor.execute('SELECT tempcloud.mail_failed(%s, %s, %s)',
                   (mail['id'], f'{code} {reply.decode(errors="replace")}', code >= 500))


def drain(cursor):
    """Send whatever is due, in batches; give back what SIGTERM leaves over."""
    while not stopping:
        cursor.execute('SELECT * FROM tempcloud.claim_mail(20)')
        mails = cursor.fetchall()
        if not mails:
            return
        try:
            with smtplib.SMTP(os.environ.get('SMTP_HOST', 'localhost'),
                              int(os.environ.get('SMTP_PORT', 25)), timeout=60) as smtp:
                while mails and not stopping:
                    deliver(cursor, smtp, mails[0])
                    mails.pop(0)
        finally:
            cursor.execute('SELECT tempcloud.release_mail(%s::bigint[])',
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
            print(f'smtp: {error}', file=sys.stderr)    # in a minute, again
        if not database.notifies:
            select.select([database, woken], [], [], 60)
            database.poll()
        database.notifies.clear()


main()
