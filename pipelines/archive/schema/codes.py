"""`schemas/codes.json`: every closed list, what each of its words means, and which keys take their words from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.reasons import CLOSED_LISTS, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.archive.schema.json_types import Shape
    from pipelines.reasons import Meaning

CODES_SCHEMA = "codes/1"
_LANGUAGES = ("en", "zh")


def codes(shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The document: by the name of each list {keys, codes}.

    Args:
        shapes: of the records, by the name of their schema.
    """
    keys: dict[tuple[str, ...], list[str]] = {}
    for name, shape in shapes.items():
        for path, words in _closed(shape, name):
            keys.setdefault(words, []).append(path)
    lists = {
        name: {"keys": keys.get(tuple(words), []), "codes": [_row(word, words[word]) for word in words]}
        for name, words in CLOSED_LISTS.items()
    }
    return {"schema": CODES_SCHEMA} | lists


def _row(word: str, meaning: Meaning) -> dict[str, Any]:
    facts = {key: value for key, value in asdict(meaning).items() if key not in _LANGUAGES}
    if isinstance(word, Reason):
        facts = {"presence": word.presence, "is_the_sites_word": word.is_the_sites_word}
    return {"code": word} | facts | {language: getattr(meaning, language) for language in _LANGUAGES}


def _closed(shape: Shape, path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every key below a shape that takes its words from a closed list, and these: `speech/1 problems code`."""
    if words := shape.choices or shape.one_of:
        yield path, words
    if shape.item is not None:
        yield from _closed(shape.item, path)
    for key in shape.keys:
        yield from _closed(key.shape, f"{path} {key.name}")
