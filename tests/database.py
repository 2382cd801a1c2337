"""A real PostgreSQL for tests: one server a process of pytest, a new database in milliseconds, one to be killed."""

from __future__ import annotations

import atexit
from functools import cache
from itertools import count

import psycopg
from psycopg.sql import SQL, Identifier

from crawler.run.drill.postgres import Postgres

__all__ = ["Postgres", "database"]
_NUMBERS = count(1)


def database(template: str = "template1") -> str:
    """The DSN of a new database, a copy of `template`, which nobody may use then."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(_server().dsn(), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    return _server().dsn(name)


@cache
def _server() -> Postgres:
    server = Postgres()
    atexit.register(server.close)
    return server
