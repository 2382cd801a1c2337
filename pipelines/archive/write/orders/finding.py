"""Where words stand in an archive: its lines, run reports and WARC records."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pipelines.archive.write.orders.search import OWN_ROLES, named_files
from pipelines.untrusted import is_there, whole
from pipelines.warc.http import NotDecodable
from pipelines.warc.masking import heading, searched
from pipelines.warc.record_reader import records
from pipelines.warc.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.warc.records import WarcRecord


def found_in(archive: Archive, text: str) -> Iterator[dict[str, Any]]:
    """Each file in which words stand, as {where, ids, urls}.

    `ids` are the speeches whose lines hold them, or whose pages and attachments do; `urls` the addresses of records
    that do.
    """
    words, owners = Words((), (), [text]), defaultdict[str, set[str]](set)
    for commit in archive.commits():
        for named in filter(None, map(commit.stream, ("versions", "observations"))):
            lines = archive.lines_of(commit, named.path.partition("/")[0])
            ids = {line["id"] for line in _noting(owners, lines) if _holds_line(words, line)}
            if ids:
                yield _entry(named.path, ids)
    for path in named_files(archive, "runs/"):
        if is_there(file := archive.layout.stored(path)) and words.spans(whole(file)):
            yield _entry(path)
    for path in named_files(archive, "warc/"):
        urls = {
            record.target_uri or "" for _, record in records(archive.layout.stored(path)) if _holds(words, record)
        }
        if urls:
            yield _entry(path, {one for url in urls for one in owners.get(url, ())}, urls)


def _noting(owners: defaultdict[str, set[str]], lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines, the addresses of their pages and attachments noted."""
    for line in lines:
        for one in line["captures"]:
            if one["role"] in OWN_ROLES:
                owners[one["url"]].add(line["id"])
        yield line


def _holds_line(words: Words, line: Line) -> bool:
    return bool(words.spans(json.dumps(line, ensure_ascii=False).encode()))


def _entry(where: str, ids: set[str] | None = None, urls: set[str] | None = None) -> dict[str, Any]:
    return {"where": where, "ids": sorted(ids or ()), "urls": sorted(urls or ())}


def _holds(words: Words, record: WarcRecord) -> bool:
    try:
        return bool(words.spans(searched(record)) or words.spans(heading(record)))
    except NotDecodable:
        return False
