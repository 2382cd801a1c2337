"""The dated results of full runs, and docs/benchmarks.md, which is written from the newest of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import PROJECT
from benchmarks.results import Found, from_json, markdown

RESULTS = PROJECT / "benchmarks" / "results"
PAGE = PROJECT / "docs" / "benchmarks.md"
_HEAD = PROJECT / "benchmarks" / "page-head.md"


def newest() -> Path | None:
    """The file of the last day that has results."""
    return max(RESULTS.glob("*.json"), default=None)


def add(
    found: Found, rounds: int, made_of: Mapping[str, str], machine: Mapping[str, str], order: Sequence[str]
) -> Path:
    """Put a suite into the results of the day; the other suites stay as the newest file has them.

    They stand in the given order of their names, and so does the page.
    """
    RESULTS.mkdir(exist_ok=True)
    last = newest()
    suites: dict[str, Any] = json.loads(last.read_bytes())["suites"] if last else {}
    suites[found.suite] = {**made_of, "rounds": rounds, "machine": dict(machine), **found.as_json()}
    suites = {name: suites[name] for name in order if name in suites}
    file = RESULTS / f"{made_of['at'][:10]}.json"
    text = json.dumps({"schema": "benchmarks/1", "suites": suites}, ensure_ascii=False, indent=1)
    file.write_text(text + "\n", encoding="utf-8")
    write(file)
    return file


def write(file: Path) -> None:
    """Write docs/benchmarks.md from a file of results."""
    PAGE.write_text(page(file), encoding="utf-8")


def page(file: Path) -> str:
    """The page that a file of results gives."""
    suites: dict[str, Any] = json.loads(file.read_bytes())["suites"]
    return "\n".join([_HEAD.read_text("utf-8"), *_sections(suites)])


def _sections(suites: dict[str, Any]) -> Iterator[str]:
    for name, suite in suites.items():
        machine = "; ".join(f"{key}: {value}" for key, value in suite["machine"].items())
        yield f"## {name}\n"
        yield markdown(from_json(suite))
        yield (
            f"\n{suite['at']}, {suite['rounds']} rounds, size {suite['size']:,}; speech-archive {suite['state']}. "
            f"{machine[0].upper()}{machine[1:]}.\n"
        )
