"""Scrapy settings of the project. Each line that departs from a default of Scrapy 2.19 says from what.

They hold for every command, `scrapy shell` and `fetch` too; what our spiders need beside is in
`crawler.run.site_settings`.
"""

from __future__ import annotations

from pathlib import Path

from scrapy.settings import default_settings

from crawler.run import home
from pipelines import __version__

BOT_NAME = "speech-archive"
USER_AGENT = f"speech-archive/{__version__} (archival crawler of CPPCC speeches)"  # default "Scrapy/VERSION …"
SPIDER_MODULES = ["crawler.spiders"]  # default []
COMMANDS_MODULE = "crawler.commands"  # default "": ours replaces `scrapy crawl`, which exits 0 on a failed crawl

# Ours. Archives of a checkout go to its own output/, those of an installed package to output/ in the working folder.
ARCHIVE_ROOT = str((home.CHECKOUT or Path()) / "output")
ARCHIVE = True  # False: a crawl keeps nothing and only fills feeds (-O FILE)
ARCHIVE_CONTACT = ""  # an address for webmasters, put into the User-Agent
GONE_AFTER_DAYS = None  # None: what the site's profile says
HEADS_FILE = (
    ""  # a file outside the archives to which each run's head is appended, and which proves that none was lost
)
CLOCK_JUMP_DAYS = 400  # a clock so far after the last commit is not believed: few archives rest for over a year
DISK_FLOOR_MB = 64  # below so many free MiB nothing more is fetched; the rest is for ending the run well
SAVE_SECONDS = 5.0  # how much of a crawl a power cut may cost
CAPTURE = True  # False: no raw bytes are kept, and nothing can be proved or read again
CAPTURE_REPEATED = False  # True: an answer that the archive holds already is stored again, as a revisit record
CRAWL_DELAY_OBEY = True  # False in a replay, where nobody need be waited for
RETRY_AFTER_MAX = 300  # seconds; what Retry-After asks for beyond is not waited out, and not asked again then
CRAWL_DELAY_MAX = 120  # seconds; a site that asks for more is not crawled
HANG_MAX = 120  # seconds of a run spent on answers that never come, beside half of its time; then the host is down
OUTAGE_WAIT = 20  # seconds between two looks whether a host that fails is still there, then twice as long
IDLE_TIMEOUT = (
    25  # seconds in which less than 256 bytes a second came, none at first: DOWNLOAD_TIMEOUT is for the whole
)

# Politeness.
ROBOTSTXT_OBEY = True  # default False
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
CONCURRENT_REQUESTS = 4  # default 16: articles under way at once, each with its parts and counter behind it
DOWNLOAD_DELAY = 1.0  # default 0
DOWNLOAD_TIMEOUT = 60  # default 180
RETRY_TIMES = 5  # default 2

# Hostile input.
DOWNLOAD_MAXSIZE = 10 * 2**20  # default 1 GiB; attachments have the profile's own limit
DOWNLOAD_WARNSIZE = 0  # default 32 MiB: the report tells what was too large
# Left out, as what is only disabled is imported still, a sixth of a start: two that listen on a port and run any code
# sent to it; and cookies, as Request() of classic ASP reads them too, and tldextract would phone home.
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

# default "br, zstd" too where installed: what the standard library cannot decode cannot be proved with it
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",  # default "en"
    "Accept-Encoding": "gzip, deflate",
}
FEED_EXPORT_ENCODING = "utf-8"  # default None: JSON with every Chinese character as an escape

CONCURRENT_ITEMS = 4  # default 100: every response would start 100 tasks
LOG_LEVEL = "WARNING"  # default DEBUG: the summary and the run report tell the rest
