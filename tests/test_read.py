"""`scrapy read`: saved pages give what a crawl of their site gives, whatever tool saved them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT, Ended, Site, run
from tests.replicas.process import Replica
from tests.small import article_page

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = [
    *("file", "url", "title", "published_on", "published_at", "published_precision", "view_count", "author"),
    *("source", "body", "confidence", "problems"),
]
SAME = ("title", "published_on", "published_at", "author", "source", "body")


def read(*files: Path) -> tuple[Ended, list[dict[str, Any]]]:
    ended = run("scrapy", "read", *map(str, files), "--jsonl", "--family", "kesion")
    lines = [json.loads(line) for line in ended.out.split("\n") if line]
    assert all(list(line) == KEYS for line in lines)
    return ended, lines


def codes(line: dict[str, Any]) -> set[tuple[str, str]]:
    return {(problem["field"], problem["code"]) for problem in line["problems"]}


@pytest.fixture
def save(tmp_path: Path) -> Any:
    def saved(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return file

    return saved


def test_saved_pages_and_captures_give_what_the_crawl_gave(site: Site, tmp_path: Path) -> None:
    """The replica's pages, of several parts too, from the WARC files of a crawl and as files from its server."""
    with Replica(flavour="6.5", speeches=25) as replica:
        assert site.crawl(replica.url).status == 0
        crawled = {line["url"]: line for line in site.latest().values()}
        files = [tmp_path / f"{n}.html" for n in range(len(crawled))]
        for file, url in zip(files, crawled, strict=True):
            with urlopen(url) as answer:  # noqa: S310 - the replica's own address
                file.write_bytes(answer.read())
    assert_as_crawled(crawled, list(crawled), read(*files)[1])
    ended, captured = read(*sorted(site.folder.glob("warc/**/*.warc.gz")))
    assert ended.status == (3 if any(line["body"] is None for line in captured) else 0)
    first = {line["url"]: line for line in reversed(captured) if line["url"] in crawled}
    assert first.keys() == crawled.keys()
    assert_as_crawled(crawled, list(first), list(first.values()))


def assert_as_crawled(crawled: dict[str, Any], urls: Sequence[str], lines: Sequence[dict[str, Any]]) -> None:
    for url, line in zip(urls, lines, strict=True):
        expected = {key: crawled[url][key] for key in SAME}
        if ("body", "continued") in codes(line):
            assert expected["body"].startswith(line["body"])
            assert len(line["body"]) < len(expected["body"])
            expected["body"] = line["body"]
        assert {key: line[key] for key in SAME} == expected
        assert codes(line) - {("view_count", "not-answered"), ("body", "continued")} <= codes(crawled[url])


BODY = "<p>——<span>2023</span><span>年</span>12月㑇䶮𠮷喆堃镕</p><p><i>“</i>十四五<i>”</i>规划，各位委员：</p>"
TEXT = "——2023年12月㑇䶮𠮷喆堃镕\n“十四五”规划，各位委员："


def with_meta(charset: str | None) -> str:
    page = article_page(7, body=BODY, info="日期:2020-01-01 08:00:00 点击:1,234 次")
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return page.replace("<head>", f"<head>{meta}")


def test_any_charset_of_a_page_without_its_header(save: Any) -> None:
    files = [
        save("declared", with_meta("gb2312"), "gb18030"),
        save("undeclared", with_meta(None), "gb18030"),
        save("utf8", with_meta(None)),
        save("bom", "\ufeff" + with_meta("gb2312")),
        save("saved-again", with_meta("gb2312")),
        save("utf16", "\ufeff" + with_meta(None), "utf-16-le"),
    ]
    ended, lines = read(*files)
    assert (ended.status, ended.err) == (0, "")
    assert [line["file"] for line in lines] == [str(file) for file in files]
    for line in lines:
        assert (line["title"], line["body"]) == ("在会上的讲话", TEXT)
        assert (line["published_at"], line["view_count"], line["url"]) == ("2020-01-01T08:00:00+08:00", None, None)
        assert codes(line) == {("view_count", "not-answered")}


