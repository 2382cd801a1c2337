"""XML written element by element, in constant memory."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmlWriter:
    """Writes one UTF-8 document to `stream`, each element on a line of its own."""

    def __init__(self, stream: BinaryIO) -> None:
        self._out = XMLGenerator(stream, "utf-8", short_empty_elements=True)
        self._depth = 0
        self._out.startDocument()

    @contextmanager
    def element(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """An element with others in it; `name` and the keys of `attributes` with their prefix."""
        self._break()
        self._out.startElement(name, _legal(attributes))
        self._depth += 1
        yield
        self._depth -= 1
        self._break()
        self._out.endElement(name)

    def text(self, name: str, value: str, attributes: Mapping[str, str] | None = None) -> None:
        """An element with text. A character that XML cannot hold becomes U+FFFD."""
        self._break()
        self._out.startElement(name, _legal(attributes))
        self._out.characters(_ILLEGAL.sub("\ufffd", value))
        self._out.endElement(name)

    def end(self) -> None:
        """End the document."""
        self._out.ignorableWhitespace("\n")
        self._out.endDocument()

    def _break(self) -> None:
        self._out.ignorableWhitespace("\n" + " " * self._depth)


def _legal(attributes: Mapping[str, str] | None) -> AttributesImpl[str]:
    return AttributesImpl({name: _ILLEGAL.sub("\ufffd", value) for name, value in (attributes or {}).items()})
