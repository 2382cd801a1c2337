"""The results of probing a list: a journal that survives every end of the process, and a table for people.

The journal has a line when the probe of a site begins and one when it has ended. A site with the second is not asked
again; one with only the first died under way, and its files are its own to replace.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from crawler.sites.probe.address_list import Address
from pipelines.archive.disk.files import replace_synced
from pipelines.exits import Exit
from pipelines.shown import one_line
from pipelines.untrusted import parsed_json

SCHEMA = "probed/1"
JOURNAL, TABLE, SCRATCH = "probed.jsonl", "probed.tsv", ".probing"

CERTAIN, DOUBTFUL, POSTPONED = "certain", "doubtful", "postponed"
OF_STATUS = {
    Exit.COMPLETE: CERTAIN,
    Exit.GAPS: "unanswered",
    Exit.WRONG_USE: "unfit",
    Exit.REFUSED: "refused",
    Exit.INTERRUPTED: POSTPONED,
}
"""Results by the exit status of `scrapy probe URL` without findings."""
CRASHED, TOO_SLOW, SAME_ADDRESS, EXISTS = "crashed", "too-slow", "same-address", "exists"


class ResultsInUse(Exception):  # noqa: N818 - reads as a sentence
    """Another process probes into the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result for one line of the list.

    Args:
        asked: what the probe depends on: address, section, committee, name.
        site: the profile's name.
        result: one of the words above; `certain` alone has a profile.
        reason: why it is not certain; empty when it is.
        at: the end, RFC 3339 in UTC; empty for a line that was not asked.
        seconds: how long it took.
        found: the findings that a table shows; empty when there are none.
    """

    asked: tuple[str, ...]
    site: str
    result: str
    reason: str
    at: str = ""
    seconds: float = 0.0
    found: Mapping[str, Any]

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Self:
        """A result from its line of the journal; KeyError or TypeError when it is none."""
        names = [name for name in cls.__slots__ if name != "asked"]
        return cls(asked=tuple(line["asked"]), **{name: line[name] for name in names})


class Results:
    """The folder of the results, held by one process.

    By what was asked: `finished` has the results, without those of earlier processes whose site asked to wait;
    `sites` the names of profiles; `died` what began and did not end.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the folder, and read what was probed before.

        Raises:
            ResultsInUse: another process holds it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.scratch = folder, folder / SCRATCH
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._journal = os.fdopen(os.open(folder / JOURNAL, flags, 0o644), "r+b")
        try:
            fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._journal.close()
            raise ResultsInUse(f"{folder}: another scrapy probe --from is writing there") from None
        self.sites: dict[tuple[str, ...], str] = {}
        self.finished: dict[tuple[str, ...], Result] = {}
        self.died: set[tuple[str, ...]] = set()
        self._read()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()

    def _read(self) -> None:
        """Read the journal; a torn last line is one that was never written."""
        self._journal.seek(0)
        whole = self._journal.read()
        whole = whole[: whole.rfind(b"\n") + 1]
        self._journal.truncate(len(whole))
        for line in whole.split(b"\n"):
            with suppress(ValueError, KeyError, TypeError):
                entry = parsed_json(line)
                asked = tuple(entry["asked"])
                if entry["event"] == "ended":
                    result = Result.of(entry)
                    self.died.discard(asked)
                    if result.result != POSTPONED:
                        self.finished[asked] = result
                else:
                    self.died.add(asked)
                self.sites[asked] = entry["site"]

    def begin(self, asked: tuple[str, ...], site: str) -> None:
        """Note that the site is about to be probed."""
        self.sites[asked] = site
        self._append({"event": "began", "asked": asked, "site": site})

    def end(self, result: Result) -> None:
        """Note the result; from now on the site is not asked again."""
        self.finished[result.asked] = result
        self._append({"event": "ended", **asdict(result)})

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps({"schema": SCHEMA, **entry}, ensure_ascii=False).encode() + b"\n"
        os.write(self._journal.fileno(), line)
        os.fsync(self._journal.fileno())

    def write_table(self, results: Sequence[tuple[Address, Result]]) -> Path:
        """Write the table, in the order of the list, and return its path."""
        file = self.folder / TABLE
        lines = [_HEADER, *(_row(address, result) for address, result in results)]
        data = "".join("\t".join(map(one_line, line)) + "\n" for line in lines).encode()
        replace_synced(file, data, self.scratch)
        return file

    def close(self) -> None:
        """Release the folder."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


_HEADER = tuple(
    "line result reason site committee region url cms section section_url pages speeches columns profile".split()
)


def _row(address: Address, result: Result) -> tuple[str, ...]:
    found = result.found
    section, counts = found.get("section", {}), found.get("list", {})
    columns = [f"{one['name']} {one['url']}" for one in found.get("columns", [])]
    return (
        str(address.line),
        result.result,
        result.reason,
        result.site,
        address.committee or found.get("committee", ""),
        address.region,
        address.url,
        found.get("cms", {}).get("family", ""),
        section.get("name", ""),
        section.get("url", ""),
        str(counts.get("pages", "")),
        str(counts.get("speeches", "")),
        "; ".join(columns),
        f"{result.site}.toml" if result.result == CERTAIN else "",
    )


def as_object(address: Address, result: Result) -> dict[str, Any]:
    """A result as one JSON object."""
    kept = {key: value for key, value in asdict(result).items() if key != "asked"}
    return {"line": address.line, "url": address.url, **kept}


def counted(results: Iterable[Result]) -> dict[str, int]:
    """The number of sites by result, `certain` first."""
    counts = Counter(one.result for one in results)
    return {CERTAIN: counts.pop(CERTAIN, 0), **dict(sorted(counts.items()))}
