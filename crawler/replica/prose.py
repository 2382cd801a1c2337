"""Sentence pools: every word a replica's speech is made of was written for it and lives in prose.txt."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHINESE_DIGITS = "〇一二三四五六七八九"
FIRST_DAY = date(2011, 1, 1)


def dice(*key: object) -> random.Random:
    """Chance that depends on nothing but its key: the same in every process."""
    return random.Random(repr(key))  # noqa: S311 - test data, not secrets


@cache
def pools() -> dict[str, tuple[str, ...]]:
    """The sections of prose.txt; names and places stand several on a line, sentences one."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (files("crawler.replica") / "prose.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found.setdefault(section, [])
        elif section in ("surname", "given", "town"):
            found[section].extend(line.split())
        elif line:
            found[section].append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def person(chance: random.Random) -> str:
    return chance.choice(pools()["surname"]) + chance.choice(pools()["given"])


def chinese_number(number: int) -> str:
    """1 to 99 as spoken: 27 is 二十七."""
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十"}.get(tens, CHINESE_DIGITS[tens] + "十")
    return head + (CHINESE_DIGITS[ones] if ones else "")


def chinese_date(day: date) -> str:
    year = "".join(CHINESE_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{chinese_number(day.month)}月{chinese_number(day.day)}日"


def plain_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


FILLINGS: dict[str, Callable[[random.Random], str]] = {
    "n": lambda chance: str(chance.randint(2, 98)),
    "big": lambda chance: f"{chance.randint(1001, 98765):,}",
    "pct": lambda chance: f"{chance.uniform(1, 99):.1f}",
    "year": lambda chance: str(chance.randint(2008, 2023)),
    "date": lambda chance: plain_date(FIRST_DAY + timedelta(days=chance.randint(0, 4000))),
    "name": person,
    "town": lambda chance: chance.choice(pools()["town"]),
    "term": lambda chance: chinese_number(chance.randint(5, 9)),
    "nth": lambda chance: chinese_number(chance.randint(1, 6)),
    "nbsp": lambda _: "\u00a0",
}


def fill(sentence: str, chance: random.Random) -> str:
    """Put numbers, dates, places and people into the holes of a sentence."""
    return re.sub(r"\{(\w+)\}", lambda hole: FILLINGS[hole[1]](chance), sentence)


def sentences(pool: str, count: int, chance: random.Random) -> str:
    return "".join(fill(line, chance) for line in chance.sample(pools()[pool], count))
