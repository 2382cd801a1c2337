"""Numbers in Chinese prose, in digits (half or full width) or in characters, and what they amount to. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGITS = {
    character: n
    for n, characters in enumerate("〇○零 一壹 二贰两 三叁 四肆 五伍 六陆 七柒 八捌 九玖".split())
    for character in characters
}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "廿": 20, "卅": 30}
_GREAT = {"万": 10**4, "亿": 10**8, "兆": 10**12}

_D = "[0-9０-９]"
# Bounded: a page may send a megabyte of digits.
_ARABIC = (
    rf"(?:(?<![0-9０-９A-Za-z年月日号时分])[-−－])?(?:{_D}{{1,3}}(?:[,，]{_D}{{3}}(?!{_D})){{1,6}}|{_D}{{1,18}})"
    rf"(?:[.．]{_D}{{1,18}})?[十百千万亿兆]{{0,3}}[%％‰]?"
)
_HAN_DIGITS = "".join(_DIGITS)
_HAN = rf"[{_HAN_DIGITS}{''.join(_TENS)}{''.join(_GREAT)}]{{1,24}}(?:点[{_HAN_DIGITS}]{{1,18}})?"
_NUMBER = re.compile(rf"(?P<arabic>{_ARABIC})|(?P<han>{_HAN})")

# One character is a number beside one of these (`第九届`, `三项`, `（二）`), else part of a word (`一定`, `十分`).
_UNITS = frozenset("个名位年月日号次届项条件倍元人成户家所座处公里吨亩天周级章节部类期批轮台只份套篇场岁线是、）)%％")
_BEFORE = ("第", "分之")
_IN_WORDS = re.compile(r"[统唯同专单划万]$")
_NO_NUMBERS = frozenset({"一一", "万一"})


class Number(NamedTuple):
    """Where a number stands in a text, its value, and `%` or `‰` when it has one."""

    start: int
    end: int
    value: Decimal
    unit: str


def find_numbers(text: str) -> Iterator[Number]:
    """The numbers of a text, in order, not overlapping."""
    for found in _NUMBER.finditer(text):
        start, end = found.span()
        if found["arabic"]:
            yield _of_digits(found[0], start, end)
        elif _is_number(text, found[0], start, end):
            yield Number(start, end, _of_characters(found[0]), "")


def _of_digits(text: str, start: int, end: int) -> Number:
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace(",", "")
    unit = plain[-1] if plain[-1] in "%‰" else ""
    plain = plain.removesuffix(unit)
    digits = plain.rstrip("十百千万亿兆")
    value = Decimal(digits)
    for character in plain[len(digits) :]:
        value *= _TENS.get(character) or _GREAT[character]
    return Number(start, end, value, unit)


def _is_number(text: str, characters: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    if characters in _NO_NUMBERS:
        return False
    if before.endswith(_BEFORE):
        return True
    is_counting = len(characters) > 1 and any(character in _DIGITS for character in characters)
    return is_counting or (after in _UNITS and after != "" and not _IN_WORDS.search(before))


def _of_characters(text: str) -> Decimal:
    whole, _, fraction = text.partition("点")
    value = _of_whole(whole)
    return value if not fraction else Decimal(f"{value}.{''.join(str(_DIGITS[character]) for character in fraction)}")


def _of_whole(characters: str) -> Decimal:
    if all(character in _DIGITS for character in characters):
        return Decimal("".join(str(_DIGITS[character]) for character in characters))
    total = section = digit = 0
    for character in characters:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _TENS:
            section += _TENS[character] * (digit or 1)
            digit = 0
        else:
            great, part = _GREAT[character], section + digit
            # `一万亿` is ten thousand times a hundred million, `一亿二千万` their sum.
            total = (total + part) * great if 0 < total < great else total + (part or 1) * great
            section = digit = 0
    return Decimal(total + section + digit)
