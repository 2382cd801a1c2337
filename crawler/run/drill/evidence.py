"""What a drill judges by: what the servers saw and know, and what the archives hold. Only values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from pipelines.values import frozen

_ARTICLE = re.compile(r"/item/show\.asp\?m=(\d+)&d=(\d+)", re.IGNORECASE)
"""An article's address on the drill's sites, with its model and number; a page of it adds `&p=2`."""
_FIRST_MODEL = "1"
"""Of KesionCMS, which counts ids by model: an id without a model is of this one."""


@frozen
class Asked:
    """A request as the server saw it.

    Args:
        at: seconds on the server's clock.
        path: with its query.
        who: the worker, which its User-Agent names; empty for anybody else.
    """

    at: float
    path: str
    who: str = ""

    @property
    def article(self) -> str | None:
        """The native id of the article it asks for, whichever page of it; null for lists, counters and robots.txt."""
        return article_of(self.path)


@frozen
class Text:
    """What a speech says, on the site or in the archive: the day is null where none is given."""

    title: str
    day: str | None
    body: str | None


@frozen(kw_only=True)
class Served:
    """One site as its server knows it.

    Args:
        site: its name.
        delay: seconds that must lie between two requests.
        asked: every request in the order of its arrival.
        texts: by native id, every speech that a reader of the site can read.
    """

    site: str
    delay: float
    asked: tuple[Asked, ...]
    texts: Mapping[str, Text]


@frozen(kw_only=True)
class Held:
    """One site's archive, as it lies in the store.

    Args:
        latest: by native id, every speech that it says is there now.
        lines: what makes a line the only one of its kind: (native id, event, version, reading), in their order.
        crawls: how many runs asked the site, those that died included.
        problems: what `verify` found.
        answered: by path with query, how many answers came of each page of an article, stored anew or not.
    """

    latest: Mapping[str, Text]
    lines: tuple[tuple[str, str, int, int], ...]
    crawls: int
    problems: tuple[str, ...]
    answered: Mapping[str, int] = field(default_factory=dict)


@frozen
class Killed:
    """A process that was killed: a worker by its name, or the database, at a moment on the server's clock."""

    at: float
    what: str


def article_of(path: str) -> str | None:
    """The native id of the article of which a path with query is a page; null for all else."""
    found = _ARTICLE.match(path)
    if found is None:
        return None
    model, number = found.groups()
    return number if model == _FIRST_MODEL else f"{model}-{number}"


def write_requests(file: Path, served: Iterable[Served]) -> None:
    """What all servers saw, for whoever doubts the judgement: moment, site, worker, address."""
    lines = [f"{one.at:.4f}\t{site.site}\t{one.who}\t{one.path}\n" for site in served for one in site.asked]
    file.write_text("".join(sorted(lines, key=lambda line: float(line.partition("\t")[0]))), "utf-8")


def text_of(record: Mapping[str, Any]) -> Text:
    """Of a speech of a replica's truth, or of a line of an archive."""
    return Text(record["title"], record["published_on"], record["body"])


def texts_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Text]:
    """By native id."""
    return {record["native_id"]: text_of(record) for record in records}
