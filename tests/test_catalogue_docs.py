"""docs/catalogue.md is true: its commands, questions, roles and programs are run on a fleet of three sites."""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.__main__ import main
from pipelines.archive import Archive, Archives
from pipelines.archive.errors import ArchiveError
from pipelines.catalogue.catalogue_tables import SPEECHES, TABLES, VERSIONS
from pipelines.catalogue.database import connected
from pipelines.catalogue.taking import take
from tests.conftest import ROOT
from tests.database import database
from tests.nasty_archives import nasty
from tests.object_store import object_store
from tests.test_archive import FACTS, SOFTWARE, crawl, day, opened, speech
from tests.test_following import asked

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.write.writer import ArchiveRun

PAGE = (ROOT / "docs/catalogue.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ speech-archive (.*)\n((?:(?!\$ |```).*\n)*)", PAGE, re.MULTILINE)
SQL = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
OWNER, QUESTIONS, (SEARCH, READER, GRANTS) = SQL[0], SQL[1:-3], SQL[-3:]
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TITLE = "在政协第九届\u2028第三次会议上的讲话"
ANSWERS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("site committee verdict message ended_at", [("third", "政协第三委员会", "gaps", "2 gaps")]),
    ("site last_success", [("0052", None), ("gszx", None), ("third",)]),
    ("site what url reason nights since detail", [("third", "speech", "http://gszx.example/7", "not-found", 1)]),
    ("recorded_at id committee title published_on", []),
    ("id title url gone_at first_seen stood", [("gszx:101-7", TITLE)]),
    ("id version title fields observed_at", [("third:1", 2, TITLE, ["body"])]),
    ("committee speaker speeches last", []),
    ("year found speeches", []),
    ("id title view_count view_count_at published_on", [("gszx:4864", TITLE, 34)]),
    ("site code speeches", []),
]
"""Of each question the columns of its answer, and its first rows, or as much of them as matters."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two archives."""
    return nasty(tmp_path_factory.mktemp("fleet") / "output")


