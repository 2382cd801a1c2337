"""Who is told of changed verdicts in a cluster: the worker that has crawled a site tells, under the site's lease.

What was told is remembered in the database, so that no machine tells it again. A change that could not be delivered
is told after the next crawl of the site, wherever that is.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crawler.run.attempt import recipients
from crawler.run.cluster.equipment import Equipment
from pipelines.fleet.notify import remember_told, tell, told_of
from pipelines.fleet.recipients import Recipients

_log = logging.getLogger(__name__)


async def tell_of(has: Equipment, site: str) -> None:
    """Tell of a changed verdict of a site that was just crawled here."""
    told = recipients(has.settings)
    if has.deployment.store:
        told = replace(told, textfile=None)  # the archives of most sites are not here
    if not told:
        return
    rows = await has.connector.execute_query_all_async(
        "SELECT channel, word FROM speech_archive.told WHERE site = %(site)s", site=site
    )
    words = {row["channel"]: row["word"] for row in rows}
    now = await has.in_thread(partial(_tell, has.root, told, site, words))
    if now == words:
        return
    await has.connector.execute_query_async(
        "INSERT INTO speech_archive.told SELECT %(site)s, * FROM unnest(%(channels)s::text[], %(words)s::text[]) "
        "ON CONFLICT (site, channel) DO UPDATE SET word = excluded.word",
        site=site,
        channels=list(now),
        words=list(now.values()),
    )


def _tell(root: Path, told: Recipients, site: str, words: dict[str, str]) -> dict[str, str]:
    now = datetime.now(UTC)
    try:
        remember_told(root, site, words, now)
        for failure in tell(root, told, now, {site}, others=False):
            _log.error("%s", failure)
        return told_of(root, site)
    except OSError as error:
        _log.error("nobody could be told of changed verdicts: %s", error)
        return words
