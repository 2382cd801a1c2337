"""A KesionCMS 7.0 site written down as files, one for each address, which a fast server can serve by itself.

The pages are the replica's, in a frame of the size that such pages have (30 KB): style, scripts, menus, side columns.
Only speeches that can be read are in it: every client then has the same work, whatever it makes of errors.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from benchmarks.served.server import file_name
from crawler.replica.asp import Asked
from crawler.replica.kesion.forms import Dynamic
from crawler.replica.kesion.site_pages import Kesion
from crawler.replica.kesion.templates import FLAVOURS, Kesion70
from crawler.replica.kesion.views import ListPages, pages_of
from crawler.replica.prose import dice, pools
from crawler.replica.site import SECTION, Item, Site

SEED = 17
ROWS_A_PAGE = 20
USUAL_BYTES = 30_000
"""The middle article of the recorded site has so many bytes."""


def letters(text: str) -> str:
    """A text without its whitespace: what is compared."""
    return "".join(text.split())


class Truth(NamedTuple):
    """What a speech says: `published` is the day, `views` the counter."""

    title: str
    published: str
    body: str
    views: int


@dataclass(frozen=True)
class Recorded:
    """A site on the disk: its addresses from the root on, by what they are, and what its speeches say by their path.

    `lists`, `articles` and `counters` are what every client must have requested, once each or more.
    """

    folder: Path
    start: str
    lists: frozenset[str]
    articles: frozenset[str]
    counters: frozenset[str]
    truth: dict[str, Truth]
    article_bytes: int

    @property
    def wanted(self) -> frozenset[str]:
        """Every address of the work."""
        return self.lists | self.articles | self.counters

    def file(self, address: str) -> Path:
        """The file that is served for an address."""
        return self.folder / file_name(address)


class ReadableSite(Site):
    """A site in which every speech can be read."""

    def __init__(self, speeches: int, seed: int) -> None:
        super().__init__(speeches, seed, twins=False)
        self.items = {key: item for key, item in self.items.items() if item.state == "live"}
        self._ordered: dict[int, list[Item]] = {}
        for item in sorted(self.items.values(), key=lambda item: item.speech.number):
            self._ordered.setdefault(item.class_id, []).append(item)
        self._listed: dict[tuple[int, ...], list[Item]] = {}

    def rows(self, class_ids: Iterable[int]) -> list[Item]:
        """As the replica's, sorted once: nothing changes in a recorded site."""
        key = tuple(class_ids)
        if key not in self._listed:
            self._listed[key] = super().rows(key)
        return self._listed[key]

    def neighbours(self, item: Item) -> tuple[Item | None, Item | None]:
        """As the replica's, found by halving: that one reads all items for each page."""
        same = self._ordered[item.class_id]
        place = bisect_left(same, item.speech.number, key=lambda other: other.speech.number)
        return (same[place - 1] if place else None, same[place + 1] if place + 1 < len(same) else None)


class FullSize(Kesion70):
    """The template of 7.0 in a frame as real templates have it."""

    def page(self, domain: str, title: str, navigation: list[tuple[str, str]], content: str) -> str:
        page = super().page(domain, title, navigation, content)
        page = page.replace("</head>", f"{_STYLE}{_SCRIPTS}</head>", 1)
        page = page.replace('<td class="nav">', f'<td class="nav">{_menus(domain)}', 1)
        return page.replace("</body>", f"{_side(domain)}{_foot(domain)}</body>", 1)


_SELECTORS = "top nav menu sub left right side box title more list date foot link search login banner".split()
_STYLE = '<style type="text/css">\r\n' + "\r\n".join(
    f".{a}_{b} {{ float: left; width: {7 * (i + 3)}px; height: {i + j + 20}px; margin: 0 auto; background: "
    f"url(/images/{a}_{b}.gif) no-repeat 0 -{i * j}px; color: #3{i % 10}6; }}"
    for i, a in enumerate(_SELECTORS) for j, b in enumerate(("a", "b", "hover"))
) + "\r\n</style>\r\n"  # fmt: skip
_SCRIPTS = '<script type="text/javascript">\r\n' + "\r\n".join(
    f"function show_{name}(n) {{ for (var i = 1; i <= {k + 3}; i++) {{ "
    f"var one = document.getElementById('{name}_' + i); "
    f"if (one) {{ one.style.display = i == n ? 'block' : 'none'; }} }} }}"
    for k, name in enumerate(_SELECTORS)
) + "\r\n</script>\r\n"  # fmt: skip