@pytest.fixture
def owner(fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The connection string of the role that the page makes, beside a folder of archives."""
    shutil.copytree(fleet, tmp_path / "output")
    monkeypatch.chdir(tmp_path)
    server = database()
    with connected(server) as connection:
        for statement in ("DROP DATABASE IF EXISTS speeches", "DROP ROLE IF EXISTS speech_archive, speech_reader"):
            connection.execute(statement)
    executed(server, OWNER)
    dsn = make_conninfo(server, dbname="speeches", user="speech_archive")
    (tmp_path / "database.txt").write_text(f"{dsn}\n")
    return dsn


def executed(dsn: str, text: str) -> list[tuple[list[str], list[tuple[Any, ...]]]]:
    """The statements of a block, and of each the names of its columns and its rows."""
    found = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in filter(str.strip, text.split(";\n")):
            cursor = connection.execute(statement.strip().removesuffix(";").encode())
            names = [column.name for column in cursor.description or ()]
            found.append((names, cursor.fetchall() if names else []))
    return found


def third(root: Path) -> None:
    """A site with an edit, and a last run with a gap."""
    facts = replace(FACTS, site="third", committee="政协第三委员会")
    gap = {"what": "speech", "url": "http://gszx.example/7", "native_id": "7", "title": "讲话", "reason": "not-found"}
    report: dict[str, Any] = {
        "verdict": "gaps",
        "exit_status": 3,
        "message": "2 gaps",
        "counts": {"listed": 2, "failed": 1},
    }
    report["not_captured"] = [gap | {"detail": "404", "is_the_sites_word": False}]
    for number in (1, 2):
        run: ArchiveRun = opened(root, number, facts=facts)
        run.keep(replace(speech("1", day(number), body=f"各位{number}"), site="third"))
        with run:
            run.seal(
                report | {"ended_at": day(number), "started_at": day(number)},
                f"2026-01-0{number}T03:00:00Z",
                SOFTWARE,
            )


def test_the_commands_do_what_the_page_shows(owner: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) == 3
    for command, shown in COMMANDS:
        assert main(shlex.split(command)) == 0
        told = capsys.readouterr()
        assert told.err + told.out == shown
    with connected(owner) as connection:
        connection.execute("UPDATE speech_archive.speech_lines SET title = 'x' WHERE site = 'gszx'")
    catalogue = ["catalogue", "output", "--database", owner]
    assert main([*catalogue, "--check"]) == 5
    assert "gszx: table speech_lines: " in capsys.readouterr().out
    assert main([*catalogue, "--rebuild"]) == 0
    assert main([*catalogue, "--check"]) == 0
    (Archive("output/0052").layout.root / "commits/00000001.json").write_bytes(b"")
    assert main(catalogue) == 5
    assert "0052 of the catalogue" not in capsys.readouterr().err
    assert main([*catalogue, "--forget", "gszx"]) == 2
    assert main([*catalogue, "--forget", "0052", "none"]) == 2
    out, err = capsys.readouterr()
    assert "0052: removed\n" in out
    assert "PROBLEM: --forget none: is not in the catalogue\n" in err


def test_the_questions_are_answered_in_this_form(owner: str, tmp_path: Path) -> None:
    third(tmp_path / "output/third")
    with connected(owner) as connection:
        for archive in Archives("output"):
            take(connection, archive)
    assert len(QUESTIONS) == len(ANSWERS) == 10
    for question, (names, first) in zip(QUESTIONS, ANSWERS, strict=True):
        ((found, rows),) = executed(owner, question)
        assert (found, bool(rows)) == (names.split(), True), question
        assert [row[: len(known)] for row, known in zip(rows, first, strict=False)] == first, question


def test_a_reader_reads_everything_and_writes_nothing(owner: str) -> None:
    server = make_conninfo(owner, user="postgres")
    with connected(owner) as connection:
        for archive in Archives("output"):
            take(connection, archive)
        executed(server, READER)
        executed(owner, GRANTS)
        connection.execute("UPDATE speech_archive.catalogue_version SET version = 0")
        take(connection, Archive("output/gszx"))  # tables of another version are the reader's, too
    with connected(make_conninfo(owner, user="speech_reader")) as reader:
        for name in (*(table.name for table in TABLES), SPEECHES, VERSIONS):
            reader.execute(f"SELECT * FROM speech_archive.{name}")  # noqa: S608 - names of the catalogue
            for harm in ("DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "INSERT INTO {} DEFAULT VALUES"):
                with pytest.raises(psycopg.Error, match=r"permission denied|must be owner|is not a table|view"):
                    reader.execute(harm.format(f"speech_archive.{name}").encode())
        for harm in (
            "TABLE speech_archive.mine (a int)",
            "TABLE public.mine (a int)",
            "TEMPORARY TABLE mine (a int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"CREATE {harm}".encode())
        with pytest.raises(ArchiveError, match="permission denied"), connected(reader.info.dsn) as connection:
            take(connection, Archive("output/0052"))


def test_a_program_follows(owner: str, tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(PROGRAM, names)  # noqa: S102 - the text people copy is what is tested
    since: dict[str, int] = {}
    root = tmp_path / "output/gszx"
    with connected(owner) as connection:
        take(connection, Archive(root))
        with closing(names["follow"](owner, since)) as events:
            known = [next(events) for _ in Archive(root).changes(full=True)]
            crawl(root, 5, speech("77", day(5)))
            asked(root, 6, "77")
            take(connection, Archive(root))
            assert [(one["id"], one["event"]) for one in (next(events), next(events))] == [
                ("gszx:77", "created"),
                ("gszx:77", "redacted"),
            ]
    assert [event["event"] for event in known] == [one["event"] for one in Archive(root).changes(full=True)][:-2]
    assert since == {"gszx": 3}


def test_archives_in_object_storage_are_taken(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "cache"))
    with object_store("rclone", tmp_path / "server") as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        there = f"{store.address}/fleet"
        assert main(["sync", "push", "output", there]) == 0
        assert capsys.readouterr().err.count("does not refuse to replace an object") == 1
        shutil.rmtree("output/0052")
        catalogue = ["catalogue", there, "--database", owner]
        for arguments in ([], ["--check"], ["--forget", "0052"], ["--forget", "none"]):
            assert main([*catalogue, *arguments]) == (2 if arguments[1:] else 0)
        assert main(["catalogue", "output", "--database", owner, "--check"]) == 0
        assert "1 site of the catalogue without an archive here that could be read: 0052" in capsys.readouterr().err


def test_chinese_is_found_with_and_without_the_index(owner: str) -> None:
    with connected(owner) as connection:
        take(connection, Archive("output/gszx"))
        find = "SELECT id FROM speech_archive.speeches WHERE body LIKE %s ORDER BY id"
        found = {word: connection.execute(find, [f"%{word}%"]).fetchall() for word in ("各位", "各位委员", "无此")}
        assert [bool(rows) for rows in found.values()] == [True, True, False]
        executed(owner, SEARCH)
        connection.execute("SET enable_seqscan = off")
        plan = str(connection.execute(f"EXPLAIN {find}", ["%各位委员%"]).fetchall())
        assert "speech_bodies" in plan
        assert {word: connection.execute(find, [f"%{word}%"]).fetchall() for word in found} == found
