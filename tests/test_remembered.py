"""What is kept of texts that a page chose does not grow with their length."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from itertools import count
from urllib.parse import urlsplit

import pytest

from crawler.pages import hidden, plain, urls
from crawler.pages.body import find, judging
from crawler.pages.families.kesion import addresses
from crawler.pages.lists import elsewhere
from pipelines import rendering
from pipelines.context import head, meeting, speaker
from pipelines.text import styles
from pipelines.text.remembered import remembered

LONG = "x" * 50_000
STATIC = re.compile(r"/(?P<id>\d+)\.html")
ASKED: list[Callable[[str], object]] = [
    lambda text: addresses.article_address(f"http://a.cn/{text}", STATIC),
    lambda text: addresses.list_address(f"http://a.cn/{text}", STATIC),
    lambda text: urls.resolve(f"http://a.cn/{text}", text),
    lambda text: hidden.hides(text, is_block=True),
    lambda text: plain.plain_parts(f"http://a.cn/{text}"),
    lambda text: elsewhere._place(f"http://a.cn/{text}"),
    head.is_about_a_speech,
    head.unwrapped,
    meeting.committee_in,
    speaker._of_line,
    styles.declared,
    lambda text: rendering.visible_text(f'<p style="{text}">a</p>'),
    find._named_aside,
    find._named_body,
    judging._found_file,
]


@pytest.mark.parametrize("ask", ASKED)
def test_long_texts_are_not_kept(ask: Callable[[str], object]) -> None:
    ask("x")
    tracemalloc.start()
    for number in range(6):
        ask(f"{number}{LONG}")
    urlsplit.cache_clear()  # type: ignore[attr-defined]  # Python's own, of a few addresses
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < len(LONG)


def test_a_short_text_is_asked_once_and_a_long_one_each_time() -> None:
    asked = count()
    answer = remembered(2, longest=3)(lambda text: (text, next(asked)))
    assert [answer(text)[1] for text in ("abc", "abc", "abcd", "abcd")] == [0, 0, 1, 2]
    with_more = remembered(2, longest=3)(lambda text, more, *, last: (text, more, last, next(asked)))
    told = [
        with_more(text, 1, last=last)[3] for text, last in (("a", 1), ("a", 1), ("a", 2), ("abcd", 1), ("abcd", 1))
    ]
    assert told == [3, 3, 4, 5, 6]
