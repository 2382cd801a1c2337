"""The events since a place in history, as a feed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.archive.disk.redactions import has_text
from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.streams import parsed
from pipelines.archive.errors import Damaged
from pipelines.archive.read.feeds.changed_fields import Prints, prints_before
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.archive.read.feeds.feed_records import CHANGE_SCHEMA, NOTHING, REDACTED, RESUMED, SUCCEEDED
from pipelines.archive.read.feeds.seen_since import seen_since
from pipelines.canonical import json_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.redactions import Redaction
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Extent, Told

# The contract fixes the order of keys, and no text in a line can hold an unescaped quote.
_BEHIND = b',"published_on":'
_NO_ENTITY = b'"entity":null'
_SAID = ("site", "seq", "commit", "id", "event", "version", "reading", "title", "url", "observed_at", "recorded_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader of the feed asks for.

    `reprocessed`: events of our parser, too. `fields`: what `changed` and `reprocessed` lines changed. `full`: what
    is to be done with the row of the speech, and its line; events of our parser are among them. `seen`: at the end
    the counts of every speech that was looked at. `raw`: the line of an event as its bytes.
    """

    reprocessed: bool = False
    fields: bool = False
    full: bool = False
    seen: bool = False
    raw: bool = False


def changes(told: Told, extent: Extent, asked: Asked) -> Iterator[Line]:
    """The `change/1` objects of an extent, in order: only its own commits are read, where no `fields` are asked for.

    An act has its events at the place of its commit; they have no seq. What a redaction removed is in no event: the
    lines are told as they are stored now.
    """
    following = _Following(told, extent, asked)
    for commit in extent.commits(told):
        yield from following.events(commit)
    if asked.seen:
        yield from seen_since(told, extent, following.of_acts, following.checked)


def raw_changes(told: Told, extent: Extent, asked: Asked) -> Iterator[bytes]:
    """`changes` as lines of JSON with their line feed; the line of an event is not parsed and written again."""
    for event in changes(told, extent, replace(asked, raw=True)):
        if isinstance(entity := event["entity"], bytes):
            head, _, tail = json_line(event | {"entity": None}).encode().partition(_NO_ENTITY)
            yield head + _NO_ENTITY[: -len("null")] + entity + tail + b"\n"
        else:
            yield json_line(event).encode() + b"\n"


