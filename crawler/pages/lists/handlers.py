"""What a click opens: addresses that a handler, a `javascript:` link or a data attribute names instead of `href`.

Only what can be read for certain: a literal address, or a function of the page whose text joins its arguments to one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from lxml import etree

from crawler.pages.page import Page

Value = str | int
_DATA = ("data-href", "data-url", "data-link")
_AROUND = 2
_SCRIPT = re.compile(r"\s*javascript:", re.IGNORECASE)
_ROOTED = re.compile(r"(?:https?:/)?/[^\s'\"]+|\?[\w.%-]+=[^\s'\"]+")
_FILE = re.compile(r"[\w./%-]*[\w%-]+\.(?:s?html?|jhtml|aspx?|jspx?|php|pdf|docx?|xlsx?|wps|ofd)(?:\?[^\s'\"]*)?")
_GOES = re.compile(
    r"\blocation(?:\s*\.\s*href)?\s*=(?!=)\s*|\blocation\s*\.\s*(?:assign|replace)\s*\(\s*|\bwindow\s*\.\s*open\s*\(\s*"
)
_RETURNS = re.compile(r"\breturn\b\s*")
_CALL = re.compile(r"(?<![\w$.])([\w$.]++)\s*+\(([^()]*)\)")
_ASSIGNED = re.compile(r"\b(?:var|let|const)?\s*([A-Za-z_$][\w$]*)\s*=(?!=)\s*")
_TOKEN = re.compile(
    r"\s*(?:('(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|(\d{1,9})(?![\w.])|([A-Za-z_$][\w$.]*)|([-+()]))"
)
_SAME = frozenset({"parseInt", "Number", "String", "encodeURI", "encodeURIComponent", "escape"})
_FUNCTION = re.compile(r"\bfunction\s*+([\w$]*+)\s*+\(([^()]*)\)\s*+\{")
_NAMED = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*+)\s*+[=:]\s*$")
_LONGEST_SCRIPT, _LONGEST_BODY, _MOST_FUNCTIONS = 200_000, 3_000, 200


def is_handled(node: etree._Element) -> bool:
    """True when a click on an element, or on its row or item, runs something that the page names."""
    return any(
        code.strip(" ;") not in {"", "void(0)", "void 0", "return false"}
        for code in _codes(node, node.get("href") or "")
    )


def _codes(node: etree._Element, href: str) -> Iterator[str]:
    """The code of a click: of the element itself, then of the item it fills."""
    yield node.get("onclick") or ""
    if match := _SCRIPT.match(href):
        yield unquote(href[match.end() :])
    for _, parent in zip(range(_AROUND), node.iterancestors("li", "tr", "td", "dd", "div", "span"), strict=False):
        if parent.get("onclick") and len(list(parent.iter("a"))) <= 1:
            yield parent.get("onclick") or ""


class Scripts:
    """What the scripts within a page define: functions and plain values; those of other files are not known."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.functions: dict[str, tuple[list[str], str]] = {}
        self.values: dict[str, Value] = {}
        self.sources = [(script.text or "")[:_LONGEST_SCRIPT] for script in page.all("//script[not(@src)]")]
        for source in self.sources:
            self._read(source)

    def opened(self, node: etree._Element) -> str | None:
        """The absolute address that a click on an element opens, `href` included; None when it cannot be read."""
        href = node.get("href") or ""
        if not _SCRIPT.match(href) and (url := self.page.href(node) if href else None):
            return url
        for attribute in _DATA:
            named = (node.get(attribute) or "").strip()
            if named and not named.isdigit() and (url := self.page.resolve(named)):
                return url
        addresses = (self.address(code) for code in _codes(node, href) if code)
        return next((self.page.resolve(address) for address in addresses if address), None)

    def _read(self, source: str) -> None:
        for match in _FUNCTION.finditer(source):
            name = match[1] or (
                (before := _NAMED.search(source, max(0, match.start() - 60), match.start())) and before[1]
            )
            if name and len(self.functions) < _MOST_FUNCTIONS:
                body = enclosed(source, match.end() - 1)
                self.functions.setdefault(name, ([part.strip() for part in match[2].split(",")], body))
        for name, value in _assignments(source, {}):
            self.values.setdefault(name, value)

    def address(self, code: str) -> str | None:
        """The address that code opens: directly, or by a function of the page."""
        if (found := self._goes(code, self.values)) is not None:
            return found
        for match in _CALL.finditer(code):
            arguments = [evaluated(part, self.values) for part in _arguments(match[2])]
            function = self.functions.get(match[1].rpartition(".")[2])
            if function is not None:
                return self._called(function, arguments)
            literal = [value for value in arguments if isinstance(value, str) and _ROOTED.fullmatch(value)]
            if literal:
                return literal[0]
        return None

    def called(self, name: str, number: int) -> str | None:
        """The address that a function of the page opens for a page number."""
        function = self.functions.get(name)
        return self._called(function, [number]) if function else None

    def written(self, source: str, number: int) -> str | None:
        """The address that a function written in place returns or opens for a page number as any one argument."""
        for match in _FUNCTION.finditer(source):
            body = enclosed(source, match.end() - 1)
            for name in filter(None, (part.strip() for part in match[2].split(","))):
                both = [self._by_name(body, name, n) for n in (number, number + 1)]
                if None not in both and both[0] != both[1]:
                    return both[0]
        return None

    def _by_name(self, body: str, name: str, number: int) -> str | None:
        known = self.values | dict.fromkeys((name, f"{name}.curr", f"{name}.current", f"{name}.page"), number)
        known |= dict(_assignments(body, known))
        return self._goes(body, known) or self._returned(body, known)

    def _called(self, function: tuple[list[str], str], arguments: list[Value | None]) -> str | None:
        names, body = function
        given = {name: value for name, value in zip(names, arguments, strict=False) if value is not None}
        known = self.values | given
        known |= dict(_assignments(body, known))
        return self._goes(body, known) or self._returned(body, known)

    @staticmethod
    def _goes(code: str, known: Mapping[str, Value]) -> str | None:
        """The one address that code goes to; of several, the one that needs a value that is handed in."""
        found = [(code[match.end() :], evaluated(code[match.end() :], known)) for match in _GOES.finditer(code)]
        read = [(source, value) for source, value in found if isinstance(value, str) and value]
        if len(read) != len(found) or not read:
            return None
        if len({value for _, value in read}) > 1:
            read = [(source, value) for source, value in read if evaluated(source, {}) is None]
        return read[0][1] if len({value for _, value in read}) == 1 else None

    @staticmethod
    def _returned(code: str, known: Mapping[str, Value]) -> str | None:
        values = [evaluated(code[match.end() :], known) for match in _RETURNS.finditer(code)]
        named = [
            value
            for value in values
            if isinstance(value, str) and (_ROOTED.fullmatch(value) or _FILE.fullmatch(value))
        ]
        return named[-1] if named else None


