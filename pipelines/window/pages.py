"""A page before it is rendered: where it lies, which template shows it, and what that shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, which each language has at the same address.

    `address`: relative to the folder of the language, one of `pipelines.window.addresses`. `template`: its file in
    `templates/`. `facts`: the names that the template uses; values as found, which rendering escapes.
    """

    address: str
    template: str
    facts: Mapping[str, Any]
