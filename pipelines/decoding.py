"""Decodes pages with w3lib, in the encoding that gives the fewest damaged characters.

Declarations in headers and meta tags may be wrong: servers declare utf-8 for pages in GBK, and half a character, cut
by a CMS, must not cost the page. gb2312 means gb18030, and names of encodings not used on the web are ignored.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from w3lib.encoding import html_body_declared_encoding, html_to_unicode, read_bom, resolve_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

_META_WITHIN = 8_192
_PIECE = 1 << 18
# Python has many more codecs: zip, idna, undefined, and others that browsers do not support.
_OF_THE_WEB = re.compile(
    r"utf-8|gb18030|gbk|gb2312|big5(?:hkscs)?|cp125\d|iso8859-\d+|koi8-[ru]"
    r"|shift_jis|cp932|euc[_-](?:jp|kr)|cp949|utf-16(?:-[lb]e)?"
)
_WESTERN = re.compile(r"cp125\d|iso8859-\d+|koi8-[ru]")
_CHINESE = ("utf-8", "gb18030", "big5hkscs")
# U+FFFD, C1 controls and private characters; letters not used in Chinese pages (Latin-1 to N'Ko, jamo).
_DAMAGED = re.compile("[\ufffd\x80-\x9f\ue000-\uf8ff]")
_STRANGE = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0390\u0400-\u07ff\uff61-\uff9f\uac00-\ud7a3]")
_HANZI = re.compile("[\u3400-\u9fff]+")
_ASCII = bytes(range(0x80))
_CJK = re.compile("[\u2e80-\u9fff\uff00-\uff60]")


def decoded(body: bytes, header: str | None) -> str:
    """The text of a body, as Scrapy decodes it in the encoding that `encoding_of` finds; `header` as there."""
    return html_to_unicode(f"charset={encoding_of(body, header)}", body)[1]


def encoding_of(body: bytes, header: str | None) -> str:
    """The encoding for a body: that of the byte order mark, else the one with the fewest damaged characters.

    Args:
        body: the entity.
        header: the charset its Content-Type names; null for none, or where a page lost its HTTP header.
    """
    if (marked := read_bom(body)[0]) is not None:
        return marked
    declared = [
        name for name in map(known_encoding, (header, html_body_declared_encoding(body[:_META_WITHIN]))) if name
    ]
    if body.isascii():
        return declared[0] if declared else "utf-8"
    if _is_utf8(body, is_chinese=any(name in _CHINESE[1:] for name in declared)):
        return "utf-8"
    damage: dict[str, int] = {}
    for encoding in dict.fromkeys((*declared, *_CHINESE, "cp1252")):
        damage[encoding] = _damage(body, encoding)
        if damage[encoding] == 0:
            break
    return min(damage, key=damage.__getitem__)


def known_encoding(name: str | None) -> str | None:
    """The codec that w3lib uses for a declared encoding; None for encodings not used on the web."""
    codec = resolve_encoding(name) if name else None
    return codec if codec is not None and _OF_THE_WEB.fullmatch(codec) else None


def _is_utf8(body: bytes, *, is_chinese: bool) -> bool:
    """True for valid UTF-8; text declared as GBK must also contain Chinese, since some bytes are valid in both."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not is_chinese or _CJK.search(text) is not None


def _damage(body: bytes, encoding: str) -> int:
    """Number of damaged characters: those that are undecodable or that Chinese pages hardly ever contain."""
    if _WESTERN.fullmatch(encoding):
        # In these encodings every byte is valid, so each non-ASCII letter counts.
        return len(body.translate(None, _ASCII))
    return sum(map(_damage_of, _pieces(body, encoding)))


def _pieces(body: bytes, encoding: str) -> Iterator[str]:
    """The decoded text in pieces, since counting takes many times the memory of the text."""
    # Without a byte order mark, which was handled before, an incremental decoder needs the byte order.
    decoder = codecs.getincrementaldecoder("utf-16-le" if encoding == "utf-16" else encoding)("replace")
    for start in range(0, len(body), _PIECE):
        yield decoder.decode(body[start : start + _PIECE], start + _PIECE >= len(body))


def _damage_of(text: str) -> int:
    rare = _rare("".join(_HANZI.findall(text)))
    return 2 * len(_DAMAGED.findall(text)) + 2 * len(_STRANGE.findall(text)) + rare


def _rare(hanzi: str) -> int:
    """Number of Chinese characters not in GB 2312, whose 6,763 characters make up nearly all mainland text."""
    return len(hanzi) - len(hanzi.encode("gb2312", "ignore")) // 2
