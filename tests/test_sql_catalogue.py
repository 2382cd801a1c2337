"""The catalogue of a fleet in PostgreSQL: kept live it is what a rebuild gives, and it tells no password."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from pipelines.archive.errors import ArchiveError
from pipelines.catalogue.database import WrongDatabase, connected, dsn_of, shown
from tests.database import database

SECRET = "s3cr3t"  # noqa: S105 - no password of anything


def test_a_password_is_in_no_message(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text(f"postgresql://reader:{SECRET}@db.example/fleet?sslkey=/{SECRET}\n")
    for given, environment in (
        (f"@{file}", {}),
        (None, {"SPEECH_ARCHIVE_DATABASE": f"@{file}"}),
        (None, {"SPEECH_ARCHIVE_DATABASE": file.read_text().strip()}),
    ):
        dsn = dsn_of(given, environment)
        assert SECRET in dsn
        assert shown(dsn) == "host=db.example dbname=fleet user=reader"
    file.write_text("a\nb")
    for wrong in (
        f"postgresql://reader:{SECRET[:2]}@{SECRET}@db.example/fleet",
        f"postgresql:/reader:{SECRET}",
        f"host=db {SECRET}",
        f"postgresql://reader:%{SECRET}@db.example/fleet",
        f"@{tmp_path}/absent",
        f"@{tmp_path}",
        f"@{file}",
    ):
        with pytest.raises(WrongDatabase) as told:
            dsn_of(wrong, {})
        assert SECRET not in str(told.value)
    with pytest.raises(WrongDatabase, match="which database"):
        dsn_of(None, {})


def test_a_database_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    dsn = database()
    with connected(dsn) as connection:
        connection.execute("CREATE DATABASE in_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        connection.execute("CREATE ROLE nobody LOGIN")
    for wrong, status, words in (
        ({"host": str(tmp_path), "password": SECRET}, 11, "see that it runs"),
        ({"dbname": "absent"}, 11, '"absent" does not exist'),
        ({"dbname": "in_ascii"}, 2, "in_ascii is in SQL_ASCII, not in UTF8"),
    ):
        with pytest.raises(ArchiveError, match=words) as told, connected(make_conninfo(dsn, **wrong)):
            pass
        assert (told.value.exit_status, SECRET in str(told.value)) == (status, False)
    with (
        pytest.raises(WrongDatabase, match="permission denied"),
        connected(make_conninfo(dsn, user="nobody")) as connection,
    ):
        connection.execute("CREATE SCHEMA speech_archive")
