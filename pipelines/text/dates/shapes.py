"""The shapes of a printed date: patterns over folded text, and what their parts mean. No clock, no zone, no verdict.

KesionCMS prints the CStr of the server's locale or one of the 17 forms of its DateFormat; its
peers add ISO 8601, Java's `Date.toString`, RFC 1123 and English month names; prose adds Chinese numerals.
"""

from __future__ import annotations

import re
from datetime import UTC, date, time, timedelta, timezone, tzinfo

_ZEROS = "〇○◯零ＯOｏo"  # both cases: patterns that ignore case find either
_DIGITS = {**dict.fromkeys(_ZEROS, 0), **{character: n for n, character in enumerate("一二三四五六七八九", 1)}}
_DIGITS |= {character: n for n, character in enumerate("0123456789")} | {"两": 2}
_TENS = {"十": 10, "廿": 20, "卅": 30}
# One character for one, so that a place in the folded text is the same place in the text.
_FOLD = str.maketrans(
    "０１２３４５６７８９：／－—–―─−‐‑．（）［］【】〔〕＋，時點號週禮\u3000\xa0\u2002\u2003\u2009\u202f\u200b\ufeff",
    "0123456789:/--------.()[][][]+,时点号周礼        ",
)

CN = "一二三四五六七八九" + _ZEROS
YEAR = rf"(?<![0-9{CN}])[0-9{CN}]{{4}}"
PART = rf"(?:[0-9]{{1,2}}|[{CN}十廿卅]{{1,3}})"
S = r"\s{0,9}"  # bounded: a page may send a megabyte of whitespace
_START = r"(?<![0-9])(?<![0-9][-/.])"
_STOP = r"(?![0-9]|[-/.][0-9])"
_YMD = rf"{_START}(?P<y1>[0-9]{{4}})(?P<sep1>--?|[/.])\s?(?P<m1>[0-9]{{1,2}})(?P=sep1)\s?(?P<d1>[0-9]{{1,2}}){_STOP}"
_MDY = rf"{_START}(?P<m2>[0-9]{{1,2}})(?P<sep2>[-/.])(?P<d2>[0-9]{{1,2}})(?P=sep2)(?P<y2>[0-9]{{4}}){_STOP}"
_CHINESE = rf"(?P<y3>{YEAR}){S}年{S}(?P<m3>元|{PART}){S}月{S}(?P<d3>{PART}){S}[日号]"
# Before it is folded: a text without four digits in a row has no full date.
_YEAR_LIKE = re.compile(f"[0-9０-９{CN}]{{4}}")
_WEEKDAY = rf"(?:{S}\(?(?:星期|礼拜|周)[一二三四五六日天]\)?)?"
_HALF = "上午|下午|凌晨|早上|早晨|清晨|中午|傍晚|晚上|晚|AM|PM"
# A zone by name, or by name and hours: `GMT`, `GMT+0800 (中国标准时间)`, as a browser's `Date` prints it.
_NAMED_ZONE = r"(?:Z|(?:GMT|UTC)(?:[+-][0-9]{1,2}(?::?[0-9]{2})?)?|CST)(?![A-Za-z0-9])(?:\s?\([^()]{1,30}\))?"
# Hours west only after seconds: in `19:00-20:00` the second number is the end of the meeting.
_CLOCK = (
    rf"(?P<half>{_HALF})?{S}(?:(?P<hour>[0-9]{{1,2}})"
    rf"(?::(?P<minute>[0-9]{{1,2}})(?::(?P<second>[0-9]{{1,2}})(?:[.,][0-9]{{1,9}})?"
    rf"(?P<offset>{S}{_NAMED_ZONE}|{S}[+-][0-9]{{2}}(?::?[0-9]{{2}})?(?![0-9:]))?"
    rf"|(?P<offset2>{S}{_NAMED_ZONE}|{S}\+[0-9]{{2}}:?[0-9]{{2}}(?![0-9]))?)(?![0-9]|:[0-9]))"
    rf"|(?P<hour2>{PART}){S}[时点](?:整|{S}(?P<minute2>半|{PART}){S}分?(?:{S}(?P<second2>{PART}){S}秒)?)?)"
    rf"(?:{S}(?P<half2>AM|PM|上午|下午)(?!\w))?"
)
_ANY_CLOCK = re.sub(r"\?P<\w+>", "?:", _CLOCK)
_DATE = rf"(?:{_YMD}|{_MDY}|{_CHINESE})"
_GAP = r"(?:T|,?\s{1,9}|\s{1,9}[-|]\s{1,9}|(?<=[日号天一二三四五六)]))"
FULL = re.compile(rf"{_DATE}{_WEEKDAY}(?:{_GAP}{_CLOCK})?", re.IGNORECASE)
CLOCK = re.compile(_CLOCK, re.IGNORECASE)
MONTH = re.compile(rf"(?P<y>{YEAR}){S}年{S}(?P<m>元|{PART}){S}月(?:份)?|(?P<y1>[0-9]{{4}})[-/.](?P<m1>[0-9]{{1,2}})")

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MON = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DOW = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s{1,9})?"
_ENGLISH = (
    rf"{_DOW}(?:(?P<m1>{_MON})\s{{1,9}}(?P<d1>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s{{1,9}}(?P<y1>[0-9]{{4}})"
    rf"|(?P<d2>[0-9]{{1,2}})(?:st|nd|rd|th)?[\s-]{{1,9}}(?P<m2>{_MON}),?[\s-]{{1,9}}(?P<y2>[0-9]{{4}}))"
)
ENGLISH = re.compile(rf"{_ENGLISH}(?:,?\s{{1,9}}(?:at\s{{1,9}})?{_CLOCK})?", re.IGNORECASE)
JAVA = re.compile(
    rf"{_DOW}(?P<m1>{_MON})\s{{1,9}}(?P<d1>[0-9]{{1,2}})\s{{1,9}}{_CLOCK}\s{{1,9}}(?P<y1>[0-9]{{4}})",
    re.IGNORECASE,
)
# Layouts set the day large and the rest beside it: `28 2023-12`, `12-28 2023`, `2023 12-28`.
SPLIT = re.compile(
    r"(?P<d1>[0-9]{1,2})[日号]?(?:\s{1,9}|\s?/\s?)(?P<y1>[0-9]{4})(?P<sep>[-/.年])(?P<m1>[0-9]{1,2})月?"
    r"|(?P<m2>[0-9]{1,2})[-/.月](?P<d2>[0-9]{1,2})日?\s{1,9}(?P<y2>[0-9]{4})年?"
    r"|(?P<y3>[0-9]{4})年?\s{1,9}(?P<m3>[0-9]{1,2})[-/.月](?P<d3>[0-9]{1,2})日?"
)
# Seconds or milliseconds since 1970, as back ends and scripts write them: `1703761229`, `/Date(1703761229000+0800)/`.
EPOCH = re.compile(r"(?:/Date\()?(?P<seconds>[0-9]{10})(?P<milli>[0-9]{3})?(?:[+-][0-9]{4}\)/|\)/)?")
# The order of two-digit years is known from 年 or from a number that can be neither month nor day.
SHORT_YEAR = re.compile(
    rf"(?:(?P<y1>[0-9]{{2}}){S}年{S}(?P<m1>{PART}){S}月{S}(?P<d1>{PART}){S}[日号]"
    rf"|(?P<y2>[4-9][0-9])(?P<sep>[-/.])(?P<m2>[0-9]{{1,2}})(?P=sep)(?P<d2>[0-9]{{1,2}})){_WEEKDAY}(?:{_GAP}{_CLOCK})?",
    re.IGNORECASE,
)
SHORT_YEAR_UNSURE = re.compile(
    rf"[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}(?:{_GAP}{_ANY_CLOCK})?", re.IGNORECASE
)
# A year of three digits can only be one of the Republic's; a sexagenary one has no day in our calendar.
OTHER_CALENDAR = re.compile(
    r".{0,9}(?:民[国國]|农历|農曆|阴历|旧历|夏历).{1,40}|(?<![0-9])[0-9]{3}\s{0,9}年.{1,40}"
    r"|[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年.{0,40}"
)
# Forms 9 to 17 of KesionCMS.
_MONTH_DAY = rf"(?:元|{PART}){S}月{S}{PART}{S}[日号]"
_NO_YEAR = re.compile(_MONTH_DAY)
YEARLESS = re.compile(
    rf"[0-9]{{1,2}}([-/.])[0-9]{{1,2}}(?:\s{{1,9}}{_ANY_CLOCK})?|{_MONTH_DAY}{_WEEKDAY}(?:{S}{_ANY_CLOCK})?"
    r"|[0-9]{1,2}[日号]\s*[0-9]{1,2}[时点]|[0-9]{1,2}[时点][0-9]{1,2}分|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?",
    re.IGNORECASE,
)
_DAYS_END = rf"(?:(?:{YEAR}{S}年{S})?{_MONTH_DAY}|{PART}{S}[日号]|[0-9]{{1,4}}(?:[-/.][0-9]{{1,2}}){{1,2}})"
DAYS = re.compile(
    rf"(?:{YEAR}{S}年{S})?(?:{_MONTH_DAY}|(?:元|{PART}){S}月{S}{PART}){S}(?:至|到|-{{1,3}}|~|～|、|和){S}{_DAYS_END}"
    rf"|[0-9]{{4}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}{S}(?:至|到|-{{1,3}}|~|～){S}{_DAYS_END}"
)
# Behind a date that is not whole: more of a number, a range, a clock of a shape that is none.
_GOES_ON = re.compile(
    rf"{S}(?:[-~～至到]{S}[0-9{CN}十]|[:./]?{S}[0-9]|[、和]{S}[0-9]{{1,2}}[日号]|[A-Z]{{3}}(?![A-Za-z]))|[0-9A-Za-z]"
)
_ZONE_NAME = re.compile(r"^(?:GMT|UTC)(?=[+-])")
_MORNING = frozenset({"上午", "凌晨", "早上", "早晨", "清晨", "AM"})
_AFTERNOON = frozenset({"下午", "傍晚", "晚上", "晚", "PM"})
# Before the first committee met (1949) no page has a date; the zeros of OLE's and SQL Server's clocks lie there too.
FIRST_YEAR = 1949
_UNIX_ZERO = date(1970, 1, 1)


