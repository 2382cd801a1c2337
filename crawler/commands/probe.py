"""`scrapy probe URL`: writes a profile and a fixture for a site, and shows up to ten speeches as archived.

`scrapy probe --from FILE` does so for a list of addresses, side by side, and only for those that leave no doubt.
"""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from crawler.commands import show_example
from crawler.http.hosts import Hosts
from crawler.replay.fixture import Fixture, FixtureError
from crawler.run.agent import user_agent
from crawler.run.arguments import WrongUse
from crawler.run.fleet.deployment import DeploymentError, find_deployment
from crawler.run.fleet.precedence import add_deployment
from crawler.run.home import CHECKOUT
from crawler.sites.keys import is_web_address
from crawler.sites.lookup import Profiles
from crawler.sites.probe.address_list import Address, ListError
from crawler.sites.probe.columns import column_doubts
from crawler.sites.probe.findings import as_text, doubts, findings
from crawler.sites.probe.many import Probed, load_addresses, probe_list
from crawler.sites.probe.naming import SECTIONS, is_profile_name, profile_name
from crawler.sites.probe.results import CERTAIN, SCHEMA, Result, Results, ResultsInUse, as_object, counted
from crawler.sites.probe.sample import Sample, crawl_sample
from crawler.sites.probe.side_by_side import Manner, end_with_parent
from crawler.sites.probe.site_profile import as_toml, profile_facts
from crawler.sites.probe.survey import NotProbed, Survey, SurveySpider
from crawler.sites.profile import ProfileError, load_profile
from pipelines.exits import Exit
from pipelines.shown import harmless, one_line

_MOST_SPEECHES = 10
_MOST_JOBS = 32
_JOBS = 4
_MINUTES = 30.0  # some forty requests, also with a Crawl-delay of half a minute


@dataclass(frozen=True, slots=True)
class _Places:
    """The paths of a profile and its fixture."""

    site: str
    profile: Path
    fixture: Path
    is_known: bool = True
    """Whether the commands find the profile by the name of its site."""
    is_of_workers: bool = False
    """Whether it is among those of a deployment that workers crawl."""

    @classmethod
    def of(cls, site: str, out: Path | None) -> _Places:
        """In `out`, else among the deployment's profiles, else in this project, else in the working folder."""
        deployment = find_deployment()
        own = deployment.profiles if deployment else None
        if out is None and own is None and CHECKOUT:
            profile = CHECKOUT / "crawler" / "sites" / f"{site}.toml"
            return cls(site, profile, CHECKOUT / "tests" / "sites" / site)
        folder = (out or own or Path.cwd()).absolute()
        is_known = folder == own
        is_of_workers = is_known and deployment is not None and bool(deployment.store)
        return cls(site, folder / f"{site}.toml", folder / site, is_known=is_known, is_of_workers=is_of_workers)


