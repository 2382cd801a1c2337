"""A quick look, asked before a slow pattern, is true of whatever the pattern finds."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.http import blocked
from crawler.pages import parts, written
from crawler.pages.body import held, judging, kinds
from crawler.pages.head import breadcrumb, labels, meta_tags
from pipelines.context import meeting
from pipelines.damage import page_layout
from pipelines.text import placeholders
from pipelines.text.dates import shapes

# Without the first character looked ahead, for which Hypothesis would write a character more.
LABEL = re.compile(labels._LABEL.pattern.replace(f"(?=[{labels._BEGINS}])", ""))
LOOKS: list[tuple[str, Callable[[str], object], list[re.Pattern[str]]]] = [
    ("challenge", lambda text: any(word in text for word in blocked._CHALLENGE_HAS), [blocked._CHALLENGE]),
    ("error", parts._MAY_BE_ERROR.search, [parts._ERROR]),
    ("withheld", parts._MAY_BE_WITHHELD.search, [parts._WITHHELD]),
    ("loading", placeholders._MAY_LOAD.search, [placeholders._LOADING]),
    ("text held back", held._MAY_SAY.search, [held._SENTENCES, held._CJK]),
    ("script that writes", written._may_write, [written._WRITES]),
    ("script that says when", lambda text: meta_tags._may_say_when(text.lower()), [meta_tags._VARIABLE]),
    ("label", labels._MAY_BE_LABEL.search, [LABEL]),
    ("breadcrumb", breadcrumb._MAY_BE_TRAIL.search, [breadcrumb._START, breadcrumb._ARROW]),
    ("line of a breadcrumb", kinds._MAY_BE_TRAIL.search, [kinds._TRAIL]),
    ("disclaimer", kinds._MAY_BE_DISCLAIMER.search, [kinds._DISCLAIMER]),
    ("tools", kinds._MAY_BE_TOOLS.search, [kinds._TOOLS_WITHIN]),
    ("footer", kinds._MAY_BE_FOOTER.search, [kinds._FOOTER]),
    ("info", kinds._MAY_BE_INFO.search, [kinds._INFO]),
    ("comments", lambda text: "评论" in text, [kinds._COMMENTS]),
    ("file", judging._MAY_BE_FILE.search, [judging._FILE]),
    ("date", shapes._YEAR_LIKE.search, [shapes.FULL]),
    ("body", meeting._names_a_body, list(meeting._SHAPES)),
    ("counter", lambda text: any(word in text for word in page_layout._COUNTED), [page_layout._COUNTER]),
    ("number of a footer", lambda text: any(hint in text for hint in page_layout._HINTS), [page_layout._NUMBERED]),
]


@pytest.mark.parametrize(("look", "patterns"), [one[1:] for one in LOOKS], ids=[one[0] for one in LOOKS])
def test_a_quick_look_is_true_of_what_the_pattern_finds(
    look: Callable[[str], object], patterns: list[re.Pattern[str]]
) -> None:
    alternatives = sum(pattern.pattern.count("|") for pattern in patterns)

    @settings(max_examples=min(20 + 10 * alternatives, 100), derandomize=True, database=None)
    @given(st.one_of(*map(st.from_regex, patterns)))
    def holds(text: str) -> None:
        assert look(text)

    holds()


def test_what_is_folded_to_a_digit_of_a_year_looks_like_one() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    digit = re.compile(f"[0-9{shapes.CN}]")
    folded = shapes.folded(every)
    assert len(folded) == len(every)
    assert [
        every[m.start()] for m in digit.finditer(folded) if not shapes._YEAR_LIKE.search(every[m.start()] * 4)
    ] == []


def test_letters_that_are_english_only_when_case_is_ignored_name_no_day() -> None:
    assert [
        name for name in ("publiſhdate", "releaſe_time", "İssueDate") if meta_tags._VARIABLE.fullmatch(name)
    ] == []
