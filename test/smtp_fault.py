"""An SMTP server for tests that makes one fault, at one stage.

    smtp_fault.py PORT FILE STAGE REPLY [TIMES]

STAGE is connect, a command (EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA), body (in
the middle of the message) or message (after its end). The first TIMES that a
client gets there, by default always, the server answers REPLY; if that is
"reset", it resets the connection instead, and if it is "hold", says nothing.
After 421 it closes the connection, but not before the client's next command.
Appends the recipient of each mail that it takes to FILE, and of each whose end
it has seen and not acknowledged, with a question mark.
"""

import socketserver
import struct
import socket
import sys
import threading

PORT, FILE, STAGE, REPLY = int(sys.argv[1]), *sys.argv[2:5]
left = int(sys.argv[5]) if len(sys.argv) > 5 else sys.maxsize
lock = threading.Lock()


class Ended(Exception):
    """The connection is over."""


class Session(socketserver.StreamRequestHandler):
    recipient = None

    def handle(self):
        try:
            self.answer('connect', '220 fault.example ESMTP')
            while line := self.rfile.readline():
                self.obey(line.decode().strip())
        except (Ended, ConnectionError):
            pass

    def obey(self, line):
        command = line.split(' ')[0].upper()
        if command == 'EHLO':
            self.answer(command, '250-fault.example\r\n250-AUTH PLAIN\r\n250-SMTPUTF8\r\n250 STARTTLS')
        elif command == 'AUTH':
            if len(line.split(' ')) < 3:
                self.write('334 ')
                self.rfile.readline()
            self.answer(command, '235 2.7.0 welcome')
        elif command == 'RCPT':
            self.recipient = line[line.index('<') + 1:line.index('@')]
            self.answer(command, '250 2.1.5 OK')
        elif command == 'DATA':
            if self.answer(command, '354 go on'):
                self.read_message()
        elif command == 'QUIT':
            self.write('221 2.0.0 bye')
            raise Ended
        else:
            self.answer(command, '250 2.0.0 OK')

    def read_message(self):
        if STAGE == 'body':
            self.rfile.readline()
            self.answer('body', '')
        while self.rfile.readline() not in (b'.\r\n', b''):
            pass
        self.note('?')
        if self.answer('message', '250 2.0.0 taken'):
            self.note('')

    def note(self, mark):
        with lock, open(FILE, 'a', encoding='utf-8') as file:
            file.write(f'{self.recipient}{mark}\n')

    def answer(self, stage, reply):
        """Reply well, unless this is the stage of the fault; returns which."""
        global left
        with lock:
            fault = stage == STAGE and left > 0
            left -= fault
        if fault and REPLY == 'hold':
            self.rfile.read()
        if fault and REPLY == 'reset':
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.connection.close()
            raise Ended
        if fault or reply:
            self.write(REPLY if fault else reply)
        if fault and REPLY.startswith('421'):
            self.rfile.readline()
            raise Ended
        return not fault

    def write(self, text):
        self.wfile.write(text.encode() + b'\r\n')


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(('127.0.0.1', PORT), Session) as server:
    print('ready', flush=True)
    server.serve_forever()
