"""Schedules to copy: the units of systemd, or the lines of a crontab, that run a deployment. Pure."""

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
        """Of a deployment, run by the interpreter `python`; `DeploymentError` where a path cannot stand in a line."""
        file, root, heads = deployment.file, deployment.archive_root, deployment.heads_file
        # -P: a folder of the name of a package in the working folder is not imported.
        crawl = (python, "-P", "-m", "crawler", "crawlall", "--fleet", str(file), "--due", "--quiet")
        checked = ("--heads", str(heads)) if heads else ()
        verify = (python, "-P", "-m", "pipelines", "verify", "--rotate", _ROTATION, *checked, str(root))
        for word in (*crawl, *verify):
            if not word.isprintable():
                raise DeploymentError(f"{word!r}: a path with control characters can stand in no schedule")
        return cls(crawl, verify)


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
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", deployment.file.parent.name).strip("-") or "fleet"
    name, file = f"speech-archive-{slug}", _escaped(str(deployment.file))
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
