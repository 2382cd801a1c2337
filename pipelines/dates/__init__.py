"""Dates as Chinese sites print them: one printed string → the moment it claims, or why it cannot be read.

Numbers are folded for reading only; nothing asks a clock: the moment of the capture is passed in.
"""

from pipelines.dates.published import Moment, Unread, published
from pipelines.dates.shapes import find_dates, spoken_day

__all__ = ["Moment", "Unread", "find_dates", "published", "spoken_day"]
