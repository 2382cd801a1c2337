"""Decodes an answer with Scrapy and w3lib, in the encoding that gives the fewest damaged characters.

Declarations in headers and meta tags may be wrong: servers declare utf-8 for pages in GBK, and half a character, cut
by a CMS, must not cost the page. gb2312 means gb18030, and names of encodings not used on the web are ignored.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from scrapy.http import HtmlResponse, Response, TextResponse
from w3lib.encoding import (
    html_body_declared_encoding,
    html_to_unicode,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
)

_LOOKED_AT = 2_048
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


def as_text(response: Response) -> TextResponse | None:
    """The response as text; None when it is neither declared as text nor looks like HTML."""
    start = response.body[:_LOOKED_AT].lower()
    looks_like_html = not start or b"<html" in start or b"<!doctype html" in start
    if not isinstance(response, TextResponse) and not looks_like_html:
        return None
    kind = type(response) if isinstance(response, TextResponse) else HtmlResponse
    header = http_content_type_encoding(_content_type(response))
    # Not by `replace`, which asks the old response for its encoding, so that Scrapy detects it from the whole body.
    same = {name: getattr(response, name) for name in Response.attributes}
    return kind(**same, encoding=encoding_of(response.body, header))


def lying_charset(response: TextResponse) -> str | None:
    """The charset of the Content-Type header when the text was decoded in another one; None when it was right."""
    header = http_content_type_encoding(_content_type(response))
    named = _known(header)
    if header is None or named is None or response.body.isascii() or named == response.encoding:
        return None
    return header


def saved_text(body: bytes) -> str:
    """Text of a page that lost its HTTP header."""
    return html_to_unicode(f"charset={encoding_of(body, None)}", body)[1]


def encoding_of(body: bytes, header: str | None) -> str:
    """The encoding for a body: that of the byte order mark, else the one with the fewest damaged characters.

    Args:
        body: the entity.
        header: the charset its Content-Type names, if any.
    """
    if (marked := read_bom(body)[0]) is not None:
        return marked
    declared = [name for name in map(_known, (header, html_body_declared_encoding(body[:_META_WITHIN]))) if name]
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


def _known(name: str | None) -> str | None:
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


def _content_type(response: Response) -> str | None:
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