def test_a_page_that_gives_no_speech_is_a_line_too(save: Any, tmp_path: Path) -> None:
    whole = article_page(7, body=BODY)
    mark = "<!-- saved from url=(0040)http://www.example.cn/Item/Show.asp?m=1&d=7 -->\n"
    files = {
        save("whole", mark + whole): None,
        save("unended", whole.replace("</body></html>", "")): None,
        save("empty", ""): "empty-answer",
        save("notice", "<script>alert('您要查看的文章已删除。或是您非法传递注入参数!');</script>"): "deleted-notice",
        save("moved", "<html><script>location.href='http://other.cn/1.html'</script></html>"): "redirects-elsewhere",
        save("other", "<html><body><p>各位委员</p></body></html>"): "unreadable",
        save("binary", bytes(range(256)) * 9): "unreadable",
        save("deep", "<html><body>" + "<i>" * 5000 + "</body></html>"): "unreadable",
        save("a.warc.gz", b"no gzip"): "unreadable",
        tmp_path / "none": "unreadable",
        tmp_path: "unreadable",
    }
    ended, lines = read(*files)
    assert (ended.status, ended.err) == (3, "")
    for (file, reason), line in zip(files.items(), lines, strict=True):
        assert line["file"] == str(file)
        if reason is None:
            assert line["body"] == TEXT
        else:
            assert (line["body"], line["title"], codes(line)) == (None, None, {("page", reason)})
            assert line["problems"][0]["detail"]
    assert lines[0]["url"] == "http://www.example.cn/Item/Show.asp?m=1&d=7"
    assert ("body", "no-end") in codes(lines[1])


def test_a_file_cut_off_is_read_as_far_as_it_goes(save: Any) -> None:
    whole = article_page(7, body=BODY)
    ended, (line,) = read(save("cut", whole[: whole.index("规划")]))
    assert ended.status == 0
    assert line["body"] == TEXT[: TEXT.index("规划")]
    assert ("body", "no-end") in codes(line)


def test_what_hangs_on_the_moment_of_saving_is_not_guessed(save: Any) -> None:
    infos = ["日期:昨天 08:00", "日期:3小时前", "日期:12-28", "日期:2020-01-01"]
    _, lines = read(*(save(f"{n}", article_page(7, info=info)) for n, info in enumerate(infos)))
    assert [line["published_on"] for line in lines] == [None, None, None, "2020-01-01"]
    assert [line["published_precision"] for line in lines] == [None, None, None, "day"]
    assert all(any(field == "published_on" for field, _ in codes(line)) for line in lines[:3])


def test_the_radar_judges_saved_pages_too(save: Any) -> None:
    _, (line,) = read(save("a", article_page(7, body="<p>——20231227日在会上</p><p>&amp;nbsp;各位委员：</p>")))
    assert {("body", "lost-date-characters"), ("body", "entities-left")} <= codes(line)


def test_for_people_and_wrong_use(save: Any) -> None:
    file = save("a", article_page(7, body="<p>各位\x1b[2J委员：</p>"))
    shown = run("scrapy", "read", str(file), "--family", "kesion")
    assert shown.status == 0
    assert shown.out.startswith("在会上的讲话\n")
    assert "\x1b" not in shown.out
    for arguments in ((), (str(file), "--family", "none")):
        assert run("scrapy", "read", *arguments).status == 2


def test_the_document_shows_what_the_command_prints(tmp_path: Path) -> None:
    text = (ROOT / "docs/saved-pages.md").read_text("utf-8")
    ((name, page),) = re.findall(r"^<!-- page: (\S+) -->\n```html\n((?s:.*?))^```$", text, re.MULTILINE)
    (tmp_path / name).write_text(page, "gb18030")
    ((command, shown),) = re.findall(r"^```console\n\$ (.*)\n((?s:.*?))^```$", text, re.MULTILINE)
    ended = run(*command.replace(name, str(tmp_path / name)).split())
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.replace(f"{tmp_path}/", "") == shown
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))))
    assert named == set(KEYS)


def test_a_file_name_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"\xff\xfe.html")
    file.write_bytes(article_page(7).encode())
    ended, lines = read(file)
    assert (ended.status, [line["title"] for line in lines]) == (0, ["在会上的讲话"])