def folded(text: str) -> str:
    """The text with digits, punctuation and whitespace in one spelling, each at its place."""
    return text.translate(_FOLD)


def number(digits: str) -> int:
    """A number of a calendar, Chinese or not; 0 for what is none, so that it makes an impossible date."""
    if digits.isascii() and digits.isdecimal():
        return int(digits) if len(digits) in {1, 2, 4} else 0
    if digits == "元":
        return 1
    tens = [character for character in digits if character in _TENS]
    if not tens:
        return int("".join(str(_DIGITS[character]) for character in digits)) if len(digits) in {1, 2, 4} else 0
    before, _, after = digits.partition(tens[0])
    if len(tens) > 1 or len(before) > 1 or len(after) > 1 or (before and tens[0] != "十"):
        return 0
    return _TENS[tens[0]] * (_DIGITS[before] if before else 1) + (_DIGITS[after] if after else 0)


def parts(match: re.Match[str]) -> tuple[int, int, int]:
    """Year (as printed, perhaps of two digits), month and day of a match of any shape here."""
    groups = match.groupdict()
    form = next(n for n in "123" if groups.get(f"y{n}"))
    year, month, day = groups[f"y{form}"], groups[f"m{form}"], groups[f"d{form}"]
    name = month[:3].lower()
    return number(year), _MONTHS.index(name) + 1 if name in _MONTHS else number(month), number(day)