def _menus(domain: str) -> str:
    towns = pools()["town"]
    groups = []
    for group in range(8):
        entries = "".join(
            f'<li><a href="{domain}html/menu{group}/{n}/" title="{towns[(group * 9 + n) % len(towns)]}" '
            f'target="_blank">{towns[(group * 9 + n) % len(towns)]}</a></li>\r\n'
            for n in range(10)
        )
        groups.append(
            f'<div class="menu_a" onmouseover="show_menu({group})"><ul id="menu_{group}">{entries}</ul></div>'
        )
    return "\r\n".join(groups)


def _side(domain: str) -> str:
    boxes = []
    for box, name in enumerate(("图片新闻", "提案工作", "社情民意", "委员风采")):
        chance = dice("side", box)
        rows = "".join(
            f'<li class="list_a"><img src="/images/dot_a.gif" alt="" width="3" height="5" border="0" />'
            f'<a href="{domain}html/side{box}/{n}.html" target="_blank">'
            f"{chance.choice(pools()['heading'])}</a></li>\r\n"
            for n in range(8)
        )
        boxes.append(f'<div class="side_a"><div class="title_a"><h3>{name}</h3></div><ul>{rows}</ul></div>')
    return '<div class="right_a">' + "\r\n".join(boxes) + "</div>\r\n"


def _foot(domain: str) -> str:
    options = "".join(
        f'<option value="{domain}go/{n}/">{town}政协</option>' for n, town in enumerate(pools()["town"])
    )
    return f'<div class="foot_a"><select onchange="window.open(this.value)">{options}</select></div>\r\n'


def record(
    folder: Path, host: str, speeches: int, *, full_size: bool = True, rows_a_page: int = ROWS_A_PAGE
) -> Recorded:
    """Write the pages that `host` (with its port) serves into `folder`.

    Pages of `full_size` have 30 KB, others what the replica makes of them (6 KB).
    """
    site = ReadableSite(speeches, SEED)
    usual = FLAVOURS["7.0"]
    given = {one.name: getattr(usual, one.name) for one in fields(usual)}
    flavour = FullSize(**given) if full_size else Kesion70(**given)
    lists = ListPages(flavour, site, Dynamic(), f"http://{host}/", flavour.date_form, rows_a_page)
    cms = Kesion(flavour, site, lists, None)

    def answer(target: str) -> int:
        asked = Asked(method="GET", target=target, form="", host=host, cookie="", referer="")
        body = cms.respond(asked).body
        file = folder / file_name(target)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        return len(body)

    return _record(folder, site, answer, rows_a_page)


def _record(folder: Path, site: Site, answer: Callable[[str], int], rows_a_page: int) -> Recorded:
    items = [item for item in site.rows((SECTION,)) if not item.pinned] + [i for i in site.live() if i.pinned]
    lists, articles, counters = set(_lists(len(site.rows((SECTION,))), rows_a_page)), set(), set()
    sizes, truth = [], {}
    for target in lists:
        answer(target)
    answer(f"/Item/list.asp?ID={SECTION}")
    for item in items:
        speech = item.speech
        first = f"/Item/Show.asp?m={speech.model}&d={speech.number}"
        parts = [first, *(f"{first}&p={part}" for part in range(2, len(speech.parts) + 1))]
        sizes += [answer(target) for target in parts]
        if len(parts) > 1:
            answer(f"{first}&p=1")
        counter = f"/item/GetHits.asp?GetFlag=0&m={speech.model}&ID={speech.number}"
        answer(counter)
        counting = counter.replace("?", "?Action=Count&")
        (folder / file_name(counting)).write_bytes((folder / file_name(counter)).read_bytes())
        articles.update(parts)
        counters.add(counter)
        truth[first] = Truth(speech.title, f"{speech.published:%Y-%m-%d}", speech.body, item.hits[0])
    start = f"/Item/list.asp?id={SECTION}"
    middle = sorted(sizes)[len(sizes) // 2]
    return Recorded(folder, start, frozenset(lists), frozenset(articles), frozenset(counters), truth, middle)


def _lists(rows: int, rows_a_page: int) -> Iterator[str]:
    yield f"/Item/list.asp?id={SECTION}"
    for page in range(2, pages_of(rows, rows_a_page) + 1):
        yield f"/Item/list.asp?ID={SECTION}&Page={page}"
