"""The paths of one site's archive. Paths in commits are relative, with `/`."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.containers import CONTAINERS, PACKS, members
from pipelines.archive.errors import Damaged
from pipelines.stored.distant import Distant
from pipelines.untrusted import state_of
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from pipelines.stored.distant import Elsewhere
    from pipelines.stored.packed import Packed, Stored

FORMAT = "speech-archive"
FORMAT_VERSION = 2
"""What is written; older archives are read and continued, so that a chain may hold commits of several."""

ARCHIVE_JSON = "archive.json"
LATEST_LINES = "latest.jsonl"
LATEST_JSON = "latest.json"
INDEX_LINES = "index.jsonl"
INDEX_JSON = "index.json"
STATE_LINES = "state.jsonl"
STATE_JSON = "state.json"
PLACES_LINES = "places.jsonl"
PLACES_JSON = "places.json"
DERIVED_FILES = frozenset(
    {LATEST_LINES, LATEST_JSON, INDEX_LINES, INDEX_JSON, STATE_LINES, STATE_JSON, PLACES_LINES, PLACES_JSON}
)

LINK = "is a symbolic link: an archive holds none, and none is followed; put what it points to in its place"
NAME = re.compile(r"[a-z0-9-]+")
NATIVE_ID = re.compile(r"[A-Za-z0-9._-]+")
COMMIT_FILE = re.compile(r"\d{8,}\.json")
YEAR = re.compile(r"\d{4}")
_RUNS = re.compile(r"\d+|\D+")
_NAMED_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_LONGEST_PATH = 255  # what a file system takes for one name; the longest of ours has 90


def checked_name(name: str, what: str) -> str:
    """A site name or run id, checked to be safe as a file name anywhere; `ValueError` when it is not."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{what} {name!r}: allowed are a-z, 0-9 and -")
    return name


@lru_cache(1024)  # the same few WARC files are named by the commits of years
def is_named_path(path: str) -> bool:
    """True for a relative path inside the archive that is not one of its working or derived files."""
    ours = path in DERIVED_FILES or path.startswith(("staging/", "commits/"))
    return _is_inside(path) and not ours


def _is_inside(path: str) -> bool:
    return len(path) <= _LONGEST_PATH and _NAMED_PATH.fullmatch(path) is not None


@frozen
class Layout:
    """The paths of one site's folder. A path that leads through a symbolic link is refused (`Damaged`).

    The folder itself may be a link, since a person names it; what is in it comes with the archive. `members_found`
    is only given by `at_rest`; `elsewhere` is where files of a partial copy lie that are to be read and are not here.
    """

    root: Path
    members_found: Mapping[str, Packed] | None = field(default=None, compare=False, repr=False)
    elsewhere: Elsewhere | None = field(default=None, compare=False, repr=False)

    def at_rest(self) -> Layout:
        """The same for one pass over a folder that has no links: its containers are read once, and no link is sought.

        A container that cannot be read has no members then; `members` says why.
        """
        found: dict[str, Packed] = {}
        for container in chain.from_iterable(map(self.containers, CONTAINERS)):
            with suppress(Damaged):
                found = {**members(container), **found}
        return Layout(self.root, found)

    @property
    def commits(self) -> Path:
        """The folder of the commit points."""
        return self.path("commits")

    @property
    def staging(self) -> Path:
        """The folder of runs in progress."""
        return self.path("staging")

    @property
    def lock(self) -> Path:
        """The file whose flock holds the site; no run id begins with a dot, so the names never collide."""
        return self.path("staging/run.lock")

    def path(self, relative: str) -> Path:
        """A file by its name in a commit; `Damaged` when the name or a link in it leads out of the archive."""
        if not _is_inside(relative):
            raise Damaged(f"{self.root}: {relative[:200]!r} is no path in an archive")
        if self.members_found is not None:
            return Path(f"{self.root}/{relative}")
        path = os.fspath(self.root)
        for part in relative.split("/"):
            path = f"{path}/{part}"
            if os.path.islink(path):  # noqa: PTH114 - tens of thousands of times in one proof
                raise Damaged(f"{path}: {LINK}")
        return Path(path)

    def stored(self, relative: str) -> Stored:
        """Where the bytes of a committed file are: the file itself, else a member of a container that holds it.

        When neither is there, `elsewhere`, if that has it, else the path. `Damaged` as `path`, and when a container
        cannot be read.
        """
        path = self.path(relative)
        return path if path.exists() else self.packed(relative) or self._distant(relative) or path

    def _distant(self, relative: str) -> Distant | None:
        has = self.elsewhere is not None and self.elsewhere.has(relative)
        return Distant(self.elsewhere, relative) if self.elsewhere and has else None

    def packed(self, relative: str) -> Packed | None:
        """The member of a container that holds a committed file, whether or not the file lies outside it as well."""
        if self.members_found is not None:
            return self.members_found.get(relative)
        found = (members(container).get(relative) for container in self.containers(relative.partition("/")[0]))
        return next(filter(None, found), None)

    def way(self, relative: str) -> str:
        """Below the archive's folder, where the bytes of a committed file lie: in a container, if its year is packed.

        `Damaged` as `stored`.
        """
        self.path(relative)
        packed = self.packed(relative)
        return packed.container.relative_to(self.root).as_posix() if packed else relative

    def containers(self, folder: str, since: str = "") -> list[Path]:
        """The containers of what lies below `folder` (`warc`), oldest first; none for what is never packed.

        `since` leaves out those of the years before it, when it is a year.
        """
        packs = self.path(PACKS)
        if folder not in CONTAINERS or not packs.is_dir():
            return []
        first = since if YEAR.fullmatch(since) else ""
        return [year / CONTAINERS[folder] for year in _years(packs, state_of(packs)) if year.name >= first]

    def commit(self, n: int) -> Path:
        """The commit point `n`."""
        return self.path(self.commit_name(n))

    def sidecar(self, n: int) -> Path:
        """The hash of commit `n` in the form `sha256sum -c` reads."""
        return self.path(self.sidecar_name(n))

    @staticmethod
    def commit_name(n: int) -> str:
        """The path of commit point `n` in the archive."""
        return f"commits/{n:08d}.json"

    @staticmethod
    def sidecar_name(n: int) -> str:
        """The path of its hash."""
        return f"commits/{n:08d}.json.sha256"


