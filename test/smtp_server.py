"""An SMTP server for tests: what it receives, and the faults it makes.

    smtp_server.py PORT FILE [CERTIFICATE KEY]

With a certificate it demands STARTTLS. Appends one line of JSON for each message delivered to FILE. The local part of
a recipient asks for a fault: busy... is answered 450 the first time,
unknown... always 550, reset... loses its connection in DATA the first time.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.controller import Controller

import message


class Handler:
    def __init__(self, path):
        self.path = path
        self.seen = set()

    def first_time(self, address):
        first = address not in self.seen
        self.seen.add(address)
        return first

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('unknown'):
            return '550 5.1.1 no such mailbox'
        if address.startswith('busy') and self.first_time(address):
            return '450 4.2.1 mailbox busy'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith('reset') and self.first_time(recipient):
            server.transport.abort()
            return '451 never seen'
        with open(self.path, 'a', encoding='ascii') as out:
            json.dump({
                'recipient': recipient,
                'sender': envelope.mail_from,
                'tls': session.ssl is not None,
                'raw_header': envelope.content.split(b'\r\n\r\n')[0].decode('latin-1'),
                **message.parse(envelope.content),
            }, out)
            out.write('\n')
        return '250 OK'


port, path = int(sys.argv[1]), sys.argv[2]
options = {}
if len(sys.argv) > 3:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    options = {'tls_context': context, 'require_starttls': True}
controller = Controller(Handler(path), hostname='127.0.0.1', port=port, **options)
controller.start()
print('ready', flush=True)
asyncio.new_event_loop().run_forever()
