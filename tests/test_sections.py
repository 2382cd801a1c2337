"""Several columns of one site in one archive: each read to its own end, each speech once, judged over all lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from crawler.sites.profile import ProfileError, load_profile
from pipelines.archive.read.reader import Archive
from tests.conftest import Ended, Site, run
from tests.small import PROFILE, TRAIL, Answer, article_page, list_page, serve

A, B = "领导讲话", "主席讲话"
SECTIONS = f'sections = [{{name = "{A}"}}, {{name = "{B}"}}]'
TITLES = (
    "提案办理工作",
    "新春茶话会",
    "读书交流活动",
    "乡村振兴协商",
    "文史资料工作",
    "机关作风建设",
    "全体会议闭幕",
)
PAGER = '<div id="fenye">共 {2} 篇 页次:1/{1}页 <a href="?ID={0}&Page={1}">下一页</a></div>'


@dataclass
class Columns:
    """A small site with two columns.

    `columns`: name and rows of each list, by its number. `trails`: the column that each article names, `labels` in
    other words than usual. `linked`: lists that the front page links; `bare`: those that do not name themselves.
    `side` stands on every list, `edition` in every text. `broken`: other answers, by a pattern over the address.
    """

    columns: dict[int, tuple[str, list[int]]] = field(default_factory=lambda: {5: (A, [1, 2, 3]), 6: (B, [4, 5, 3])})
    trails: dict[int, int] = field(default_factory=lambda: {1: 5, 2: 5, 3: 5, 4: 6, 5: 6})
    labels: dict[int, str] = field(default_factory=dict)
    linked: tuple[int, ...] = (5, 6)
    bare: tuple[int, ...] = ()
    side: str = ""
    edition: str = "第一版"
    has_pager: bool = True
    broken: dict[str, Answer] = field(default_factory=dict)

    def answer(self, path: str, _: Message) -> Answer:
        """The front page, a list, an article or its counter."""
        for pattern, given in self.broken.items():
            if re.search(pattern, path):
                return given
        number = int((re.findall(r"(?i)(?:[?&]d|id)=(\d+)", path) or ["0"])[0])
        nav = "".join(f'<a href="/Item/list.asp?id={one}">{self.columns[one][0]}</a> ' for one in self.linked)
        if path == "/":
            return Answer(f"<html><title>广水市政协网</title><body>{nav}</body></html>")
        if "GetHits" in path:
            return Answer(f"document.write('{number}');")
        if "list.asp" in path and number in self.columns:
            name, rows = self.columns[number]
            listed = [(one, title(one), f"2020-01-0{one}") for one in rows]
            trail = "" if number in self.bare else TRAIL.format(number, name)
            pager = PAGER.format(number, 1, len(rows)) if self.has_pager else ""
            return Answer(list_page(listed, side=nav + self.side, trail=trail, pager=pager))
        if number not in self.trails:
            return Answer("", 404)
        column = self.trails[number]
        trail = TRAIL.format(column, self.labels.get(number, {5: A, 6: B}.get(column, "其他栏目")))
        text = "".join(f"<p>{title(number)}，第{part}点意见，请各位委员认真落实。</p>" for part in range(3))
        info = f"日期:2020-01-0{number} 08:00:00"
        text = f"{text}<p>{self.edition}</p>"
        return Answer(article_page(number, title=title(number), info=info, body=text, trail=trail))


def title(number: int) -> str:
    return f"在{TITLES[number % len(TITLES)]}会议上的讲话"


@dataclass
class Crawled:
    """A site that is served, and its archive."""

    columns: Columns
    site: Site
    url: str
    asked: list[str]
    cms: str = "kesion"

    def crawl(self, section: str = SECTIONS, *more: str) -> Ended:
        """Crawl with the profile's lines `section`."""
        profile = PROFILE.replace(f'section = "{A}"', section).replace("kesion", self.cms)
        self.file.write_text(profile, "utf-8")
        return self.site.crawl(self.url, "-a", f"profile={self.file}", "-s", "RETRY_TIMES=0", *more)

    def again(self, replay: str, site: Site | None = None) -> Ended:
        """Read the archive's captures, or those of a run into another archive."""
        given = ("-a", f"site={self.site.name}", "-a", f"profile={self.file}", "-a", f"replay={replay}")
        return run("scrapy", "crawl", "speeches", *given, "-s", f"ARCHIVE_ROOT={(site or self.site).root}")

    @property
    def file(self) -> Path:
        """The profile."""
        return self.site.root.parent / "two.toml"

    @property
    def kept(self) -> dict[int, str]:
        """The section of each archived speech."""
        return {int(key): line["section"] for key, line in sorted(self.site.latest().items())}

    @property
    def sections(self) -> list[dict[str, Any]]:
        """What the last run read of each section."""
        read: list[dict[str, Any]] = self.site.report()["sections"]
        return read

    @property
    def gaps(self) -> list[str]:
        return [gap["detail"] for gap in self.site.report()["not_captured"]]

    def presences(self) -> dict[str, str]:
        """The presences other than present that the last run observed."""
        archive = Archive(self.site.folder)
        last = archive.commits()[-1].n
        lines = (line for line in archive.observations() if line["commit"] == last)
        return {line["id"]: line["presence"] for line in lines if line["presence"] != "present"}


