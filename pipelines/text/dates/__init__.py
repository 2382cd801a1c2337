"""Dates as Chinese sites print them: one printed string → the moment it claims, or why it cannot be read.

Numbers are folded for reading only; nothing asks a clock: the moment of the capture is passed in.
"""

from pipelines.text.dates.published import Moment, Unread, published
from pipelines.text.dates.shapes import find_dates, leading_date, no_single_day, spoken_day
from pipelines.text.dates.witnesses import WEIGHTS, Weighed, ranked, weigh

__all__ = [
    "WEIGHTS",
    "Moment",
    "Unread",
    "Weighed",
    "find_dates",
    "leading_date",
    "no_single_day",
    "published",
    "ranked",
    "spoken_day",
    "weigh",
]
