"""`scrapy crawlall`: many sites in one process, each with its own archive, verdict and end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from pipelines.fleet.attempts import Journal
from tests.conftest import Ended, Site, run
from tests.small import PROFILE, Answer, article_page, list_page, serve

SPEECHES = 3


@dataclass
class Made:
    """A deployment of made sites."""

    folder: Path
    asked: dict[str, list[str]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "archives"

    def add(self, name: str, url: str, *more: str) -> None:
        (self.folder / "sites").mkdir(exist_ok=True)
        profile = PROFILE.replace("http://127.0.0.1/", url)
        (self.folder / "sites" / f"{name}.toml").write_text("\n".join([profile, "delay = 0", *more]), "utf-8")

    def crawlall(self, *more: str) -> Ended:
        return run("scrapy", "crawlall", "--fleet", str(self.folder / "fleet.toml"), *more)

    def runs(self) -> list[dict[str, Any]]:
        files = sorted((self.root / "fleet").glob("[0-9]*.json"))
        return [json.loads(file.read_text("utf-8")) for file in files]


def answer(path: str, _: Message) -> Answer:
    rows = [(n, f"在第{n}次会议上的讲话", "2020-01-01") for n in range(1, SPEECHES + 1)]
    if "GetHits" in path:
        return Answer("document.write('12');")
    if (number := re.search(r"[?&]d=(\d+)", path)) is None:
        return Answer(list_page(rows))
    words = f"<p>各位委员，这是第{number[1]}次会议的讲话。</p>"
    return Answer(article_page(int(number[1]), title=rows[int(number[1]) - 1][1], body=words))


@contextmanager
def made(folder: Path, names: list[str], text: str = "") -> Iterator[Made]:
    """A deployment with a small site of each name, served."""
    found = Made(folder)
    lines = ['contact = "archive@example.org"', 'profiles = "sites"', 'sites = ["m-*"]', text]
    (folder / "fleet.toml").write_text("\n".join(lines), "utf-8")
    with ExitStack() as stack:
        for name in names:
            found.add(name, stack.enter_context(serve(answer, found.asked.setdefault(name, []))))
        yield found


def test_each_site_gets_its_archive_and_verdict(tmp_path: Path) -> None:
    with made(tmp_path, ["m-a", "m-b", "m-c"]) as fleet:
        fleet.add("m-dead", "http://127.0.0.1:9/")
        (tmp_path / "sites" / "m-broken.toml").write_text("name = 3", "utf-8")
        ended = fleet.crawlall("--jobs", "3")
    assert ended.status == 2, ended
    statuses = {one["site"]: one["exit_status"] for one in fleet.runs()[0]["sites"]}
    assert statuses == {"m-a": 0, "m-b": 0, "m-c": 0, "m-dead": 3, "m-broken": 2}
    for name in ("m-a", "m-b", "m-c"):
        assert len(Site(fleet.root, name).latest()) == SPEECHES
        assert [a.is_good for a in Journal(fleet.root, name).attempts()] == [True]
