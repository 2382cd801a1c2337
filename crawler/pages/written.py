"""What the simplest scripts of a page write into it: a date or a count that stands in the script as it is.

Nothing is run. A script is read only where it writes a string, or a variable that the page sets to one. What it would
have to compute stays unread, and its place is marked: a date that should stand there is then reported as unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from lxml import etree

from crawler.pages.lists.handlers import STRING, expression, literal
from crawler.pages.page import Page, tidy
from pipelines.text.dates import leading_date

_NAME = r"[A-Za-z_$][\w$.]{0,60}"
_SET = re.compile(
    rf"(?<![\w$.])(?P<quote>[\"']?)(?P<name>{_NAME})(?P=quote)\s{{0,9}}[=:]\s{{0,9}}"
    rf"(?P<value>{STRING}|\d{{10}}(?:\d{{3}})?)\s{{0,9}}(?=[;,\n}}<]|$)"
)
_WRITES = re.compile(
    r"document\s{0,9}\.\s{0,9}write(?:ln)?\s{0,9}\("
    r"|(?:\$|jQuery)\s{0,9}\(\s{0,9}[\"']#(?P<jquery>[\w-]{1,60})[\"']\s{0,9}\)\s{0,9}\.\s{0,9}(?:html|text|append)\s{0,9}\("
    r"|getElementById\s{0,9}\(\s{0,9}[\"'](?P<dom>[\w-]{1,60})[\"']\s{0,9}\)\s{0,9}\.\s{0,9}(?:innerHTML|innerText|textContent)\s{0,9}=(?!=)"
)
_READY = re.compile(r"\$\(\s*function|ready\(\s*function|onload\s*=\s*function")
_ELSE = re.compile(r"\belse\b")
_BRANCH = re.compile(r"\b(?:if|else|for|while|switch|function|case)\b|\?|=>")
# A condition on what is known, directly before what it allows: `if(pubDate != "")`.
_IF = re.compile(
    rf"if\s{{0,9}}\(\s{{0,9}}(?:(?P<name>{_NAME}?)|(?P<string>{STRING}))\s{{0,9}}"
    r"(?:!==?\s{0,9}(?:\"\"|''|null|undefined)|(?:\.length)?\s{0,9}>\s{0,9}0)?\s{0,9}\)\s{0,9}\{?\s{0,9}$"
)
_TAG = re.compile(r"<[^<>]{0,300}>")
_ENDS = re.compile(r"\s{0,9}(?:[);<]|$)|[^\S\n]{0,9}\n")
_LABELLED = re.compile(r"[:：]\s*")
_COUNT = re.compile(r"[0-9][0-9,.]*\s?万?\+?")
_LONGEST_KNOWN = 200  # characters: a longer text holds more than a date, which would be lost with it
_LONGEST_WRITTEN = 60  # characters: a date with its label and clock; longer writes are markup
_LONGEST_SCRIPT, _MOST_SCRIPTS = 50_000, 300  # characters, scripts: longer ones are libraries, which set nothing
_MOST_WRITES = 20  # each looks at all that stands before it in its script
_MARK = "data-unread-script"
_LABEL_ENDS = tuple(":：(（[【")


def inline_scripts(page: Page) -> Iterator[tuple[etree._Element, str]]:
    """The scripts that stand in a page itself, with their text; long ones are libraries, which set nothing."""
    for node in page.own_scripts()[:_MOST_SCRIPTS]:
        text = node.text or ""
        if 0 < len(text) <= _LONGEST_SCRIPT and "json" not in (node.get("type") or "").lower():
            yield node, text


def set_in(scripts: Sequence[str]) -> dict[str, str]:
    """Variables and keys that scripts set to a string or to seconds since 1970; not those set to several."""
    found: dict[str, set[str]] = {}
    for text in scripts:
        for match in _SET.finditer(text):
            found.setdefault(match["name"].removeprefix("window."), set()).add(literal(match["value"]))
    one = {name: values.pop() for name, values in found.items() if len(values) == 1}
    return {name: value for name, value in one.items() if 0 < len(value) <= _LONGEST_KNOWN}


def written_out(page: Page) -> tuple[Page, Mapping[etree._Element, etree._Element]]:
    """A copy of a page with what its scripts write, where it is a date or a count, in its place.

    The place of what cannot be read is marked: see `unread_script`. The mapping says which element is the copy of
    which; it is empty for a page whose scripts write nothing, which is returned as it is.
    """
    if not any(_may_write(text) and _WRITES.search(text) for _, text in inline_scripts(page)):
        return page, {}
    original, page = page, page.copied()
    copies = dict(zip(original.root.iter(), page.root.iter(), strict=True))
    scripts = list(inline_scripts(page))
    known = set_in([text for _, text in scripts])
    places = {node.get("id"): node for node in reversed(page.all("//*[@id]"))}
    for node, text in scripts:
        written: list[str | None] = []
        end = 0
        for match in islice(_WRITES.finditer(text), _MOST_WRITES):
            if end and _ELSE.search(text[end : match.start()]):
                break  # what went before was written, since its condition holds
            said = _evaluated(text, match, known)
            end = match.end() if said is not None else 0
            name = match["jquery"] or match["dom"]
            if name is None:
                written.append(said)
            elif name in places:
                _write(places[name], said, text, is_behind=False)
        if written:
            joined = None if None in written else "".join(filter(None, written))
            _write(node, joined, text, is_behind=True)
    return page, copies


def _may_write(script: str) -> bool:
    """Whether a script has a word that writes: asked before a pattern of many steps is tried at each character."""
    return any(word in script for word in ("write", "append", "html", "HTML", "text", "Text"))


def unread_script(node: etree._Element, *, is_tail: bool) -> str | None:
    """The script that writes what stands directly behind a text node, where it could not be read; else None."""
    container = node.getparent() if is_tail else node
    following = next(node.itersiblings(etree.Element) if is_tail else node.iterchildren(etree.Element), None)
    if following is None and container is not None:
        following = next(container.itersiblings(etree.Element), None)
    if following is None:
        return None
    return next((mark for inner in following.iter(etree.Element) if (mark := inner.get(_MARK))), None)


def _evaluated(script: str, match: re.Match[str], known: Mapping[str, str]) -> str | None:
    """The string that a write writes, None where it hangs on more than is set in the page."""
    before = _READY.sub("", script[: match.start()])
    condition = _IF.search(before)
    if condition is not None:
        name, string = condition["name"], condition["string"]
        if not (literal(string) if string else known.get(name.removesuffix(".length"))):
            return None
        before = before[: condition.start()]
    if _BRANCH.search(before):
        return None
    value, end = expression(script, match.end(), known)
    text = "" if value is None else str(value)
    return text if value is not None and len(text) <= _LONGEST_KNOWN and _ENDS.match(script, end) else None


def _write(place: etree._Element, said: str | None, script: str, *, is_behind: bool) -> None:
    """Put a value into an empty element, or behind a script: there a bare number only where a label or bracket waits
    for it. What is not known is marked.
    """
    text = tidy(_TAG.sub("", said or ""))
    if said is None:
        place.set(_MARK, tidy(script)[:_LONGEST_WRITTEN])
    elif is_behind and _is_value(text):
        previous, parent = place.getprevious(), place.getparent()
        before = previous.tail if previous is not None else parent.text if parent is not None else None
        if tidy(before or "").endswith(_LABEL_ENDS) or _COUNT.fullmatch(text) is None:
            place.tail = text + (place.tail or "")
    elif not is_behind and len(place) == 0 and _is_value(text):
        place.text = text


def _is_value(text: str) -> bool:
    """True for a count, and for a date, also behind a label."""
    if not 0 < len(text) <= _LONGEST_WRITTEN:
        return False
    starts = (0, *(match.end() for match in _LABELLED.finditer(text)))
    return _COUNT.fullmatch(text) is not None or any(leading_date(text[at:]) for at in starts)
