"""How sure the body is: the chance that the chosen block is the article's, from what speaks for and against it.

A logistic estimate. Its weights were fitted on half of a yardstick's pages, the blocks chosen there against the best
other block of the same pages; on the other half 94 % of blocks were called right (`python -m benchmarks yardstick`).
"""

from __future__ import annotations

from math import exp, log

from crawler.pages.body.find import Body
from crawler.pages.body.judging import Judged
from crawler.pages.head.heading import Heading

WORDLESS = 0.6
"""Of a body without words: its title and something shown below it are all there is to go by."""
_LITTLE, _WITH_A_CUT = 120, 0.9
"""Characters of prose of which all is little evidence; the most that is left where lines were cut."""
_WEIGHTS, _BIAS = (6.5, 1.8, 1.2, 3.1), -5.2


def confidence(page: Judged, body: Body, heading: Heading | None, *, has_date: bool) -> float:
    """Between 0 and 1; less where lines that say something were cut out, by their share and a tenth at least.

    Evidence, each from 0 to 1: the share of the page's prose, the heading near, a date, the size.
    """
    prose, mine = page.prose(0, len(page.lines)), page.prose(body.start, body.stop)
    nearness = 0.0
    if heading is not None and heading.first < body.stop:
        # Menus stand between them where something else is the body.
        nearness = exp(sum(min(0, value) for value in page.worths[heading.end : body.start]) / 100)
    share = mine / prose * min(1.0, mine / _LITTLE) if prose else 0.0
    given = (share, nearness, float(has_date), min(1.0, log(1 + mine) / log(2_000)))
    sure = 1 / (1 + exp(-_BIAS - sum(w * x for w, x in zip(_WEIGHTS, given, strict=True))))
    cut, kept = (sum(page.lines[i].size for i in lines) for lines in (body.cut, body.keeps))
    return sure * min(_WITH_A_CUT, kept / (kept + cut)) if cut else sure
