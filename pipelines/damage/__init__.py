"""Damage radar: detects damage in a text from the text alone. Pure, standard library only.

Each code is evidence of damage; what may also be the site's style or an author's error is not reported.
docs/damage-radar.md says what each code means and how precise it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.damage import characters, losses, mojibake, page_layout, pairs
from pipelines.damage.spans import Detector, Span

_CONTEXT = 12

ANYWHERE: dict[str, Detector] = {
    "damaged": characters.damaged,
    "private-use": characters.private_use,
    "mojibake": mojibake.mojibake,
    "control-characters": characters.control,
    "invisible-characters": characters.invisible,
    "entities-left": characters.entities,
    "tags-left": characters.tags,
    "unpaired": pairs.unpaired,
    "lost-date-characters": losses.lost_date_characters,
    "lost-quotes": losses.lost_quotes,
    "folded-punctuation": losses.folded_punctuation,
}
"""Detectors for any text, in the order of output."""

IN_BODIES: dict[str, Detector] = {
    "page-furniture": page_layout.page_furniture,
    "half-paragraph": page_layout.half_paragraphs,
    "repeated-paragraph": page_layout.repeated_paragraphs,
}
"""Detectors for texts of several paragraphs."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One code found in one text, and every place where it was found, in characters from 0; never without a place."""

    code: str
    spans: tuple[Span, ...]

    def detail(self, text: str) -> str:
        """A description: how often, and where first."""
        start = self.spans[0][0]
        places = f"{len(self.spans)} places, first" if len(self.spans) > 1 else "one place,"
        return f"{places} at character {start}: {excerpt(text, self.spans[0])}"


def damage_of(text: str, *, is_body: bool = True, title: str | None = None) -> tuple[Damage, ...]:
    """The damages of one text.

    Args:
        text: as archived or found; line feeds separate paragraphs.
        is_body: also use the detectors for paragraphs.
        title: of the text, when known: a body may repeat it.
    """
    detectors = ANYWHERE | IN_BODIES if is_body else ANYWHERE
    found = [Damage(code, spans) for code, detect in detectors.items() if (spans := tuple(detect(text)))]
    if is_body and title and (span := page_layout.title_repeated(text, title)):
        found.append(Damage("title-repeated", (span,)))
    return tuple(found)


def excerpt(text: str, span: Span) -> str:
    """The words around a place, as they stand in the text; a long place is cut."""
    start, end = span
    return text[max(0, start - _CONTEXT) : min(end, start + 4 * _CONTEXT) + _CONTEXT]