def _assignments(source: str, known: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    values = dict(known)
    for match in _ASSIGNED.finditer(source):
        if match[1] in {"location", "href"} or source[match.start() - 1 : match.start()] == ".":
            continue
        if (value := evaluated(source[match.end() :], values)) is not None:
            values[match[1]] = value
            yield match[1], value


def evaluated(source: str, known: Mapping[str, Value]) -> Value | None:
    """The value of the expression that a source begins with: strings, numbers and known names, joined or added."""
    value, position = _sum(source[:_LONGEST_BODY], 0, known, 0)
    rest = source[position : position + 40].lstrip()
    return value if value is not None and not rest.startswith((".", "[", "?", "*", "/", "%", "(", "==")) else None


def _sum(source: str, position: int, known: Mapping[str, Value], depth: int) -> tuple[Value | None, int]:
    total, position = _term(source, position, known, depth)
    while total is not None and (match := _TOKEN.match(source, position)) and match[4] in {"+", "-"}:
        term, position = _term(source, match.end(), known, depth)
        if term is None:
            return None, position
        if isinstance(total, int) and isinstance(term, int):
            total = total + term if match[4] == "+" else total - term
        elif match[4] == "+":
            total = f"{total}{term}"
        else:
            return None, position
    return total, position


def _term(source: str, position: int, known: Mapping[str, Value], depth: int) -> tuple[Value | None, int]:
    match = _TOKEN.match(source, position)
    if match is None or depth > 20:
        return None, position
    if match[1]:
        return re.sub(r"\\(.)", r"\1", match[1][1:-1]), match.end()
    if match[2]:
        return int(match[2]), match.end()
    if match[3]:
        following = _TOKEN.match(source, match.end())
        if match[3] in _SAME and following and following[4] == "(":
            return _bracketed(source, following.end(), known, depth)
        return known.get(match[3]), match.end()
    return _bracketed(source, match.end(), known, depth) if match[4] == "(" else (None, position)


def _bracketed(source: str, position: int, known: Mapping[str, Value], depth: int) -> tuple[Value | None, int]:
    value, position = _sum(source, position, known, depth + 1)
    closing = _TOKEN.match(source, position)
    return (value, closing.end()) if closing and closing[4] == ")" else (None, position)


def _arguments(source: str) -> list[str]:
    """The arguments of a call without brackets in it; a comma within quotes joins none of them."""
    return re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^,'\"])+", source)


def enclosed(source: str, start: int, marks: str = "{}") -> str:
    """What stands between the bracket at `start` and its partner; at most a few thousand characters."""
    depth = 0
    for position in range(start, min(len(source), start + _LONGEST_BODY)):
        depth += {marks[0]: 1, marks[1]: -1}.get(source[position], 0)
        if depth == 0:
            return source[start + 1 : position]
    return source[start + 1 : start + _LONGEST_BODY]
