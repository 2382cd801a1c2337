"""A citation as an entry of BibTeX and biblatex."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pipelines.citation.cited import Cited

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A brace counts in BibTeX even behind a backslash, so it is written as a command; what steers a text is a blank.
_ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "#$%&_"},
    }
)
_STEERING = re.compile("[\x00-\x20\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
# Two signs that TeX sets as one: -- `` '' << ,, and ?` !`
_JOINED = re.compile(r"([-`'<>,])(?=\1)|([?!])(?=`)")
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F))).translate(dict.fromkeys(map(ord, '\\{}"<>^`|')))


def bibtex(one: Cited) -> str:
    """One entry `@misc` with its line feed; biblatex reads `date` and `version`, BibTeX `year` and `month`."""
    fields = {
        "author": " and ".join(f"{{{escaped(name)}}}" for name in one.speakers),
        "title": f"{{{escaped(one.title)}}}",
        "howpublished": escaped(one.site_name),
        "organization": escaped(one.publisher),
        "date": one.published_on,
        "year": one.published_on and one.published_on[:4],
        "url": _address(one.url),
        "urldate": one.captured_on,
        "version": f"{one.version}.{one.reading}",
        "language": escaped(one.language),
        "copyright": escaped(one.rights or ""),
        "note": escaped(_note(one)),
    }
    rows = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    if one.published_on:
        rows.append(f"  month = {_MONTHS[int(one.published_on[5:7]) - 1]}")
    return ",\n".join((f"@misc{{{one.key}", *rows)) + "\n}\n"


def escaped(text: str) -> str:
    """The text as TeX prints it; control characters and line ends become a blank."""
    return _JOINED.sub(r"\g<0>{}", _STEERING.sub(" ", text).translate(_ESCAPED))


def _address(url: str) -> str:
    """An address, which is read verbatim: its braces and everything but ASCII as percent signs and digits."""
    return quote(url, safe=_AS_IT_IS)


def _note(one: Cited) -> str:
    delivered = f"Delivered {one.delivered_on}. " if one.delivered_on else ""
    had_from = f" A copy of the archive: ask {one.had_from}." if one.had_from else ""
    return (
        f"{delivered}Archived as {one.reference}, captured {one.captured_at}, commit {one.commit}, "
        f"head {one.head}, content SHA-256 {one.content_sha256}.{had_from} To verify, {one.where}: {one.verify[0]}"
    )
