"""What a word of a closed list means, in English and Chinese."""

from __future__ import annotations

from pipelines.values import frozen


@frozen
class Meaning:
    """One line in each language, without a full stop."""

    en: str
    zh: str
