"""The health page, and one for each site that is not fine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.reasons import CLOSED_LISTS
from pipelines.window import addresses
from pipelines.window.condition.diagnosis import HealthKind
from pipelines.window.pages import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pipelines.window.condition.site_health import HealthOfAll

_LONGEST = 300
"""Characters of a message in the table of all sites."""


def health_pages(
    health: HealthOfAll,
    archives: Mapping[str, str],
    rendered: Collection[str] = (),
) -> Iterator[Page]:
    """The page of all sites, then one for each that is not fine.

    Args:
        health: how the sites are.
        archives: where the archive of each site that has one lies, from the window's folder.
        rendered: addresses of renderings that are made (`addresses.seen_page`).
    """
    counts = Counter(one.diagnosis.kind for one in health.sites)
    facts = {
        "as_of": health.as_of,
        "sites": health.sites,
        "counts": [(kind.value, counts[kind]) for kind in HealthKind if counts[kind]],
        "longest": _LONGEST,
        "archives": archives,
    }
    yield Page(addresses.HEALTH, "health.html", facts)
    for one in health.sites:
        if one.diagnosis.kind is not HealthKind.FINE:
            site = one.status.site
            renderings = {which: addresses.seen_page(site, which) for which in ("good", "last")}
            more = {
                "as_of": health.as_of,
                "one": one,
                "archive": archives.get(site),
                "reasons": CLOSED_LISTS["reasons"],
                "renderings": {which: address for which, address in renderings.items() if address in rendered},
            }
            yield Page(addresses.health(site), "site_health.html", more)
