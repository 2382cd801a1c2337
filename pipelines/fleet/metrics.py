"""Metrics of a fleet in the text format of Prometheus, as node_exporter's textfile collector reads it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.archive.read.moments import moment_of
from pipelines.fleet.condition import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from pipelines.fleet.condition import SiteStatus

_Value = int | float | None
_SITE: tuple[tuple[str, str, Callable[[SiteStatus], _Value]], ...] = (
    (
        "broken",
        "1 when the last run of the site failed, or its profile or archive is broken.",
        lambda site: site.condition is Condition.BROKEN,
    ),
    (
        "stale",
        "1 when the last success of the site is too long ago.",
        lambda site: site.condition is Condition.STALE,
    ),
    ("running", "1 while the site is being crawled.", lambda site: site.is_under_way),
    (
        "last_success_timestamp_seconds",
        "When the last run ended that archived what the site showed.",
        lambda site: _seconds(site.last_success),
    ),
    (
        "last_attempt_timestamp_seconds",
        "When the last attempt to crawl the site began.",
        lambda site: _seconds(site.last_attempt),
    ),
    (
        "next_due_timestamp_seconds",
        "When the site is to be crawled next.",
        lambda site: _seconds(site.next_due),
    ),
    ("exit_status", "Exit status of the last run that counts.", lambda site: site.exit_status),
    ("failing_nights", "Days with failed attempts since the last success.", lambda site: site.nights_failing),
    ("run_duration_seconds", "How long the last run took.", lambda site: site.seconds),
    ("speeches", "Speeches in the archive that the site shows.", lambda site: site.present),
    ("gone_speeches", "Speeches in the archive that the site has deleted.", lambda site: site.gone),
    ("listed_speeches", "Rows of the list in the last good run.", lambda site: site.listed),
    ("new_speeches", "Speeches that the last 30 days brought.", lambda site: site.new),
    ("gaps", "Gaps of the last run that no person has accepted.", lambda site: site.new_gaps),
)


def metrics(sites: Sequence[SiteStatus], now: datetime, undelivered: int) -> str:
    """All metrics; every one is a gauge named `speech_archive_…`.

    Args:
        sites: how the sites are.
        now: the moment of that (aware).
        undelivered: notifications that could not be delivered.
    """
    return "".join(f"{line}\n" for line in _lines(sorted(sites, key=lambda one: one.site), now, undelivered))


def _lines(sites: Sequence[SiteStatus], now: datetime, undelivered: int) -> Iterator[str]:
    for name, about, value_of in _SITE:
        yield from _head(f"site_{name}", about)
        for site in sites:
            if (value := value_of(site)) is not None:
                yield f'speech_archive_site_{name}{{site="{_label(site.site)}"}} {_number(value)}'
    yield from _head("site_coverage_ratio", "Share of the site's present speeches that have a value, by field.")
    for site in sites:
        for field, share in site.coverage.items():
            yield f'speech_archive_site_coverage_ratio{{site="{_label(site.site)}",field="{_label(field)}"}} {share}'
    yield from _head("sites", "Sites by their condition.")
    counted = Counter(site.condition for site in sites)
    yield from (f'speech_archive_sites{{condition="{one}"}} {counted[one]}' for one in Condition)
    yield from _head("undelivered_notifications", "Channels whose last notification could not be delivered.")
    yield f"speech_archive_undelivered_notifications {undelivered}"
    yield from _head("status_timestamp_seconds", "When these metrics were computed.")
    yield f"speech_archive_status_timestamp_seconds {int(now.timestamp())}"


def _head(name: str, about: str) -> tuple[str, str]:
    return f"# HELP speech_archive_{name} {about}", f"# TYPE speech_archive_{name} gauge"


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(moment: str | None) -> int | None:
    found = moment_of(moment)
    return int(found.timestamp()) if found else None
