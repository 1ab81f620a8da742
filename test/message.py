"""A message as the tests look at it: its headers and its two bodies, decoded, and
the bodies as they came.

    message.py FILE     print that as one line of JSON
"""

import email
import email.policy
import json
import sys


def parse(content):
    message = email.message_from_bytes(content, policy=email.policy.default)
    text = message.get_body(('plain',))
    html = message.get_body(('html',))
    return {
        'type': message.get_content_type(),
        'headers': {name.lower(): str(value) for name, value in message.items()},
        'text': text.get_content() if text else None,
        'html': html.get_content() if html else None,
        'encoded': ''.join(part.get_payload() for part in (text, html) if part),
    }


if __name__ == '__main__':
    with open(sys.argv[1], 'rb') as file:
        print(json.dumps(parse(file.read())))
