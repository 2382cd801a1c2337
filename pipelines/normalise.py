"""From strings as found to a normalised speech: dates, views, text and context in one place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.context import read_context
from pipelines.damage import damage_of
from pipelines.record import Evidence, Problem, RawSpeech, Speech
from pipelines.text.dates import Moment, published
from pipelines.text.rendering import body_text
from pipelines.text.views import view_count

NORMALISERS = "norm/4"
"""Version of everything this module calls; raised whenever its output can change."""


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Normalises the speeches of one site.

    Args:
        reader: the page objects' version, `kesion/1`.
        profile_digest: digest of the profile's facts that shape reading.
        timezone: of the times the site prints.
    """

    reader: str
    profile_digest: str
    timezone: ZoneInfo

    @property
    def parser(self) -> str:
        """The contract's `parser`: page objects, normalisers, profile."""
        return f"{self.reader}+{NORMALISERS}+{self.profile_digest}"

    def speech(self, raw: RawSpeech) -> Speech:
        """Normalise one speech; a value that cannot be read is null and its problem told."""
        body = body_text(raw.body_html)
        moment, dated, date_problems = self._published(raw)
        count, view_problems = self.views(raw.look.views_raw, raw.look.views_source)
        context = read_context(raw.title, body, seen_at=datetime.fromisoformat(raw.look.observed_at))
        return Speech(
            site=raw.site,
            native_id=raw.native_id,
            parser=self.parser,
            url=raw.url,
            section=raw.section,
            title=raw.title,
            published_on=moment.on if moment else None,
            published_at=moment.at if moment else None,
            published_precision=moment.precision if moment else None,
            author=raw.raw.author,
            source=raw.raw.source,
            body=body,
            attachments=raw.attachments,
            delivered_on=context.delivered_on,
            speaker=context.speaker,
            speaker_post=context.speaker_post,
            committee=context.committee,
            term=context.term,
            session=context.session,
            meeting=context.meeting,
            genre=context.genre,
            evidence=(*dated, *context.evidence),
            raw=raw.raw,
            problems=(
                *raw.problems,
                *date_problems,
                *view_problems,
                *context.problems,
                *_text_problems(raw.title, body),
            ),
            view_count=count,
            look=raw.look,
        )

    def views(self, raw: str | None, source: str | None) -> tuple[int | None, tuple[Problem, ...]]:
        """A view count and the problem when there is none; an absent counter is no problem of the record."""
        if source is None:
            return None, ()
        count = view_count(raw, source=source)
        if isinstance(count, int):
            return count, ()
        return None, (Problem(field="view_count", code=count.code, detail=count.detail),)

    def _published(self, raw: RawSpeech) -> tuple[Moment | None, tuple[Evidence, ...], tuple[Problem, ...]]:
        """The article's own date; a complete date of the list only where the article prints none."""
        seen_at = datetime.fromisoformat(raw.look.observed_at)
        listed = raw.look.listed.date if raw.look.listed else None
        for where, text in (("info", raw.raw.published), ("list", listed)):
            if text is None:
                continue
            moment = published(text, tz=self.timezone, seen_at=seen_at)
            if isinstance(moment, Moment):
                return moment, (Evidence(field="published_on", where=where, text=text),), ()
            if where == "info":
                return None, (), (Problem(field="published_on", code=moment.code, detail=moment.detail),)
        return (
            None,
            (),
            (Problem(field="published_on", code="missing", detail="neither page nor list has a full date"),),
        )


def _text_problems(title: str, body: str) -> tuple[Problem, ...]:
    problems = []
    if not body:
        problems.append(Problem(field="body", code="empty", detail="the body has no visible text"))
    problems += [Problem(field="title", code=d.code, detail=d.detail(title)) for d in damage_of(title, is_body=False)]
    problems += [Problem(field="body", code=d.code, detail=d.detail(body)) for d in damage_of(body, title=title)]
    return tuple(problems)
