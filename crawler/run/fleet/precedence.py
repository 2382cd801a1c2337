"""Which value holds: the command line's, else the profile's, else the deployment's, else the default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from scrapy.settings import BaseSettings

from crawler.run.arguments import LATEST, Arguments, WrongUse
from crawler.run.fleet.deployment import Deployment, find_deployment
from crawler.sites.lookup import Profiles
from crawler.sites.profile import SiteProfile

_OF_DEPLOYMENT, _OF_PROFILE = 21, 22
"""Priorities of settings: above the project's own (20), below a spider's (30) and the command line's (40)."""
_PACE = {
    "DOWNLOAD_DELAY": "delay",
    "CRAWL_HOURS": "hours",
    "REQUEST_BUDGET": "request_budget",
    "TIME_BUDGET": "time_budget",
    "FULL_EVERY": "full_every",
}
"""Settings by the key of a profile, and of a deployment for all its sites."""
_OF_ENVIRONMENT = frozenset(
    {"ARCHIVE_CONTACT", "HEADS_FILE", "NOTIFY_WEBHOOK", "NOTIFY_SHAPE", "NOTIFY_CMD", "METRICS_TEXTFILE"}
)
"""Settings that `crawler.settings` takes from the environment."""


def arguments_here(given: Mapping[str, str], settings: BaseSettings) -> Arguments:
    """The `-a` arguments of a crawl in the deployment of the working folder, if there is one; as `arguments_of`.

    Raises:
        WrongUse, ProfileError, DeploymentError: the message names what is wrong and the remedy.
    """
    deployment = find_deployment()
    arguments = arguments_of(given, settings, deployment)
    if deployment is not None and deployment.store and _writes(arguments, settings):
        _check_is_elsewhere(arguments, settings, deployment)
    return arguments


def _writes(arguments: Arguments, settings: BaseSettings) -> bool:
    """Whether a crawl continues the archive of its site; a run made again is written to another root in any case."""
    return settings.getbool("ARCHIVE") and not arguments.plan_only and arguments.replay in {None, LATEST}


def _check_is_elsewhere(arguments: Arguments, settings: BaseSettings, deployment: Deployment) -> None:
    """`WrongUse` for a crawl into the copies of a store, beside the workers: the histories would differ."""
    from pipelines.fleet.attempts import is_of_workers  # noqa: PLC0415 - most deployments have no store

    root = Path(settings["ARCHIVE_ROOT"]).expanduser().absolute()
    if root != deployment.archive_root and not is_of_workers(root):
        return
    remedy = f"let a worker do it: `speech-archive fleet queue --database DSN --now {arguments.profile.site}`"
    elsewhere = "Anything else goes into another folder: -s ARCHIVE_ROOT=DIR"
    if arguments.replay:
        remedy = "do it in a copy of its own: `sync pull DIR STORE --captures`, -s ARCHIVE_ROOT=DIR, then `sync push`"
        elsewhere = ""
    why = f"{root} has copies of it that workers continue, and beside them it would become another history"
    raise WrongUse(f"{deployment.file}: store: {why}: {remedy}. {elsewhere}".rstrip(" ."))


def arguments_of(given: Mapping[str, str], settings: BaseSettings, deployment: Deployment | None) -> Arguments:
    """The `-a` arguments of a crawl, checked; what deployment and profile say is set in `settings`.

    Raises:
        WrongUse, ProfileError: the message names what is wrong and the remedy.
    """
    add_deployment(settings, deployment)
    arguments = Arguments.parse(given, Profiles(deployment.profiles if deployment else None))
    _add_profile(settings, arguments.profile)
    return arguments


def add_deployment(settings: BaseSettings, deployment: Deployment | None) -> None:
    """Set what the deployment says for all its sites; nothing without one.

    An environment variable of the name of a setting holds over the file: it was given for this command.
    """
    if deployment is None:
        return
    values = {name: getattr(deployment, key) for name, key in _PACE.items()}
    values |= {
        "ARCHIVE_ROOT": str(deployment.archive_root),
        "STORE": deployment.store,
        "ARCHIVE_CONTACT": deployment.contact,
        "HEADS_FILE": str(deployment.heads_file or ""),
        "NOTIFY_WEBHOOK": deployment.notify.webhook,
        "NOTIFY_SHAPE": deployment.notify.shape,
        "NOTIFY_CMD": deployment.notify.command,
        "METRICS_TEXTFILE": str(deployment.metrics.textfile or ""),
        "KEEP_LOGS": deployment.keep_logs,
        "LOG_JSON": deployment.log_json,
    }
    for name, value in values.items():
        if name not in _OF_ENVIRONMENT or not os.environ.get(name):
            settings.set(name, value, priority=_OF_DEPLOYMENT)


def add_worker(settings: BaseSettings) -> None:
    """Set what holds for a worker of a cluster: there is one a core, so that no second core is free to read on."""
    settings.set("READ_AHEAD", False, priority=_OF_DEPLOYMENT)


def arguments_for(profile: SiteProfile, settings: BaseSettings) -> Arguments:
    """A crawl of a site as its profile says, whose values are set in `settings`; `WrongUse` as `Arguments.of`."""
    arguments = Arguments.of(profile)
    _add_profile(settings, profile)
    return arguments


def _add_profile(settings: BaseSettings, profile: SiteProfile) -> None:
    """Set what the profile says of when and how fast its site is crawled."""
    for name, key in _PACE.items():
        if (value := getattr(profile, key)) is not None:
            settings.set(name, value, priority=_OF_PROFILE)
