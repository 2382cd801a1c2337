"""One file a deployment, `fleet.toml`: where its archives and profiles lie, which sites it crawls, and how."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from crawler.run.home import FLEET_FILE, VARIABLE
from crawler.sites.keys import (
    TEXT,
    YES_OR_NO,
    Kind,
    WrongFile,
    check,
    is_texts,
    is_web_address,
    read_toml,
    whole_number,
)
from crawler.sites.profile import SiteProfile
from crawler.sites.schedule import DAILY, PACE
from pipelines.fleet.webhook import SHAPES
from pipelines.values import frozen


class DeploymentError(ValueError):
    """A deployment's file that is missing or wrong; the message names the file, the key and what is allowed."""


@frozen(kw_only=True)
class Notify:
    """Who is told of a changed verdict: a webhook in one of `SHAPES`, and a command; empty for none."""

    webhook: str = ""
    shape: str = SHAPES[0]
    command: str = ""


@frozen(kw_only=True)
class Metrics:
    """`textfile`: where node_exporter reads; null for none."""

    textfile: Path | None = None


@frozen(kw_only=True)
class Deployment:
    """A checked `fleet.toml`; its paths are relative to its folder.

    Args:
        file: the file itself.
        contact: an address for webmasters.
        archive_root: the folder with one archive a site.
        profiles: a folder of own profiles, beside the built-in ones; null for none.
        sites: which of them: names, globs, or `tag:NAME`.
        store: where archives are kept that a cluster crawls, `s3://BUCKET/PREFIX` or a folder, absolute; the archive
            root is this machine's copy then. Empty where archives lie in the archive root only.
        jobs: how many sites are crawled at once.
        schedule, hours, full_every, delay, request_budget, time_budget: where a profile says nothing; as there.
        heads_file: each run's head is appended there; null for none.
        keep_logs: how many logs of each site are kept.
        log_json: a log holds JSON lines.
    """

    file: Path
    contact: str
    archive_root: Path
    profiles: Path | None = None
    sites: tuple[str, ...] = ("*",)
    store: str = ""
    jobs: int = 8
    schedule: str = DAILY
    hours: str = ""
    full_every: int = 0
    delay: float = 1.0
    request_budget: int = 0
    time_budget: int = 0
    heads_file: Path | None = None
    keep_logs: int = 30
    log_json: bool = False
    notify: Notify = field(default_factory=Notify)
    metrics: Metrics = field(default_factory=Metrics)


def is_chosen(profile: SiteProfile, chosen: tuple[str, ...]) -> bool:
    """Whether a site is one of those that names, globs and `tag:NAME` select."""
    tags = {f"tag:{tag}" for tag in profile.tags}
    return any(one in tags if one.startswith("tag:") else fnmatchcase(profile.site, one) for one in chosen)


def find_deployment(environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Deployment | None:
    """The deployment that `SPEECH_ARCHIVE_FLEET` names, else that of the working folder; null when there is none.

    An empty variable says that there is none, whatever the folder holds.

    Raises:
        DeploymentError: as `load_deployment`.
    """
    named = environ.get(VARIABLE)
    if named is not None:
        return load_deployment(Path(named)) if named else None
    file = (folder or Path.cwd()) / FLEET_FILE
    return load_deployment(file) if file.is_file() else None


def deployment_of(file: Path | None) -> Deployment:
    """The deployment of a file, else the one that holds here.

    Raises:
        DeploymentError: there is none; else as `load_deployment`.
    """
    found = load_deployment(file) if file else find_deployment()
    if found is None:
        raise DeploymentError(f"there is no {FLEET_FILE} in this folder; give one with --fleet FILE")
    return found


def load_deployment(file: Path) -> Deployment:
    """Read and check a deployment's file.

    Raises:
        DeploymentError: it is missing or cannot be read, or a key is missing, unknown or of the wrong kind.
    """
    file = file.expanduser().absolute()
    try:
        values = read_toml(file, "a deployment")
        check(file, values, _KINDS, ("contact",))
        for table, kinds in _TABLES.items():
            check(file, {f"{table}.{key}": value for key, value in values.get(table, {}).items()}, kinds)
    except FileNotFoundError:
        raise DeploymentError(f"{file}: no such file; `speech-archive fleet init` writes one") from None
    except WrongFile as error:
        raise DeploymentError(str(error)) from None
    return _deployment(file, values)


def _deployment(file: Path, values: dict[str, Any]) -> Deployment:
    def path(named: str | None) -> Path | None:
        return file.parent / Path(named).expanduser() if named else None

    plain = {key: value for key, value in values.items() if key not in {*_PATHS, *_TABLES}}
    if "sites" in plain:
        plain["sites"] = tuple(plain["sites"])
    paths = {key: path(values[key]) for key in _PATHS if key in values}
    paths["archive_root"] = paths.get("archive_root") or file.parent / "archives"
    if plain.get("store") and "://" not in plain["store"]:
        plain["store"] = str(path(plain["store"]))
    metrics = Metrics(textfile=path(values.get("metrics", {}).get("textfile")))
    notify = Notify(**values.get("notify", {}))
    return Deployment(file=file, **plain, **paths, notify=notify, metrics=metrics)  # type: ignore[arg-type]


def _is_empty_or(kind: Kind) -> Kind:
    accepts, wanted = kind
    return (lambda value: value == "" or accepts(value)), f'{wanted}, or "" for none'


_PATHS = ("archive_root", "profiles", "heads_file")
_TABLE: Kind = (lambda value: isinstance(value, dict), "a table")
_PATH: Kind = (lambda value: isinstance(value, str), "a path")
_KINDS: dict[str, Kind] = {
    "contact": TEXT,
    "archive_root": TEXT,
    "profiles": _PATH,
    "sites": (is_texts, 'a list of names, globs and tags such as ["*"] or ["tag:hubei"]'),
    "store": (lambda value: isinstance(value, str), "s3://BUCKET/PREFIX, or a folder"),
    "jobs": (lambda value: type(value) is int and 1 <= value <= 1_000, "a number of sites at once, 1 to 1000"),
    **PACE,
    "hours": _is_empty_or(PACE["hours"]),
    "heads_file": _PATH,
    "keep_logs": whole_number(100_000, "logs"),
    "log_json": YES_OR_NO,
    "notify": _TABLE,
    "metrics": _TABLE,
}
_TABLES: dict[str, dict[str, Kind]] = {
    "notify": {
        "notify.webhook": _is_empty_or((is_web_address, "an address beginning with http:// or https://")),
        "notify.shape": (lambda value: value in SHAPES, f"one of: {', '.join(SHAPES)}"),
        "notify.command": (lambda value: isinstance(value, str), "a command"),
    },
    "metrics": {"metrics.textfile": _PATH},
}
