"""The PostgreSQL server that tests and the drill start: killed, it comes back with what was committed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import PATIENCE, started
from tests.database import Postgres, database

T = TypeVar("T")


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


def test_a_server_ends_with_a_program_that_is_killed(tmp_path: Path) -> None:
    code = "import time; from tests.database import Postgres; print(Postgres().dsn(), flush=True); time.sleep(1000)"
    with (tmp_path / "told").open("w+b") as told, started("tests.given_code", code, out=told):
        dsn = until(lambda: Path(told.name).read_text("utf-8").strip())
        connection = psycopg.connect(dsn)
    folder = Path(str(conninfo_to_dict(dsn)["host"]))
    assert until(lambda: not folder.exists())
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")


def until(found: Callable[[], T]) -> T:
    """What is found once something is."""
    for _ in range(PATIENCE * 50):
        if it := found():
            return it
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_each_database_is_new_and_empty() -> None:
    for _ in range(2):
        with psycopg.connect(database(), autocommit=True) as connection:
            connection.execute("CREATE TABLE t ()")