class Command(ScrapyCommand):
    """The command `scrapy probe`."""

    requires_project = True

    def syntax(self) -> str:
        return (
            "URL [--name NAME] [--section NAME] [--committee NAME] [--out DIR] [--json] [--speeches N] [--overwrite]"
            " | --from FILE [--out DIR] [--jobs N] [--minutes N] [--again] [--json] [--speeches N] [--overwrite]"
        )

    def short_desc(self) -> str:
        return "Probe a site without a profile, or a list of them, and write profiles and fixtures"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "probe http://www.example.org/ --name example --out sites")
        parser.add_argument("--name", help="name of the profile: a-z, 0-9 and - (default: made from the host)")
        parser.add_argument("--section", action="append", help="a name of the section; may be given several times")
        parser.add_argument("--committee", help="the committee; pages that name another are a doubt")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write here instead of into this project")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
        parser.add_argument(
            "--speeches", type=int, default=_MOST_SPEECHES, help="number of speeches to read, 1 to 10"
        )
        parser.add_argument("--overwrite", action="store_true", help="replace an existing profile and fixture")
        many = parser.add_argument_group(title="a list of sites")
        many.add_argument("--from", dest="file", type=Path, metavar="FILE", help="tab-separated list of addresses")
        many.add_argument(
            "--jobs", type=int, default=_JOBS, help=f"sites at once, 1 to {_MOST_JOBS} (default {_JOBS})"
        )
        many.add_argument(
            "--minutes", type=float, default=_MINUTES, help=f"longest probe of one site (default {_MINUTES:g})"
        )
        many.add_argument("--again", action="store_true", help="ask sites that were not certain once more")
        many.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != (0 if opts.file else 1):
            raise UsageError(f"give one address, or --from FILE: scrapy probe {self.syntax()}", print_help=False)
        if opts.with_parent:
            end_with_parent()
        _end_at_signals()
        try:
            self.exitcode = int(self._many(opts) if opts.file else self._probe(args[0], opts))
        except NotProbed as error:
            self._refuse(str(error), error.status)
        except (ProfileError, ListError, DeploymentError, WrongUse) as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except ResultsInUse as error:
            self._refuse(str(error), Exit.LOCKED)
        except FixtureError as error:
            self._refuse(str(error), error.exit_status)
        except OSError as error:
            self._refuse(f"{error}; put that right and run the same command again", Exit.INTERNAL_ERROR)
        except KeyboardInterrupt:
            self._refuse("interrupted; run the same command again", Exit.INTERRUPTED)

    def _probe(self, url: str, opts: argparse.Namespace) -> Exit:
        places = _checked(url, opts)
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        add_deployment(self.settings, find_deployment())
        survey = self._survey(url, tuple(opts.section or SECTIONS))
        if survey.refusal is not None:
            raise survey.refusal
        reading = survey.reading
        if reading is None:
            raise NotProbed(Exit.INTERNAL_ERROR, f"{url}: the survey failed; the log says why")
        facts, unsaid = profile_facts(survey, reading, opts.committee)
        # A probe of a list works below its output, so that a killed one leaves nothing elsewhere.
        with tempfile.TemporaryDirectory(dir=opts.out if opts.with_parent else None) as folder:
            trial = Path(folder) / "profile.toml"
            # The probe fetches no attachments; a crawl with the written profile does.
            trial.write_text(as_toml(facts) + "attachment_mb = 0\n", "utf-8")
            load_profile(places.site, trial)
            settings = _settings(self.settings, opts.set)
            sample = crawl_sample(places.site, trial, Path(folder) / "archives", opts.speeches, settings)
            found = findings(survey, reading, sample, str(self.settings["USER_AGENT"]), datetime.now(UTC))
            beside = [] if opts.section else column_doubts(survey.columns)
            unsure = [*doubts(found, sample), *unsaid, *beside]
            if sample.exit_status in {Exit.REFUSED, Exit.INTERRUPTED}:
                raise NotProbed(Exit(sample.exit_status), sample.message)
            # Of a list, only a site without a doubt gets a profile.
            written = [] if unsure and opts.with_parent else _write(places, as_toml(facts), trial, sample)
        steps = _next_step(places)
        more = {"committee": facts["committee"], "doubts": unsure, "written": written, "next": steps}
        self._print(found | more, as_json=opts.json)
        return Exit.GAPS if unsure else Exit.COMPLETE

    def _survey(self, url: str, sections: tuple[str, ...]) -> Survey:
        assert self.settings is not None  # noqa: S101 - as in _probe()
        assert self.crawler_process is not None  # noqa: S101 - likewise
        logging.getLogger("scrapy.core.downloader.handlers.http11").setLevel(logging.ERROR)
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
        hosts = Hosts(url)
        self.settings.set("USER_AGENT", user_agent(self.settings, hosts), priority="cmdline")
        survey = Survey(url, hosts)
        crawler = self.crawler_process.create_crawler(SurveySpider)
        self.crawler_process.crawl(crawler, survey=survey, sections=sections)
        self.crawler_process.start()
        # Scrapy's own handlers would swallow a signal from here on.
        _end_at_signals()
        has_ended_itself = survey.refusal is not None
        if not has_ended_itself and crawler.stats and crawler.stats.get_value("finish_reason") in {None, "shutdown"}:
            raise KeyboardInterrupt
        return survey

    def _many(self, opts: argparse.Namespace) -> Exit:
        addresses = load_addresses(opts.file)
        _check_manner(opts)
        assert self.settings is not None  # noqa: S101 - as in _probe()
        deployment = find_deployment()
        add_deployment(self.settings, deployment)
        for one in addresses:
            user_agent(self.settings, Hosts(one.url))
        # The probes of the sites run in another folder, where they do not find the deployment.
        manner = Manner(
            opts.jobs, opts.minutes, ("--speeches", str(opts.speeches), *_settings(self.settings, opts.set))
        )
        out = opts.out or (deployment.profiles if deployment else None) or Path("probed")
        folders = {deployment.profiles if deployment else None, out if out.is_dir() else None}
        known = [one.profile for folder in folders for one in Profiles(folder).all() if one.profile]
        with Results(out.absolute()) as results:
            probed = probe_list(
                addresses,
                results,
                manner,
                _Progress(),
                known=known,
                is_again=opts.again,
                may_replace=opts.overwrite,
            )
        _print_results(probed, as_json=opts.json)
        if not probed.is_whole:
            self._refuse("interrupted; run the same command again to go on", Exit.INTERRUPTED)
        return probed.exit_status

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


