"""The register of a fleet, `ROOT/fleet/sites.json`: which sites there are, also those that never made an archive."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from threading import get_native_id
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.files import json_document, sync_folder, write_synced
from pipelines.archive.disk.layout import NAME
from pipelines.fleet.attempts import FLEET
from pipelines.untrusted import json_object
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA = "fleet/1"
_FILE = "sites.json"


@frozen(kw_only=True)
class Registered:
    """A site as its profile says.

    Args:
        site: its name; what no site can be called is the name of a broken profile, and never a path.
        name, committee: of the profile; null where the profile is broken.
        tags: by which sites are selected.
        enabled, disabled_because: whether it is crawled, and why not.
        schedule: as the profile or the deployment says; null where the profile is broken.
        period_days: days between two slots of its schedule, so that a reader needs no library of cron lines.
        next_due: when it is to be crawled next, RFC 3339 in UTC; null for never.
        error: what is wrong with the profile; null where nothing is.
    """

    site: str
    name: str | None = None
    committee: str | None = None
    tags: tuple[str, ...] = ()
    enabled: bool = True
    disabled_because: str | None = None
    schedule: str | None = None
    period_days: float | None = None
    next_due: str | None = None
    error: str | None = None


@frozen(kw_only=True)
class Register:
    """The sites of a fleet at a moment (RFC 3339 in UTC).

    `store` is the address under which workers keep the archives: copies in the root may lack commits, or be absent.
    It is empty where the archives lie in the root.
    """

    at: str
    sites: tuple[Registered, ...]
    store: str = ""


def write_register(root: Path, at: str, sites: Iterable[Registered], store: str = "") -> None:
    """Replace the register of the archive root `root` atomically; `OSError` when that cannot be done."""
    told = [asdict(one) for one in sorted(sites, key=lambda one: one.site)]
    replace_in_fleet(root, _FILE, {"schema": SCHEMA, "at": at, "store": store or None, "sites": told})


def read_register(root: Path) -> Register | None:
    """The register of the archive root `root`; null when there is none.

    Raises:
        OSError, ValueError: it cannot be read, or is no register; the message names the file.
    """
    file = root / FLEET / _FILE
    try:
        told = json_object(file)
        sites = tuple(_registered(one) for one in told["sites"])
        return Register(at=str(told["at"]), sites=sites, store=str(told.get("store") or ""))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: no register ({error}); the next crawlall, or a worker, writes it anew") from error


_NAMES = frozenset(field.name for field in fields(Registered))
_TEXTS = ("name", "committee", "disabled_because", "schedule", "next_due", "error")


def _registered(told: dict[str, Any]) -> Registered:
    for name in ("period_days", *_TEXTS):
        if not isinstance(told.get(name), str | None if name in _TEXTS else int | float | None):
            raise TypeError(f"{name} = {told[name]!r}")
    known = {key: value for key, value in told.items() if key in _NAMES}
    if not NAME.fullmatch(told["site"]) and not known.get("error"):
        known["error"] = f"site {told['site'][:40]!r}: allowed are a-z, 0-9 and -"
    return Registered(**known | {"tags": tuple(known.get("tags", ()))})


def replace_in_fleet(root: Path, name: str, value: object) -> None:
    """Replace a JSON document of the folder ROOT/fleet atomically; `OSError` when that cannot be done."""
    (root / FLEET).mkdir(parents=True, exist_ok=True)
    replace_file(root / FLEET / name, json_document(value))


def replace_file(file: Path, data: bytes) -> None:
    """Replace a file atomically, readable for all; `OSError` when that cannot be done.

    Until then it has another beginning and ending, so that no collector of `*.prom` reads half of it.
    """
    # Each thread has a file of its own, so that two never write into one.
    ready = file.with_name(f".{file.name}.{os.getpid()}.{get_native_id()}")
    try:
        write_synced(ready, data)
        ready.chmod(0o644)
        ready.replace(file)
    finally:
        ready.unlink(missing_ok=True)
    sync_folder(file.parent)
