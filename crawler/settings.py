"""Scrapy settings of the project. Each line that departs from a default of Scrapy 2.19 names the default.

They hold for every command, also `scrapy shell` and `fetch`; further settings of our spiders are in
`crawler.run.site_settings`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scrapy.settings import default_settings

from crawler.run import home
from pipelines import __version__
from pipelines.archive.disk import wrong_clock

BOT_NAME = "speech-archive"
USER_AGENT = f"speech-archive/{__version__} (archival crawler of CPPCC speeches)"  # default "Scrapy/VERSION …"
SPIDER_MODULES = ["crawler.spiders"]  # default []
NEWSPIDER_MODULE = "crawler.spiders"  # default "": where `scrapy genspider` writes
# default "": ours replaces `scrapy crawl`, which exits 0 on a failed crawl. Scrapy imports every command of a package
# before it runs one, which took longer than some of them: where one of ours is meant, only that is named.
_meant = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
_is_ours = _meant.isidentifier() and (Path(__file__).parent / "commands" / f"{_meant}.py").is_file()
COMMANDS_MODULE = f"crawler.commands.{_meant}" if _is_ours else "crawler.commands"

# Our own. Archives of a checkout go to its output/, those of an installed package to output/ in the working folder.
ARCHIVE_ROOT = str((home.CHECKOUT or Path()) / "output")
ARCHIVE = True  # False: a crawl keeps nothing and only fills feeds (-O FILE)
# An address for webmasters, put into the User-Agent; a public site is not crawled without one.
ARCHIVE_CONTACT = os.environ.get("ARCHIVE_CONTACT", "")
GONE_AFTER_DAYS = None  # None: the value of the site's profile
# A file outside the archives to which each run's head is appended; the archive commands heed the variable, too.
HEADS_FILE = os.environ.get("HEADS_FILE", "")
# A clock so far after the last commit is refused; the archive commands heed the variable, too.
CLOCK_JUMP_DAYS = os.environ.get("CLOCK_JUMP_DAYS") or wrong_clock.JUMP_DAYS
FULL_EVERY = 0  # days after which a run reads every article again; 0: only with -a mode=full
# Who is told when the verdict of a site changes, and where its metrics go; empty for nobody.
NOTIFY_WEBHOOK = os.environ.get("NOTIFY_WEBHOOK", "")
NOTIFY_SHAPE = os.environ.get("NOTIFY_SHAPE") or "json"
NOTIFY_CMD = os.environ.get("NOTIFY_CMD", "")
METRICS_TEXTFILE = os.environ.get("METRICS_TEXTFILE", "")
KEEP_LOGS = 30  # logs of a site's crawls that are kept; 0: none is written
LOG_JSON = False  # True: a log holds JSON lines
RUN_PAGE = ""  # "en" or "zh": a page of each run in that language, runs/RUN.html; needs the extra `window`
PACK_YEARS = True  # False: years that are over stay single files until `pack` is run
DISK_FLOOR_MB = 64  # below so many free MiB nothing more is fetched; the rest is for sealing the run
READ_AHEAD = (
    True  # False: no second process reads articles, where several are in progress on a machine of several cores
)
SAVE_SECONDS = 5.0  # most of a crawl that a power cut may cost
CAPTURE = True  # False: no raw bytes are kept, and lines cannot be proved or read again
CAPTURE_REPEATED = False  # True: an answer that the archive already holds is stored again, as a revisit record
STORE = ""  # the store that has what a partial copy of an archive lacks: s3://BUCKET/PREFIX or a folder; fleet.toml's
CRAWL_DELAY_OBEY = True  # False in a replay, which sends no requests
# A folder that all crawls of this machine share, so that no host is asked by two at once. "": in the folder for
# temporary files.
HOST_LOCKS = os.environ.get("HOST_LOCKS", "")
RETRY_AFTER_MAX = 300  # seconds; a longer Retry-After ends the run
RATE_LIMIT_WAIT = 60  # seconds to wait after an HTTP 429 that does not say how long, then twice, then four times
REQUEST_BUDGET = 0  # requests of a run; 0: no limit
TIME_BUDGET = 0  # minutes of a run; 0: no limit
CRAWL_HOURS = ""  # "22:00-06:00", in the site's time zone; "": all day
CRAWL_ZONE = ""  # set from the profile: the time zone of CRAWL_HOURS
CRAWL_DELAY_MAX = 120  # seconds; a site that asks for more is not crawled
HANG_MAX = 120  # seconds of a run spent on time-outs, in addition to half of its time; then the host is down
OUTAGE_WAIT = 20  # seconds before a failing host is tried again, then twice as long
IDLE_TIMEOUT = (
    25  # seconds with less than 256 bytes a second, or without a first byte; DOWNLOAD_TIMEOUT is for the whole
)

# Politeness.
ROBOTSTXT_OBEY = True  # default False
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
CONCURRENT_REQUESTS = 1  # default 16: articles in progress, each followed by its parts and counter
DOWNLOAD_DELAY = 1.0  # default 0
DOWNLOAD_TIMEOUT = 60  # default 180
RETRY_TIMES = 5  # default 2

# Hostile input.
DOWNLOAD_MAXSIZE = 10 * 2**20  # default 1 GiB; attachments have the profile's own limit
DOWNLOAD_WARNSIZE = 0  # default 32 MiB: the run report names answers that were too large
# Left out, since disabled ones are still imported (a sixth of the start-up time): two that listen on a port and run
# any code sent to it; and cookies, which Request() of classic ASP reads as parameters (and tldextract goes online).
EXTENSIONS_BASE = {
    name: order
    for name, order in default_settings.EXTENSIONS_BASE.items()
    if not name.endswith((".TelnetConsole", ".RemoteControl"))
}
DOWNLOADER_MIDDLEWARES_BASE = {
    name: order
    for name, order in default_settings.DOWNLOADER_MIDDLEWARES_BASE.items()
    if not name.endswith(".CookiesMiddleware")
}

# default "br, zstd" too where installed: verification uses only the standard library, which cannot decode them
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",  # default "en"
    "Accept-Encoding": "gzip, deflate",
}
FEED_EXPORT_ENCODING = "utf-8"  # default None: JSON with every Chinese character as an escape

# default scrapy.squeues.FifoMemoryQueue: 0.8 kB for each article that waits
SCHEDULER_START_MEMORY_QUEUE = "crawler.crawl.remembering.waiting_articles.WaitingArticles"
CONCURRENT_ITEMS = 4  # default 100: every response would start 100 tasks
LOG_LEVEL = "WARNING"  # default DEBUG: the summary and the run report say the rest
