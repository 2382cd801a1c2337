"""Decodes pages with w3lib, in the encoding that gives the fewest damaged characters.

Declarations in headers and meta tags may be wrong: servers declare utf-8 for pages in GBK, and half a character, cut
by a CMS, must not cost the page. gb2312 means gb18030, and names of encodings not used on the web are ignored.
"""

from __future__ import annotations

import codecs
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from w3lib.encoding import html_body_declared_encoding, html_to_unicode, read_bom, resolve_encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_META_WITHIN = 8_192
_PIECE, _FIRST_PIECE = 1 << 18, 1 << 9  # bytes
# Python has many more codecs: zip, idna, undefined, and others that browsers do not support.
_OF_THE_WEB = re.compile(
    r"utf-8|gb18030|gbk|gb2312|big5(?:hkscs)?|cp125\d|iso8859-\d+|koi8-[ru]"
    r"|shift_jis|cp932|euc[_-](?:jp|kr)|cp949|utf-16(?:-[lb]e)?"
)
_WESTERN = re.compile(r"cp125\d|iso8859-\d+|koi8-[ru]")
_CHINESE = ("utf-8", "gb18030", "big5hkscs")
# U+FFFD, C1 controls and private characters; letters not used in Chinese pages (Latin-1 to N'Ko, jamo).
_DAMAGED = "\ufffd\x80-\x9f\ue000-\uf8ff"
_STRANGE = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0390\u0400-\u07ff\uff61-\uff9f\uac00-\ud7a3"
_ASCII = bytes(range(0x80))
_CJK = re.compile("[\u2e80-\u9fff\uff00-\uff60]")


class Decoded(NamedTuple):
    """An encoding, and a body's text in it as w3lib and so Scrapy decode it."""

    encoding: str
    text: str


def decoded(body: bytes, header: str | None) -> str:
    """The text of a body; arguments as for `decode`."""
    return decode(body, header).text


def decode(body: bytes, header: str | None) -> Decoded:
    """A body in the encoding of its byte order mark, else in the one with the fewest damaged characters.

    Args:
        body: the entity.
        header: the charset its Content-Type names; null for none, or where a page lost its HTTP header.
    """
    if (marked := read_bom(body)[0]) is not None:
        return _by_w3lib(body, marked)
    declared = [
        name for name in map(known_encoding, (header, html_body_declared_encoding(body[:_META_WITHIN]))) if name
    ]
    if body.isascii():
        return _by_w3lib(body, declared[0] if declared else "utf-8")
    text = _whole(body, "utf-8")
    # Text declared as GBK must also contain Chinese, since some bytes are valid in both.
    if text is not None and (not any(name in _CHINESE[1:] for name in declared) or _CJK.search(text)):
        return Decoded("utf-8", text)
    return _least_damaged(body, dict.fromkeys((*declared, *_CHINESE, "cp1252")))


def _least_damaged(body: bytes, encodings: Iterable[str]) -> Decoded:
    best, fewest, in_best = "", sys.maxsize, None
    for encoding in encodings:
        # The first is most often right; of the others a small piece most often tells that they are wrong.
        text = None if best else _whole(body, encoding)
        damage = _damage(body, encoding, fewest) if text is None else _counted(_slices(text), fewest)
        if damage < fewest:
            best, fewest, in_best = encoding, damage, text
        if damage == 0:
            break
    return _by_w3lib(body, best) if in_best is None else Decoded(best, in_best)


def _by_w3lib(body: bytes, encoding: str) -> Decoded:
    return Decoded(encoding, html_to_unicode(f"charset={encoding}", body)[1])


def known_encoding(name: str | None) -> str | None:
    """The codec that w3lib uses for a declared encoding; None for encodings not used on the web."""
    codec = resolve_encoding(name) if name else None
    return codec if codec is not None and _OF_THE_WEB.fullmatch(codec) else None


def _whole(body: bytes, encoding: str) -> str | None:
    """The text of a body without a byte order mark; None where some of it cannot be decoded.

    None for encodings in which any bytes can be, and for one that w3lib reads in another byte order.
    """
    if encoding == "utf-16" or _WESTERN.fullmatch(encoding):
        return None
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return None


def _damage(body: bytes, encoding: str, most: int) -> int:
    """Number of damaged characters: those that are undecodable or that Chinese pages hardly ever contain.

    Counted up to `most` at least: what follows does not matter.
    """
    if _WESTERN.fullmatch(encoding):
        # In these encodings every byte is valid, so each non-ASCII letter counts.
        return len(body.translate(None, _ASCII))
    return _counted(_pieces(body, encoding), most)


def _counted(texts: Iterable[str], most: int) -> int:
    found = 0
    for text in texts:
        found += _damage_of(text)
        if found >= most:
            break
    return found


def _slices(text: str) -> Iterator[str]:
    """A text in pieces, since the characters found in one may take many times its memory."""
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))


def _pieces(body: bytes, encoding: str) -> Iterator[str]:
    """The decoded text in growing pieces: a wrong encoding is told by a small one, a large page takes no memory."""
    # Without a byte order mark, which was handled before, an incremental decoder needs the byte order.
    decoder = codecs.getincrementaldecoder("utf-16-le" if encoding == "utf-16" else encoding)("replace")
    start, size = 0, _FIRST_PIECE
    while start < len(body):
        yield decoder.decode(body[start : start + size], start + size >= len(body))
        start, size = start + size, min(2 * size, _PIECE)


def _damage_of(text: str) -> int:
    """Damaged and strange characters count twice, rare Chinese ones once."""
    # Without ASCII, which is most of a page: to take it out costs a third of looking through it.
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    unusual: list[str] = _unusual().findall(beyond)
    return 2 * len(unusual) - sum("\u3400" <= character <= "\u9fff" for character in unusual)


@cache
def _unusual() -> re.Pattern[str]:
    """The characters that count, as one pattern, so that a text is looked at once.

    Of the Chinese characters all but the 6,763 of GB 2312, which make up nearly all mainland text. Made when first
    needed, which takes milliseconds; of runs of characters, which takes a tenth of the time that single ones do.
    """
    hanzi = "".join(map(chr, range(0x3400, 0xA000)))
    usual = hanzi.encode("gb2312", "ignore").decode("gb2312")
    rare = "".join(f"{run[0]}-{run[-1]}" for run in re.split(f"[{usual}]+", hanzi) if run)
    return re.compile(f"[{_DAMAGED}{_STRANGE}{rare}]")
