"""Who is asking: the person behind a request.

In operation an authenticating proxy says so in headers, which count only together with the secret
that it shares with the portal. With --demo a signed cookie does.
"""
import base64
import hmac
import json
from dataclasses import dataclass

from aiohttp import web

from .config import octets

COOKIE = 'person'
SECRET, SUBJECT, EMAIL = 'X-Portal-Secret', 'X-Forwarded-User', 'X-Forwarded-Email'


@dataclass(frozen=True)
class Person:
    subject: str
    email: str | None       # verified by whoever signs people in


def from_proxy(config, headers):
    """The person in the proxy's headers, or None; 403 without the proxy's secret."""
    if not hmac.compare_digest(octets(headers.get(SECRET, '')), config.secret.encode()):
        raise web.HTTPForbidden(text='This port is for the proxy only.')
    subject = header(headers, SUBJECT)
    return Person(subject, header(headers, EMAIL)) if subject else None


def header(headers, name):
    values = headers.getall(name, [])
    if len(values) > 1:
        raise web.HTTPBadRequest(text=f'{name} was sent twice.')
    value = values[0].strip() if values else ''
    try:
        value.encode()
    except UnicodeEncodeError:
        raise web.HTTPBadRequest(text=f'{name} is not UTF-8.') from None
    return value or None


def from_cookie(config, cookies):
    """The person that was chosen in the demo, or None."""
    body, _, signature = cookies.get(COOKIE, '').partition('.')
    if not hmac.compare_digest(config.sign('person', body).encode(), octets(signature)):
        return None
    return Person(*json.loads(base64.urlsafe_b64decode(body)))


def to_cookie(config, person):
    body = base64.urlsafe_b64encode(json.dumps([person.subject, person.email]).encode()).decode()
    return f'{body}.{config.sign("person", body)}'


def of(request):
    """The person behind a request, or None."""
    config = request.app['config']
    return from_cookie(config, request.cookies) if config.demo else from_proxy(config, request.headers)