class _Progress:
    """One line for each site that has ended, on a terminal."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, address: Address, result: Result) -> None:
        self.count += 1
        if sys.stderr.isatty():
            said = f"{self.count} {result.result} {result.site} {address.url} {result.reason}"
            print(one_line(said), file=sys.stderr, flush=True)


def _print_results(probed: Probed, *, as_json: bool) -> None:
    counts = counted(result for _, result in probed.results)
    if as_json:
        sites = [as_object(address, result) for address, result in probed.results]
        print(json.dumps({"schema": SCHEMA, "counts": counts, "sites": sites}, ensure_ascii=False))
        return
    for address, result in probed.results:
        what = result.reason if result.result != CERTAIN else f"{result.site}.toml"
        print(one_line(f"{result.result:<13}{address.url}  {what}"))
    print(f"{len(probed.results)} sites: {', '.join(f'{count} {word}' for word, count in counts.items())}")
    print(f"table     {harmless(str(probed.table))}")


def _end_at_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _checked(url: str, opts: argparse.Namespace) -> _Places:
    """The paths to write; all errors of usage are raised before any request."""
    if not is_web_address(url):
        raise NotProbed(Exit.WRONG_USE, f"{url}: not an address; it must begin with http:// or https://")
    _check_speeches(opts)
    places = _Places.of(opts.name or profile_name(url), opts.out)
    if not is_profile_name(places.site):
        raise NotProbed(
            Exit.WRONG_USE,
            f"--name {places.site}: a site name is 1 to 40 of a-z, 0-9 and -, and no name of a folder of ours",
        )
    existing = [str(path) for path in (places.profile, places.fixture) if path.exists()]
    if existing and not opts.overwrite:
        raise NotProbed(Exit.WRONG_USE, f"{existing[0]} exists: --overwrite replaces it, --name gives another")
    return places


def _check_speeches(opts: argparse.Namespace) -> None:
    if not 1 <= opts.speeches <= _MOST_SPEECHES:
        raise NotProbed(Exit.WRONG_USE, f"--speeches {opts.speeches}: must be 1 to {_MOST_SPEECHES}")


def _check_manner(opts: argparse.Namespace) -> None:
    _check_speeches(opts)
    if not 1 <= opts.jobs <= _MOST_JOBS:
        raise NotProbed(Exit.WRONG_USE, f"--jobs {opts.jobs}: must be 1 to {_MOST_JOBS}")
    if not opts.minutes > 0:
        raise NotProbed(Exit.WRONG_USE, f"--minutes {opts.minutes:g}: must be more than 0")
    for name in ("name", "section", "committee"):
        if getattr(opts, name):
            raise NotProbed(Exit.WRONG_USE, f"--{name}: with --from it is a column of the list")


def _settings(settings: BaseSettings, given: Sequence[str]) -> list[str]:
    """The contact and pace in force here, and the settings `given` on the command line, as `-s` for a process."""
    here = [f"{name}={settings[name]}" for name in ("ARCHIVE_CONTACT", "DOWNLOAD_DELAY")]
    return [word for setting in (*here, *given) for word in ("-s", setting)]


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
    if places.is_of_workers:
        return shlex.join(["scrapy" if CHECKOUT else "speech-archive", "fleet", "queue", "--now", places.site])
    crawl = ["scrapy", "crawl", "speeches", "-a", f"site={places.site}"]
    return shlex.join([*(crawl if CHECKOUT else ["speech-archive", "crawl", places.site]), *own])
