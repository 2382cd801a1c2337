"""What a click opens: addresses that a handler, a `javascript:` link or a data attribute names instead of `href`.

Only what can be read for certain: a literal address, or a function of the page whose text joins its arguments to one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from urllib.parse import unquote

from lxml import etree

from crawler.pages.page import Page
from pipelines.text.remembered import remembered

Value = str | int
Function = tuple[list[str], str]
"""The names of its parameters, and its body."""
_DATA = ("data-href", "data-url", "data-link")
_AROUND = 2  # elements: the item and the row a link fills
_SCRIPT = re.compile(r"\s*javascript:", re.IGNORECASE)
_NOTHING = frozenset({"", "void(0)", "void 0", "return false"})
_ROOTED = re.compile(r"(?:https?:/)?/[^\s'\"]+|\?[\w.%-]+=[^\s'\"]+")
_FILE = re.compile(r"[\w./%-]*[\w%-]+\.(?:s?html?|jhtml|aspx?|jspx?|php|pdf|docx?|xlsx?|wps|ofd)(?:\?[^\s'\"]*)?")
_GOES = re.compile(
    r"\blocation(?:\s*\.\s*href)?\s*=(?!=)\s*|\blocation\s*\.\s*(?:assign|replace)\s*\(\s*|\bwindow\s*\.\s*open\s*\(\s*"
)
_RETURNS = re.compile(r"\breturn\b\s*")
_CALL = re.compile(r"(?<![\w$.])([\w$.]++)\s*+\(([^()]*)\)")
_ARGUMENT = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^,'\"])+")
_ASSIGNED = re.compile(r"\b(?:var|let|const)?\s*([A-Za-z_$][\w$]*)\s*=(?!=)\s*")
_FUNCTION = re.compile(r"\bfunction\s*+([\w$]*+)\s*+\(([^()]*)\)\s*+\{")
_NAMED = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*+)\s*+[=:]\s*$")
STRING = r"'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\""
_CUTS = r"\.(?:substr|substring|slice)\(\s{0,3}\d{1,3}\s{0,3}(?:,\s{0,3}\d{1,3}\s{0,3})?\)|\.(?:trim|toString)\(\)"
_TOKEN = re.compile(
    rf"\s*(?:(?P<sign>[-+()])|(?:(?P<string>{STRING})|(?P<number>\d{{1,13}})(?![\w.])|(?P<name>[A-Za-z_$][\w$.]{{0,60}}?))"
    rf"(?P<cuts>(?:{_CUTS}){{0,3}})(?(name)(?![\w$.])))"
)
_CUT = re.compile(r"\.(\w+)\((?:\s*(\d+))?(?:\s*,\s*(\d+))?\s*\)")
_SAME = frozenset({"parseInt", "Number", "String", "encodeURI", "encodeURIComponent", "escape"})
_GOES_ON = (".", "[", "?", "*", "/", "%", "(", "==")
# A function of a page has a few lines, its scripts define a few dozen; libraries of more open no page of a list.
_LONGEST_BODY, _MOST_FUNCTIONS, _DEEPEST = 3_000, 200, 20
_LONGEST_KEPT = 20_000  # characters of a script that is remembered: longer ones would fill the memory


def is_handled(node: etree._Element) -> bool:
    """True when a click on an element, or on its row or item, runs something that the page names."""
    return any(code.strip(" ;") not in _NOTHING for code in _codes(node))


def _codes(node: etree._Element) -> Iterator[str]:
    """The code of a click: of the element itself, then of the item it fills."""
    yield node.get("onclick") or ""
    href = node.get("href") or ""
    if match := _SCRIPT.match(href):
        yield unquote(href[match.end() :])
    for parent in islice(node.iterancestors("li", "tr", "td", "dd", "div", "span"), _AROUND):
        if parent.get("onclick") and len(list(parent.iter("a"))) <= 1:
            yield parent.get("onclick") or ""


class Scripts:
    """What the scripts within a page define: functions and plain values; those of other files are not known."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.functions: dict[str, Function] = {}
        self.values: dict[str, Value] = {}
        self.sources = page.scripts()
        for source in self.sources:
            functions, values = _defined(source)
            for name, function in functions.items():
                if len(self.functions) < _MOST_FUNCTIONS:
                    self.functions.setdefault(name, function)
            for name, value in values:
                self.values.setdefault(name, value)

    def opened(self, node: etree._Element) -> str | None:
        """The absolute address that a click on an element opens, `href` included; None when it cannot be read."""
        href = node.get("href") or ""
        if href and not _SCRIPT.match(href) and (url := self.page.href(node)):
            return url
        for address in ((node.get(attribute) or "").strip() for attribute in _DATA):
            if address and not address.isdigit() and (url := self.page.resolve(address)):
                return url
        addresses = (self._address(code) for code in _codes(node) if code)
        return next((self.page.resolve(address) for address in addresses if address), None)

    def _address(self, code: str) -> str | None:
        """The address that code opens: directly, or by a function of the page."""
        if (found := _goes(code, self.values)) is not None:
            return found
        for match in _CALL.finditer(code):
            arguments = [evaluated(part, self.values) for part in _ARGUMENT.findall(match[2])]
            name = match[1].rpartition(".")[2]
            if name in self.functions:
                return self.called(name, arguments)
            for value in arguments:
                if isinstance(value, str) and _ROOTED.fullmatch(value):
                    return value
        return None

    def called(self, name: str, arguments: Sequence[Value | None]) -> str | None:
        """The address that a function of the page opens or returns."""
        if name not in self.functions:
            return None
        names, body = self.functions[name]
        given = {name: value for name, value in zip(names, arguments, strict=False) if value is not None}
        return self._run(body, given)

    def written(self, source: str, number: int) -> str | None:
        """The address that a function written in place returns or opens for a page number as any one argument."""
        for match in _FUNCTION.finditer(source):
            body = enclosed(source, match.end() - 1)
            for name in filter(None, _names(match[2])):
                keys = (name, f"{name}.curr", f"{name}.current", f"{name}.page")
                first, second = (self._run(body, dict.fromkeys(keys, n)) for n in (number, number + 1))
                if first is not None and second is not None and first != second:
                    return first
        return None

    def _run(self, body: str, given: Mapping[str, Value]) -> str | None:
        known = {**self.values, **given}
        known |= dict(_assignments(body, known))
        return _goes(body, known) or _returned(body, known)


