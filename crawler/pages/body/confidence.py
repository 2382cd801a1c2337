"""How sure the body is: the chance that the chosen block is the article's, from what speaks for and against it.

A logistic estimate. Its weights were fitted on half of a yardstick's pages, the blocks chosen there against the best
other block of the same pages; on the other half 94 % of blocks were called right (benchmarks/extraction.py).
"""

from __future__ import annotations

from math import exp, log

from crawler.pages.body.find import Body
from crawler.pages.body.judging import Judged
from crawler.pages.head.heading import Heading

WORDLESS = 0.6
"""Of a body without words: its title and something shown below it are all there is to go by."""
_LITTLE, _WITH_A_CUT = 120, 0.9
_WEIGHTS, _BIAS = (6.5, 1.8, 1.2, 3.1), -5.2


def features(page: Judged, body: Body, heading: Heading | None, *, has_date: bool) -> tuple[float, ...]:
    """Evidence from 0 to 1: share of the page's prose (all of little is little), the heading near, a date, size."""
    prose, mine = page.prose(0, len(page.lines)), page.prose(body.start, body.stop)
    return (
        mine / prose * min(1.0, mine / _LITTLE) if prose else 0.0,
        _nearness(page, body, heading),
        float(has_date),
        min(1.0, log(1 + mine) / log(2_000)),
    )


def _nearness(page: Judged, body: Body, heading: Heading | None) -> float:
    """1 when the body begins at the heading, near 0 when menus stand between; 0 without a heading."""
    if heading is None or heading.first >= body.stop:
        return 0.0
    between = -sum(min(0, value) for value in page.worths[heading.end : body.start])
    return exp(-between / 100)


def confidence(page: Judged, body: Body, heading: Heading | None, *, has_date: bool) -> float:
    """Between 0 and 1; less where lines that say something were cut out, by their share and a tenth at least."""
    given = features(page, body, heading, has_date=has_date)
    sure = 1 / (1 + exp(-_BIAS - sum(w * x for w, x in zip(_WEIGHTS, given, strict=True))))
    cut = sum(page.lines[i].size for i in body.cut)
    kept = sum(page.lines[i].size for i in body.keeps)
    return sure * min(_WITH_A_CUT, kept / (kept + cut)) if cut else sure
