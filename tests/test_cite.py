"""`cite`: the same facts as text, BibTeX and CSL JSON, each read back by what reads such forms."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.archive import Archive
from pipelines.citation.bibtex import escaped
from pipelines.record import Speaker
from tests.judging import judged
from tests.test_archive import FACTS, crawl, day, missed, opened, sealed, speech
from tests.test_redaction import ordered

if TYPE_CHECKING:
    from pathlib import Path

TITLE = r"50% & #1_{甲} 在“$x^2$”~会上的讲话 \end -- ``引''" + "\u2028（摘要）"
MANY = "何庆海、李明、张一鸣、阿不都拉·买买提"
PLAIN = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
} | {f"\\{sign}": sign for sign in "#$%&_"}

# Of the schema of CSL 1.0.2 what a citation of ours uses: every other key is refused by it.
CSL_TEXTS = {"title", "container-title", "publisher", "genre", "URL", "version", "language", "archive", "note", "id"}
CSL_TEXTS |= {"archive_location", "type"}
CSL_DATES = {"issued", "accessed", "event-date"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two archives: a speech with two versions, one with many speakers, one that is gone, one redacted."""
    root = tmp_path_factory.mktemp("cited") / "archives"
    first = root / "gszx"
    many = tuple(Speaker(name=name, post=None) for name in MANY.split("、"))
    crawl(
        first,
        1,
        speech("4864", day(1), title=TITLE, delivered_on="2023-12-27", genre="讲话", meeting="政协九届三次会议"),
        speech("7", day(1), speaker=MANY, speakers=many, published_on=None, url="http://gszx.example/{甲} a?b=%41&c"),
        speech("8", day(1)),
        speech("9", day(1), speaker=None),
    )
    crawl(first, 2, speech("4864", day(2), title=TITLE, body="改了"), missed("8", day(2)), days=0)
    ordered(first, "9", 3)
    facts = replace(FACTS, site="zx2", rights="© 政协 {A} & 50%", contact="a_b@example.org")
    run = opened(root / "zx2", 1, facts=facts)
    run.keep(replace(speech("1", day(1)), site="zx2"))
    sealed(run, 1)
    return root


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["cite", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_a_version_is_cited_with_its_dates_its_head_and_how_to_check_it(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(root / "gszx")
    first, second = (commit.sha256 for commit in archive.commits()[:2])
    out = told(capsys, root, "gszx:4864@1")
    assert out == told(capsys, root / "gszx", "4864@1.1")
    shown = TITLE.replace("\u2028", "\\u2028")
    page = "http://gszx.example/Item/Show.asp?m=1&d=4864"
    told_of = re.findall(r"^(.{9}) (.*)$", out, re.MULTILINE)
    rows = dict(told_of)
    assert rows["GB/T 7714"] == (
        f"何庆海. {shown}[EB/OL]. {FACTS.name}, 2023(2023-12-28)[2026-01-01]. {page}. gszx:4864@1.1."
    )
    assert rows["English  "] == (
        f"何庆海. “{shown}”. {FACTS.name} ({FACTS.committee}). Delivered 2023-12-27. Published 2023-12-28. "
        f"Captured 2026-01-01 (UTC). {page}. gszx:4864@1.1."
    )
    assert (rows["rights   "], rows["key      "]) == (FACTS.rights or "not stated", "gszx:4864-v1.1")
    assert first in rows["head     "]
    assert "in the folder that holds the archive gszx" in rows["verify   "]
    monkeypatch.chdir(root)
    commands = [text for name, text in told_of if not name.strip()]
    assert [main(command.removeprefix("python -m pipelines ").split(" ")) for command in commands] == [0, 0]
    assert second in told(capsys, root, "gszx:4864"), "without a version it is the newest"
    assert "何庆海, 李明, 张一鸣, 等. " in (of_many := told(capsys, root, "gszx:7"))
    assert f"网, [{day(1)[:10]}]" in of_many.replace(FACTS.name, "网")
    assert f"gone      the site was seen without it at {day(2)}" in told(capsys, root, "gszx:8")
    assert "[redacted][EB/OL]" in told(capsys, root, "gszx:9")
    assert "rights    © 政协 {A} & 50%\nkept by   a_b@example.org\n" in told(capsys, root, "zx2:1")


@pytest.mark.parametrize(
    ("id", "status", "said"), [("gszx:5", 2, "never captured"), ("gszx:4864@9", 2, "@1.1, @2.1"), ("x:4", 2, "")]
)
def test_what_is_not_there_is_not_cited(
    id: str,  # noqa: A002 - the contract's key
    status: int,
    said: str,
    root: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["cite", str(root), id, "--format", "bibtex"]) == status
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True), err


def test_bibtex_is_read_back_by_a_parser(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = ("gszx:4864@1", "gszx:4864@2", "gszx:7", "gszx:9", "zx2:1")
    entries = "".join(told(capsys, root, one, "--format", "bibtex") for one in ids)
    script = (
        "import json, sys\n"
        "from pybtex.database import parse_string\n"
        "found = parse_string(sys.stdin.read(), 'bibtex').entries\n"
        "print(json.dumps({key: dict(one.fields) | {'author': [str(p) for p in one.persons.get('author', [])]}\n"
        "    for key, one in found.items()}))"
    )
    read = json.loads(judged("data", "python", "-c", script, given=entries).out)
    assert list(read) == ["gszx:4864-v1.1", "gszx:4864-v2.1", "gszx:7-v1.1", "gszx:9-v1.1", "zx2:1-v1.1"]
    first, _, many, redacted, other = read.values()
    assert plain(first["title"]) == "{" + TITLE.replace("\u2028", " ") + "}"
    assert (first["year"], first["month"], first["date"]) == ("2023", "December", "2023-12-28")
    assert [one.strip("{}") for one in many["author"]] == MANY.split("、")
    assert many["url"] == "http://gszx.example/%7B%E7%94%B2%7D%20a?b=%41&c"
    assert (redacted["author"], "year" in many) == ([], False)
    assert plain(other["copyright"]) == "© 政协 {A} & 50%"
    assert "A copy of the archive: ask a_b@example.org." in plain(other["note"])
    # Copied from the file as it is, without what TeX makes of it.
    assert other["note"].endswith(f": python -m pipelines verify zx2 -H {Archive(root / 'zx2').head}")


def plain(text: str) -> str:
    """What TeX prints of a text with the signs that `escaped` writes."""
    shown = re.sub(r"\\text[a-z]+\{\}|\\[#$%&_]", lambda found: PLAIN[found[0]], text.replace("{}", "\0"))
    return re.sub(r"\\text[a-z]+\0", lambda found: PLAIN[found[0].replace("\0", "{}")], shown).replace("\0", "")


@given(st.text() | st.text(st.sampled_from("\\{}#$%&_~^-`'<>,?! 甲\n")))
def test_any_text_is_one_value_of_bibtex(text: str) -> None:
    made = escaped(text)
    depth, least = 0, 0
    for sign in made:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        least = min(least, depth)
    assert (depth, least) == (0, 0)
    assert re.fullmatch(r"(?:\\text[a-z]+\{\}|\\[#$%&_]|\{\}|[^\\{}#$%&_~^])*", made)
    assert not re.search(r"--|``|''|<<|>>|,,|[?!]`", made)


def test_csl_json_has_only_what_its_schema_knows(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for one in ("gszx:4864@1", "gszx:7", "gszx:8", "gszx:9", "zx2:1"):
        (item,) = json.loads(told(capsys, root, one, "--format", "csl-json"))
        check_csl(item)
    assert item["custom"]["rights"] == "© 政协 {A} & 50%"
    (item,) = json.loads(told(capsys, root, "gszx:4864@1", "--format", "csl-json"))
    assert (item["title"], item["author"]) == (TITLE, [{"literal": "何庆海"}])
    assert item["issued"] == {"date-parts": [[2023, 12, 28]]}
    assert item["event-date"] == {"date-parts": [[2023, 12, 27]]}
    line = next(line for line in Archive(root / "gszx").versions() if line["id"] == "gszx:4864")
    assert item["custom"]["content_sha256"] == line["content_sha256"]


def check_csl(item: dict[str, Any]) -> None:
    assert item.keys() <= CSL_TEXTS | CSL_DATES | {"author", "custom"}
    assert item["type"] == "webpage"
    assert all(type(item[key]) is str and item[key] for key in CSL_TEXTS & item.keys())
    assert all(set(name) == {"literal"} for name in item.get("author", ()))
    for key in CSL_DATES & item.keys():
        ((parts,),) = item[key].values()
        assert [*item[key]] == ["date-parts"]
        assert [type(part) for part in parts] == [int] * 3
    assert type(item["custom"]) is dict