@remembered(128, _LONGEST_KEPT)
def _defined(source: str) -> tuple[Mapping[str, Function], Sequence[tuple[str, Value]]]:
    """The functions and plain values of a script, which stands on every page of its site."""
    functions: dict[str, Function] = {}
    for match in _FUNCTION.finditer(source):
        before = _NAMED.search(source, max(0, match.start() - 60), match.start())
        name = match[1] or (before and before[1])
        if name and len(functions) < _MOST_FUNCTIONS:
            functions.setdefault(name, (_names(match[2]), enclosed(source, match.end() - 1)))
    return functions, list(_assignments(source, {}))


def _names(parameters: str) -> list[str]:
    return [part.strip() for part in parameters.split(",")]


def _goes(code: str, known: Mapping[str, Value]) -> str | None:
    """The one address that code goes to; of several, the one that needs a value that is handed in."""
    sources = [code[match.end() :] for match in _GOES.finditer(code)]
    read = [(source, value) for source in sources if isinstance(value := evaluated(source, known), str) and value]
    if len(read) != len(sources):
        return None
    if len({value for _, value in read}) > 1:
        read = [(source, value) for source, value in read if evaluated(source, {}) is None]
    targets = {value for _, value in read}
    return targets.pop() if len(targets) == 1 else None


def _returned(code: str, known: Mapping[str, Value]) -> str | None:
    """The last address that code returns."""
    values = [evaluated(code[match.end() :], known) for match in _RETURNS.finditer(code)]
    texts = [value for value in values if isinstance(value, str)]
    return next((text for text in reversed(texts) if _ROOTED.fullmatch(text) or _FILE.fullmatch(text)), None)


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
    value, position = expression(source[:_LONGEST_BODY], 0, known)
    return None if source[position : position + 40].lstrip().startswith(_GOES_ON) else value


def expression(source: str, at: int, known: Mapping[str, Value], depth: int = 0) -> tuple[Value | None, int]:
    """The value of the expression at a place of a source, None where it needs more than is known, and its end."""
    total, at = _term(source, at, known, depth)
    while total is not None and (match := _TOKEN.match(source, at)) and match["sign"] in {"+", "-"}:
        term, at = _term(source, match.end(), known, depth)
        if isinstance(total, int) and isinstance(term, int):
            total = total + term if match["sign"] == "+" else total - term
        else:
            total = f"{total}{term}" if match["sign"] == "+" and term is not None else None
    return total, at


def _term(source: str, at: int, known: Mapping[str, Value], depth: int) -> tuple[Value | None, int]:
    match = _TOKEN.match(source, at)
    if match is None or depth > _DEEPEST:
        return None, at
    end = match.end()
    value: Value | None = None
    if match["string"]:
        value = literal(match["string"])
    elif match["number"]:
        value = int(match["number"])
    elif name := match["name"]:
        following = _TOKEN.match(source, end)
        if name in _SAME and following and following["sign"] == "(":
            return _bracketed(source, following.end(), known, depth)
        value = known.get(name.removeprefix("window."))
    elif match["sign"] == "(":
        return _bracketed(source, end, known, depth)
    return (_cut(str(value), match["cuts"]) if match["cuts"] and value is not None else value), end


def _bracketed(source: str, at: int, known: Mapping[str, Value], depth: int) -> tuple[Value | None, int]:
    value, at = expression(source, at, known, depth + 1)
    closing = _TOKEN.match(source, at)
    return (value, closing.end()) if closing and closing["sign"] == ")" else (None, at)


def _cut(value: str, cuts: str) -> str:
    for name, first, last in _CUT.findall(cuts):
        if name == "trim":
            value = value.strip()
        elif name != "toString":
            begin = int(first or 0)
            end = len(value) if not last else begin + int(last) if name == "substr" else int(last)
            value = value[begin:end]
    return value


def literal(text: str) -> str:
    """A string without its quotes and escapes; other text as it is."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] in {'"', "'"} else text


def enclosed(source: str, start: int, brackets: str = "{}") -> str:
    """What stands between the bracket at `start` and its partner; at most `_LONGEST_BODY` characters."""
    depth = 0
    for position in range(start, min(len(source), start + _LONGEST_BODY)):
        depth += {brackets[0]: 1, brackets[1]: -1}.get(source[position], 0)
        if depth == 0:
            return source[start + 1 : position]
    return source[start + 1 : start + _LONGEST_BODY]
