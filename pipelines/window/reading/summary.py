"""`Summary`: what lists, indexes and feeds say of one speech, so that none of them reads an archive."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, fields
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.redactions import is_redacted
from pipelines.compare.differences import KIND_ORDER
from pipelines.reasons import PROBLEM_CODES
from pipelines.record import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.index import Standing
    from pipelines.compare.differences import Difference, Kind
    from pipelines.window.reading.lives import Life

UNKNOWN_SEVERITY = "notice"
"""Of a code of later software."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event of a speech, named as in `changes`.

    `seq`, `version` and `observed_at` are null of acts, `reading` also of gone; `succeeded_by` is of succeeded alone.
    """

    event: str
    seq: int | None
    commit: int
    version: int | None
    reading: int | None
    observed_at: str | None
    recorded_at: str
    succeeded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of what the site published, from the reading `old` (`1.2`) to `new` (`2.1`), line `seq`.

    `kinds` as in `pipelines.compare`; `fields` are the keys that differ, the body among them; `added` and `removed`
    count characters of every published text that
    differs. Of a redacted text nothing of that is known: no kinds, no fields, null.
    """

    old: str
    new: str
    seq: int
    commit: int
    observed_at: str
    recorded_at: str
    kinds: tuple[Kind, ...]
    fields: tuple[str, ...]
    added: int | None
    removed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One speech. Values of the text are those of its newest reading, also when it is gone.

    `state` as in `index.jsonl`; `problems` counts those of the newest reading by severity; `views` are the first and
    the newest count with their moments. `keywords`: those of the asked words that stand in title or text of a
    reading. `digest` is of the text: two histories of an archive may differ in it alone.
    """

    id: str
    site: str
    native_id: str
    title: str
    url: str
    section: str | None
    state: Standing
    is_redacted: bool
    published_on: str | None
    published_at: str | None
    published_precision: str | None
    delivered_on: str | None
    speaker: str | None
    speakers: tuple[str, ...]
    committee: str | None
    term: str | None
    session: str | None
    meeting: str | None
    genre: str | None
    characters: int
    versions: int
    readings: int
    view_count: int | None
    view_count_at: str | None
    first_view_count: int | None
    first_view_count_at: str | None
    first_seen: str
    last_seen: str
    problems: dict[str, int]
    events: tuple[Happening, ...]
    edits: tuple[Edit, ...]
    keywords: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read back what `json_value` gave; `KeyError` or `TypeError` when it is of other software."""
        made = {**value}
        made["speakers"], made["keywords"] = tuple(made["speakers"]), tuple(made["keywords"])
        made["events"] = tuple(Happening(**one) for one in made["events"])
        made["edits"] = tuple(
            Edit(**one | {"kinds": tuple(one["kinds"]), "fields": tuple(one["fields"])}) for one in made["edits"]
        )
        return cls(**made)


def order_of(moment: str | None, id: str) -> tuple[str, str, str]:  # noqa: A002 - the contract's key
    """The place in every list: by moment or day, of one moment by number; lists begin with the greatest."""
    site, _, native_id = id.partition(":")
    return moment or "", natural_key(native_id), site


_SAID = (
    *("section", "published_on", "published_at", "published_precision", "delivered_on", "speaker"),
    *("committee", "term", "session", "meeting", "genre"),
)
_OF_EVENTS = tuple(one.name for one in fields(Happening))


def summary_of(life: Life, keywords: Iterable[str] = ()) -> Summary:
    """The summary of a life that has at least one text; `keywords` are the words that are looked for in its texts."""
    row, line = life.row, life.newest
    counts = [one.line for one in life.observations if one.line["view_count"] is not None]
    return Summary(
        **{key: line[key] for key in _SAID},
        id=life.id,
        site=life.site.site,
        native_id=life.native_id,
        title=row.title,
        url=row.url,
        state=row.state,
        is_redacted=is_redacted(line),
        speakers=names_in(line["speaker"]),
        characters=len(line["body"]),
        digest=hashlib.sha256(line["body"].encode(errors="backslashreplace")).hexdigest()[:16],
        versions=row.versions,
        readings=row.readings,
        view_count=row.view_count,
        view_count_at=row.view_count_at,
        first_view_count=counts[0]["view_count"] if counts else None,
        first_view_count_at=counts[0]["observed_at"] if counts else None,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        problems=dict(sorted(Counter(_severity(one["code"]) for one in line["problems"]).items())),
        events=tuple(Happening(**{key: event[key] for key in _OF_EVENTS}) for event in life.events),
        edits=tuple(_edits(life)),
        keywords=tuple(word for word in keywords if any(_has(one.line, word) for one in life.texts)),
    )


def _has(line: Line, word: str) -> bool:
    return word in line["title"] or word in line["body"]


def _severity(code: str) -> str:
    return PROBLEM_CODES[code].severity if code in PROBLEM_CODES else UNKNOWN_SEVERITY


def _edits(life: Life) -> Iterator[Edit]:
    before: Line | None = None
    for stored in life.texts:
        line = stored.line
        if line["event"] == "changed" and before is not None:
            is_known = not is_redacted(before) and not is_redacted(line)
            yield _edit(before, line, life.difference(before, line) if is_known else None)
        before = line


def _edit(old: Line, new: Line, difference: Difference | None) -> Edit:
    names: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    added = removed = None
    if difference is not None:
        paragraphs = [one for one in difference.paragraphs if one.kinds]
        published = [one for one in difference.fields if not one.interpreted]
        names = (*(one.name for one in published), *(("body",) if paragraphs else ()))
        found = [*(one.kinds for one in published), *(one.kinds for one in paragraphs)]
        met = {kind for several in found for kind in several}
        kinds = tuple(kind for kind in KIND_ORDER if kind in met)
        added, removed = changed_characters(difference)
    return Edit(
        old=_label(old),
        new=_label(new),
        seq=new["seq"],
        commit=new["commit"],
        observed_at=new["observed_at"],
        recorded_at=new["recorded_at"],
        kinds=kinds,
        fields=names,
        added=added,
        removed=removed,
    )


def _label(line: Line) -> str:
    return f"{line['version']}.{line['reading']}"


def changed_characters(difference: Difference) -> tuple[int, int]:
    """How many characters of what the site published were added and removed; a moved paragraph is neither."""
    runs = [one.pieces for one in difference.fields if not one.interpreted]
    runs += [one.pieces for one in difference.paragraphs]
    sizes = Counter[str]()
    for piece in chain.from_iterable(runs):
        sizes[piece.operation] += len(piece.text)
    return sizes["added"], sizes["removed"]
