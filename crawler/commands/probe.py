"""`scrapy probe URL`: writes a profile and a fixture for a site, and shows up to ten speeches as archived."""

from __future__ import annotations

import argparse
import json
import logging
import re
import shlex
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.http.hosts import Hosts
from crawler.replay.fixture import Fixture, FixtureError
from crawler.run.agent import user_agent
from crawler.run.arguments import WrongUse
from crawler.run.fleet.deployment import DeploymentError, find_deployment
from crawler.run.fleet.precedence import add_deployment
from crawler.run.home import CHECKOUT
from crawler.sites.keys import is_web_address
from crawler.sites.probe.findings import as_text, doubts, findings
from crawler.sites.probe.naming import SECTIONS, profile_name
from crawler.sites.probe.sample import Sample, crawl_sample
from crawler.sites.probe.site_profile import as_toml, profile_facts
from crawler.sites.probe.survey import NotProbed, Survey, SurveySpider
from crawler.sites.profile import ProfileError, load_profile
from pipelines.exits import Exit
from pipelines.verbs.output import harmless

_MOST_SPEECHES = 10


@dataclass(frozen=True, slots=True)
class _Places:
    """The paths of a profile and its fixture."""

    site: str
    profile: Path
    fixture: Path
    is_known: bool = True
    """Whether the commands find the profile by the name of its site."""

    @classmethod
    def of(cls, site: str, out: Path | None) -> _Places:
        """In `out`, else among the deployment's profiles, else in this project, else in the working folder."""
        deployment = find_deployment()
        own = deployment.profiles if deployment else None
        if out is None and own is None and CHECKOUT:
            profile = CHECKOUT / "crawler" / "sites" / f"{site}.toml"
            return cls(site, profile, CHECKOUT / "tests" / "sites" / site)
        folder = (out or own or Path.cwd()).absolute()
        return cls(site, folder / f"{site}.toml", folder / site, is_known=folder == own)


class Command(ScrapyCommand):
    """The command `scrapy probe`."""

    requires_project = True

    def syntax(self) -> str:
        return "URL [--name NAME] [--section NAME] [--out DIR] [--json] [--speeches N] [--overwrite]"

    def short_desc(self) -> str:
        return "Probe a site without a profile, and write its profile and a fixture"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--name", help="name of the profile: a-z, 0-9 and - (default: made from the host)")
        parser.add_argument("--section", action="append", help="a name of the section; may be given several times")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write here instead of into this project")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
        parser.add_argument(
            "--speeches", type=int, default=_MOST_SPEECHES, help="number of speeches to read, 1 to 10"
        )
        parser.add_argument("--overwrite", action="store_true", help="replace an existing profile and fixture")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError(f"give one address: scrapy probe {self.syntax()}", print_help=False)
        try:
            self.exitcode = int(self._probe(args[0], opts))
        except NotProbed as error:
            self._refuse(str(error), error.status)
        except (ProfileError, DeploymentError, WrongUse) as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except FixtureError as error:
            self._refuse(str(error), error.exit_status)

    def _probe(self, url: str, opts: argparse.Namespace) -> Exit:
        places = _checked(url, opts)
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        add_deployment(self.settings, find_deployment())
        survey = self._survey(url, tuple(opts.section or SECTIONS))
        if survey.refusal is not None:
            raise survey.refusal
        reading = survey.reading
        if reading is None:
            raise NotProbed(Exit.GAPS, f"{url}: the probe was interrupted; run it again")
        facts, unsaid = profile_facts(survey, reading)
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder) / "profile.toml"
            # The probe fetches no attachments; a crawl with the written profile does.
            trial.write_text(as_toml(facts) + "attachment_mb = 0\n", "utf-8")
            load_profile(places.site, trial)
            settings = [f"ARCHIVE_CONTACT={self.settings['ARCHIVE_CONTACT']}", "HEADS_FILE=", *opts.set]
            sample = crawl_sample(places.site, trial, Path(folder) / "archives", opts.speeches, settings)
            found = findings(survey, reading, sample, str(self.settings["USER_AGENT"]), datetime.now(UTC))
            unsure = [*doubts(found, sample), *unsaid]
            if sample.exit_status == Exit.REFUSED:
                raise NotProbed(Exit.REFUSED, sample.message)
            written = _write(places, as_toml(facts), trial, sample)
        steps = _next_step(places)
        self._print(found | {"doubts": unsure, "written": written, "next": steps}, as_json=opts.json)
        return Exit.GAPS if unsure else Exit.COMPLETE

    def _survey(self, url: str, sections: tuple[str, ...]) -> Survey:
        assert self.settings is not None  # noqa: S101 - as in _probe()
        assert self.crawler_process is not None  # noqa: S101 - likewise
        logging.getLogger("scrapy.core.downloader.handlers.http11").setLevel(logging.ERROR)
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
        hosts = Hosts(url)
        self.settings.set("USER_AGENT", user_agent(self.settings, hosts), priority="cmdline")
        survey = Survey(url, hosts)
        self.crawler_process.crawl(SurveySpider, survey=survey, sections=sections)
        self.crawler_process.start()
        return survey

    def _print(self, found: dict[str, object], *, as_json: bool) -> None:
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
            return
        lines = [as_text(found), ""]
        for key, name in (("doubts", "unsure"), ("written", "written"), ("next", "next")):
            value = found[key]
            lines += [f"{name:<10}{one}" for one in (value if isinstance(value, list) else [value])]
        print(harmless("\n".join(lines)))

    def _refuse(self, message: str, status: int) -> None:
        print(f"scrapy probe: {harmless(message)}", file=sys.stderr)
        self.exitcode = int(status)


def _checked(url: str, opts: argparse.Namespace) -> _Places:
    """The paths to write; all errors of usage are raised before any request."""
    if not is_web_address(url):
        raise NotProbed(Exit.WRONG_USE, f"{url}: not an address; it must begin with http:// or https://")
    if not 1 <= opts.speeches <= _MOST_SPEECHES:
        raise NotProbed(Exit.WRONG_USE, f"--speeches {opts.speeches}: must be 1 to {_MOST_SPEECHES}")
    places = _Places.of(opts.name or profile_name(url), opts.out)
    if not re.fullmatch(r"[a-z0-9-]{1,40}", places.site):
        raise NotProbed(Exit.WRONG_USE, f"--name {places.site}: a site name is 1 to 40 of a-z, 0-9 and -")
    existing = [str(path) for path in (places.profile, places.fixture) if path.exists()]
    if existing and not opts.overwrite:
        raise NotProbed(Exit.WRONG_USE, f"{existing[0]} exists: --overwrite replaces it, --name gives another")
    return places


def _write(places: _Places, profile: str, trial: Path, sample: Sample) -> list[str]:
    """Write the profile, and the fixture of the sample by the trial profile; no fixture when nothing was read."""
    places.profile.parent.mkdir(parents=True, exist_ok=True)
    places.profile.write_text(profile, "utf-8")
    if sample.report_file is None or not sample.lines:
        return [str(places.profile)]
    fixture = Fixture(places.fixture)
    fixture.record(sample.report_file, trial)
    fixture.expect(fixture.replay())
    return [str(places.profile), str(places.fixture)]


def _next_step(places: _Places) -> str:
    own = [] if places.is_known else ["-a", f"profile={places.profile}"]
    crawl = ["scrapy", "crawl", "speeches", "-a", f"site={places.site}"]
    return shlex.join([*(crawl if CHECKOUT else ["speech-archive", "crawl", places.site]), *own])
