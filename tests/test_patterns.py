"""Every pattern takes linear time on the inputs that make patterns slow, but for those that see short texts alone."""

from __future__ import annotations

import pkgutil
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median
from types import ModuleType

import crawler
import pipelines
from crawler.crawl.slow_patterns import slow_on
from tests.conftest import ROOT

LENGTH, FLOORS = 3_000, 35
"""A linear pattern takes the time of one floor at most, the slowest allowed 16, a quadratic one more than 80."""
ADDRESSES = re.compile(
    r"crawler\.pages\.(?:addresses|plain|lists\.handlers:_FILE|families\..*(?:articles|lists|own_column|_LIST|_VIEW|_DOC))|pipelines\.export\.surt"
)
SHORT = {
    "crawler.pages.body.kinds:_LABELLED_DAY": "lines up to _LONGEST_INFO",
    "crawler.pages.forwarding:_COMMENTS": "scripts up to _LONGEST_SCRIPT",
    "crawler.pages.lists.pagination:_WORDS": "blocks up to _LONGEST_BLOCK",
    "pipelines.context.own_committee:_NAMED": "titles and short lines",
    "pipelines.context.speaker:_VERB": "titles",
    "pipelines.text.names:_AFTER": "names",
}
CALLS = "search|match|fullmatch|sub|subn|findall|finditer|split"


def test_no_pattern_is_slow() -> None:
    slow: dict[str, list[str]] = {}
    for where, pattern, calls in patterns():
        if where not in SHORT and not ADDRESSES.match(where):
            found = [said for call in calls if (said := always_slow(getattr(pattern, call), pattern))]
            slow |= {where: found} if found else {}
    assert slow == {}


def always_slow(search: Callable[[str], object], pattern: re.Pattern[str]) -> str | None:
    """What `slow_on` says each of three times: a machine that is slow for a moment is no slow pattern."""
    said = [slow_on(search, pattern, LENGTH, FLOORS * floor())]
    while said[-1] and len(said) < 3:
        said.append(slow_on(search, pattern, LENGTH, FLOORS * floor()))
    return said[-1]


@cache
def floor() -> float:
    """Seconds of CPU time that this machine takes for half a million steps of a search: machines differ threefold."""
    pattern, text, took = re.compile("a*b"), "a" * 1_000, []
    for _ in range(20):
        began = time.process_time()
        pattern.search(text)
        took.append(time.process_time() - began)
    return max(median(took), 0.0003)  # `slow_on` takes limits from 0.01 on


def test_a_quadratic_pattern_is_found() -> None:
    assert always_slow(re.compile(r"[\w-]+@x").search, re.compile(r"[\w-]+@x"))
    assert not always_slow(re.compile(r"(?<![\w-])[\w-]++@x").search, re.compile(r"(?<![\w-])[\w-]++@x"))


def patterns() -> Iterator[tuple[str, re.Pattern[str], set[str]]]:
    """Name, pattern and how it is applied, of all text patterns at the top of modules and classes."""
    seen = set()
    for package in (crawler, pipelines):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                module = import_module(found.name)
                for name, pattern in [one for owner in owners(module) for one in named(owner)]:
                    if pattern not in seen and isinstance(pattern.pattern, str):
                        seen.add(pattern)
                        yield f"{module.__name__}:{name}", pattern, calls_of(name, module)


def owners(module: ModuleType) -> list[object]:
    return [
        module,
        *(one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__),
    ]


def named(owner: object) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in vars(owner).items():
        yield from ((name, one) for one in held(value))


def held(value: object, depth: int = 3) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, (tuple, list, dict, set, frozenset)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from held(one, depth - 1)


def calls_of(name: str, module: ModuleType) -> set[str]:
    """`match` and `fullmatch` where that is all; whatever looks at every place is tried by `search`."""
    source = Path(module.__file__ or "").read_text("utf-8")
    used = called(source)[name]
    if f", {name}" in source or f"({name}" in source:
        used |= {call for _, call in re.findall(rf"(\w+)\.({CALLS})\(.*? for \1 in \([^)]*\b{name}\b", source)}
    if not name.startswith("_"):
        used |= called(sources())[name]
    return {call if call in {"match", "fullmatch"} else "search" for call in used or {"search"}}


@cache
def called(source: str) -> Mapping[str, frozenset[str]]:
    """The methods of patterns that are called on each name."""
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for name, call in re.findall(rf"\b(\w+)\.({CALLS})\b", source):
        found[name] |= {call}
    return found


@cache
def sources() -> str:
    return "\n".join(
        path.read_text("utf-8") for part in ("crawler", "pipelines") for path in (ROOT / part).rglob("*.py")
    )
