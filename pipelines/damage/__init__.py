"""Damage radar: detects damage in a text from the text alone. Pure, standard library only.

Each code is evidence of damage; what may also be the site's style or an author's error is not reported.
docs/damage-radar.md says what each code means and how precise it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipelines.damage import characters, losses, mojibake, page_layout, pairs
from pipelines.damage.spans import Detector, Span, paragraphs

_CONTEXT = 12

_OF_ODD: dict[str, Detector] = {
    "damaged": characters.damaged,
    "private-use": characters.private_use,
    "mojibake": mojibake.mojibake,
    "control-characters": characters.control,
    "invisible-characters": characters.invisible,
}
_ODD = re.compile(f"[{characters.ODD}{mojibake.ODD}]")
"""What one of these detectors can find: most texts have none, and one look at them is enough."""
_OF_ANY: dict[str, Detector] = {
    "entities-left": characters.entities,
    "tags-left": characters.tags,
    "unpaired": pairs.unpaired,
    "lost-date-characters": losses.lost_date_characters,
    "lost-quotes": losses.lost_quotes,
    "folded-punctuation": losses.folded_punctuation,
}
ANYWHERE = _OF_ODD | _OF_ANY
"""Detectors for any text, in the order of output."""

IN_BODIES: dict[str, Callable[[str, Sequence[Span]], Iterable[Span]]] = {
    "page-furniture": page_layout.page_furniture,
    "half-paragraph": page_layout.half_paragraphs,
    "repeated-paragraph": page_layout.repeated_paragraphs,
}
"""Detectors for texts of several paragraphs, given with the places of these."""


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
    detectors = ANYWHERE if _ODD.search(text) else _OF_ANY
    found = [Damage(code, spans) for code, detect in detectors.items() if (spans := tuple(detect(text)))]
    if not is_body:
        return tuple(found)
    lines = tuple(paragraphs(text))
    found += [Damage(code, spans) for code, detect in IN_BODIES.items() if (spans := tuple(detect(text, lines)))]
    if title and (span := page_layout.title_repeated(text, lines, title)):
        found.append(Damage("title-repeated", (span,)))
    return tuple(found)


def excerpt(text: str, span: Span) -> str:
    """The words around a place, as they stand in the text; a long place is cut."""
    start, end = span
    return text[max(0, start - _CONTEXT) : min(end, start + 4 * _CONTEXT) + _CONTEXT]
