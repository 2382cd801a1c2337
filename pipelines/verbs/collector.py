"""Python's garbage collector in processes of ours: it looks seldom, and not at all once a process ends."""

from __future__ import annotations

import gc


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
