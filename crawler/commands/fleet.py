"""`scrapy fleet …`: sets deployments up, shows what is due and what workers do, simulates, kills workers."""

from __future__ import annotations

import argparse
import json
import pwd
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands import show_example
from crawler.run.arguments import WrongUse
from crawler.run.capacity import options as capacity
from crawler.run.cluster import command as cluster
from crawler.run.drill import command as drill
from crawler.run.fleet.deployment import DeploymentError, deployment_of, find_deployment, load_deployment
from crawler.run.fleet.founding import found
from crawler.run.fleet.planning import candidates, chosen, register
from crawler.run.fleet.precedence import add_deployment
from crawler.run.fleet.timetable import crontab, units, worker_units
from crawler.run.fleet.told import queue_rows, queue_table
from crawler.sites.profile import ProfileError
from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit
from pipelines.shown import harmless

_KINDS = {"systemd": units, "worker": worker_units, "cron": None}
"""What `schedule` prints: files of systemd by their names, or lines."""


class Command(ScrapyCommand):
    """The command `scrapy fleet`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        kinds = "|".join(_KINDS)
        return (
            f"init [DIR] [--contact ADDRESS] | schedule {kinds} [--out DIR] | "
            "queue [--sites GLOB] [--json] [--database DSN [--now SITE | --cancel SITE]] | "
            "database [--database DSN] [--moved] | "
            "simulate [--sites N] [--pages N] [--workers N,…] [--jobs N,…] [--seed N] [--json] | "
            "drill [--sites N] [--workers N] [--kills N] [--database-kills N] [--seed N] [--json]"
        )

    def short_desc(self) -> str:
        return (
            "Set a deployment of many sites up, print its schedule, show what is due when, simulate a larger one, or "
            "kill workers of a small one to see that nothing is lost"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "fleet init --contact you@example.org")
        add = parser.add_argument
        add("--fleet", type=Path, metavar="FILE", help="the deployment's file (default: fleet.toml in this folder)")
        add("--contact", metavar="ADDRESS", help="init: the address for webmasters that fleet.toml gives")
        add("--out", type=Path, metavar="DIR", help="schedule: write the units there instead of printing them")
        sites = "names, globs or tags (tag:NAME) of those that queue shows; how many simulate (3200), drill (40) has"
        add("--sites", action="append", default=[], metavar="GLOB|N", help=sites)
        add("--json", action="store_true", help="queue, simulate, drill: JSON instead of a table")
        usual = f"queue, database: ${cluster.VARIABLE}; drill: a PostgreSQL of its own, which is killed"
        add("--database", metavar="DSN|@FILE", help=f"PostgreSQL's connection string, or a file with it ({usual})")
        cluster.add_options(parser)
        capacity.add_options(parser)
        drill.add_options(parser)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            match args:
                case ["init"] | ["init", _]:
                    self._init(Path(args[-1] if len(args) > 1 else "."), opts.contact)
                case ["schedule", kind] if kind in _KINDS:
                    self._schedule(kind, opts)
                case ["queue"]:
                    self._queue(opts)
                case ["database"]:
                    print(harmless(cluster.database_told(opts)))
                case ["simulate"]:
                    print(capacity.simulated(load_deployment(opts.fleet) if opts.fleet else find_deployment(), opts))
                case ["drill"]:
                    self.exitcode = drill.run(opts)
                case _:
                    raise UsageError(f"give one of: scrapy fleet {self.syntax()}", print_help=False)
        except (DeploymentError, ProfileError, WrongUse) as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except ArchiveError as error:
            self._refuse(str(error), error.exit_status)

    def _refuse(self, message: str, status: Exit) -> None:
        print(f"scrapy fleet: {harmless(message)}", file=sys.stderr)
        self.exitcode = int(status)

    def _init(self, folder: Path, contact: str | None) -> None:
        if contact is not None and not (contact.strip() and contact.isprintable()):
            raise WrongUse("--contact: must be one line of printable characters")
        for path in found(folder, contact):
            print(harmless(str(path)))
        if contact is None:
            print(f"scrapy fleet: now fill in `contact` in {harmless(str(folder / 'fleet.toml'))}", file=sys.stderr)

    def _schedule(self, kind: str, opts: argparse.Namespace) -> None:
        deployment = deployment_of(opts.fleet)
        units_of = _KINDS[kind]
        if units_of is None:
            print(crontab(deployment, sys.executable), end="")
            return
        for name, text in units_of(deployment, sys.executable, _owner(deployment.file)).items():
            if opts.out is None:
                print(f"# /etc/systemd/system/{name}\n{text}")
            else:
                _write_new(opts.out / name, text)

    def _queue(self, opts: argparse.Namespace) -> None:
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        deployment, now = deployment_of(opts.fleet), datetime.now(UTC)
        add_deployment(self.settings, deployment)
        root = Path(self.settings["ARCHIVE_ROOT"]).expanduser().absolute()
        if cluster.is_meant(opts):
            print(cluster.queue_told(deployment, root, opts))
            return
        everything = list(candidates(deployment, root, now))
        shown = sorted(chosen(everything, opts.sites), key=lambda one: (one.is_enabled, one.order))
        if opts.json:
            print(json.dumps(queue_rows(shown), ensure_ascii=False))
        else:
            print(queue_table(shown))
        try:
            if root.is_dir():
                register(root, everything, now)
        except OSError as error:
            print(f"scrapy fleet: the register was not written: {harmless(str(error))}", file=sys.stderr)
        self.exitcode = int(Exit.WRONG_USE if any(one.error for one in shown) else Exit.COMPLETE)


def _owner(file: Path) -> str:
    """The user whose file it is: who writes the units may be root."""
    number = file.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _write_new(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise WrongUse(f"--out: {file} is there already, and is never overwritten") from None
    except OSError as error:
        raise WrongUse(f"--out: {file}: cannot be written: {error.strerror}") from None
    print(harmless(str(file)))
