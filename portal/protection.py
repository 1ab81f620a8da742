"""What a browser is told to refuse, and forms that only the portal's own pages can send."""
import hmac
import secrets

from aiohttp import web

VISIT = 'visit'
HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
                               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
                               "require-trusted-types-for 'script'; trusted-types 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=()',
}


@web.middleware
async def headers(request, handler):
    try:
        response = await handler(request)
    except web.HTTPException as exception:
        exception.headers.update(HEADERS)
        exception.headers.setdefault('Cache-Control', 'no-store')
        raise
    if not response.prepared:
        response.headers.update(HEADERS)
        response.headers.setdefault('Cache-Control', 'no-store')
    return response


@web.middleware
async def forms(request, handler):
    """Give each browser a number, and refuse a form that does not have what is derived from it."""
    visit = request.cookies.get(VISIT, '')
    fresh = not (len(visit) == 32 and visit.isalnum())
    request['visit'] = visit = secrets.token_hex(16) if fresh else visit
    if request.method == 'POST':
        if request.headers.get('Sec-Fetch-Site', 'same-origin') not in ('same-origin', 'none'):
            raise web.HTTPForbidden(text='The form was sent by another site.')
        sent = (await request.post()).get('csrf', '')
        if fresh or not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), token(request).encode()):
            raise StaleForm
    try:
        response = await handler(request)
    except web.HTTPException as exception:
        if fresh:
            set_cookie(request, exception, VISIT, visit)
        raise
    if fresh and not response.prepared:
        set_cookie(request, response, VISIT, visit)
    return response


class StaleForm(Exception):
    """A form without the token of this browser and person."""


def token(request):
    """What each form has to send: bound to the browser and to the person signed in."""
    person = request['person']
    return request.app['config'].sign('form', f"{request['visit']}\n{person.subject if person else ''}")


def set_cookie(request, response, name, value, **options):
    secure = request.headers.get('X-Forwarded-Proto') == 'https'
    response.set_cookie(name, value, path='/', httponly=True, samesite='Lax', secure=secure, **options)