@pytest.fixture
def two(site: Site) -> Iterator[Crawled]:
    columns, asked = Columns(), list[str]()
    site.root.parent.mkdir(exist_ok=True)
    with serve(columns.answer, asked) as url:
        yield Crawled(columns, site, url, asked)


WHOLE = {1: A, 2: A, 3: A, 4: B, 5: B}


def test_every_column_is_read_to_its_end_and_each_speech_once(two: Crawled, tmp_path: Path) -> None:
    planned = two.crawl(SECTIONS, "-a", "plan=1")
    assert (planned.status, planned.out.count("new\t")) == (0, 5), planned
    ended = two.crawl()
    assert (ended.status, ended.err, two.kept, two.gaps) == (0, "", WHOLE, []), ended
    assert f"section   {A}: 3 rows\nsection   {B}: 3 rows\n" in ended.out
    report = two.site.report()
    assert (report["section"]["name"], report["counts"]["listed"], report["counts"]["printed_total"]) == (A, 5, 6)
    assert report["notes"] == {f"listed in {A} and in {B}, taken once": 1}
    read = [(one["name"], one["listed"], one["printed_total"], one["complete"]) for one in two.sections]
    assert read == [(A, 3, 3, True), (B, 3, 3, True)]
    two.asked.clear()
    assert two.crawl().status == 0
    assert two.asked == ["/robots.txt", "/", "/Item/list.asp?id=5", "/Item/list.asp?id=6"]
    listing = Archive(two.site.folder).commits()[-1].listing
    assert listing is not None
    assert (listing.speeches, len(listing.captures)) == (5, 2)
    other = Site(tmp_path / "other")
    assert two.again(str(two.site.folder / "runs" / f"{report['run']}.json"), other).status == 0
    assert [line["section"] for line in other.latest().values()] == list(WHOLE.values())
    assert two.site.verify().status == 0


def test_a_missing_or_failing_section_hides_no_other_and_is_named(two: Crawled) -> None:
    columns = two.columns
    assert two.crawl().status == 0
    second, start = r"list\.asp\?id=6", f"{two.url}#{B}"
    cases: dict[str, tuple[dict[str, Any], str, str]] = {
        "not linked": (
            {"linked": (5,)},
            start,
            f"section {B}: {two.url}: no link to a kesion list page is named {B}",
        ),
        "an error": ({"broken": {second: Answer("", 500)}}, "list.asp?id=6", "list page 1: "),
        "empty": ({"columns": columns.columns | {6: (B, [])}}, "list.asp?id=6", f"section {B}: the section {B} "),
        "one page": ({"broken": {"age=2": Answer("", 500), second: Answer(half())}}, "Page=2", "list page 2: "),
    }
    usual = dict(vars(columns))
    for name, (changes, where, told) in cases.items():
        vars(columns).update(usual | changes)
        columns.trails = dict.fromkeys((1, 2, 3, 4), 5)  # 5 is deleted, which only all lists together may tell
        ended = two.crawl(SECTIONS, "-s", "GONE_AFTER_DAYS=0")
        assert ended.status == 3, (name, ended)
        found = [gap for gap in two.site.report()["not_captured"] if gap["detail"].startswith(told)]
        assert [gap["url"].endswith(where) for gap in found] == [True], (name, two.gaps)
        assert (two.kept, two.site.report()["listing_complete"]) == (WHOLE, False), name
        assert [(one["section"], one["complete"]) for one in two.sections] == [(A, True), (B, False)], name
        assert set(two.presences().values()) <= {"unknown"}, name
    vars(columns).update(usual | {"linked": ()})
    refused = two.crawl()
    assert (refused.status, refused.out.count("no link to a kesion list page is named")) == (4, 2), refused
    columns.broken = {"^/$": Answer("", 500)}
    refused = two.crawl()
    assert (refused.status, len(two.gaps), refused.out.count("could not be read")) == (3, 1, 1), refused
    vars(columns).update(usual)
    assert (two.crawl(SECTIONS, "-s", "GONE_AFTER_DAYS=0").status, two.kept) == (0, WHOLE)


