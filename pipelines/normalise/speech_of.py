"""Strings as found → a normalised speech: dates, views, text and context. Pure.

What reads a text is imported with the first one that is read here: another process may read all of them.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.record import Evidence, Problem, RawSpeech, Speech, Witness
from pipelines.text.dates import Weighed, weigh
from pipelines.text.placeholders import says_nothing
from pipelines.text.views import view_count

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_IN_PROGRESS = 128
"""Speeches that are remembered: a crawl normalises each twice, to judge and to keep it, and a process may crawl many
sites, each with a few articles in progress."""
_USUAL = 50_000
"""Characters of HTML up to which a body is remembered: of longer ones, which are rare, 128 could fill the memory."""


def speech_of(raw: RawSpeech, parser: str, timezone: ZoneInfo, committee: str | None) -> Speech:
    """Normalise one speech; `Normaliser.speech` says how, and what the arguments are."""
    read = _read_text if sum(map(len, raw.body_html)) <= _USUAL else read_text
    body, context, worded, text_problems = read(raw.title, raw.body_html, raw.look.observed_at, committee)
    dated = _published(raw, timezone)
    moment = dated.moment
    count, view_problems = views_of(raw.look.views_raw, raw.look.views_source)
    return Speech(
        site=raw.site,
        native_id=raw.native_id,
        parser=parser,
        url=raw.url,
        section=raw.section,
        title=raw.title,
        published_on=moment.on if moment else None,
        published_at=moment.at if moment else None,
        published_precision=moment.precision if moment else None,
        author=_name(raw.raw.author),
        source=_name(raw.raw.source),
        body=body,
        attachments=raw.attachments,
        **context,
        evidence=(*_dated(dated), *worded),
        raw=raw.raw,
        problems=(
            *raw.problems,
            *dated.problems,
            *view_problems,
            *text_problems,
        ),
        view_count=count,
        look=raw.look,
    )


def views_of(raw: str | None, source: str | None) -> tuple[int | None, tuple[Problem, ...]]:
    """As `Normaliser.views`."""
    if source is None:
        return None, ()
    count = view_count(raw, source=source)
    if isinstance(count, int):
        return count, ()
    return None, (Problem(field="view_count", code=count.code, detail=count.detail),)


def _published(raw: RawSpeech, timezone: ZoneInfo) -> Weighed:
    """The publication date, from the places on the article's page and its list row, by weight."""
    dates = raw.dates or ((Witness(where="info", text=raw.raw.published),) if raw.raw.published else ())
    listed = raw.look.listed.date if raw.look.listed else None
    rows = (Witness(where="list", text=listed),) if listed else ()
    return _weighed((*dates, *rows), timezone, raw.look.observed_at)


@lru_cache(maxsize=_IN_PROGRESS)
def _weighed(dates: tuple[Witness, ...], timezone: ZoneInfo, observed_at: str) -> Weighed:
    return weigh(dates, tz=timezone, seen_at=datetime.fromisoformat(observed_at))


def _dated(weighed: Weighed) -> tuple[Evidence, ...]:
    """The words from which the date was read, then other dates of the page; the list row is in the observation."""
    if weighed.chosen is None:
        return ()
    others = [one for one in weighed.others if one.where != "list"]
    return tuple(Evidence(field="published_on", where=one.where, text=one.text) for one in (weighed.chosen, *others))


def _name(value: str | None) -> str | None:
    """A name as printed; None for a placeholder: 未知, 无, `--`."""
    return None if value is None or says_nothing(value) else value


Read = tuple[str, dict[str, Any], tuple[Evidence, ...], tuple[Problem, ...]]
"""Text of the body, the context read from title and text by key, its evidence, and the problems of both."""
TextAsked = tuple[str, tuple[str, ...], str, str | None]
"""Arguments of `read_text`."""
_known: dict[TextAsked, Read] = {}


def know(asked: TextAsked, read: Read) -> None:
    """Take what `read_text` gives, as another process found it."""
    if sum(map(len, asked[1])) <= _USUAL:
        _known[asked] = read
    if len(_known) > _IN_PROGRESS:
        del _known[next(iter(_known))]


@lru_cache(maxsize=_IN_PROGRESS)
def _read_text(title: str, body_html: tuple[str, ...], observed_at: str, committee: str | None) -> Read:
    known = _known.pop((title, body_html, observed_at, committee), None)
    return known or read_text(title, body_html, observed_at, committee)


def read_text(title: str, body_html: tuple[str, ...], observed_at: str, committee: str | None) -> Read:
    """Read title and body: the slowest step."""
    from pipelines.context import read_context  # noqa: PLC0415 - as above
    from pipelines.rendering import body_text  # noqa: PLC0415 - as above

    body = body_text(body_html)
    context = read_context(title, body, seen_at=datetime.fromisoformat(observed_at), committee=committee)
    return body, context.values(), context.evidence, (*context.problems, *_text_problems(title, body))


def _text_problems(title: str, body: str) -> tuple[Problem, ...]:
    from pipelines.damage import damage_of  # noqa: PLC0415 - as above

    problems = []
    if not body:
        problems.append(Problem(field="body", code="empty", detail="the body has no visible text"))
    problems += [Problem(field="title", code=d.code, detail=d.detail(title)) for d in damage_of(title, is_body=False)]
    problems += [Problem(field="body", code=d.code, detail=d.detail(body)) for d in damage_of(body, title=title)]
    return tuple(problems)
