"""The start of each command: what it imports, counted, so that none gets slow by what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.__main__ import VERBS
from pipelines.values import frozen
from tests.conftest import ROOT, Site
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import story

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

CEILINGS = {
    "status log cite site sign catalogue": (65, 92),
    "show diff changes views files browse audit-text": (73, 120),
    "accept-gap anchor describe pack prove rebuild reconcile rekey repair retire": (93, 114),
    "report sync verify search redact": (107, 133),
    "export": (121, 130),
}
"""Of verbs: at most so many modules of ours are imported, and at most so many dataclasses and patterns made by them.

A dataclass takes half a millisecond, a pattern a tenth to several. Raise a number only for what a start needs.
"""
SCRAPY_CEILINGS = {"sites": (52, 82), "fleet": (115, 164), "read": (59, 92), "demo": (63, 86), "crawl": (202, 233)}
"""The same of commands of Scrapy: `crawl`, of a site that is not known, has imported what its first request takes."""
_SLOW = {"asyncio", "duckdb", "jinja2", "lxml", "rich", "scrapy", "twisted"}
"""No verb needs one of these before it knows what it is to do."""
_READS_PAGES = {"crawler.pages.article", "crawler.pages.lists.reader", "crawler.run.ending.outcome"}
"""A crawl begins without, and imports it while it awaits the first page."""
_NOT_FOR_STATUS = {"concurrent.futures", "logging", "tempfile", "zoneinfo"}
_PROGRAM = """
import gc, json, linecache, os, re, sys
from importlib import import_module

def counts():
    ours = {name: vars(found) for name, found in sys.modules.items() if name.startswith(("pipelines", "crawler"))}
    made = [value for name, names in ours.items() for value in names.values()
            if isinstance(value, re.Pattern) or "__dataclass_fields__" in getattr(value, "__dict__", ())
            and value.__module__ == name]
    assert gc.get_threshold()[0] == 5_000
    return len(ours), len(made), sorted(sys.modules), sum(map(os.path.isfile, linecache.cache))

def told(command):
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        with open(read) as answer:
            return json.loads(answer.read())
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    sys.argv = command
    try:
        scrapy.cmdline.execute() if command[0] == "scrapy" else import_module("pipelines.__main__").main(command[1:])
    except SystemExit:
        pass
    with open(write, "w") as answer:
        json.dump(counts(), answer)
        answer.flush()
        os._exit(0)

commands = json.loads(sys.argv[1])
if commands[0][0] == "scrapy":
    import scrapy.cmdline
    scrapy.cmdline._get_commands_from_module("scrapy.commands", True)
else:
    import_module("pipelines.archive.read.reader")
print(json.dumps([told(command) for command in commands]))
"""
"""Runs each command in a fork of itself. What all of them need is imported once."""
_READING = """
import gc, json, os, sys
from crawler.run import meanwhile

read, rest = None, meanwhile._import_rest
ours = tuple(os.path.abspath(name) for name in ("crawler", "pipelines"))

def opened(event, told):
    if event == "open" and read is not None and str(told[0]).startswith(ours):
        read.append(told[0])

def import_rest(settings):
    global read
    rest(settings)
    read = []

sys.addaudithook(opened)
meanwhile._import_rest, meanwhile._SECONDS = import_rest, 0
del sys.argv[0]
import scrapy.cmdline
try:
    scrapy.cmdline.execute()
except SystemExit as ended:
    print(json.dumps([ended.code, read, gc.get_freeze_count() > 10_000, gc.get_threshold()[0]]))
"""
"""Runs a crawl; tells its exit status, which files of ours it opened after it had imported the rest, and whether what
it leaves is out of the collector."""


def starts(*commands: list[str]) -> list[tuple[int, int, set[str], int]]:
    """Of each command: modules of ours, what they make, the names of all modules, and files whose source was read."""
    program = [sys.executable, "-c", _PROGRAM, json.dumps(commands)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[Any] = json.loads(done.stdout)
    return [(ours, made, set(names), sources) for ours, made, names, sources in found]


def test_a_verb_imports_what_it_needs(tmp_path: Path) -> None:
    story(tmp_path / "gszx")
    of = {verb: most for verbs, most in CEILINGS.items() for verb in verbs.split()}
    assert of.keys() == VERBS.keys()
    commands = [["", "status", str(tmp_path / "gszx")], *(["", verb, "--help"] for verb in VERBS)]
    for (_, verb, *_), (ours, made, names, _) in zip(commands, starts(*commands), strict=True):
        needless = names & (_SLOW | _NOT_FOR_STATUS if verb == "status" else _SLOW)
        assert needless == set(), verb
        assert (ours <= of[verb][0], made <= of[verb][1]) == (True, True), (verb, ours, made)


def test_a_command_of_scrapy_imports_what_it_needs() -> None:
    helps = [["scrapy", name, "--help"] for name in SCRAPY_CEILINGS if name != "crawl"]
    commands = [*helps, ["scrapy", "crawl", "speeches", "-a", "site=none"]]
    for (_, name, *_), (ours, made, names, sources) in zip(commands, starts(*commands), strict=True):
        assert (ours <= SCRAPY_CEILINGS[name][0], made <= SCRAPY_CEILINGS[name][1]) == (True, True), (
            name,
            ours,
            made,
        )
        assert names & _READS_PAGES == set() or name == "read", name
        assert sources == 0, name


def test_a_run_meets_no_other_software_at_its_end(tmp_path: Path) -> None:
    """What its settings ask for at its end is imported and read soon after its start, too."""
    profile, metrics, site = tmp_path / "p.toml", tmp_path / "speeches.prom", Site(tmp_path / "root")
    profile.write_text(PROFILE, "utf-8")

    def answer(path: str, _: Message) -> Answer:
        if "Show" in path:
            return Answer(article_page(1), 500 if path.endswith("2") else 200)
        return Answer("document.write('12');" if "GetHits" in path else list_page(rows))

    rows = [(number, "在会上的讲话", "2020-01-01") for number in (1, 2)]
    asked = ("RUN_PAGE=en", "NOTIFY_CMD=cat", f"METRICS_TEXTFILE={metrics}", "RETRY_TIMES=0")
    with serve(answer) as url:
        command = site.command(url, "-a", f"profile={profile}", *(word for one in asked for word in ("-s", one)))
        program = [sys.executable, "-c", _READING, *command]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout.split("\n")[-2]) == [3, [], True, 5_000], done
    assert (metrics.exists(), len(list((site.folder / "runs").glob("*.html")))) == (True, 1), done


@pytest.mark.parametrize(
    ("own", "told"), [("__eq__", "__eq__, __hash__"), ("__hash__", "__hash__"), ("__repr__", "__repr__")]
)
def test_what_a_class_defines_itself_is_not_overwritten(own: str, told: str) -> None:
    """Python itself sets `__hash__` of a class with `__eq__`."""
    with pytest.raises(TypeError, match=f"makes {told} of Own"):
        frozen(type("Own", (), {own: lambda *_: 0}))
