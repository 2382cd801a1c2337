"""Commands that read take `s3://BUCKET/PREFIX/SITE`, or a root of sites: what they need of it is copied here first.

The copies stay in a cache, so that the next command asks the store only for what is new.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.archive.disk.layout import NAME
from pipelines.archive.errors import ArchiveError, NotAnArchive, NotUnderstood
from pipelines.store.at_once import each
from pipelines.store.copying import WHOLE, WITHOUT_CAPTURES, Diverged, copy_down, copy_tip
from pipelines.store.stores import S3, Store, store_of
from pipelines.verbs.output import print_message, show_as

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pipelines.exits import Exit

Copying = Callable[[Store, str, Path], object]
"""Copies a site from a store to a folder."""

COPIES: dict[str, Copying] = {
    "tip": copy_tip,
    "lines": partial(copy_down, what=WITHOUT_CAPTURES),
    "whole": partial(copy_down, what=WHOLE),
}
"""What a command may need of an archive: what tells how it is, every line, or the captures as well."""
_ARCHIVES = ("archive", "archives", "path", "root")
"""The arguments that name archives."""
_ADDRESS = re.compile(r"s3:/{1,2}(?=[^/])")
"""Also as a `Path` writes it, which joins the slashes."""


def address_in(value: object) -> str | None:
    """The address of object storage in an argument; null when it is none."""
    text = str(value)
    return _ADDRESS.sub(S3, text, count=1) if _ADDRESS.match(text) else None


def take_local_copies(arguments: argparse.Namespace) -> list[Exit]:
    """Replace every address among the arguments by the folder of a copy.

    Returns:
        The exit status of each site of a root that could not be copied, of which it was told.

    Raises:
        NotUnderstood: the command writes, or the argument is no archive.
    """
    failed: list[Exit] = []
    for name, value in vars(arguments).items():
        given = value if isinstance(value, list) else [value]
        addresses = [address_in(one) for one in given]
        if not any(addresses):
            continue
        copy = _copy_for(arguments, name, next(filter(None, addresses)))
        kind = type(given[0])
        local = [
            kind(_copied(address, copy, failed)) if address else one
            for one, address in zip(given, addresses, strict=True)
        ]
        setattr(arguments, name, local if isinstance(value, list) else local[0])
    return failed


def _copy_for(arguments: argparse.Namespace, name: str, address: str) -> str:
    if name not in _ARCHIVES:
        raise NotUnderstood(f"{address}: this argument is of this machine; `sync push` copies archives to a store")
    if arguments.reads is None:
        way = f"`sync pull output/SITE {address.rpartition('/')[0]} --captures`, run the command on output/SITE, then"
        raise NotUnderstood(f"{address}: this command writes, and only into folders: {way} `sync push`")
    asked: Any = arguments.reads
    return str(asked if isinstance(asked, str) else asked(arguments))


def cache() -> Path:
    """The folder of copies: `SPEECH_ARCHIVE_CACHE`, else below the user's cache."""
    if own := os.environ.get("SPEECH_ARCHIVE_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "speech-archive"


def _copied(address: str, copy: str, failed: list[Exit]) -> Path:
    """The folder of a copy of one site, or of a root of them."""
    address = address.rstrip("/")
    above, _, site = address.rpartition("/")
    inside = store_of(address).folders()
    folder = cache() / ("tips" if copy == "tip" else "s3") / _endpoint() / address.removeprefix(S3)
    show_as(folder, address)
    if "commits" in inside or "packs" in inside:
        with _held(folder.parent):
            _copy_one(store_of(above), site, folder, COPIES[copy])
        return folder
    if not (sites := list(filter(NAME.fullmatch, inside))):
        raise NotAnArchive(f"{address}: no archive there; give s3://BUCKET/PREFIX/SITE, or the folder of all sites")
    with _held(folder):
        _copy_all(store_of(address), sites, folder, COPIES[copy], failed)
    return folder


def _endpoint() -> str:
    """The name of the server as that of a folder: stores of two servers may have buckets of the same name."""
    address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    return urlsplit(address).netloc.rpartition("@")[2].replace(":", "_") or "aws"  # no credentials in a path


def _copy_all(store: Store, sites: list[str], root: Path, copy: Copying, failed: list[Exit]) -> None:
    for old in root.iterdir():
        if old.is_dir() and old.name not in {*sites, "fleet"}:
            shutil.rmtree(old)  # of a site that the store has no longer
    errors = dict(zip(sites, each(partial(_tried, store, root, copy), sites), strict=True))
    told = [(site, error) for site, error in errors.items() if error is not None]
    if len(told) == len(sites):
        raise told[0][1]
    for site, error in told:
        print_message(f"PROBLEM: {site}: {error}")
        failed.append(error.exit_status)


def _tried(store: Store, root: Path, copy: Copying, site: str) -> ArchiveError | None:
    try:
        _copy_one(store, site, root / site, copy)
    except ArchiveError as error:
        shutil.rmtree(root / site, ignore_errors=True)  # an old state is not what was asked for
        return error
    return None


def _copy_one(store: Store, site: str, folder: Path, copy: Copying) -> None:
    try:
        copy(store, site, folder)
    except Diverged:  # the store was replaced by another, or by an older state of it
        shutil.rmtree(folder)
        copy(store, site, folder)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Wait until no other command copies into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