def day_of(match: re.Match[str], *, is_day_first: bool = False) -> date | None:
    """The day of a match; None when there is no such day, or when it is before 1949 or the zero of a clock.

    `is_day_first`: `28/12/2023`, read of dates with the year last only.
    """
    year, month, day = parts(match)
    if is_day_first and _is_year_last(match):
        month, day = day, month
    return possible(year, month, day)


def is_either(match: re.Match[str]) -> bool:
    """True for a date with the year last whose first two numbers can both be the month: `03/04/2018`."""
    _, month, day = parts(match)
    return _is_year_last(match) and month != day and max(month, day) <= 12


def _is_year_last(match: re.Match[str]) -> bool:
    return match.re is FULL and match["y2"] is not None


def possible(year: int, month: int, day: int) -> date | None:
    """The day, unless it is none that a page can claim."""
    try:
        on = date(year, month, day)
    except ValueError:
        return None
    return on if on.year >= FIRST_YEAR and on != _UNIX_ZERO else None


def has_clock(match: re.Match[str]) -> bool:
    """Whether an hour is printed."""
    return bool(match["hour"] or match["hour2"])


def has_minute(match: re.Match[str]) -> bool:
    """Whether a minute is printed."""
    return bool(match["minute"] or match["minute2"])


def has_second(match: re.Match[str]) -> bool:
    """Whether a second is printed."""
    return bool(match["second"] or match["second2"])


