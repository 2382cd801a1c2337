"""A new deployment: its folder, with a commented `fleet.toml` that says what each key means."""

from __future__ import annotations

import json
from pathlib import Path

from crawler.run.fleet.deployment import DeploymentError
from crawler.run.home import FLEET_FILE

_CONTACT = "contact = "
_FLEET = """\
# One deployment: which sites are crawled, when, how, and where to. Paths are relative to this file.
# A line that begins with "# " and a key shows its default; take the "# " away to change it.

# An address for webmasters: it is sent with every request. No public site is crawled without one.
{contact}

# One archive a site below this folder; beside them `fleet`, with journals, logs and the records of runs.
archive_root = "archives"

# Where the archives are kept that the workers of a cluster crawl: "s3://BUCKET/PREFIX", or a folder that all of them
# see. The archive root is then each machine's own copy; "" where the archive root itself is the place.
# store = ""

# Your own site profiles, NAME.toml each, beside those that ship; one of the same name replaces a built-in one.
profiles = "sites"

# Which sites: names, globs, and tags of their profiles such as "tag:hubei"; "*" is also those that ship.
# sites = ["*"]

# How many sites are crawled at once; a host is never asked by two.
# jobs = 8

# Where the profile of a site says nothing:
# "daily", "weekly", "monthly", spread over the period, or a cron line such as "30 2 * * 1"; in the site's time zone.
# schedule = "daily"
# The hours in which a site may be requested, in its own time zone, such as "22:00-06:00"; "" for all day.
# hours = ""
# Days after which a run reads every article again, 0 for never: silent edits of old articles are found so.
# full_every = 0
# Seconds between two requests to a host.
# delay = 1.0
# Requests and minutes of one run, 0 for no limit; what is left is read by the next run.
# request_budget = 0
# time_budget = 0

# Each run's head is appended to this file, best on another disk: it shows that no end of an archive was lost.
# heads_file = ""

# How many logs of each site are kept below archives/fleet/logs, and whether they hold JSON lines.
# keep_logs = 30
# log_json = false

# Who is told, once, when the verdict of a site changes: a webhook, as "json", "dingtalk", "wecom", "feishu" or
# "slack", and a command.
[notify]
# webhook = ""
# shape = "json"
# command = ""

# Where node_exporter reads metrics, such as "/var/lib/node_exporter/speech_archive.prom".
[metrics]
# textfile = ""
"""
_SCRAPY = """\
# So that `scrapy` finds its commands in this folder; `speech-archive` needs no such file.
[settings]
default = crawler.settings
"""


def found(folder: Path, contact: str | None) -> list[Path]:
    """Make a deployment in `folder`, which need not exist; what is there already stays as it is.

    Args:
        folder: where; it gets `fleet.toml`, `scrapy.cfg` and the folders `sites` and `archives`.
        contact: the address for webmasters; without one the file must be edited before its first use.

    Returns:
        What was made.

    Raises:
        DeploymentError: there is a `fleet.toml` already, or the folder cannot be written.
    """
    file = folder / FLEET_FILE
    said = f"{_CONTACT}{json.dumps(contact, ensure_ascii=False)}" if contact else f'{_CONTACT}""  # fill in'
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(_FLEET.format(contact=said))
        made.append(file)
        for name in ("sites", "archives"):
            if not (folder / name).exists():
                (folder / name).mkdir()
                made.append(folder / name)
        if not (folder / "scrapy.cfg").exists():
            (folder / "scrapy.cfg").write_text(_SCRAPY, "utf-8")
            made.append(folder / "scrapy.cfg")
    except FileExistsError:
        raise DeploymentError(f"{file} is there already, and is never overwritten; edit it") from None
    except OSError as error:
        raise DeploymentError(f"{error.filename or folder}: cannot be written: {error.strerror}") from None
    return made
