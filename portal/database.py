"""Transactions on behalf of a person, and the database's refusals.

All that the portal shows and does is in here: views and functions of schema tempcloud, called
as a member of tempcloud_service.
"""
import json
import logging
import re
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

ARGUMENT = re.compile(r'Argument "([^"]+)"')
OPTIONS = '-c statement_timeout=10s -c idle_in_transaction_session_timeout=30s'


class Refused(Exception):
    """The database has refused a command.

    word is the stable word of the error, field the argument that it is about, if there is one.
    """

    def __init__(self, word, status=400, message='', hint=None):
        super().__init__(word)
        self.word = word
        self.status = status
        self.message = message
        self.hint = hint
        argument = ARGUMENT.search(hint or '')
        self.field = argument.group(1) if argument else None
        self.missing = bool(argument) and hint.endswith('is required.')


class Unavailable(Exception):
    """The database cannot be reached."""


def refusal(error):
    """The Refused of an error of psycopg, or the error itself."""
    code = error.sqlstate or ''
    if code.startswith('PT'):
        diag = error.diag
        return Refused(diag.message_detail, int(code[2:]), diag.message_primary, diag.message_hint)
    if code.startswith('22') or not code and isinstance(error, psycopg.DataError):
        return Refused('invalid_argument', message=str(error).split('\n')[0])
    return error


class Transaction:
    def __init__(self, connection):
        self.rollback = connection.rollback
        self.cursor = connection.cursor(row_factory=dict_row)

    async def all(self, query, **arguments):
        try:
            await self.cursor.execute(query, arguments)
            return await self.cursor.fetchall() if self.cursor.description else []
        except psycopg.Error as error:
            raise refusal(error) from None

    async def one(self, query, **arguments):
        rows = await self.all(query, **arguments)
        return rows[0] if rows else None

    async def call(self, function, **arguments):
        """Call a function of the API with named arguments; returns the row."""
        assert function.isidentifier() and all(name.isidentifier() for name in arguments)
        named = ', '.join(f'"{name}" => %({name})s' for name in arguments)
        return await self.one(f'SELECT * FROM tempcloud.{function}({named})',
                              **{name: json.dumps(value) if isinstance(value, (list, dict)) else value
                                 for name, value in arguments.items()})


class Database:
    def __init__(self, conninfo, connections, time_zone):
        self.conninfo = psycopg.conninfo.make_conninfo(
            conninfo, application_name='portal', options=f'{OPTIONS} -c timezone={time_zone}')
        self.pool = AsyncConnectionPool(self.conninfo, min_size=1, max_size=connections, open=False, timeout=5,
                                        reconnect_timeout=0)
        logging.getLogger('psycopg.pool').setLevel(logging.ERROR)

    async def open(self):
        await self.pool.open()

    async def close(self):
        await self.pool.close()

    @asynccontextmanager
    async def transaction(self, person=None):
        """One transaction as a person, or as an anonymous visitor.

        Who is calling is set by act_as, which lasts until the transaction ends.
        """
        connection = await self.begin(person)
        try:
            yield Transaction(connection)
            await connection.commit()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable from error
        finally:
            await self.pool.putconn(connection)     # which rolls back what was not committed

    async def begin(self, person):
        """A connection in a transaction; connections that a restart has cut are replaced."""
        for _ in range(self.pool.max_size + 1):
            try:
                connection = await self.pool.getconn()
            except PoolTimeout as error:
                raise Unavailable from error
            try:
                if person is None:
                    await connection.execute('SELECT')
                else:
                    await connection.execute('SELECT tempcloud.act_as(%s, %s)', (person.subject, person.email))
                return connection
            except BaseException as error:
                await self.pool.putconn(connection)
                if not isinstance(error, psycopg.Error):
                    raise
                if not isinstance(error, psycopg.OperationalError):
                    raise refusal(error) from None
        raise Unavailable
