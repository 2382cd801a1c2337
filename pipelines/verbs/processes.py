"""What all processes of ours do alike: they count processors, and let Python's garbage collector look seldom."""

from __future__ import annotations

import gc
import os


def processors() -> int:
    """How many processors this process may use."""
    mine = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(mine(0)) if mine else os.cpu_count() or 1


def collect_seldom() -> None:
    """Let it look after 5,000 new objects, not after 700, and rarely at all of them.

    Looking took 6 % of a crawl, as much of its start and of `verify`, and 10 % of a process that only reads pages:
    imports and lines leave no cycles, a page that is read hardly any.
    """
    gc.set_threshold(5_000, 20, 20)


def end_at_once() -> None:
    """Take what is left out of it, which looks at all of that as the process ends: 0.2 s of a crawl.

    To be called when files are closed and nothing more is to be done. Not by a verb: libraries of the exports look at
    their objects as the process ends, and tell of those that the collector has left.
    """
    gc.freeze()