class _Following:
    def __init__(self, told: Told, extent: Extent, asked: Asked) -> None:
        self._told, self._extent, self._asked = told, extent, asked
        self.checked = CheckedFiles(told)
        self._prints: Prints | None = prints_before(told, extent, self.checked) if asked.fields else None
        totals = told.totals()
        self._acts = {act["commit"]: act for act in (*totals.rekeys, *totals.redactions)}
        self._succeeded: set[str] = set()
        self.of_acts: set[str] = set()
        """The ids of which acts have told."""
        for act in totals.rekeys:
            if act["commit"] <= extent.after and (rekey := Rekey.of(told.commit(act["commit"]))):
                self._succeed(rekey)
        redactions = [told.commit(act["commit"]) for act in totals.redactions]
        self._rewritten = {seq: one.n for one in redactions if one.redaction for seq in one.redaction.seqs}

    def events(self, commit: Commit) -> Iterator[Line]:
        """What one commit brought."""
        if act := self._acts.get(commit.n):
            for made in self._of_act(commit) if self._extent.has_act(act) else ():
                self.of_acts.add(made["id"])
                yield made
            if rekey := Rekey.of(commit):
                self._succeed(rekey)
            return
        reprocessed = self._asked.reprocessed or self._asked.full
        for line, raw in self._lines(commit):
            fields = None if self._prints is None else self._prints.changed_by(line)
            if self._extent.has(line) and (reprocessed or line["event"] != "reprocessed"):
                yield self._event(line, fields, raw if self._asked.raw else line)

    def _lines(self, commit: Commit) -> Iterator[tuple[Line, bytes]]:
        """The version lines of a commit with their bytes; only what is before the text, where no more is needed."""
        is_whole = self._asked.fields or (self._asked.full and not self._asked.raw)
        for raw, file, number in self.checked.lines(commit, "versions"):
            head, found, _ = raw.partition(_BEHIND)
            line = parsed(raw if is_whole or not found else head + b"}", file, number)
            if not is_whole and line["seq"] in self._rewritten:
                line = parsed(raw, file, number)
            yield line, raw.rstrip(b"\n")

    def _event(self, line: Line, fields: list[str] | None, entity: Line | bytes) -> Line:
        if line["seq"] in self._rewritten and has_text(line):
            order = f"commit {self._rewritten[line['seq']]} removed the words of {line['id']}"
            raise Damaged(f"{self._told.layout.root}: {order}, and a redaction was not finished, run rebuild")
        if not line["id"].startswith(f"{self._told.facts.site}:"):
            raise Damaged(f"{self._told.layout.root}: its line with seq {line['seq']} is of {line['id']}; run verify")
        made = event_of(line, fields)
        if self._asked.full:
            is_there = line["event"] != "gone" and line["id"] not in self._succeeded
            is_new = line["event"] in {"created", "restored"}
            made |= _kept(entity if is_there else None, "ADD" if is_new else "MOD")
        return made

    def _of_act(self, commit: Commit) -> Iterator[Line]:
        rekey = Rekey.of(commit)
        for made in events_of_act(commit):
            if not self._asked.full:
                yield made
            else:
                entity = None if made["event"] == SUCCEEDED else self._standing(made["id"], commit)
                yield made | _kept(entity, "MOD")
        # The site has taken up an id again that had another since; no line says so.
        for pair in rekey.pairs if rekey else ():
            if pair.new in self._succeeded and (line := self._standing(pair.new, commit, is_back=True)):
                told = {"id": pair.new, "event": RESUMED, "title": line["title"], "url": line["url"]}
                made = _at(commit, pair.new) | told
                yield made | _kept(line, "ADD") if self._asked.full else made

    def _standing(self, id: str, commit: Commit, *, is_back: bool = False) -> Line | None:  # noqa: A002
        """The newest content line of a speech up to a commit; null when the site did not have it then."""
        newest, is_gone = None, False
        for one, lines in self._told.about_by_commit(id):
            if one.n > commit.n:
                break
            for line in lines:
                if "event" in line:
                    is_gone = line["event"] == "gone"
                    newest = newest if is_gone else line
        if newest is not None and newest["seq"] in self._rewritten:
            self._event(newest, None, newest)
        return None if is_gone or (id in self._succeeded and not is_back) else newest

    def _succeed(self, rekey: Rekey) -> None:
        self._succeeded |= {pair.old for pair in rekey.pairs}
        self._succeeded -= {pair.new for pair in rekey.pairs}


def _kept(entity: Line | bytes | None, operation: str) -> Line:
    return {"op": "DEL" if entity is None else operation, "entity": entity}


def event_of(line: Line, fields: list[str] | None) -> Line:
    """The event of a version line."""
    made = NOTHING | {"schema": CHANGE_SCHEMA, "fields": fields}
    for key in _SAID:
        made[key] = line[key]
    return made


def events_of_act(commit: Commit) -> Iterator[Line]:
    """The events of a commit that no run made."""
    if told := commit.redaction:
        yield _at(commit, told.id) | {"id": told.id, "event": REDACTED} | _why(told)
    rekey = Rekey.of(commit)
    for pair in rekey.pairs if rekey else ():
        yield _at(commit, pair.old) | {"id": pair.old, "event": SUCCEEDED, "succeeded_by": pair.new}


def _at(commit: Commit, id: str) -> Line:  # noqa: A002 - the contract's key
    place = {"site": id.partition(":")[0], "commit": commit.n, "recorded_at": commit.recorded_at}
    return NOTHING | {"schema": CHANGE_SCHEMA} | place


def _why(told: Redaction) -> Line:
    return {
        "seqs": list(told.seqs),
        "reason": told.reason,
        "order": told.order,
        "suppressed": told.is_suppressed,
    }


def life(versions: Iterable[Line], acts: Iterable[Commit]) -> Iterator[Line]:
    """All events of one speech: of its version lines, with the fields they changed, and of acts about it."""
    prints, waiting = Prints(), list(acts)
    for line in versions:
        while waiting and waiting[0].n < line["commit"]:
            yield from events_of_act(waiting.pop(0))
        yield event_of(line, prints.changed_by(line))
    for commit in waiting:
        yield from events_of_act(commit)
