"""Two small archives with everything that readers of data get wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.record import Evidence, Problem, Speaker
from tests.test_archive import FACTS, crawl, day, listed, missed, opened, sealed, speech
from tests.test_redaction import ordered

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.record import Speech

LONG_BODY = "各位委员，同志们：\n" * 40_000
"""About a megabyte in UTF-8."""
SECOND = replace(
    FACTS,
    site="0052",
    name='市"政协"网, 其一',
    committee="政协<b>{某}</b>|市_委员会\n100%",
    hosts=("0052.example", "www.0052.example"),
    rights="© 2026; {all} #rights & more",
)


def nasty(root: Path) -> Path:
    """A root of two archives: gone and redacted speeches, texts of every kind, and a site without a speech left."""
    first = root / "gszx"
    crawl(
        first,
        1,
        speech("004864", day(1)),
        speech("4864", day(1), view_count=2**53 - 1),
        speech("101-7", day(1), body="要走的"),
        speech("9", day(1), body="要删的"),
        *_formulas(),
        *_words(),
        speech("8", day(1), body=LONG_BODY),
        speech("10", day(1), body="", problems=(Problem(field="body", code="empty", detail="no text"),)),
        speech("11", day(1), **_NOTHING),
    )
    crawl(first, 2, missed("101-7", day(2)), listed("4864", day(2)), speech("9", day(2), body="要删的，改了"), days=0)
    ordered(first, "9", 3)
    run = opened(root / "0052", 1, facts=SECOND)
    run.keep(replace(speech("004864", day(1), body="另一个站"), site="0052", view_count=None))
    sealed(run, 1)
    return root


_NOTHING: dict[str, Any] = {
    "published_on": None,
    "published_at": None,
    "published_precision": None,
    "author": None,
    "speaker": None,
    "term": None,
    "view_count": None,
    "attachments": (),
    "problems": (
        Problem(field="published_on", code="no-year", detail='12-28, "引号"'),
        Problem(field="view_count", code="unreadable", detail="=1+1"),
    ),
}
_FORMULAS = ("=1+1", "+86 0722", "-1", "@SUM(A1)", "\t=1", "'=1", "＝1")
_WORDS = (
    *("NA", "null", "NaN", "None", "\\N", "true", "007", "1e5", "2023-12-28", "0x10", " 前后有空格 ", '"', '""', "'"),
    *("a,b", "a;b", 'x "y", z\nw', "\\", "\\n", "\ufeff开头", "一\u2028二\u2029三\u0085四", "𠮷野家😀", "\u200b"),
    *("e\u0301 ﬁ Ａ\u3000\xa0|", "<b>&amp;", "a\r\nb\rc", "#\n# 注"),
)


def _formulas() -> list[Speech]:
    return [
        speech(f"5{number}", day(1), title=text, author=text, body=f"{text}\n{text}", speaker=text)
        for number, text in enumerate(_FORMULAS)
    ]


def _words() -> list[Speech]:
    return [
        speech(
            f"6{number:02}",
            day(1),
            title=text,
            source=text,
            body=f"{text}{number}{text}",
            evidence=(Evidence(field="speaker", where="title", text=text),),
            speakers=(Speaker(name=text, post=None), Speaker(name="李明", post=text)),
        )
        for number, text in enumerate(_WORDS)
    ]
