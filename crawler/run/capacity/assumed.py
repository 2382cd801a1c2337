"""What the simulation takes for granted: the sites and their faults, which nobody measured, and costs, which were."""

from __future__ import annotations

from crawler.run.cluster.tasks import Pace
from crawler.settings import OUTAGE_WAIT, RATE_LIMIT_WAIT
from crawler.sites.profile import SiteProfile
from crawler.sites.schedule import DAILY, Hours, Schedule
from pipelines.values import frozen

ZONE: str = SiteProfile.__dataclass_fields__["timezone"].default


@frozen(kw_only=True)
class Cluster:
    """What crawls, and how.

    Args:
        workers: processes, each on a core of its own.
        jobs: sites that a worker crawls at once.
        delay: seconds from the end of a request to the next one of the same host.
        hours: in which sites may be requested; null for all day.
        schedule: how often each site is crawled.
    """

    workers: int = 1
    jobs: int = 8
    delay: float = 1.0
    hours: Hours | None = None
    schedule: Schedule = Schedule(DAILY)


@frozen(kw_only=True)
class Assumed:
    """Sites, hosts and faults. No site was asked: these are to be replaced by what a fleet's own journals say.

    Args:
        sites: a committee each: 1 national, 31 provincial, some 330 prefectures and some 2,850 counties.
        pages: requests that a site answers in its first crawl, in the mean: lists, articles and counters.
        spread: of the sites' sizes, the sigma of a log-normal distribution: at 0.8 the largest of 3,200 has about
            ten times the mean, 20,000 pages; 0: all are of one size.
        on_platforms: share of the sites that lie on a host with others: 3 of 47 counties in a list of 148 committees.
        a_platform: sites on such a host: the counties of one province, some hundred.
        seconds: that an answer takes from a usual site.
        slow, slow_seconds: share of sites that are slow, and how long their answers take.
        dead: share of sites that never answer: names that are gone, servers that are off.
        fails: share of crawls in which the site stops answering somewhere, most often in the middle.
        limiting, limit: share of sites that answer 429 after so many requests, and again after as many.
        new: speeches that a site publishes on a day, in the mean.
        days_between_losses: of a worker: a kill, a crash, a machine's restart, in the mean.
        away: seconds until a lost worker works again: a machine's restart; a process alone takes ten.
    """

    sites: int = 3_200
    pages: int = 2_000
    spread: float = 0.8
    on_platforms: float = 0.06
    a_platform: int = 100
    seconds: float = 0.3
    slow: float = 0.05
    slow_seconds: float = 4.0
    dead: float = 0.02
    fails: float = 0.02
    limiting: float = 0.02
    limit: int = 500
    new: float = 0.2
    days_between_losses: float = 30.0
    away: float = 300.0


@frozen(kw_only=True)
class Costs:
    """What crawls cost; measured or read from the program, as each line says.

    Args:
        cpu_page: seconds of CPU a request of a first crawl: 14.2 s for 2,235 requests of 1,000 speeches, all work on
            them included (`make bench SUITE=crawl`).
        cpu_site: seconds of CPU that each crawl takes beside its pages: start, commit, report. 0.6 s a site of 12
            speeches in one process, less their pages (`make bench SUITE=sites`).
        cpu_known: seconds of CPU for each speech that the archive knows: 2.1 s for 1,000, less the start and the
            pages (`make bench SUITE=again`).
        rows: speeches of a list page. Every crawl reads all list pages.
        requests_first: what a crawl asks before: robots.txt, the section, the certificate (`SUITE=again`: 54 for 50).
        speeches: a request of a first crawl: 1,000 of 2,235 (`SUITE=crawl`).
        young_days: in which each article is read daily (a profile's default).
        read_again: share of the old articles that a night reads, at most (`crawler.crawl.plan`).
        down: seconds until a host that does not answer counts as down: OUTAGE_WAIT once, and twice as long.
        pause: seconds to wait after a 429: RATE_LIMIT_WAIT.
        rescue: seconds until the crawl of a lost worker may be taken up: its job counts as stalled after 45 s, and
            who looks does so every minute.
        gone: seconds after which it goes on at any worker. Until then it waits for its own, where its staging lies.
        pull, push: seconds for what is fetched from a store before a crawl, and brought there after it.
        mb_worker, mb_site, kb_speech: memory of a worker with its reading process; of a site under way; of a speech
            that its archive knows (`SUITE=sites`, `SUITE=memory`).
        store_again: requests to an S3 store for a crawl, the first apart, 8 of them for parts of captures; measured
            with 300 speeches.
        database_crawl, database_second: transactions for a crawl, and of a worker in a second; measured as these.
        kb_page: on the disk for each request of a first crawl, captures included (`SUITE=crawl`).
    """

    cpu_page: float = 0.0064
    cpu_site: float = 0.5
    cpu_known: float = 0.0013
    rows: int = 20
    requests_first: int = 4
    speeches: float = 0.45
    young_days: int = SiteProfile.__dataclass_fields__["young_days"].default
    read_again: float = 0.01
    down: float = 3.0 * OUTAGE_WAIT
    pause: float = float(RATE_LIMIT_WAIT)
    rescue: float = 75.0
    gone: float = Pace().gone
    pull: float = 1.0
    push: float = 2.0
    mb_worker: float = 125.0
    mb_site: float = 1.5
    kb_speech: float = 1.6
    store_again: int = 28
    database_crawl: int = 28
    database_second: float = 3.7
    kb_page: float = 9.3
