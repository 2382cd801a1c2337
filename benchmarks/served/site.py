"""A recorded site that is being served, the command of our crawl of it, and whether a client did the work."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.served.pages import ROWS_A_PAGE, Recorded, Truth, letters, record
from benchmarks.served.server import Server, free_port, serving

AT_ONCE = 16
HOST = "127.0.0.1"
SITE = "bench"
PROFILE = """\
name = "广水市政协网"
committee = "政协广水市委员会"
cms = "kesion"
id_namespace = "kesion-1"
start_url = "{start}"
section = "领导讲话"
hosts = ["{host}"]
counter = "read_only"
attachment_types = []
"""


@dataclass(frozen=True)
class Served:
    """A recorded site that a server serves: `url` is its root without the last slash, `profile` a file of facts."""

    url: str
    site: Recorded
    server: Server
    profile: Path

    @property
    def start(self) -> str:
        """The first list page."""
        return self.url + self.site.start

    def crawl(self, root: Path, *more: str) -> list[str]:
        """Our crawl into `root`: no delay, as many requests at once as the rivals."""
        settings = [f"ARCHIVE_ROOT={root}", "DOWNLOAD_DELAY=0"]
        settings += [f"CONCURRENT_REQUESTS={AT_ONCE}", f"CONCURRENT_REQUESTS_PER_DOMAIN={AT_ONCE}"]
        crawl = [sys.executable, "-m", "scrapy", "crawl", "speeches", "-a", f"site={SITE}"]
        return [*crawl, "-a", f"profile={self.profile}", *(part for one in settings for part in ("-s", one)), *more]

    def asked_all(self) -> dict[str, float | str]:
        """How many requests came since the last call; ValueError when an address of the work was not among them."""
        asked = [one.replace("Action=Count&", "") for one in self.server.asked()]
        if missing := self.site.wanted - set(asked):
            raise ValueError(f"{len(missing)} of {len(self.site.wanted)} addresses were not requested")
        return {"requests": len(asked)}

    def right(self, records: Iterable[tuple[str, Truth]]) -> dict[str, float | str]:
        """How many bodies are right; ValueError when a speech is missing or its title, day or views are wrong."""
        found = dict(records)
        for path, truth in self.site.truth.items():
            if path not in found:
                raise ValueError(f"{path} is missing")
            if found[path]._replace(body="") != truth._replace(body=""):
                raise ValueError(f"{path}: {found[path]._replace(body='')}")
        exact = sum(letters(found[path].body) == letters(truth.body) for path, truth in self.site.truth.items())
        return {"right bodies": f"{exact} of {len(self.site.truth)}"}

    def archived(self, root: Path) -> dict[str, float | str]:
        """The same of an archive that our crawl made."""
        return self.right(_archived(root / SITE))


@contextmanager
def served_site(speeches: int, *, full_size: bool = True, rows_a_page: int = ROWS_A_PAGE) -> Iterator[Served]:
    """Record a site and serve it."""
    folder = Path(tempfile.mkdtemp(prefix="bench-site-"))
    try:
        port = free_port()
        address = f"{HOST}:{port}"
        site = record(folder / "pages" / HOST, address, speeches, full_size=full_size, rows_a_page=rows_a_page)
        profile = folder / f"{SITE}.toml"
        profile.write_text(PROFILE.format(start=f"http://{address}{site.start}", host=HOST), encoding="utf-8")
        with serving(folder / "pages", folder / "state", port) as server:
            yield Served(f"http://{address}", site, server, profile)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def json_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The records of a file of JSON lines."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _archived(archive: Path) -> Iterator[tuple[str, Truth]]:
    for line in json_lines(archive / "latest.jsonl"):
        path = "/" + line["url"].split("/", 3)[3]
        yield path, Truth(line["title"], line["published_on"], line["body"], line["view_count"])
