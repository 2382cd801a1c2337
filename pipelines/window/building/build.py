"""`build`: brings a window up to date with its archives."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from sqlite3 import OperationalError
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import Layout, is_archive, natural_key
from pipelines.archive.errors import ArchiveError, Blocked, Damaged, DiskFull, NotAnArchive
from pipelines.archive.read.archives import Archives, OnePerSite
from pipelines.archive.read.reader import Archive, read_about
from pipelines.canonical import json_line
from pipelines.window.building.fleet_state import fleet_state
from pipelines.window.building.life_pages import LivesOfSite
from pipelines.window.building.list_pages import ListsOf, SiteOfWindow, list_files
from pipelines.window.building.maker import maker_of
from pipelines.window.building.page_workers import PageWorkers
from pipelines.window.building.site_plan import plan
from pipelines.window.building.window_files import SCRATCH, STATE, held_window, way_between
from pipelines.window.building.window_state import (
    WindowState,
    ledger_file,
    read_kept_ledger,
    read_speeches,
    read_state,
    speeches_document,
    state_file,
)
from pipelines.window.overview.site_ledger import read_ledger
from pipelines.window.reading.life_store import LifeStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipelines.window.building.site_plan import SitePlan
    from pipelines.window.building.window_files import WindowFiles
    from pipelines.window.building.window_options import WindowOptions
    from pipelines.window.building.window_state import MadeSpeech, SiteRecord
    from pipelines.window.reading.summary import Summary


@dataclass(slots=True)
class Built:
    """What a build did: speeches whose pages were made again, files that were written or removed, archives that could
    not be read, sites whose pages were removed since none of the archives is theirs. Files whose bytes are the same
    are not written.
    """

    speeches: int = 0
    written: int = 0
    removed: int = 0
    errors: list[ArchiveError] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def build(paths: Sequence[Path], out: Path, options: WindowOptions, since: int | None = None) -> Built:
    """Bring the window in `out` up to date with the archives of `paths`, as `Archives` finds them.

    Pages of an archive, or of a speech, that cannot be read stay as they were. A build that dies at any moment leaves
    whole files, and the next one mends the window.

    Raises:
        NotAnArchive: one of the paths holds none.
        NotUnderstood: `out` cannot be a window's folder, or two archives are of one site.
        LockHeld: another process builds this window.
    """
    with held_window(out) as files, closing(_Build(files, options)) as made:
        made.read(paths, since)
        made.make()
        return made.built


@dataclass(slots=True)
class _Site:
    """One site in the making: what the window remembers of it, what is planned, its speeches by native id."""

    name: str
    folder: Path
    record: SiteRecord | None
    plan: SitePlan | None = None
    speeches: dict[str, MadeSpeech] = field(default_factory=dict)

    @property
    def has_news(self) -> bool:
        return self.plan is not None and self.plan.has_news


class _Build:
    def __init__(self, files: WindowFiles, options: WindowOptions) -> None:
        self.built = Built()
        self._files, self._options = files, options
        self._paths: Sequence[Path] = ()
        self._before, self._maker = read_state(files.root), maker_of(options)
        self._is_anew = self._before.maker != self._maker
        self._sites: dict[str, _Site] = {}
        self._damaged: dict[str, str] = {}
        self._workers = PageWorkers()
        self._changed: list[Summary] = []
        self._obsolete: set[str] = set()

    def close(self) -> None:
        """Let the other processes end, and remove what is needed no more."""
        self._workers.close()
        shutil.rmtree(self._files.root / SCRATCH, ignore_errors=True)

    def read(self, paths: Sequence[Path], since: int | None) -> None:
        """See what is to be done."""
        one_each, has_nameless, self._paths = OnePerSite(), False, paths
        for folder in Archives(*paths).folders:
            name = _name_of(folder)
            if name is None:
                has_nameless, name = True, way_between(self._files.root, folder)
            else:
                one_each.add(name, folder)
            self._sites[name] = site = _Site(name, folder, self._before.sites.get(name))
            self._plan(site, None if self._is_anew else site.record, since)
        for name in sorted(self._before.sites.keys() - self._sites.keys()):
            self._keep_or_let_go(name, has_nameless=has_nameless)

    def make(self) -> None:
        """Do it, leaves before lists; what the window remembers comes last."""
        news = [site for site in self._sites.values() if site.has_news]
        now = fleet_state(self._paths)
        known = self._before.is_whole, self._before.damaged, self._before.fleet
        if known == (True, self._damaged, now) and not (news or self.built.gone or self._is_anew):
            return
        for site in self._sites.values():
            self._recall(site)
        news = [site for site in self._sites.values() if site.has_news]
        self._begin(news)
        for site in news:
            self._make_site(site)
        is_all = self._is_anew or not self._before.is_whole or bool(self.built.gone) or self._has_new_names()
        lists = self._make_lists(is_all=is_all)
        self._obsolete |= set(self._before.lists) - set(lists)
        is_any_anew = any(site.plan and site.plan.wanted is None for site in news)
        self._end(lists, now, sweeps=is_all or is_any_anew)

    def _keep_or_let_go(self, name: str, *, has_nameless: bool) -> None:
        """Of a site of the last build without an archive now: its pages stay when it may have one."""
        record = self._before.sites[name]
        folder = self._files.root / record.site.archive
        is_empty = folder.is_dir() and not is_archive(folder)
        if not (has_nameless or is_empty):
            self.built.gone.append(name)
            return
        self._sites[name] = site = _Site(name, folder, record)
        if is_empty:
            hint = "restore it, or remove the folder, so that its pages are removed, too"
            self._tell(Damaged(f"{folder.resolve()}: holds the archive of {name} no more; {hint}"), site)

    def _plan(self, site: _Site, record: SiteRecord | None, since: int | None = None) -> None:
        try:
            site.plan = plan(Archive(site.folder), self._files.root, record, since)
        except ArchiveError as error:
            self._tell(error, site)

    def _recall(self, site: _Site) -> None:
        """Read the summaries of the last build; where they cannot be read, all of the site is made again."""
        speeches = read_speeches(self._files.root, site.name) if site.record else {}
        site.speeches = speeches or {}
        if speeches is None:
            site.record = None
            if site.plan:
                self._plan(site, None)

    def _tell(self, error: ArchiveError, site: _Site) -> None:
        """Of an archive that cannot be read: its pages stay, if it has any."""
        if isinstance(error, NotAnArchive) and site.record:
            error = Damaged(str(error))  # it was one
        self.built.errors.append(error)
        self._damaged[site.name] = str(error)
        site.plan = None

    def _tell_failed(self, site: _Site, failed: Mapping[str, ArchiveError]) -> None:
        """Of speeches that cannot be read: theirs are the only pages of the site that stay."""
        first = failed[min(failed, key=natural_key)]
        more = len(failed) - 1
        error = Damaged(f"{first}; so it is with {more} more of {site.name}") if more else first
        self.built.errors.append(error)
        self._damaged[site.name] = str(error)

    def _begin(self, news: Sequence[_Site]) -> None:
        """Forget up to where sites with news were made: all of them is made again if this build dies."""
        shutil.rmtree(self._files.root / SCRATCH, ignore_errors=True)
        (self._files.root / SCRATCH).mkdir()
        mixed = {site.name: replace(site.record, head="") for site in news if site.record}
        state = replace(self._before, is_whole=False, sites=self._before.sites | mixed)
        self._files.write(STATE, state.document())

    def _make_site(self, site: _Site) -> None:
        planned = site.plan
        if planned is None:
            return
        try:
            made, failed = self._made_speeches(planned)
        except Blocked:
            raise
        except ArchiveError as error:
            self._tell(error, site)
            return
        if failed:
            self._tell_failed(site, failed)
        wanted = (site.speeches.keys() if planned.wanted is None else planned.wanted) - failed.keys()
        before = {one: site.speeches[one] for one in wanted if one in site.speeches}
        for native_id in before.keys() | made.keys():
            old, new = before.get(native_id), made.get(native_id)
            self._obsolete |= set(old.files if old else ()) - set(new.files if new else ())
            if old is None or new is None or old.summary != new.summary:
                self._changed += [one.summary for one in (old, new) if one]
        kept = {one: made for one, made in site.speeches.items() if planned.wanted is not None or one in failed}
        whole = kept | made
        site.speeches = {one: whole[one] for one in sorted(whole, key=natural_key)}
        site.record = planned.record

    def _made_speeches(self, planned: SitePlan) -> tuple[dict[str, MadeSpeech], dict[str, ArchiveError]]:
        """Write the pages of the speeches that are wanted; of those that cannot be read, why."""
        if planned.wanted is not None and not planned.wanted:
            return {}, {}
        record, archive = planned.record, planned.archive
        scratch = self._files.root / SCRATCH / f"{record.site.site}.sqlite"
        with closing(LifeStore(scratch, archive, record.site, planned.acts)) as store:
            try:
                native_ids = store.fill(planned.wanted)
            except OperationalError as error:
                raise DiskFull(f"{scratch}: cannot be written: {error}; free some space, then build again") from error
        of = LivesOfSite(
            window=self._files.root,
            languages=self._options.languages,
            has_renderings=self._options.has_renderings,
            keywords=self._options.keywords,
            archive=archive.layout.root,
            commit=record.commit,
            acts=record.acts,
            site=record.site,
            scratch=scratch,
        )
        made: dict[str, MadeSpeech] = {}
        failed: dict[str, ArchiveError] = {}
        for native_id, one, written in self._workers.write(of, native_ids):
            if isinstance(one, ArchiveError):
                failed[native_id] = one
            else:
                made[native_id] = one
            self.built.written += written
        self.built.speeches += len(made)
        scratch.unlink()
        return made, failed

    def _has_new_names(self) -> bool:
        """Whether pages about many speeches call a site by another name now, or do for the first time."""
        named = {name: record.site for name, record in self._before.sites.items()}
        return any(site.record and named.get(site.name) != site.record.site for site in self._sites.values())

    def _make_lists(self, *, is_all: bool) -> list[str]:
        """Write what is about many speeches; the addresses of all such files."""
        sites = list(filter(None, map(self._of_window, self._sites.values())))
        changed = None if is_all else self._changed
        of = ListsOf(
            window=self._files.root,
            maker=self._maker,
            sites=sites,
            paths=self._paths,
            options=self._options,
            changed=changed,
        )
        addresses = []
        for address, data in list_files(of, self._workers.spread):
            addresses.append(address)
            self.built.written += data is not None and self._files.write(address, data)
        return addresses

    def _of_window(self, site: _Site) -> SiteOfWindow | None:
        """What lists are made from; null of a site whose archive could never be read."""
        if site.record is None:
            return None
        kept = read_kept_ledger(self._files.root, site.name)
        try:
            ledger = read_ledger(site.plan.archive, site.record.site.archive, kept) if site.plan else kept
        except ArchiveError as error:
            self._tell(error, site)
            ledger = kept
        if ledger is None:
            return None
        self.built.written += self._files.write(ledger_file(site.name), f"{json_line(ledger)}\n".encode())
        before = None if self._is_anew else self._before.sites.get(site.name)
        is_all_of_site = site.plan is not None and site.plan.wanted is None
        return SiteOfWindow(
            site=site.record.site,
            ledger=ledger,
            has_new_ledger=ledger != kept,
            summaries=[one.summary for one in site.speeches.values()],
            archive=site.plan.archive if site.plan else None,
            since=before.commit if before and self._before.is_whole and not is_all_of_site else 0,
        )

    def _end(self, lists: Sequence[str], fleet: str, *, sweeps: bool) -> None:
        """Remove what is obsolete, and remember what was made."""
        for address in self._obsolete:
            self._files.remove(address)
        records: dict[str, SiteRecord] = {}
        for site in self._sites.values():
            if site.record:
                # Some pages of a damaged archive may be of older commits or software: all are made once it is whole.
                is_stale = site.name in self._damaged
                records[site.name] = replace(site.record, head="") if is_stale else site.record
                self._files.write(state_file(site.name), speeches_document(site.speeches.values()))
        if sweeps:
            of_speeches = (one.files for site in self._sites.values() for one in site.speeches.values())
            of_sites = (file(name) for name in records for file in (state_file, ledger_file))
            self._files.sweep({*chain.from_iterable(of_speeches), *lists, *of_sites})
        self.built.removed = self._files.removed
        os.sync()
        state = WindowState(self._maker, True, records, tuple(sorted(lists)), self._damaged, fleet)
        self._files.write(STATE, state.document())


def _name_of(folder: Path) -> str | None:
    """The site of an archive; null when it is so damaged that it does not say."""
    try:
        about = read_about(Layout(folder))
    except ArchiveError:
        return None
    return about.site if about else None
