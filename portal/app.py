"""The application: its screens, and what is common to all requests."""
import asyncio
import logging

from aiohttp import web

from . import pages, people, protection
from .database import Database, Refused, Unavailable
from .live import Live
from .screens import activity, company, demo, invitation, invite, invite_many, link, order, partners, register, requests

SCREENS = (partners, invite, invite_many, invitation, link, register, requests, order, activity, company)
MOST_BYTES = 512 * 1024     # of a form


def build(config):
    """The application, ready to run."""
    app = web.Application(middlewares=[protection.headers, answers, known, protection.forms], client_max_size=MOST_BYTES)
    app['config'] = config
    app['database'] = Database(config.database, config.connections, config.time_zone)
    app['live'] = Live(app['database'])
    app['templates'] = pages.environment()
    app.cleanup_ctx.append(connected)
    app.on_shutdown.append(end_streams)
    for screen in SCREENS + ((demo,) if config.demo else ()):
        app.add_routes(screen.routes)
    app.router.add_get('/events', app['live'].stream)
    app.router.add_get('/static/{name}', static)
    return app


async def connected(app):
    await app['database'].open()
    listening = asyncio.create_task(app['live'].listen())
    yield
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await app['database'].close()


async def end_streams(app):
    app['live'].close()


async def static(request):
    """The stylesheet, the script, and the font; their addresses change with their content."""
    name = request.match_info['name']   # which can have slashes, as %2F
    if name not in request.app['templates'].globals['static']:
        raise web.HTTPNotFound
    return web.FileResponse(pages.FOLDER / 'static' / name, headers={'Cache-Control': 'public, max-age=31536000, immutable'})


@web.middleware
async def known(request, handler):
    request['person'] = None if request.path.startswith('/static/') else people.of(request)
    return await handler(request)


@web.middleware
async def answers(request, handler):
    """Turn what a screen has not answered itself into a page."""
    try:
        return await handler(request)
    except pages.Elsewhere as elsewhere:
        return elsewhere.answer(request)
    except Refused as refused:
        return problem(request, refused.status, f'error.{refused.word}', refused)
    except protection.StaleForm:
        return problem(request, 403, 'problem.form')
    except Unavailable:
        response = problem(request, 503, 'problem.unavailable')
        response.headers['Retry-After'] = '1'
        return response
    except web.HTTPNotFound:
        return problem(request, 404, 'problem.not_found')
    except web.HTTPRequestEntityTooLarge:
        return problem(request, 413, 'problem.too_large')
    except web.HTTPException:
        raise
    except ConnectionError:
        return web.Response(status=400)     # which nobody is there to read
    except Exception:
        logging.getLogger('portal').exception('%s %s', request.method, request.path)
        return problem(request, 500, 'problem.internal')


def problem(request, status, key, refused=None):
    request.setdefault('person', None)
    request.setdefault('visit', '')
    return pages.Visit(request, None).render('problem.html', status=status, key=key, refused=refused)
