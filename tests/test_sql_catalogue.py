"""The catalogue of a fleet in PostgreSQL: kept live it is what a rebuild gives, and it tells no password."""

from __future__ import annotations

import json
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from pipelines.__main__ import main
from pipelines.archive import Archive, Archives
from pipelines.archive.errors import ArchiveError, Damaged
from pipelines.archive.pack.packing import pack
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.kinds.clock_repair import repair_clock
from pipelines.archive.write.kinds.retirement import retire
from pipelines.catalogue.catalogue_tables import TABLES, VERSION, all_sql
from pipelines.catalogue.checking import differences, scratch_tables
from pipelines.catalogue.database import WrongDatabase, connected, dsn_of, shown
from pipelines.catalogue.taking import CatalogueNewer, hold_site, take
from pipelines.record import Raw
from tests.database import database
from tests.nasty_archives import nasty
from tests.test_archive import crawl, day, speech
from tests.test_following import LIFE, NEXT_YEAR, asked, renamed, reread, when
from tests.test_history import LOOKS, replayed
from tests.test_old_archives import HEADS, PACKED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import LiteralString

    from pipelines.archive.disk.streams import Line
    from pipelines.catalogue.database import Connection

SECRET = "s3cr3t"  # noqa: S105 - no password of anything


def test_a_password_is_in_no_message(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text(f"postgresql://reader:{SECRET}@db.example/fleet?sslkey=/{SECRET}\n")
    for option, environment in (
        (f"@{file}", {}),
        (None, {"SPEECH_ARCHIVE_DATABASE": f"@{file}"}),
        (None, {"SPEECH_ARCHIVE_DATABASE": file.read_text().strip()}),
    ):
        dsn = dsn_of(option, environment)
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


def test_a_database_that_cannot_be_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = database()
    with connected(dsn) as connection:
        connection.execute("CREATE DATABASE in_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        connection.execute("CREATE ROLE nobody LOGIN")
    both = f"{tmp_path},{conninfo_to_dict(dsn)['host']}"
    for wrong, status, words in (
        ({"host": str(tmp_path), "password": SECRET}, 11, "see that it runs"),
        ({"dbname": "absent"}, 2, '"absent" does not exist: correct'),
        ({"user": "absent", "password": SECRET}, 2, 'role "absent" does not exist: correct'),
        ({"host": both, "dbname": "absent"}, 11, "see that it runs"),
        ({"dbname": "in_ascii"}, 2, "in_ascii is in SQL_ASCII, not in UTF8"),
    ):
        with pytest.raises(ArchiveError, match=words) as told, connected(make_conninfo(dsn, **wrong)):
            pass
        assert (told.value.exit_status, SECRET in str(told.value)) == (status, False)
    monkeypatch.setattr("pipelines.catalogue.database.OLDEST", 99)
    with pytest.raises(WrongDatabase, match=r"is PostgreSQL \d\d; 99 or newer is needed"), connected(dsn):
        pass
    monkeypatch.undo()
    with (
        pytest.raises(WrongDatabase, match="permission denied"),
        connected(make_conninfo(dsn, user="nobody")) as connection,
    ):
        connection.execute("CREATE SCHEMA speech_archive")


@contextmanager
def catalogue() -> Iterator[Connection]:
    """A connection to a new database, from which catalogues can be compared with what a rebuild gives."""
    with connected(database()) as connection, scratch_tables(connection):
        yield connection


def told(connection: Connection, table: LiteralString) -> list[Line]:
    """The rows of a table, moments and days as their archive writes them."""
    found = connection.execute(f"SELECT * FROM speech_archive.{table}")  # noqa: S608 - a name in this file
    names = [column.name for column in found.description or ()]
    return [dict(zip(names, map(as_written, row), strict=True)) for row in found]


def as_written(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def assert_it_is_what_the_archive_tells(connection: Connection, root: Path) -> None:
    """The speeches and the events are those of the archive: read here without the code that wrote them."""
    site = Archive(root).facts.site
    latest = {line["id"]: line for line in Archive(root).latest()}
    kept = {row["id"]: row for row in told(connection, "speeches") if row["site"] == site}
    assert kept.keys() == latest.keys()
    for id_, line in latest.items():
        row = kept[id_]
        assert row.pop("published_at_text") == line["published_at"]
        assert row["published_at"] == (line["published_at"] and stamp(datetime.fromisoformat(line["published_at"])))
        assert {key: row[key] for key in line if key not in {"schema", "published_at"}} == {
            key: value for key, value in line.items() if key not in {"schema", "published_at"}
        }
    events = list(Archive(root).changes(fields=True, full=True))
    of_site = [row for row in told(connection, "changes") if row["site"] == site]
    found = sorted(of_site, key=lambda row: (row["commit"], row["place"]))
    assert [{key: row[key] for key in event if key in row} for event, row in zip(events, found, strict=True)] == [
        {key: value for key, value in event.items() if key not in {"schema", "entity"}} for event in events
    ]


def test_a_catalogue_kept_live_is_what_a_rebuild_gives(tmp_path: Path) -> None:
    root = tmp_path / "gszx"
    with catalogue() as connection:
        for number, (name, happens) in enumerate(LIFE, 1):
            happens(root, number)
            if name.endswith("later redacted"):
                continue
            assert take(connection, Archive(root)), name
            assert not take(connection, Archive(root)), name
            assert differences(connection, Archive(root)) == [], name
            if number % 4 == 0:
                assert_it_is_what_the_archive_tells(connection, root)
        assert_it_is_what_the_archive_tells(connection, root)
        words = [str(row) for kept in TABLES for row in told(connection, kept.name)]
        assert not any("改了" in row for row in words), "words that were removed by order"
        shutil.rmtree(root / "warc", ignore_errors=True)
        connection.execute("UPDATE speech_archive.speech_lines SET body = NULL")
        assert take(connection, Archive(root), anew=True)
        assert_it_is_what_the_archive_tells(connection, root)


NIGHTS = (None, *LOOKS)
ACTS: dict[str, Callable[[Path, int], object]] = {
    "redact": lambda root, n: asked(root, n, "0"),
    "rekey": lambda root, n: renamed(root, n, "0", "1"),
    "rekey back": lambda root, n: renamed(root, n, "1", "0"),
    "reprocess": lambda root, n: replayed(root, n, reread("0", 1, parser=f"kesion/{n}")),
    "clock": lambda root, n: repair_clock(root, when(n), reason="the battery"),
    "retire": lambda root, n: retire(root, when(n), reason="no website any more"),
}


@settings(max_examples=3, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.lists(st.sampled_from(NIGHTS), min_size=2, max_size=2).map(tuple),
            st.tuples(st.sampled_from([*ACTS]), st.booleans()),
        ),
        min_size=3,
        max_size=7,
    )
)
def test_any_history_taken_at_any_time_is_what_a_rebuild_gives(nights: list[tuple[Any, Any]]) -> None:
    with TemporaryDirectory() as folder, catalogue() as connection:
        root = Path(folder) / "gszx"
        crawl(root, 1, speech("0", day(1), body="甲"), speech("1", day(1), body="甲"))
        for number, (first, second) in enumerate(nights, 2):
            with suppress(ArchiveError):  # not every act is allowed in every history, and no crawl of a retired site
                if first in ACTS:
                    ACTS[first](root, number)
                else:
                    seen = [LOOKS[what](str(n), day(number)) for n, what in enumerate((first, second)) if what]
                    crawl(root, number, *seen, days=0)
            if second is not True:
                take(connection, Archive(root))
                assert differences(connection, Archive(root)) == []
        pack(root, "2026", NEXT_YEAR)
        take(connection, Archive(root))
        assert differences(connection, Archive(root)) == []
        assert_it_is_what_the_archive_tells(connection, root)


def test_each_commit_is_told_once_and_older_copies_change_nothing(tmp_path: Path) -> None:
    root, old = tmp_path / "gszx", tmp_path / "old"
    with catalogue() as connection, connected(connection.info.dsn) as listening:
        listening.execute("LISTEN speech_archive")
        strict = SQL("ALTER DATABASE {} SET default_transaction_isolation TO 'repeatable read'")
        connection.execute(strict.format(Identifier(connection.info.dbname)))
        for number in (1, 2):
            crawl(root, number, speech("1", day(number), body=f"第{number}次"))
            if number == 1:
                shutil.copytree(root, old)
            takers = [Thread(target=taken_by_another, args=(connection.info.dsn, root)) for _ in range(3)]
            for taker in takers:
                taker.start()
            for taker in takers:
                taker.join()
            assert differences(connection, Archive(root)) == []
        heads = [Archive(root).commit(n).sha256 for n in (1, 2)]
        assert [json.loads(one.payload) for one in listening.notifies(timeout=0)] == [
            {"site": "gszx", "commit": n, "head": head, "verdict": "complete"} for n, head in enumerate(heads, 1)
        ]
        assert not take(connection, Archive(old))
        assert differences(connection, Archive(root)) == []
        assert "was taken up to commit 2" in differences(connection, Archive(old))[0]
        crawl(old, 3, speech("2", day(3)))  # another end of its history: the archive was replaced
        longer = shutil.copytree(old, tmp_path / "longer")
        crawl(longer, 4, speech("3", day(4)))
        for replaced in (old, root, longer, root):
            assert take(connection, Archive(replaced))
            assert differences(connection, Archive(replaced)) == []


def test_a_connection_that_breaks_off_leaves_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "gszx"
    crawl(root, 1, speech("1", day(1)))
    with catalogue() as connection, connected(connection.info.dsn) as other:
        take(connection, Archive(root))
        crawl(root, 2, speech("2", day(2)))
        command = ["catalogue", str(root), "--database", connection.info.dsn]
        with ThreadPoolExecutor() as threads, connection.transaction():
            hold_site(connection, "gszx")
            ended = threads.submit(main, command)
            waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'"
            while not other.execute(waiting).fetchall():
                assert not ended.done()
            assert ended.result() == 11
        assert "see that it runs" in capsys.readouterr().err
        assert "taken up to commit 1" in differences(connection, Archive(root))[0]
        assert main(command) == 0
        assert differences(connection, Archive(root)) == []


def taken_by_another(dsn: str, root: Path) -> None:
    with connected(dsn) as connection:
        take(connection, Archive(root))


def test_what_the_catalogue_cannot_hold_is_told(tmp_path: Path) -> None:
    root = tmp_path / "gszx"
    nasty(tmp_path)
    with catalogue() as connection:
        for archive in Archives(tmp_path):
            assert take(connection, archive)
            assert_it_is_what_the_archive_tells(connection, archive.layout.root)
        raw = Raw(title="\0", published=None, views=None, author=None, source=None, breadcrumb=None)
        crawl(root, 5, speech("12", day(5), body="甲\0乙", raw=raw))
        assert take(connection, Archive(root))
        question = "SELECT body, raw->>'title', escaped FROM speech_archive.speeches WHERE id = 'gszx:12'"
        assert connection.execute(question).fetchall() == [(r"甲\u0000乙", r"\u0000", ["body", "raw"])]
        before = told(connection, "sites")
        for number, (native_id, wrong) in enumerate(
            (
                ("13", {"published_on": "now"}),
                ("13", {"published_on": "2023-02-30"}),
                ("".join(map(str, range(2500))), {}),
            )
        ):
            other = tmp_path / f"other{number}"
            crawl(other, 6, speech(native_id, day(6), **wrong))
            with pytest.raises(Damaged, match=f"other{number}: cannot be in the catalogue"):
                take(connection, Archive(other))
            assert told(connection, "sites") == before


@pytest.mark.parametrize("packed", sorted(HEADS))
def test_archives_of_earlier_software_without_captures_are_taken(tmp_path: Path, packed: str) -> None:
    with tarfile.open(PACKED / f"{packed}.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    root = tmp_path / "gszx"
    shutil.rmtree(root / "warc", ignore_errors=True)
    with catalogue() as connection:
        assert take(connection, Archive(root))
        assert differences(connection, Archive(root)) == []
        assert_it_is_what_the_archive_tells(connection, root)
        runs = told(connection, "runs")
    assert {(run["verdict"], run["exit_status"], run["mode"] is None) for run in runs} == {("complete", 0, False)}
    assert all(run["started_at"] <= run["ended_at"] and run["listed"] and run["requests"] for run in runs)


def test_other_versions_of_the_tables(tmp_path: Path) -> None:
    """An earlier one is dropped, a later one is left alone; what else is in the schema stays."""
    root = tmp_path / "gszx"
    crawl(root, 1, speech("1", day(1)))
    with catalogue() as connection:
        connection.execute("CREATE SCHEMA speech_archive CREATE TABLE journal_lines (id int)")
        take(connection, Archive(root))
        connection.execute("CREATE VIEW mine AS SELECT * FROM speech_archive.speeches")
        connection.execute("UPDATE speech_archive.catalogue_version SET version = 0")
        connection.execute("ALTER TABLE speech_archive.runs DROP COLUMN verdict CASCADE")
        assert take(connection, Archive(root))
        assert differences(connection, Archive(root)) == []
        assert told(connection, "journal_lines") == []
        connection.execute("UPDATE speech_archive.catalogue_version SET version = 1000")
        with pytest.raises(CatalogueNewer, match="upgrade"):
            take(connection, Archive(root))


def test_the_version_rises_with_the_tables() -> None:
    """Whoever changes a table raises `VERSION` and this hash: databases with the older ones are made anew then."""
    made = "\n".join(sql for statement in all_sql() if not (sql := statement.as_string()).startswith("COMMENT"))
    assert (VERSION, sha256(made.encode()).hexdigest()[:16]) == (2, "d8e089e7eddab59c")


HARM: dict[LiteralString, str] = {
    "UPDATE {}.speech_lines SET body = body || 'x' WHERE id = 'gszx:1'": (
        "gszx: table speech_lines: 1 row not as a rebuild gives, 1 row of it missing: gszx:1, gszx:1"
    ),
    "DELETE FROM {}.changes WHERE id = 'gszx:2'": (
        "gszx: table changes: 0 rows not as a rebuild gives, 1 row of it missing: gszx 1 2"
    ),
    "UPDATE {}.sites SET commit = 7": "gszx: was taken up to commit 7",
    "DELETE FROM {}.sites": "gszx: is not in the catalogue",
}


@pytest.mark.parametrize(("harm", "words"), HARM.items())
def test_a_check_finds(tmp_path: Path, harm: LiteralString, words: str) -> None:
    root = tmp_path / "gszx"
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    with catalogue() as connection:
        take(connection, Archive(root))
        connection.execute(harm.replace("{}", "speech_archive"))
        (found,) = differences(connection, Archive(root))
        assert found.startswith(words)
