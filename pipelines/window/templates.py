"""Renders pages: templates, the strings of the interface in both languages, and links between pages.

Whatever a template prints is escaped: control characters, and marks that turn the direction of text, are shown as
escapes; HTML's own signs become entities.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.shown import harmless
from pipelines.window import addresses
from pipelines.window.clocks import local_minute
from pipelines.window.pages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2.bccache import Bucket

    from pipelines.reasons import Meaning
    from pipelines.window.pages import Language, Page

LANGUAGE_TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
_NAMES = frozenset({"number", "year", "seq", "version", "reading", "status"})
"""Numbers in strings that are names, not amounts."""
_DETAILS = {
    "links": re.compile(r"links to (?P<url>\S+)"),
    "redirects": re.compile(r"redirects to (?P<url>\S+)"),
    "place": re.compile(r"one place, at character (?P<number>\d{1,9}): (?P<text>.+)", re.DOTALL),
    "places": re.compile(r"(?P<n>\d{1,9}) places, first at character (?P<number>\d{1,9}): (?P<text>.+)", re.DOTALL),
}
"""Details of problems and gaps that are told in Chinese too, by their strings `detail.…`; records are in English."""


class Templates:
    """The templates in one language, for a window in `languages`."""

    def __init__(
        self,
        language: Language,
        languages: Sequence[Language] = LANGUAGES,
        compiled: BytecodeCache | None = None,
    ) -> None:
        self.language, self._languages = language, languages
        self._strings = {key: said[language] for key, said in strings().items()}
        self._environment = Environment(
            loader=PackageLoader("pipelines.window"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            bytecode_cache=compiled,
        )
        self._environment.globals |= {
            "t": self.words,
            "word": self.label,
            "at": addresses,
            "lang": LANGUAGE_TAGS[language],
            "gap": "" if language == "zh" else " ",
        }
        self._environment.filters["number"] = amount
        self._environment.filters["detail"] = self.detail
        self._environment.filters["meant"] = self.meaning
        self._environment.filters["clock"] = self.clock

    def words(self, key: str, **values: object) -> str:
        """A string of the interface with its names filled in; `KeyError` when there is none."""
        text = self._strings[key]
        if not values:
            return text
        one, _, many = text.partition("|")
        given = {name: value if name in _NAMES else amount(value) for name, value in values.items()}
        return (many if many and values.get("n") != 1 else one).format(**given)

    def label(self, kind: str, word: str) -> str:
        """A key or a word of a closed list for people; one that later software wrote is shown as it is."""
        return self._strings.get(f"{kind}.{word}", word)

    def meaning(self, meant: Meaning) -> str:
        """A word of a closed list in this language."""
        return meant.zh if self.language == "zh" else meant.en

    def detail(self, text: str) -> str:
        """The detail of a problem or a gap in this language, where its kind is known; else as it was recorded."""
        if self.language != "en":
            for kind, form in _DETAILS.items():
                if found := form.fullmatch(text):
                    return self.words(f"detail.{kind}", **found.groupdict())
        return text

    def clock(self, when: str, zone: str | None) -> str:
        """A moment to the minute with its zone: in Chinese that of its website, where it is given, else UTC."""
        if zone is None or self.language != "zh":
            return f"{when[:10]} {when[11:16]} UTC"
        local, offset = local_minute(when, zone)
        return f"{local} {offset if offset == 'UTC' else self._strings.get(f'zone.{zone}', offset)}"

    def render_alone(self, template: str, stylesheet: str, facts: Mapping[str, Any]) -> bytes:
        """A page that needs no other file: the template has its `style`, and the `policy` that allows it."""
        return self._environment.get_template(template).render({**facts, **_alone(stylesheet)}).encode()

    def load_alone(self, stylesheet: str, *templates: str) -> None:
        """Read and compile now what `render_alone` takes: a template and those that it names, and a style."""
        _alone(stylesheet)
        for template in templates:
            self._environment.get_template(template)

    def render(self, page: Page) -> bytes:
        """The page as UTF-8; the same page gives the same bytes."""
        here = f"{self.language}/{page.address}"

        def shared(address: str) -> str:
            """Link to a file that the languages share, relative to the window's folder."""
            return addresses.relative(here, address)

        def href(address: str) -> str:
            """Link to another page in this language."""
            return addresses.relative(page.address, address)

        def archived(way: str) -> str:
            """Link to a file of an archive; `way` leads to it from the window's folder."""
            return addresses.outside(here, way)

        others = {other: shared(f"{other}/{page.address}") for other in self._languages if other != self.language}
        given = {"shared": shared, "href": href, "archived": archived, "others": others, "address": page.address}
        return self._environment.get_template(page.template).render({**page.facts, **given}).encode()


def amount(value: object) -> str:
    """A number as both languages print it, `2,356`; what is no whole number as it is."""
    return f"{value:,}" if type(value) is int else str(value)


@cache
def all_templates(languages: tuple[Language, ...]) -> tuple[Templates, ...]:
    """The templates in each language of a window: to compile them takes longer than to write a hundred pages."""
    compiled = _Compiled()
    return tuple(Templates(language, languages, compiled) for language in languages)


class _Compiled(BytecodeCache):
    """Code of templates, which is the same in every language."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._codes.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


@cache
def strings() -> dict[str, dict[Language, str]]:
    """Every string of the interface by its key."""
    return tomllib.loads(files("pipelines.window").joinpath("words.toml").read_text("utf-8"))


@cache
def asset(name: str) -> str:
    """A file of `assets/`."""
    return files("pipelines.window").joinpath("assets", name).read_text("utf-8")


@cache
def _alone(stylesheet: str) -> dict[str, str]:
    """The style of a page that needs no other file, and the policy that allows this style alone, by its hash."""
    style = asset(stylesheet)
    allowed = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "style": Markup(style),  # noqa: S704 - ours, and CSS knows no entities
        "policy": f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'",
    }


def _shown(value: Any) -> Any:
    """A printed value: `None` is a mistake of the template, and text must not control the page."""
    if value is None:
        raise ValueError("a template prints a value that is None; say in words that it is unknown")
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value