def clock_of(match: re.Match[str]) -> time | None:
    """The clock time of a match that has one; None when there is no such time."""
    hour = number(match["hour"] or match["hour2"])
    half = (match["half"] or match["half2"] or "").upper()
    if half in _MORNING:
        if hour > 12:
            return None
        hour %= 12
    elif half in _AFTERNOON or (half == "中午" and hour < 11):
        if hour == 12 and half.startswith("晚"):  # midnight: of which day?
            return None
        hour = hour + 12 if hour < 12 else hour
    minute = match["minute"] or match["minute2"] or "0"
    try:
        return time(
            hour, 30 if minute == "半" else number(minute), number(match["second"] or match["second2"] or "0")
        )
    except ValueError:
        return None


def zone_of(match: re.Match[str], tz: tzinfo) -> tzinfo | None:
    """The offset printed, else `tz`; None when there is no such offset.

    CST is China's here: Java prints so the zone of its own server.
    """
    printed = (match["offset"] or match["offset2"] or "").partition("(")[0].strip().upper()
    offset = _ZONE_NAME.sub("", printed)
    if offset in {"Z", "GMT", "UTC"}:
        return UTC
    if offset in {"", "CST"}:
        return tz
    digits = offset[1:].replace(":", "")
    digits = digits if len(digits) > 2 else f"{digits}00"  # `+8`, `+08`: hours alone
    hours, minutes = int(digits[:-2]), int(digits[-2:])
    if hours > 14 or minutes > 59:
        return None
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if offset[0] == "-" else delta)


def find_dates(text: str) -> list[tuple[int, int, str]]:
    """Where full dates stand in a line, each with its clock time: (start, end, the words), left to right.

    Shapes only: `2023-02-30` is found, and is impossible when read. Year-less dates and months are not found, nor
    anything inside a longer run of digits.
    """
    if _YEAR_LIKE.search(text) is None:
        return []
    return [(m.start(), m.end(), text[m.start() : m.end()]) for m in FULL.finditer(folded(text))]


def leading_date(text: str) -> int:
    """How many characters at the beginning of a text are one date of any shape, with its clock time; 0 for none.

    What follows must be something else: in `2023-12-28 19:00-20:00` and `2023年1月7日-9日` no date is whole.
    """
    plain = folded(text)
    ends = [match.end() for shape in (FULL, ENGLISH, JAVA, SPLIT, EPOCH) if (match := shape.match(plain))]
    end = max(ends, default=0)
    return 0 if _GOES_ON.match(plain, end) else end


def spoken_day(text: str) -> str | None:
    """ISO day of words that are one full date and nothing else (weekday and clock time allowed), else None."""
    match = FULL.fullmatch(folded(text).strip())
    day = day_of(match) if match else None
    return day.isoformat() if day else None


def no_single_day(text: str) -> str | None:
    """Why words that are nothing but a date give no day: `range`, `no-year` or `impossible`; None for all others."""
    plain = folded(text).strip()
    full = FULL.fullmatch(plain)
    if full:
        return None if day_of(full) else "impossible"
    if DAYS.fullmatch(plain):
        return "range"
    return "no-year" if _NO_YEAR.fullmatch(plain) else None
