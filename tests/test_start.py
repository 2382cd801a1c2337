"""The start of each command: what it imports, counted, so that none gets slow by what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from pipelines.__main__ import VERBS
from tests.conftest import ROOT
from tests.test_archive import story

if TYPE_CHECKING:
    from pathlib import Path

CEILINGS = {
    "status log cite site sign": (60, 92),
    "show diff changes views files browse audit-text": (70, 120),
    "report verify search pack prove rebuild": (104, 133),
    "accept-gap anchor describe reconcile redact rekey repair retire": (99, 133),
    "export": (150, 162),
}
"""Of verbs: at most so many modules of ours are imported, and at most so many dataclasses and patterns made by them.

A dataclass takes half a millisecond, a pattern a tenth to several. Raise a number only for what a start needs.
"""
_SLOW = {"asyncio", "duckdb", "jinja2", "lxml", "rich", "scrapy", "twisted"}
"""No verb needs one of these before it knows what it is to do."""
_NOT_FOR_STATUS = {"concurrent.futures", "logging", "tempfile", "zoneinfo"}
_PROGRAM = """
import json, os, re, sys
from importlib import import_module
from traceback import print_exc

def counts():
    ours = {name: vars(found) for name, found in sys.modules.items() if name.startswith(("pipelines", "crawler"))}
    made = [value for name, names in ours.items() for value in names.values()
            if isinstance(value, re.Pattern) or "__dataclass_fields__" in getattr(value, "__dict__", ())
            and value.__module__ == name]
    return len(ours), len(made), sorted(sys.modules)

def told(command):
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        with open(read) as answer:
            return json.loads(answer.read())
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    try:
        import_module("pipelines.__main__").main(command)
    except SystemExit:
        pass
    except BaseException:
        print_exc()
        os._exit(1)
    with open(write, "w") as answer:
        json.dump(counts(), answer)
        answer.flush()
        os._exit(0)

import_module("pipelines.archive.read.reader")
print(json.dumps([told(command) for command in json.loads(sys.argv[1])]))
"""
"""Runs each command in a fork of itself. What reads archives is imported once for all."""


def starts(*commands: list[str]) -> list[tuple[int, int, set[str]]]:
    """Of each command: modules of ours, what they make, and the names of all modules."""
    program = [sys.executable, "-c", _PROGRAM, json.dumps(commands)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[Any] = json.loads(done.stdout)
    return [(ours, made, set(names)) for ours, made, names in found]


def test_a_verb_imports_what_it_needs(tmp_path: Path) -> None:
    story(tmp_path / "gszx")
    of = {verb: most for verbs, most in CEILINGS.items() for verb in verbs.split()}
    assert of.keys() == VERBS.keys()
    commands = [["status", str(tmp_path / "gszx")], *([verb, "--help"] for verb in VERBS)]
    for (verb, *_), (ours, made, names) in zip(commands, starts(*commands), strict=True):
        needless = names & (_SLOW | _NOT_FOR_STATUS if verb == "status" else _SLOW)
        assert needless == set(), verb
        assert (ours <= of[verb][0], made <= of[verb][1]) == (True, True), (verb, ours, made)