@lru_cache(16)  # asked for each file of an archive; the state is another when a folder came or went
def _years(packs: Path, _state: tuple[int, ...]) -> tuple[Path, ...]:
    """The folders of packed years, oldest first."""
    years = sorted(year for year in packs.iterdir() if YEAR.fullmatch(year.name))
    for year in years:
        if year.is_symlink():
            raise Damaged(f"{year}: {LINK}")
    return tuple(years)


def is_archive(folder: Path) -> bool:
    """True for a folder that is an archive, or what is left of one."""
    return (folder / ARCHIVE_JSON).exists() or (folder / "commits").is_dir()


def archives_in(root: Path) -> list[Path]:
    """The archives that lie in a folder, by name; none when it is no folder."""
    return sorted(filter(is_archive, root.iterdir())) if root.is_dir() else []


def roots_told(folder: Path) -> str:
    """Of a folder without archives: which folders in it hold some, as the end of a sentence; empty when none does."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [str(one) for one in inside if os.access(one, os.R_OK | os.X_OK) and archives_in(one)]
    shown = f"{', '.join(found[:3])}{' …' if len(found) > 3 else ''}"
    return f"; {shown} {'holds' if len(found) == 1 else 'hold'} archives" if found else ""


def links_below(folder: Path) -> Iterator[Path]:
    """Every symbolic link below `folder`, none of them followed."""
    for inside, folders, files in os.walk(folder):
        paths = (f"{inside}/{name}" for name in sorted((*folders, *files)))
        yield from (Path(path) for path in paths if os.path.islink(path))  # noqa: PTH114 - as in `Layout.path`


def refuse_links(folder: Path) -> None:
    """`Damaged`, naming the first symbolic link below `folder`, when there is one."""
    for link in links_below(folder):
        raise Damaged(f"{link}: {LINK}")


def versions_file(recorded_at: str, n: int) -> str:
    """Name of the version lines of commit `n`."""
    return f"versions/{recorded_at[:4]}/{n:08d}.jsonl.gz"


def observations_file(recorded_at: str, n: int) -> str:
    """Name of the observation lines of commit `n`."""
    return f"observations/{recorded_at[:4]}/{n:08d}.jsonl.gz"


def run_file(run: str) -> str:
    """Name of a run's report."""
    return f"runs/{run}.json"


def run_page(run: str) -> str:
    """Name of the page that shows a run's report; no commit names it, and anyone can make it again."""
    return f"runs/{run}.html"


def is_run_page(path: str, named: Container[str]) -> bool:
    """Whether a path is such a page of a run whose report is among the `named` files."""
    return path.startswith("runs/") and path.endswith(".html") and f"{path.removesuffix('.html')}.json" in named


def run_pages(layout: Layout) -> list[Path]:
    """The pages of runs that lie in an archive."""
    return sorted(layout.path("runs").glob("*.html"))


def warc_file(site: str, run: str, opened_at: str, part: int) -> str:
    """Name of a run's WARC file number `part`, from 0."""
    return f"{warc_beginning(site, run, opened_at)}{part:05d}.warc.gz"


def warc_beginning(site: str, run: str, opened_at: str) -> str:
    """With what the names of a run's WARC files begin, and no others."""
    return f"warc/{opened_at[:4]}/{site}-{run}-"


def natural_key(native_id: str) -> str:
    """Sort key of native ids in natural order: `9` before `10`, model by model (`4864`, then `101-4864`)."""
    # One short string: an archive sorts hundreds of thousands of them.
    if native_id.isdecimal():
        return f"\x01\0{_run_key(native_id)}\0{native_id}"
    parts = native_id.split("-")
    return "\0".join((chr(len(parts)), *("".join(map(_run_key, _RUNS.findall(part))) for part in parts), native_id))


def _run_key(run: str) -> str:
    """Sort key of a run of digits or text: digits before text, the longer number the greater."""
    if not run.isdecimal():
        return f"1{run}\0"
    digits = run.lstrip("0")
    return f"0{chr(len(digits))}{digits}"