def half() -> str:
    """The first of two pages of the second list."""
    return list_page([(4, title(4), "2020-01-04")], pager=PAGER.format(6, 2, 2), trail=TRAIL.format(6, B))


def test_a_page_is_not_taken_for_the_list_of_a_section_that_it_does_not_name(two: Crawled) -> None:
    two.columns.linked = ()
    ended = two.crawl()
    assert (ended.status, two.site.folder.exists()) == (2, False), ended
    rows = [(one, title(one), f"2020-01-0{one}") for one in (1, 2)]
    another = Answer(list_page(rows, trail=TRAIL.format(5, A)))
    two.columns.linked, two.columns.broken = (5, 6), {r"list\.asp\?id=6": another}
    ended = two.crawl()
    assert (ended.status, set(two.kept.values())) == (3, {A}), ended
    assert any("it has only rows of another section" in gap for gap in two.gaps), two.gaps
    two.columns.linked, two.columns.broken = (), {}
    turned = f'sections = [{{name = "{B}"}}, {{name = "{A}"}}]'
    ended = replace(two, url=f"{two.url}Item/list.asp?id=5").crawl(turned)
    assert (ended.status, [one["name"] for one in two.sections]) == (3, [None, A]), ended


def test_what_is_on_no_list_any_more_is_judged_over_all_lists(two: Crawled) -> None:
    assert two.crawl().status == 0
    two.columns.columns = {5: (A, [1, 4, 3]), 6: (B, [3, 6])}
    two.columns.trails, two.columns.edition = {1: 5, 3: 5, 4: 6, 5: 6, 6: 9}, "第二版"
    ended = two.crawl(SECTIONS, "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
    assert (ended.status, ended.err, two.presences()) == (0, "", {"gszx:2": "missing", "gszx:5": "unlisted"}), ended
    assert two.kept == {1: A, 3: A, 4: A, 5: B, 6: B}, "a speech moves with its row, a new one is of its list"


def test_one_of_the_sections_is_a_part_of_the_site(two: Crawled, tmp_path: Path) -> None:
    columns = two.columns
    assert two.crawl().status == 0
    columns.trails = {1: 5, 2: 5, 3: 5, 5: 5, 6: 5}
    columns.labels, columns.edition = {6: "领导言论"}, "第二版"
    columns.columns[6] = (B, [4, 5, 6])
    ended = two.crawl(SECTIONS, "-a", f"section={B}", "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
    assert (ended.status, ended.err, two.kept) == (0, "", WHOLE | {6: B}), ended
    report = two.site.report()
    assert (report["verdict"], report["only_section"], report["counts"]["unmarked"]) == ("partial", B, 1)
    assert (report["listing_complete"], report["counts"]["not_listed"]) == (False, 0)
    assert [(bool(one["url"]), one["asked"], one["complete"]) for one in two.sections] == [
        (True, False, False),
        (True, True, True),
    ]
    assert report["problems"].get("section: disagrees") is None, "the other section is no wrong column"
    assert two.again("latest").status == 0, "the same parser reads the same from the archive's own captures"
    columns.linked, columns.edition = (6,), "第三版"
    assert two.crawl(SECTIONS, "-a", f"section={B}", "-a", "mode=full").status == 0
    assert two.site.report()["problems"].get("section: disagrees") == 1, "its name alone tells the other section"
    other = Site(tmp_path / "other")
    assert two.again(str(two.site.folder / "runs" / f"{report['run']}.json"), other).status == 0
    assert (other.report()["only_section"], set(other.latest())) == (B, {"5", "6"})
    no_sections = f'section = "{A}"'
    for section, given, told in ((SECTIONS, "讲话", f"must be one of: {A}, {B}"), (no_sections, A, "no `sections`")):
        wrong = two.crawl(section, "-a", f"section={given}")
        assert (wrong.status, told in wrong.err) == (2, True), wrong


def test_the_names_of_one_section_that_are_two_columns_are_told_and_then_both_are_read(two: Crawled) -> None:
    columns, names = two.columns, f'section = ["{A}", "{B}"]'
    ended = two.crawl(names)
    assert (ended.status, set(two.kept.values()), len(two.gaps)) == (3, {A}, 1), ended
    assert two.gaps[0].endswith(f"to read both, write {SECTIONS}")
    columns.bare, columns.columns[6] = (6,), (B, [4, 5])
    ended = two.crawl()
    assert (ended.status, two.kept, two.site.events(2)) == (0, WHOLE, {"created": {"4", "5"}}), ended
    assert two.site.report()["counts"]["not_listed"] == 0


def test_a_speech_stays_in_the_section_in_which_the_archive_has_it(two: Crawled) -> None:
    columns = two.columns
    assert two.crawl().status == 0
    columns.columns, columns.edition = {5: (A, [1, 2, 3, 4, 5]), 6: (B, [1, 2, 3, 4, 5])}, "第二版"
    ended = two.crawl(SECTIONS, "-a", "mode=full")
    assert (ended.status, ended.err, two.kept) == (0, "", WHOLE), "on both lists"
    assert two.site.events(2) == {"changed": {"1", "2", "3", "4", "5"}}
    columns.broken, columns.edition = {r"list\.asp\?id=5": Answer("", 500)}, "第三版"
    assert (two.crawl(SECTIONS, "-a", "mode=full").status, two.kept) == (3, WHOLE), "its own list cannot be read"
    columns.broken, columns.edition, columns.linked = {}, "第四版", (6,)
    columns.columns[6] = (B, [4, 5])
    names = f'section = ["{A}", "{B}"]'
    ended = two.crawl(names, "-a", "mode=full")
    assert (ended.status, two.kept, two.presences()["gszx:1"]) == (0, WHOLE, "unlisted"), "it is on no list"
    assert two.again("latest").status == 0


def test_rows_in_the_side_bar_of_another_column_are_of_their_own(two: Crawled) -> None:
    side = (f'<li><a href="/Item/Show.asp?m=1&d={one}">{title(one)}</a> 2020-01-0{one}</li>' for one in (4, 5, 6))
    two.columns.side = f'<div class="side"><ul>{"".join(side)}</ul></div>'
    two.columns.trails |= {4: 9, 6: 6}
    ended = two.crawl()
    assert (ended.status, ended.err, two.kept) == (0, "", WHOLE | {6: B}), ended
    two.columns.edition = "第二版"
    ended = two.crawl(SECTIONS, "-a", "mode=full")
    assert (ended.status, ended.err, two.kept) == (0, "", WHOLE | {6: B}), ended
    assert two.site.report()["notes"].keys() == {f"listed in {A} and in {B}, taken once"}
    two.columns.has_pager = False
    assert two.crawl().status == 0
    told = [note for note in two.site.report()["notes"] if note.startswith("no row certainly belongs to the list of")]
    assert (len(told), two.site.report()["listing_complete"]) == (2, False), "nothing tells rows from side bars"


def test_a_section_that_the_start_page_does_not_link_has_its_own_address(two: Crawled) -> None:
    two.columns.linked = (5,)
    address = "http://127.0.0.1/Item/list.asp?id=6"
    own = f'sections = [{{name = "{A}"}}, {{name = "主席之声", start_url = "{address}"}}]'
    ended = two.crawl(own)
    assert (ended.status, two.kept) == (0, WHOLE), ended
    assert [one["url"] for one in two.sections] == [f"{two.url}Item/list.asp?id={number}" for number in (5, 6)]
    assert f"the site calls the section 主席之声 {B}" in two.site.report()["notes"]
    same = two.crawl(own.replace("id=6", "id=5"))
    assert (same.status, len(two.gaps)) == (3, 1), same
    assert f"is the list of {A}, too" in two.gaps[0]


def nested(path: str, _: Message) -> Answer:
    """A site of unknown make whose second column lies in the folder of the first, and is linked on its list."""
    columns = {"/ldjh/": (A, (1, 2, 3)), "/ldjh/zx/": (B, (4, 5, 6))}
    nav = "".join(f'<a href="{folder}">{name}</a> ' for folder, (name, _) in columns.items())
    if path == "/":
        return Answer(f"<html><title>云溪市政协网</title><body>{nav}</body></html>")
    folder, file = path.rsplit("/", 1)
    name, numbers = columns.get(f"{folder}/", ("", ()))
    if name and not file:
        rows = "".join(f'<li><a href="t{one}.html">{title(one)}</a> 2024-01-0{one}</li>' for one in numbers)
        return Answer(f"<html><title>{name}-云溪市政协网</title><body>{nav}<ul>{rows}</ul></body></html>")
    number = next((one for one in numbers if file == f"t{one}.html"), None)
    if number is None:
        return Answer("", 404)
    text = "".join(f"<p>{title(number)}，第{part}点意见，请各位委员认真落实，办好办实。</p>" for part in range(5))
    trail = f'<div>当前位置：<a href="/">首页</a> &gt; <a href="{folder}/">{name}</a> &gt; 正文</div>'
    head = f"<h1>{title(number)}</h1><p>发布时间：2024-01-0{number}</p>"
    return Answer(f"<html><title>{title(number)}</title><body>{trail}{head}<div>{text}</div></body></html>")


def test_a_section_within_the_folder_of_another_is_read_as_itself(site: Site) -> None:
    site.root.parent.mkdir(exist_ok=True)
    asked: list[str] = []
    with serve(nested, asked) as url:
        ended = Crawled(Columns(), site, url, asked, "generic").crawl()
    found = {(line["url"].rpartition("/")[0].removeprefix(url), line["section"]) for line in site.latest().values()}
    assert (ended.status, len(site.latest()), found) == (0, 6, {("ldjh", A), ("ldjh/zx", B)}), ended
    assert asked.count("/ldjh/zx/") == 1


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "section and sections are both missing"),
        (f'section = "{A}"\n{SECTIONS}', "section and sections are both there"),
        ("sections = []", "sections = []: must be a list of sections"),
        (f'sections = ["{A}"]', "must be a list of sections"),
        (f'sections = [{{nam = "{A}"}}]', "unknown key 'sections[1].nam'; allowed are: sections[1].name"),
        ('sections = [{start_url = "http://127.0.0.1/"}]', "key 'sections[1].name' is missing"),
        (f'sections = [{{name = "{A}"}}, {{name = "领导 讲话"}}]', "sections[2].name = '领导 讲话': is there twice"),
        (f'sections = [{{name = "{A}", start_url = "/a"}}]', "sections[1].start_url = '/a': must be an address"),
        (f'sections = [{{name = "{A}", start_url = "http://a.example/"}}]', "is on none of the hosts 127.0.0.1"),
    ],
)
def test_a_wrong_profile_is_refused_with_what_is_allowed(lines: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_text(PROFILE.replace(f'section = "{A}"', lines), "utf-8")
    with pytest.raises(ProfileError) as raised:
        load_profile("two", file)
    assert told in str(raised.value)
    assert str(file) in str(raised.value)


def test_the_digest_tells_several_sections_from_one_of_several_names(tmp_path: Path) -> None:
    digests = set()
    for lines in (SECTIONS, f'section = ["{A}", "{B}"]'):
        file = tmp_path / "two.toml"
        file.write_text(PROFILE.replace(f'section = "{A}"', lines), "utf-8")
        profile = load_profile("two", file)
        assert profile.section == (A, B)
        digests.add(profile.digest)
    assert len(digests) == 2
