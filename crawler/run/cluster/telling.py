"""Who is told of changed verdicts in a cluster: the worker that has crawled a site tells, under the site's lease.

Of sites that nobody has crawled for too long one worker tells, which looks for them now and then. What was told is
remembered in the database, so that no machine tells it again. A change that could not be delivered is told after the
next crawl of the site, wherever that is.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crawler.run.attempt import recipients
from crawler.run.cluster.equipment import Equipment
from pipelines.fleet.condition import Condition
from pipelines.fleet.notify import remember_told, tell, told_of
from pipelines.fleet.recipients import Recipients
from pipelines.fleet.survey import survey

_log = logging.getLogger(__name__)

_Words = dict[tuple[str, str], str]
"""The word last told, by site and channel."""


async def tell_of_stale(has: Equipment) -> None:
    """Tell of the sites that are stale, together; the journals here must be those of all machines."""
    try:
        stale = await has.in_thread(partial(_stale, has.root, datetime.now(UTC)))
    except (OSError, ValueError) as error:
        _log.error("nobody looks for stale sites: %s", error)
        return
    if stale:
        await tell_of(has, stale)


async def tell_of(has: Equipment, sites: Collection[str]) -> None:
    """Tell of changed verdicts of some sites, together: one that was just crawled here, or those that are stale."""
    told = recipients(has.settings)
    if not told:
        return
    rows = await has.connector.execute_query_all_async(
        "SELECT site, channel, word FROM speech_archive.told WHERE site = ANY(%(sites)s)", sites=list(sites)
    )
    words = {(row["site"], row["channel"]): row["word"] for row in rows}
    now = await has.in_thread(partial(_tell, has.root, told, sites, words))
    new = {by: word for by, word in now.items() if words.get(by) != word}
    if not new:
        return
    await has.connector.execute_query_async(
        "INSERT INTO speech_archive.told SELECT * FROM unnest(%(sites)s::text[], %(channels)s::text[], "
        "%(words)s::text[]) ON CONFLICT (site, channel) DO UPDATE SET word = excluded.word",
        sites=[site for site, _ in new],
        channels=[channel for _, channel in new],
        words=list(new.values()),
    )


def _stale(root: Path, now: datetime) -> list[str]:
    return [one.site for one in survey(root, now) if one.condition is Condition.STALE]


def _tell(root: Path, told: Recipients, sites: Collection[str], words: Mapping[tuple[str, str], str]) -> _Words:
    now = datetime.now(UTC)
    try:
        remember_told(root, sites, words, now)
        for failure in tell(root, told, now, sites, others=False):
            _log.error("%s", failure)
        return told_of(root, sites)
    except OSError as error:
        _log.error("nobody could be told of changed verdicts: %s", error)
        return dict(words)
