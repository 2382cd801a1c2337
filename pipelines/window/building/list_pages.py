"""Every file of a window that is not about one speech: the door, pages and feeds made from summaries, style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import is_archive
from pipelines.window import addresses
from pipelines.window.condition.health_pages import health_pages
from pipelines.window.condition.page_copies import page_copies
from pipelines.window.condition.site_health import HealthOfAll, read_health
from pipelines.window.groups.atom_feeds import atom_feeds
from pipelines.window.groups.group_pages import group_pages
from pipelines.window.groups.grouping import members_of, touched_by
from pipelines.window.overview.about_page import about_page
from pipelines.window.overview.chain_pages import chain_pages, page_of_commit
from pipelines.window.overview.overview_pages import SiteState, overview_pages
from pipelines.window.pages import Page
from pipelines.window.searching.search_index import index_files
from pipelines.window.searching.search_page import search_page
from pipelines.window.templates import LANGUAGE_TAGS, all_templates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pipelines.archive.read.reader import Archive
    from pipelines.window.building.window_options import WindowOptions
    from pipelines.window.overview.site_ledger import SiteLedger
    from pipelines.window.reading.lives import SiteOf
    from pipelines.window.reading.summary import Summary
    from pipelines.window.searching.search_index import Spread
    from pipelines.window.templates import Templates

DOOR = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOfWindow:
    """A site with its speeches, in natural order of their ids.

    `archive` is null when it cannot be read now, and all else is what the window remembers; `since` is the commit of
    the last build whose pages of the chain are there, 0 when none are. `has_new_ledger`: it is another than then.
    """

    site: SiteOf
    ledger: SiteLedger
    has_new_ledger: bool
    summaries: Sequence[Summary]
    archive: Archive | None
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsOf:
    """What they are made from: the sites, and the folders that a person named.

    `window` is the window's folder, `maker` the hash of what makes its files.
    `changed` are the summaries of speeches with news, as they were and as they are; null when everything is to be
    made.
    """

    window: Path
    maker: str
    sites: Sequence[SiteOfWindow]
    paths: Sequence[Path]
    options: WindowOptions
    changed: Sequence[Summary] | None


@dataclass(frozen=True, slots=True)
class LanguageDoor:
    """The way into the pages of one language."""

    tag: str
    title: str
    name: str
    front: str


def list_files(of: ListsOf, spread: Spread) -> Iterator[tuple[str, bytes | None]]:
    """Each by its address below the window's folder; null where nothing that it shows has changed.

    `spread` makes parts of the search index, be it in several processes.

    Raises:
        ArchiveError: a commit or a report of an archive cannot be read.
    """
    templates = all_templates(of.options.languages)
    for asset in sorted(files("pipelines.window").joinpath("assets").iterdir(), key=lambda one: one.name):
        yield f"assets/{asset.name}", asset.read_bytes()
    members = members_of((summary for site in of.sites for summary in site.summaries), of.options.keywords)
    touched = None if of.changed is None else touched_by(of.changed, of.options.keywords)
    names = {one.site.site: one.site.name for one in of.sites}
    health = _health(of.paths)
    copies = dict(page_copies(health)) if of.options.has_renderings else {}
    zones = {one.site.site: one.site.timezone for one in of.sites}
    listed = group_pages(members, names, touched, zones)
    pages = (_overview(of, health, copies), listed, [(addresses.SEARCH, search_page())])
    for address, page in (one for some in pages for one in some):
        for one in templates:
            yield f"{one.language}/{address}", None if page is None else one.render(page)
    yield from copies.items()
    yield from atom_feeds(members, of.options.languages, touched, of.options.served_at)
    yield from index_files(of.window, of.maker, ((one.site, one.summaries) for one in of.sites), spread)
    yield DOOR, _door(templates)


def _overview(of: ListsOf, health: HealthOfAll, copies: Collection[str]) -> Iterator[tuple[str, Page | None]]:
    """The front page, those of sites and of their health, and the chains of their commits."""
    states = [SiteState(one.status, one.diagnosis.kind.value) for one in health.sites]
    summaries = (summary for site in of.sites for summary in site.summaries)
    ways = {one.site.site: one.site.archive for one in of.sites}
    dirty = None if of.changed is None else {one.site.site for one in of.sites if one.has_new_ledger}
    ledgers = [one.ledger for one in of.sites]
    made = dict(_named(overview_pages(ledgers, states, summaries, health.as_of, dirty)))
    addressed = (addresses.FRONT, *(addresses.site(one.site) for one in ledgers))
    yield from ((address, made.get(address)) for address in addressed)
    yield from _named(health_pages(health, ways, copies))
    yield from _named([about_page([one.ledger for one in of.sites])])
    for one in of.sites:
        made = dict(_named(chain_pages(one.archive, one.since))) if one.archive else {}
        for number in range(1, page_of_commit(one.ledger.commit) + 1):
            address = addresses.chain(one.site.site, number)
            yield address, made.get(address)


def _health(paths: Iterable[Path]) -> HealthOfAll:
    """How all sites of the folders are, also those that have no archive yet; of a lone archive only its own."""
    found = [read_health(path.parent, {path.name}) if is_archive(path) else read_health(path) for path in paths]
    sites = (one for health in found for one in health.sites)
    return HealthOfAll(max(health.as_of for health in found), tuple(sites))


def _named(pages: Iterable[Page]) -> Iterator[tuple[str, Page]]:
    return ((page.address, page) for page in pages)


def _door(templates: Sequence[Templates]) -> bytes:
    doors = [
        LanguageDoor(
            LANGUAGE_TAGS[one.language],
            one.words("frame.title"),
            one.words("language.name"),
            f"{one.language}/{addresses.FRONT}",
        )
        for one in templates
    ]
    return templates[0].render(Page(f"../{DOOR}", "door.html", {"doors": doors}))
