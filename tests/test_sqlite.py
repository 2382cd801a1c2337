"""An export as SQLite: rows as archived, texts found by any characters, and Datasette shows it."""

from __future__ import annotations

import json
import random
import sqlite3
import string
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from pipelines.__main__ import main
from pipelines.archive.read.reader import Archive
from pipelines.tables.forms.sqlite_form import DATABASE
from pipelines.tables.search.bigrams import PHRASE_IN_SQL, full_text_table, pairs, phrase
from tests.judging import judged
from tests.test_archive import crawl, day, missed, speech
from tests.test_search import crawl_other, resealed

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = "政协会议aB \"'*-\n\t，。𠮷🇨（1）\x00\x1f:^+{}|%_\\"
FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def test_an_index_of_pairs_finds_exactly_what_a_scan_finds() -> None:
    chance = random.Random(3)  # noqa: S311
    texts = ["".join(chance.choices(SIGNS, k=chance.choice([0, 1, 2, 5, 40, 80]))) for _ in range(200)]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(full_text_table("t", "title", "body"))
        rows = ((n, pairs(text[:9]), pairs(text[9:])) for n, text in enumerate(texts))
        database.executemany("INSERT INTO t(rowid, title, body) VALUES (?, ?, ?)", rows)
        found = 0
        for _ in range(600):
            text, size = chance.choice(texts), chance.randint(1, 6)
            at = chance.randrange(len(text) + 1)
            wanted = text[at : at + size] or "会"
            expression = phrase(wanted)
            if expression is None:
                assert set(wanted) & set("\n\t\x00\x1f")
                continue
            assert database.execute(PHRASE_IN_SQL, {"q": wanted}).fetchone() == (expression,)
            told = {n for (n,) in database.execute("SELECT rowid FROM t WHERE t MATCH ?", [expression])}
            folded = wanted.translate(FOLD)
            assert told == {
                n
                for n, text in enumerate(texts)
                if folded in text[:9].translate(FOLD) or folded in text[9:].translate(FOLD)
            }
            found += bool(told)
        assert found > 300


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One site: leading zeros, no view count, characters of four bytes, U+2028, quotes, a text that is gone."""
    root = tmp_path_factory.mktemp("sqlite") / "root"
    nasty = '协商民主𠮷\u2028“广泛”，it\'s "x"\t1\n=1+1\n第二段'
    crawl(
        root / "gszx",
        1,
        speech("004864", day(1), body=nasty, view_count=None),
        speech("12", day(1), published_on=None, published_at=None, published_precision=None),
        speech("13", day(1), body="长" * 350_000, title="长", published_on="2022-05-06"),
        speech("14", day(1), body="不见了"),
    )
    crawl(root / "gszx", 2, missed("14", day(2)), days=0)
    return root


@pytest.fixture(scope="module")
def export(root: Path) -> Path:
    out = root.parent / "export"
    assert main(["export", str(root), "--to", "sqlite", "--out", str(out)]) == 0
    return out


def test_rows_are_the_lines_of_the_archive(root: Path, export: Path) -> None:
    archive = Archive(root / "gszx")
    with closing(sqlite3.connect(export / DATABASE)) as database:
        database.row_factory = sqlite3.Row
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        for table, lines in (
            ("speeches", archive.latest()),
            ("versions", archive.versions()),
            ("observations", archive.observations()),
        ):
            rows = [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608
            for row, line in zip(rows, lines, strict=True):
                nested = {key for key, value in line.items() if isinstance(value, (list, dict))}
                assert {key: json.loads(row[key]) if key in nested else row[key] for key in line} | {
                    "published_at": line.get("published_at")
                } == line | {"published_at": line.get("published_at")}
                assert row.get("published_at_text") == line.get("published_at")
                assert row.get("published_at") == (line.get("published_at") and "2023-12-28T11:00:29Z")
        assert {row["site"] for row in database.execute("SELECT site FROM observations")} == {"gszx"}
        kinds = "SELECT DISTINCT typeof(view_count), typeof(seq), typeof(published_on) FROM speeches"
        assert {tuple(row) for row in database.execute(kinds)} == {
            ("null", "integer", "text"),
            ("integer", "integer", "text"),
            ("integer", "integer", "null"),
        }


def test_the_same_rows_give_the_same_bytes(root: Path, export: Path) -> None:
    assert main(["export", str(root), "--to", "sqlite", "--out", str(root.parent / "again")]) == 0
    assert (root.parent / "again" / DATABASE).read_bytes() == (export / DATABASE).read_bytes()


@pytest.mark.parametrize(
    ("options", "old", "new"),
    [
        ([], b'"title":"', b'"title":7,"x":"'),
        ([], b'"version":1', b'"version":"1"'),
        (["--flat"], b'"published_at":"2023-12-28T19', b'"published_at":"T19'),
    ],
)
def test_a_value_of_another_type_is_damage_of_its_archive_alone(
    tmp_path: Path, options: list[str], old: bytes, new: bytes
) -> None:
    root = tmp_path / "root"
    crawl(root / "gszx", 1, speech("1", day(1)))
    crawl_other(root / "other", 1, "各位委员")
    lines = (root / "other/latest.jsonl").read_bytes()
    assert old in lines
    resealed(root / "other", lines.replace(old, new, 1))
    export = ["export", "--to", "sqlite", *options, "--tables", "speeches,sites", "--out"]
    assert main([*export, str(tmp_path / "both"), str(root)]) == 5
    with closing(sqlite3.connect(tmp_path / "both" / DATABASE)) as database:
        assert database.execute("SELECT DISTINCT site FROM speeches UNION SELECT site FROM sites").fetchall() == [
            ("gszx",)
        ]
    assert main([*export, str(tmp_path / "one"), str(root / "other")]) == 5


def test_datasette_shows_the_columns_and_searches(export: Path) -> None:
    path = f"/speeches/search.json?q={quote('民主𠮷')}&_shape=array"
    done = judged("data", "datasette", DATABASE, "--metadata", "metadata.json", "--get", path, cwd=export)
    (row,) = json.loads(done.out)
    counted = judged("data", "sqlite-utils", "tables", DATABASE, "--counts", cwd=export)
    counts = {one["table"]: one["count"] for one in json.loads(counted.out)}
    assert (counts["speeches_text"], counts["speeches"], "Error" in done.err) == (3, 3, False)
    assert (row["id"], row["passage"][:4]) == ("gszx:004864", "协商民主")
    about = json.loads((export / "metadata.json").read_bytes())["databases"]["speeches"]["tables"]["speeches"]
    with closing(sqlite3.connect(export / DATABASE)) as database:
        names = [column[1] for column in database.execute("PRAGMA table_info(speeches)")]
    assert [*about["columns"], "number"] == names
