"""`search` finds what a plain scan finds: in an archive, an export and a folder of archives, whatever happens."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shlex
import shutil
import sqlite3
import string
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.__main__ import main
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.rebuild import rebuild
from pipelines.record import Problem
from pipelines.tables.forms.sqlite_form import DATABASE
from pipelines.tables.search.bigrams import pairs
from pipelines.tables.search.full_text import CREATE
from pipelines.tables.search.root_index import INDEX
from tests.conftest import ROOT
from tests.test_archive import FACTS, crawl, day, missed, opened, python, sealed, speech
from tests.test_redaction import ordered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIGNS = "政协会议aB \"'*-\n\t，𠮷（1）/\\:%_"
FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def other(number: int, body: str) -> Any:
    made = speech("1", day(number), body=body)
    return replace(made, site="other", url="http://other.example/1", speaker="何庆海、李四", genre="讲话")


def crawl_other(folder: Path, number: int, body: str) -> None:
    facts = replace(FACTS, site="other", hosts=("other.example",))
    run = opened(folder, number, facts=facts)
    run.keep(other(number, body))
    sealed(run, number)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sites, texts of few different characters, so that most queries have hits; exported beside."""
    folder = tmp_path_factory.mktemp("search")
    chance = random.Random(5)  # noqa: S311 - any will do
    texts = ["".join(chance.choices(SIGNS, k=60)) for _ in range(30)]
    days = ["2023-12-28", "2023-12-05", "2022-07-01", None]
    speeches = [
        replace(speech(str(n), day(1), body=text), published_on=days[n % 4], published_at=None, title=text[:5])
        for n, text in enumerate(texts, 1)
    ]
    speeches[7] = replace(speeches[7], problems=(Problem(field="body", code="mojibake", detail="锟斤拷"),))
    root = folder / "root"
    crawl(root / "gszx", 1, *speeches)
    crawl_other(root / "other", 1, "各位委员：协商民主")
    for name, option in (("out", "--tables=speeches"), ("flat", "--flat")):
        assert main(["export", str(root), "--to", "sqlite", option, "--out", str(folder / name)]) == 0
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same two sites, to be changed."""
    return shutil.copytree(made, tmp_path / "root", ignore=shutil.ignore_patterns("fleet"))


@pytest.fixture
def search(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(path: Path, *arguments: str, status: int = 0) -> Any:
        capsys.readouterr()
        assert main(["search", str(path), "--limit", "0", "--json", *arguments]) == status
        out, run.said = capsys.readouterr()  # type: ignore[attr-defined]
        return [json.loads(line) for line in out.split("\n") if line]

    return run


def lines_of(root: Path) -> list[dict[str, Any]]:
    return [
        line for folder in ("gszx", "other") if (root / folder).exists() for line in Archive(root / folder).latest()
    ]


def has(line: dict[str, Any], wanted: str) -> bool:
    return any(wanted.translate(FOLD) in (line[key] or "").translate(FOLD) for key in ("title", "body"))


def test_every_way_finds_what_the_texts_have(made: Path, search: Callable[..., Any]) -> None:
    root, out = made, made.parent / "out"
    lines, chance = lines_of(root), random.Random(7)  # noqa: S311
    texts = [line["body"] for line in lines]
    for size in (1, 2, 3, 4, 5, 6) * 5:
        text = chance.choice(texts)
        at = chance.randrange(len(text) - size)
        wanted = text[at : at + size].swapcase()
        true = sorted(line["id"] for line in lines if has(line, wanted))
        assert true
        for path, *more in ((root,), (out,), (out / DATABASE,), (root, "--scan"), (root / "gszx",)):
            hits = search(path, *more, "--", wanted)
            expected = [one for one in true if path.name != "gszx" or one.startswith("gszx")]
            assert sorted(hit["id"] for hit in hits) == expected
            assert [hit["published_on"] or "" for hit in hits] == sorted(
                (hit["published_on"] or "" for hit in hits), reverse=True
            )
            for hit in hits:
                (line,) = (line for line in lines if line["id"] == hit["id"])
                shown = hit["before"].strip("…") + hit["match"] + hit["after"].strip("…")
                assert shown in line[hit["field"]]
                assert hit["match"].translate(FOLD) == wanted.translate(FOLD)


@pytest.mark.parametrize(
    ("options", "is_asked"),
    [
        (["--site", "other"], lambda line: line["site"] == "other"),
        (["--speaker", "李四"], lambda line: "李四" in line["speaker"]),
        (["--speaker", "李"], lambda _: False),
        (["--speaker", ""], lambda _: False),
        (["--speaker", "何庆海、李四"], lambda line: line["speaker"] == "何庆海、李四"),
        (["--genre", "讲话"], lambda line: line["genre"] == "讲话"),
        (["--from", "2022-07-02", "--to", "2023-12-05"], lambda line: line["published_on"] == "2023-12-05"),
        (["--problems", "damage"], lambda line: line["problems"] != []),
        (["--limit", "9" * 20], lambda _: True),
        (["--limit", "3"], None),
    ],
)
def test_what_is_asked_besides_the_text(
    made: Path, search: Callable[..., Any], options: list[str], is_asked: Callable[[dict[str, Any]], bool] | None
) -> None:
    root = made
    for wanted in ("政", "委员", "a\n"):
        lines = [line for line in lines_of(root) if has(line, wanted) and (is_asked is None or is_asked(line))]
        for way in ([root], [root.parent / "flat"], [root, "--scan"]):
            hits = search(*way, *options, wanted)
            if is_asked is None:
                days = sorted((line["published_on"] or "" for line in lines), reverse=True)
                assert [hit["published_on"] or "" for hit in hits] == days[:3]
                assert main(["search", *map(str, way), "--count", wanted]) == 0
            else:
                assert {hit["id"] for hit in hits} == {line["id"] for line in lines}
            undated = "--from" in options and any(
                has(line, wanted) and not line["published_on"] for line in lines_of(root)
            )
            assert ("no day of publication" in search.said) == undated  # type: ignore[attr-defined]
            namesakes = "note: no speaker has the whole name 李; there are 李四"
            assert (namesakes in search.said) == (options[-1] == "李")  # type: ignore[attr-defined]


# The index holds of a pair what the one before it does not begin with: of these at least the last six bytes.
WORDS = ("秘密𫝀𫝁", "机密𫝂𫝃", "不可𫝄𫝅")


def is_left(word: str, file: bytes) -> bool:
    """Whether a file has a word, or what an index holds of its last pair."""
    return word.encode() in file or word[-2:].encode()[2:] in file


def resealed(folder: Path, lines: bytes) -> None:
    """Replace latest.jsonl as if it had been made so."""
    (folder / "latest.jsonl").write_bytes(lines)
    about = json.loads((folder / "latest.json").read_bytes())
    about |= {"bytes": len(lines), "sha256": hashlib.sha256(lines).hexdigest()}
    (folder / "latest.json").write_text(json.dumps(about))


def test_the_index_of_a_root_follows_and_keeps_no_word_of_what_went(root: Path, search: Callable[..., Any]) -> None:
    folder, index = root / "gszx", root / INDEX

    def follows() -> bytes:
        for wanted in ("政", "委员", *WORDS, "新的话"):
            true = {line["id"] for line in lines_of(root) if has(line, wanted)}
            assert {hit["id"] for hit in search(root, wanted)} == true, wanted
        return index.read_bytes()

    crawl(folder, 2, *(speech(str(n), day(2), body=f"{word}，委员") for n, word in enumerate(WORDS, 51)))
    crawl(folder, 3, speech("51", day(3), body="新的话"))
    before = follows()
    assert is_left(WORDS[1], before)
    assert is_left(WORDS[2], before)
    ordered(folder, "51", 4)  # whose words were indexed once, and are no more
    ordered(folder, "52", 5)
    assert [is_left(word, follows()) for word in WORDS] == [False, False, True]
    crawl(folder, 6, missed("53", day(6)), days=0)
    assert not is_left(WORDS[2], follows())
    crawl(folder, 7, speech("53", day(7), body=f"{WORDS[2]}，委员"))
    follows()
    crawl(folder, 8)
    before = follows()
    follows()
    assert search.said == "" or "indexing" not in search.said  # type: ignore[attr-defined]
    assert index.read_bytes() == before
    old = {name: (folder / name).read_bytes() for name in ("latest.json", "latest.jsonl")}
    crawl(folder, 9, speech("54", day(9), body="崩溃之前"))
    for name, data in old.items():
        (folder / name).write_bytes(data)  # a crash after the commit
    assert [hit["id"] for hit in search(root, "崩溃")] == ["gszx:54"]
    rebuild(folder)
    shutil.move(root / "other", root.parent / "elsewhere")
    assert "民主".encode() not in follows()
    shutil.rmtree(folder)
    shutil.move(root.parent / "elsewhere", folder)  # another site in a folder of this name
    assert {hit["site"] for hit in search(root, "政")} == {"other"}
    assert [hit["id"] for hit in search(root, "民主")] == ["other:1"]
    crawl(root / "other", 1, speech("1", day(1), body="新的民主"))
    assert len(search(root, "民主")) == 2
    for name, new in (("gszx", "moved"), ("other", "gszx"), ("moved", "other")):
        (root / name).rename(root / new)  # each in the folder of the other
    assert sorted(hit["id"] for hit in search(root, "民主")) == ["gszx:1", "other:1"]
    assert_two_archives_of_a_site_are_refused(root, search)


def assert_two_archives_of_a_site_are_refused(root: Path, search: Callable[..., Any]) -> None:
    shutil.copytree(root / "gszx", root / "twin")
    assert search(root, "民主", status=2) == search(root, "民主", "--scan", status=2) == []
    for verb, *ids in (("log", "gszx:1"), ("show", "gszx:1"), ("cite", "gszx:1"), ("diff", "gszx:1", "gszx:1")):
        assert main([verb, str(root), *ids]) == 2
        search(root, "民主", status=2)
    assert f"{root}/gszx and {root}/twin are both of site gszx" in search.said  # type: ignore[attr-defined]


def test_a_damaged_archive_is_told_and_its_texts_are_still_found(root: Path, search: Callable[..., Any]) -> None:
    assert len(search(root, "民主")) == 1
    crawl_other(root / "other", 2, "各位委员：协商")
    commit = root / "other/commits/00000002.json"
    whole = commit.read_bytes()
    commit.write_bytes(b"{}")
    (root / "other/latest.json").unlink()
    assert len(search(root, "民主", status=5)) == 1
    assert "PROBLEM" in search.said  # type: ignore[attr-defined]
    commit.write_bytes(whole)
    assert search(root, "民主") == []
    assert len(search(root, "协商")) == 1
    first, second, *rest = (root / "gszx/latest.jsonl").read_bytes().splitlines(keepends=True)
    body = json.loads(first)["body"][:6]
    number = len(search(root, body))
    resealed(
        root / "gszx", b"".join([first.replace(b'"body":"', '"body":"新'.encode()), second[:400] + b"\n", *rest])
    )
    assert search(root, "新", status=5) == []
    resealed(root / "gszx", b"".join([first.replace(b'"title":', b'"title":["x"],"x":'), second, *rest]))
    assert len(search(root, body, status=5)) == number
    resealed(root / "gszx", b"".join([first.replace(b'"published_on":', b'"published_on":7,"x":'), second, *rest]))
    assert search(root / "gszx", body, status=5) == []


def test_a_character_that_is_written_as_an_escape_is_found(root: Path, search: Callable[..., Any]) -> None:
    (root / DATABASE).write_bytes(b"no part of the archives")
    line = next(Archive(root / "other").latest())
    resealed(root / "other", f"{json.dumps(line)}\n".encode())
    assert len(search(root / "other", "民主")) == len(search(root, "民主")) == 1
    resealed(root / "other", f"{json.dumps(line | {'body': '民生'})}\n".encode())
    assert (len(search(root, "民生")), search(root, "民主")) == (1, [])


SMALL_FILES = """
import resource, sys
from pipelines.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(main(["search", sys.argv[1], "民主", "--count"]))
"""


def test_where_no_index_can_be_kept_the_texts_are_read(root: Path, search: Callable[..., Any]) -> None:
    told = python(SMALL_FILES, root)  # as on a disk that is full
    assert (told.returncode, told.stdout) == (0, "1\n")
    assert "no index can be kept" in told.stderr
    assert "disk I/O error" in told.stderr
    shutil.rmtree(root / "fleet")
    (root / "fleet").write_text("no folder")
    assert len(search(root, "民主")) == 1
    assert "no index can be kept" in search.said  # type: ignore[attr-defined]
    (root / "fleet").unlink()
    (root / "fleet").symlink_to(root.parent)
    assert search(root, "民主", status=2) == []


def test_an_index_of_somebody_else_is_left_alone_and_an_old_one_made_anew(
    root: Path, search: Callable[..., Any]
) -> None:
    index = root / INDEX
    index.parent.mkdir()
    with closing(sqlite3.connect(index)) as database:
        database.execute("CREATE TABLE mine (x)")
    assert search(root, "民主", status=2) == []
    index.unlink()
    assert len(search(root, "民主")) == 1
    with closing(sqlite3.connect(index)) as database:
        database.execute("DELETE FROM speeches")
        database.execute("PRAGMA user_version = 0")
        database.commit()
    assert len(search(root, "民主")) == 1
    index.with_name("search.sqlite-journal").write_bytes(b"of a search that died")
    assert len(search(root, "民主")) == 1
    assert "indexing" in search.said  # type: ignore[attr-defined]
    assert sorted(path.name for path in index.parent.iterdir()) == ["search.lock", "search.sqlite"]
    index.write_bytes(index.read_bytes()[:8192] + b"\xff" * 40_000)
    assert search(root, "民主", status=5) == []
    assert "delete it" in search.said  # type: ignore[attr-defined]


HOSTILE = {
    "a view": "CREATE VIEW speeches AS WITH RECURSIVE n(x) AS (SELECT 1 UNION SELECT x + 1 FROM n) SELECT x FROM n",
    "another tokenizer": "CREATE TABLE speeches (site TEXT, id TEXT, title TEXT, body TEXT, number INT) STRICT;"
    "CREATE VIRTUAL TABLE speeches_text USING fts5(title, body)",
    "a virtual table": f"CREATE VIRTUAL TABLE speeches USING fts5(site, id, title, body, number);{CREATE}",
    "no index": "CREATE TABLE speeches (site TEXT, id TEXT, title TEXT, body TEXT, number INT) STRICT",
    "nothing": "SELECT 1",
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_a_database_that_is_no_export_is_refused(tmp_path: Path, search: Callable[..., Any], script: str) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as database:
        database.executescript(script)
    assert search(tmp_path / "x.sqlite", "民主", status=2) == []


def test_values_of_other_types_and_signs_that_steer_a_terminal_do_no_harm(
    tmp_path: Path, search: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as database:
        columns = "site ANY, id ANY, title ANY, body ANY, number ANY, published_on ANY"
        database.execute(f"CREATE TABLE speeches ({columns}) STRICT")
        database.execute(CREATE)
        database.execute("INSERT INTO speeches VALUES (1, x'ff', 2.5, '民主\x1b[2J', 7, 8)")
        database.execute("INSERT INTO speeches_text(rowid, title, body) VALUES (7, '', ?)", [pairs("民主")])
        database.commit()
    assert main(["search", str(tmp_path / "x.sqlite"), "民主"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert len(search(tmp_path / "x.sqlite", "民主")) == 1
    for change in (
        "INSERT INTO speeches_text(rowid, title, body) VALUES (8, '', ?)",  # a row that the table lacks
        "INSERT INTO speeches SELECT site, id, title, substr(?, 1, 1), 8, published_on FROM speeches",
    ):
        with closing(sqlite3.connect(tmp_path / "x.sqlite")) as database:
            database.execute(change, [pairs("民主")])
            database.commit()
        assert search(tmp_path / "x.sqlite", "民主", status=5) == []
        assert "index is of other texts than its table has" in search.said  # type: ignore[attr-defined]
        is_missing = change.startswith("INSERT INTO speeches_text")
        assert main(["search", str(tmp_path / "x.sqlite"), "民主", "--count"]) == (5 if is_missing else 0)


def test_what_cannot_be_searched_is_refused(made: Path, search: Callable[..., Any]) -> None:
    for arguments in (
        ["", "--count"],
        ["民", "--from", "2023-02-30"],
        ["民", "--to", "2023"],
        ["民", "--from", ""],
        ["民", "--genre", "speech"],
        ["民", "--from", "2024-01-02", "--to", "2024-01-01"],
        ["民", "--site", "nosuch", "--count"],
        ["民", "--site", "nosuch", "--scan"],
    ):
        assert main(["search", str(made), *arguments]) == 2
    with pytest.raises(SystemExit, match="2"):
        main(["search", str(made), "民", "--problems", "x"])
    assert search(made / "nowhere", "民", status=2) == []
    assert search(made / "gszx/latest.jsonl", "民", status=2) == []
    torn = made.parent / "torn.sqlite"
    torn.write_bytes((made.parent / "out" / DATABASE).read_bytes()[:20_000] + b"\xff" * 200_000)
    assert search(torn, "民", status=5) == []
    whole = (made.parent / "out" / DATABASE).read_bytes()
    torn.write_bytes(whole.replace(b"CREATE TABLE speeches", b"CREATE TABLE \xffpeeches", 1))
    assert search(torn, "民", status=5) == []
    torn.write_bytes(whole.replace("民".encode(), b"\xff\xff\xff"))
    assert search(torn, "主", status=5) == []


PAGE = (ROOT / "docs/searching.md").read_text("utf-8")
SHOWN = re.findall(r"^\$ python -m pipelines (.*)\n((?s:.*?))(?=^\$|^```$)", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    spoken = replace(
        speech("4864", day(1), body="同志们：\n发挥协商民主的优势，广泛凝聚共识。"),
        title="在市政协九届三次会议上的讲话",
        genre="讲话",
    )
    others = ("在座谈会上的发言", "关于协商民主的几点体会"), ("在茶话会上的致辞", "新年好")
    texts = [replace(speech(str(n), day(1), body=body), title=title) for n, (title, body) in enumerate(others, 4711)]
    texts[0] = replace(texts[0], speaker="李四", published_on="2022-07-01", published_at=None)
    crawl(folder / "output/gszx", 1, spoken, *texts)
    return folder


def test_the_page_shows_what_the_commands_print(
    documented: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(documented)
    assert len(SHOWN) == 4
    for command, shown in SHOWN:
        assert main(shlex.split(command)) == 0
        out = capsys.readouterr().out
        assert re.fullmatch(re.escape(shown).replace("…", ".*"), out), out
    (sql,) = re.findall(r"^```sql\n((?s:.*?))^```$", PAGE, re.MULTILINE)
    with closing(sqlite3.connect(documented / "speeches" / DATABASE)) as database:
        found = {wanted: database.execute(sql, {"q": wanted}).fetchall() for wanted in ("协商民主", "新", "无此")}
    assert {wanted: [row[0] for row in rows] for wanted, rows in found.items()} == {
        "协商民主": ["gszx:4864", "gszx:4711"],
        "新": ["gszx:4712"],
        "无此": [],
    }
