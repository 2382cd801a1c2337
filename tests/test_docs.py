"""What the documents show is what the program does: commands, output, calls and tables are run or compared."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import default_settings

from crawler import settings
from crawler.__main__ import _COMMANDS
from crawler.pages import FAMILIES
from crawler.replica.process import Replica
from crawler.run.arguments import ARGUMENTS
from crawler.sites.lookup import SITES
from crawler.sites.profile import SiteProfile
from pipelines.__main__ import VERBS
from pipelines.__main__ import _parser as archive_parser
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.disk.wrong_clock import JUMP_DAYS
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit
from tests.conftest import ROOT, Ended, Site, run


def example(verb: str) -> str:
    """The command that the help of a verb shows."""
    (parser,) = (
        action.choices[verb] for action in archive_parser({}, verb)._actions if isinstance(action.choices, dict)
    )
    epilog: str = parser.epilog
    return epilog.rpartition("example:\n  ")[2]


PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", ROOT / "README.zh.md", *sorted(ROOT.glob("docs/*.md")))
}
READING = "status report verify log show diff cite search changes views files export".split()
"""Commands whose examples in `--help` run on any archive; those of the others need one in a certain state."""
PAGES["--help"] = "\n".join(["```sh", *map(example, READING), "```\n"])
README = PAGES["README.md"]
QUICKSTART, OPERATIONS = (PAGES[f"docs/{name}.md"] for name in ("quickstart", "operations"))
ADDING, CAPTURES = PAGES["docs/adding-a-site.md"], PAGES["docs/captures.md"]
OF_SCRAPY = set(dir(default_settings))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """Every line of the shell blocks, without its comment."""
    lines = (line.partition("# ")[0].strip() for line in "".join(blocks(text, "sh")).split("\n"))
    return [line for line in lines if line]


def rows(text: str) -> list[tuple[str, str]]:
    """First and second cell of every table row whose first cell is one name or number."""
    return re.findall(r"^\| `?([\w-]+)`? \| `?([^|`]*)`?", text, re.MULTILINE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Site]:
    root = tmp_path_factory.mktemp("demo")
    return run("scrapy", "demo", "-s", f"ARCHIVE_ROOT={root}"), Site(root / "demo")


def test_the_demo_says_what_happened(demo: tuple[Ended, Site]) -> None:
    ended, site = demo
    assert (ended.status, ended.err) == (0, "")
    for said in (
        "created: 3",
        "changed: 3",
        "gone: 2",
        "body: mojibake (1)",
        "raised by reading them: 0",
        "whole: 2 commits",
        str(site.folder),
    ):
        assert said in ended.out
    ((command, shown),) = re.findall(r"^\$ (.*)\n((?s:.*))", blocks(QUICKSTART, "console")[0], re.MULTILINE)
    assert command == "make demo"
    assert re.fullmatch(re.escape(shown).replace("…", ".*"), ended.out, re.DOTALL), ended.out


def test_the_line_shown_is_a_real_one(demo: tuple[Ended, Site]) -> None:
    shown: dict[str, Any] = json.loads(blocks(README, "json")[0])
    line = demo[1].latest()[shown["id"].partition(":")[2]]
    beginning = shown.pop("body").removesuffix("…")
    assert line["body"].startswith(beginning)
    assert {key: line[key] for key in shown} == shown
    assert [key for key in line if key in shown] == list(shown), "keys out of the contract's order"


OF_ARCHIVES = ([".venv/bin/python", "-m", "pipelines"], ["speech-archive"])
"""How a shown command of the archives begins."""


def after_the_program(words: list[str]) -> list[str]:
    """A shown command of the archives without the words by which it begins; nothing of any other."""
    begun = next((len(one) for one in OF_ARCHIVES if words[: len(one)] == one), 0)
    return words[begun:] if begun and words[begun] not in _COMMANDS else []


PAGES_OF_ARCHIVES = [
    name for name, text in PAGES.items() if any(map(after_the_program, map(str.split, commands(text))))
]


def shown_first(name: str) -> list[str]:
    """The commands of a page that no earlier page shows: the Chinese one has those of the English one."""
    earlier = PAGES_OF_ARCHIVES[: PAGES_OF_ARCHIVES.index(name)]
    known = {line for other in earlier for line in commands(PAGES[other])}
    return [line for line in dict.fromkeys(commands(PAGES[name])) if line not in known]


@pytest.mark.parametrize("name", [name for name in PAGES_OF_ARCHIVES if shown_first(name)])
def test_every_archive_command_runs(name: str, demo: tuple[Ended, Site], tmp_path: Path) -> None:
    folder = str(demo[1].folder)
    some_id = next(key for key, line in demo[1].latest().items() if line["version"] > 1)
    ids = re.compile(r"^(4864|ID)(?=@|$)")
    last, heads = Archive(folder).commits()[-1], tmp_path / "heads.txt"
    heads.write_bytes(Noted(at=last.recorded_at, site="gszx", commit=last.n, head=last.sha256).line())
    places = {"/mnt/other/heads.txt": str(heads), "output": folder, "archives": str(demo[1].root)}
    places["/srv/www/fleet.svg"] = str(tmp_path / "fleet.svg")
    for line in shown_first(name):
        words = shlex.split(line)
        if of_archives := after_the_program(words):
            given = [places.get(word) or (folder if "/" in word else ids.sub(some_id, word)) for word in of_archives]
            made = str(tmp_path / given[-1])
            given = [*given[:-1], made] if "--out" in given else given
            ended = run("pipelines", *given)
            assert ended.status == 0, (line, ended)
            assert all(said.startswith(("note: ", made)) for said in ended.err.split("\n") if said), (line, ended)
        elif "sha256sum" in line or (words[0] == "jq" and shutil.which("jq")):
            command = line.replace("output/gszx", folder)
            done = subprocess.run(command, shell=True, check=False, capture_output=True, cwd=folder)  # noqa: S602
            assert (done.returncode, bool(done.stdout)) == (0, True), (line, done)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_command_has_an_example_that_it_understands(verb: str) -> None:
    archive_parser({}, verb).parse_args(shlex.split(example(verb))[1:])


def test_every_crawl_command_runs(tmp_path: Path) -> None:
    """Those for the live site, at a replica in its place."""
    lines = {line for text in PAGES.values() for line in commands(text)}
    shown = {words for line in lines for words in re.findall(r"\.venv/bin/(scrapy .*?)(?= \|\| |$)", line)}
    assert len(shown) >= 4
    with Replica(speeches=6, per_page=4) as replica:
        for number, command in enumerate(sorted(shown)):
            words = shlex.split(command.replace("NAME", "gszx").replace("/mnt/other", str(tmp_path)))
            if "crawl" in words:
                words += ["-a", f"start_url={replica.url}", "-s", "DOWNLOAD_DELAY=0"]
                words += ["-s", f"ARCHIVE_ROOT={tmp_path / str(number)}"]
            ended = run(*words)
            assert (ended.status, ended.err) == (0, ""), (command, ended)


@pytest.mark.skipif(shutil.which("jq") is None, reason="the recipe needs jq")
def test_the_bytes_of_a_line_come_out_with_stock_tools(demo: tuple[Ended, Site]) -> None:
    site = demo[1]
    command = ["sh", "-c", blocks(CAPTURES, "sh")[1]]
    out = subprocess.run(command, cwd=site.folder, capture_output=True, check=True).stdout
    line = json.loads((site.folder / "latest.jsonl").read_text("utf-8").partition("\n")[0])
    articles = [capture for capture in line["captures"] if capture["role"] == "article"]
    assert out.count(b"WARC-Type: response\r\n") + out.count(b"WARC-Type: revisit\r\n") == len(articles) > 0
    assert all(f"WARC-Record-ID: {capture['record_id']}\r\n".encode() in out for capture in articles)


@pytest.mark.skipif(shutil.which("jq") is None, reason="the recipe needs jq")
def test_a_speech_is_proved_with_stock_tools(demo: tuple[Ended, Site], tmp_path: Path) -> None:
    site, lines = demo[1], demo[1].latest().values()
    folder = shutil.copytree(site.folder, tmp_path / "copy")
    line = next(line for line in lines if len([one for one in line["captures"] if one["role"] == "article"]) == 1)
    (prove,) = (block for block in blocks(CAPTURES, "sh") if "iconv" in block)
    proved = subprocess.run(
        ["sh", "-c", prove.replace("gszx:4864", line["id"])], cwd=folder, capture_output=True, check=True
    )
    assert proved.stdout.startswith(b"body.html: OK\n")
    assert line["title"] in proved.stdout.decode()


def test_tables_and_profiles_are_those_of_the_code() -> None:
    for text in (OPERATIONS, PAGES["docs/operations.zh.md"]):
        assert [int(n) for n, _ in rows(text) if n.isdecimal()] == sorted(Exit)
    arguments, listed = (OPERATIONS.partition(f"## {heading}")[2].partition("\n## ")[0] for heading in ("Arg", "Set"))
    assert [name for name, _ in rows(arguments) if name != "argument"] == list(ARGUMENTS)
    ours = {name for name in dir(settings) if name.isupper() and name not in OF_SCRAPY}
    assert {name for name in ours if f"`{name}`" not in listed} == set()
    for name, default in rows(listed):
        if default.replace(".", "").isdecimal():
            value = JUMP_DAYS if name == "CLOCK_JUMP_DAYS" else getattr(settings, name)  # which tests raise
            assert float(default) == value, name
    toml = [block for text in PAGES.values() for block in blocks(text, "toml")]
    assert tomllib.loads((SITES / "gszx.toml").read_text("utf-8")) in map(tomllib.loads, toml)
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", ADDING, re.MULTILINE))))
    assert named == {field.name for field in fields(SiteProfile)} - {"site"}
    assert {name for name, _ in rows(PAGES["docs/cms-families.md"])} - {"cms"} == FAMILIES.keys() - {"generic"}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {target for text in PAGES.values() for target in re.findall(r"^(?:\$ )?make (\w+)", text, re.MULTILINE)}
    assert {"demo", "test"} <= targets
    assert all(f"\n{target}:" in makefile for target in targets)


@pytest.mark.parametrize("name", ["README", "docs/operations"])
def test_a_chinese_page_has_all_of_the_english_one(name: str) -> None:
    english, chinese = PAGES[f"{name}.md"], PAGES[f"{name}.zh.md"]
    assert commands(chinese) == commands(english)
    for language in ("json", "console"):
        assert blocks(chinese, language) == blocks(english, language)
    for heading in ("\n## ", "\n### "):
        assert chinese.count(heading) == english.count(heading)
    shown = re.compile(r"(?<=\]\()[^)#]+")
    assert set(shown.findall(english)) - set(shown.findall(chinese)) <= {f"{Path(name).name}.zh.md"}
    names = [
        [re.findall("`([^`]+)`", cell) for cell in re.findall(r"^\| (.*?) \|", text, re.MULTILINE)]
        for text in (english, chinese)
    ]
    assert [found for found in names[1] if found] == [found for found in names[0] if found]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere_and_the_index_lists_every_page() -> None:
    for name, text in PAGES.items():
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
            path = (ROOT / name).parent / target if target else ROOT / name
            assert path.exists(), (name, target)
            assert not anchor or anchor in anchors(path.read_text("utf-8")), (name, target, anchor)
    listed = set(re.findall(r"\]\(([\w.-]+\.md)", PAGES["docs/README.md"]))
    assert listed == {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"}


def test_the_rooms_of_the_document_are_those_of_the_code() -> None:
    named = set(re.findall(r"`((?:crawler|pipelines)/\w+)`", PAGES["docs/development.md"]))
    rooms = {path.parent for package in ("crawler", "pipelines") for path in ROOT.glob(f"{package}/*/*.py")}
    assert named == {room.relative_to(ROOT).as_posix() for room in rooms}
    paths = re.findall(r"`((?:crawler|pipelines|tests|docs)/[\w./-]+)`", "".join(PAGES.values()))
    missing = {path for path in paths if not (ROOT / path.replace("NAME", "")).parent.is_dir()}
    missing |= {path for path in paths if "NAME" not in path and not (ROOT / path).exists()}
    assert missing == set()


def test_sites_are_listed() -> None:
    ended = run("scrapy", "sites")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("gszx\t政协广水市委员会\t")
