"""Files and pictures of a body: fetched as the profile allows, proved, and never at the cost of the speech."""

from __future__ import annotations

import hashlib
from email.message import Message

from crawler.crawl.attachments import MOST_FILES
from pipelines.warc.http import HttpResponse
from pipelines.warc.record_reader import read_at
from tests.conftest import Site
from tests.small import PROFILE, Answer, article_page, list_page, serve

PDF = "%PDF-1.4 决议全文" * 99
BODY = (
    '<p>见附件：<a href="/UploadFiles/2020-1/a.pdf">决议.pdf</a><img src="/UploadFiles/2020-1/gone.jpg">'
    '<img src="/UploadFiles/2020-1/page.png"><a href="/UploadFiles/2020-1/big.doc">大文件</a>'
    '<a href="/UploadFiles/2020-1/talk.mp4">录像</a><img src="http://elsewhere.example/a.gif">'
    '<a href="/Item/FileDown.asp?ID=3">下载</a></p>'
)
FILES = {
    "/UploadFiles/2020-1/a.pdf": Answer(PDF, headers={"Content-Type": "application/pdf"}),
    "/UploadFiles/2020-1/gone.jpg": Answer("没有", 404),
    "/UploadFiles/2020-1/page.png": Answer("<html><body>请登录</body></html>"),
    "/UploadFiles/2020-1/big.doc": Answer("x" * (1 << 20) + "x", headers={"Content-Type": "application/msword"}),
    "/Item/FileDown.asp?ID=3": Answer("", 302, {"Location": "/UploadFiles/2020-1/a.pdf"}),
}


def test_attachments_are_kept_by_policy_and_told_when_they_are_not(site: Site) -> None:
    asked, files = list[str](), dict(FILES)

    def answer(path: str, _: Message) -> Answer:
        if path in files:
            return files[path]
        if "GetHits" in path:
            return Answer("document.write('5');")
        return Answer(
            article_page(7, body=BODY) if "how.asp" in path else list_page([(7, "在会上的讲话", "2020-01-01")])
        )

    profile = site.root.parent / "small.toml"
    profile.write_text(f"{PROFILE}attachment_mb = 1\n", "utf-8")
    with serve(answer, asked) as url:
        ended = site.crawl(url, "-a", f"profile={profile}")
        line, first = site.latest()["7"], list(asked)
        files["/UploadFiles/2020-1/gone.jpg"] = Answer("a picture", headers={"Content-Type": "image/jpeg"})
        later = [site.crawl(url, "-a", f"profile={profile}", "-a", "mode=full").status for _ in range(2)]
    assert (ended.status, ended.err, later) == (0, "", [0, 0])
    had = site.latest()["7"]
    assert [one["sha256"] for one in had["attachments"] if "gone" in one["url"]] != [None]
    # A file that could not be had at first is another reading of the same version, told once.
    assert ((had["version"], had["reading"]), had["event"]) == ((1, 2), "reprocessed")
    assert not [p for p in had["problems"] if "gone" in p["detail"]]
    sha256 = hashlib.sha256(PDF.encode()).hexdigest()
    kept = {attachment["url"].rpartition("/")[2]: attachment["sha256"] for attachment in line["attachments"]}
    assert kept == {
        "a.pdf": sha256, "FileDown.asp?ID=3": sha256, "gone.jpg": None, "page.png": None, "big.doc": None,
        "talk.mp4": None, "a.gif": None,
    }  # fmt: skip
    told = {p["detail"].partition(": ")[0].rpartition("/")[2] for p in line["problems"] if p["code"] == "not-fetched"}
    assert told == {"gone.jpg", "page.png", "big.doc", "a.gif"}
    assert not [path for path in first if "talk.mp4" in path]
    captures = [capture for capture in line["captures"] if capture["role"] == "attachment"]
    assert [capture["payload_sha256"] for capture in captures] == [sha256, sha256]
    record = read_at(site.folder / captures[0]["file"], captures[0]["offset"])
    assert HttpResponse.parse(record.block).entity() == PDF.encode()
    assert site.verify().status == 0
    # What was fetched then is history: another policy today is no other reading by the very parser.
    for policy in ("attachment_mb = 0", "attachment_mb = 9", 'attachment_types = ["mp4"]'):
        profile.write_text(f"{PROFILE}{policy}\n", "utf-8")
        again = site.crawl(url, "-a", f"profile={profile}", "-a", "replay=latest")
        assert (again.status, again.err) == (0, "")
        assert site.latest()["7"]["seq"] == had["seq"]


def test_of_too_many_files_the_rest_is_told_and_read_again_alike(site: Site) -> None:
    pictures = "".join(f"<img src='/UploadFiles/{number}.jpg'>" for number in range(MOST_FILES + 5))

    def answer(path: str, _: Message) -> Answer:
        if path.startswith("/UploadFiles/"):
            return Answer(path, headers={"Content-Type": "image/jpeg"})
        is_article = "how.asp" in path
        return Answer(
            article_page(7, body=pictures) if is_article else list_page([(7, "在会上的讲话", "2020-01-01")])
        )

    profile = site.root.parent / "small.toml"
    profile.write_text(f'{PROFILE}counter = "none"\n', "utf-8")
    with serve(answer) as url:
        assert site.crawl(url, "-a", f"profile={profile}").status == 0
        line = site.latest()["7"]
        assert sum(one["sha256"] is not None for one in line["attachments"]) == MOST_FILES
        told = [one["detail"] for one in line["problems"] if one["code"] == "not-fetched"]
        assert told == [f"5 files: only the first {MOST_FILES} of a speech are fetched"]
        again = site.crawl(url, "-a", f"profile={profile}", "-a", "replay=latest")
    assert again.status == 0, again
    assert site.latest()["7"]["reading"] == 1
