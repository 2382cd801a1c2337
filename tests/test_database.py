"""The PostgreSQL server that tests and the drill start: killed, it comes back with what was committed."""

from __future__ import annotations

import psycopg
import pytest

from tests.database import Postgres, database


def test_a_killed_server_comes_back_with_what_was_committed() -> None:
    with Postgres() as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (1)")
            server.kill()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("INSERT INTO kept VALUES (2)")
        server.start()
        with psycopg.connect(server.dsn()) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_each_database_is_new_and_empty() -> None:
    for _ in range(2):
        with psycopg.connect(database(), autocommit=True) as connection:
            connection.execute("CREATE TABLE t ()")
