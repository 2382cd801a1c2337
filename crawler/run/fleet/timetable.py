"""Schedules to copy: units of systemd, or lines of a crontab, that run a deployment or its workers. Pure."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.run.fleet.deployment import Deployment, DeploymentError

_ROTATION = "90"
"""Days in which each archive is proved once."""
_MINUTES, _NIGHT = 60, 5
"""Minutes of an hour; the hour at which archives are proved."""


@dataclass(frozen=True, slots=True)
class Commands:
    """What is run for a deployment, as words: every hour the sites that are due, every day a share of the proofs."""

    crawl: tuple[str, ...]
    verify: tuple[str, ...]

    @classmethod
    def of(cls, deployment: Deployment, python: str) -> Commands:
        """Of a deployment, run by the interpreter `python`.

        Raises:
            DeploymentError: a path cannot stand in a line, or its sites are not for `crawlall`.
        """
        if deployment.store:
            workers = "`speech-archive fleet schedule worker` prints the unit of the workers that do"
            raise DeploymentError(f"{deployment.file}: store: `crawlall` does not crawl such a deployment; {workers}")
        file, root, heads = deployment.file, deployment.archive_root, deployment.heads_file
        # -P: a folder of the name of a package in the working folder is not imported.
        crawl = (python, "-P", "-m", "crawler", "crawlall", "--fleet", str(file), "--due", "--quiet")
        checked = ("--heads", str(heads)) if heads else ()
        verify = (python, "-P", "-m", "pipelines", "verify", "--rotate", _ROTATION, *checked, str(root))
        return cls(_printable(crawl), _printable(verify))


def crontab(deployment: Deployment, python: str) -> str:
    """The lines of a crontab."""
    commands = Commands.of(deployment, python)
    minute = int.from_bytes(hashlib.sha256(str(deployment.file).encode()).digest()[:8], "big") % _MINUTES
    mail = deployment.contact if re.fullmatch(r"[^\s@]+@[^\s@]+", deployment.contact) else ""
    return "\n".join(
        [
            f"# {deployment.file}; requests name the contact that it gives: {deployment.contact}",
            "# cron mails what these lines print: only what needs a person. Nights that were missed are caught up.",
            f"MAILTO={mail}" if mail else "# MAILTO=you@example.org",
            f"{minute} * * * * {_cron_words(commands.crawl)}",
            f'{minute} {_NIGHT} * * * told=$({_cron_words(commands.verify)} 2>&1) || echo "$told"',
            "",
        ]
    )


def _cron_words(words: Sequence[str]) -> str:
    """For the shell; cron itself takes a percent sign for the end of the line, also in quotes."""
    return shlex.join(words).replace("%", r"\%")


def units(deployment: Deployment, python: str, user: str) -> dict[str, str]:
    """The units of systemd by the names of their files, run as `user`."""
    commands = Commands.of(deployment, python)
    name, file = _name(deployment), _escaped(str(deployment.file))
    crawl, verify = (" ".join(map(_unit_word, words)) for words in (commands.crawl, commands.verify))
    return {
        f"{name}.service": _SERVICE.format(
            about=f"crawls what is due of {file}",
            user=user,
            command=crawl,
            more=_CRAWLS.format(contact=_escaped(deployment.contact)),
        ),
        f"{name}.timer": _TIMER.format(about=f"every hour: what is due of {file}", when="hourly", delay="15min"),
        f"{name}-verify.service": _SERVICE.format(
            about=f"proves archives of {file}", user=user, command=verify, more=""
        ),
        f"{name}-verify.timer": _TIMER.format(
            about=f"every day: a share of the archives of {file}", when=f"*-*-* {_NIGHT:02d}:00:00", delay="1h"
        ),
    }  # fmt: skip


def worker_units(deployment: Deployment, python: str, user: str) -> dict[str, str]:
    """The template of the unit of a worker by the name of its file, run as `user`: an instance for each core."""
    command = (python, "-P", "-m", "crawler", "worker", "--fleet", str(deployment.file))
    return {
        f"{_name(deployment)}-worker@.service": _WORKER.format(
            file=_escaped(str(deployment.file)),
            user=user,
            command=" ".join(map(_unit_word, _printable(command))),
            contact=_escaped(deployment.contact),
        )
    }


def _name(deployment: Deployment) -> str:
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", deployment.file.parent.name).strip("-") or "fleet"
    return f"speech-archive-{slug}"


def _printable(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same words; `DeploymentError` where one cannot stand in a line."""
    for word in words:
        if not word.isprintable():
            raise DeploymentError(f"{word!r}: a path with control characters can stand in no schedule")
    return words


def _unit_word(word: str) -> str:
    """One word of ExecStart."""
    if re.fullmatch(r"[A-Za-z0-9_./=:@,+-]+", word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_escaped(escaped)}"'


def _escaped(text: str) -> str:
    """A value of a unit, in which a percent sign begins a specifier."""
    return text.replace("%", "%%")


_CRAWLS = """\
# Requests name the contact that the file gives: {contact}
# What is left goes on in the next hour: another run holds the fleet (6), a budget, an hour or a signal ended it (11).
SuccessExitStatus=6 11
# Every site under way is sealed first.
TimeoutStopSec=300
"""
_SERVICE = """\
[Unit]
Description=speech-archive {about}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
ExecStart={command}
Nice=10
{more}"""
_WORKER = """\
[Unit]
Description=speech-archive worker %i of {file}
Wants=network-online.target
After=network-online.target
# A database that is away for an hour is no reason to give up.
StartLimitIntervalSec=0

[Service]
User={user}
# Requests name the contact that the file gives: {contact}
# The first holds the database's connection string, the second the keys of the store; nobody else may read them.
LoadCredential=database:/etc/speech-archive/database
EnvironmentFile=-/etc/speech-archive/store.env
ExecStart={command} --database @%d/database
Restart=always
RestartSec=10
# Wrong use (2) is not cured by starting again. Crawls that a signal ended went back to the queue (11).
RestartPreventExitStatus=2
SuccessExitStatus=11
# The signal is the worker's own: it seals every site under way, copies it to the store, and ends what reads for it.
KillMode=mixed
# Where memory runs out, the process that reads for the worker may be killed: the worker then reads itself.
OOMPolicy=continue
TimeoutStopSec=300
Nice=10

[Install]
WantedBy=multi-user.target
"""
_TIMER = """\
[Unit]
Description=speech-archive {about}

[Timer]
OnCalendar={when}
RandomizedDelaySec={delay}
Persistent=true

[Install]
WantedBy=timers.target
"""
