"""Redirects out of the site: no file is opened, no other server is asked, and nothing is taken for gone."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.settings import Settings

from crawler.http.gate import GateMiddleware, NotFetched, may_lead
from crawler.http.hosts import Hosts
from crawler.http.netloc import Server, ip_address
from crawler.run.site_settings import ARCHIVING
from tests.conftest import Site
from tests.small import PROFILE, Answer, article_page, list_page, serve

SECRET = article_page(1, title="本机的文件", body="<p>谁也不该读到。</p>")
TARGETS = {
    # Every scheme that a download handler of Scrapy knows, and some that it does not, with the site's own host in it.
    "file": "file://{site}{secret}",
    "file without a host": "file://{secret}",
    "file upper case": "FILE://{site}{secret}",
    "a device": "file://{site}/dev/zero",
    "ftp": "ftp://{site}/x",
    "s3": "s3://{site}/x",
    "gopher": "gopher://{site}/x",
    "data": "data:text/html,<html>x</html>",
    "javascript": "javascript:alert(1)",
    # Another server, however it is written.
    "other port": "http://127.0.0.1:{port}/x",
    "credentials that look like the site": "http://{site}@127.0.0.1:{port}/x",
    "loopback": "http://127.0.0.2:{port}/x",
    "one number": "http://2130706433:{port}/x",
    "octal": "http://0177.0.0.1:{port}/x",
    "hexadecimal": "http://0x7f.0.0.1:{port}/x",
    "short": "http://127.1:{port}/x",
    "name": "http://localhost:{port}/x",
    "v6": "http://[::1]:{port}/x",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/x",
    "zero": "http://0.0.0.0:{port}/x",
    "private": "http://10.0.0.1/x",
    "private on the site's port": "http://10.0.0.1:{own}/x",
    "link-local": "http://169.254.169.254/latest/meta-data/",
    "without a scheme": "//127.0.0.1:{port}/x",
    "backslashes": "http:\\\\127.0.0.1:{port}\\x",
    "backslash before an at sign": "http://{site}\\@127.0.0.1:{port}/x",
    "control characters": "http://{site}/\x01\x02x",
    "no port": "http://127.0.0.1:99999/x",
    "no address": "http://[::1/x",
}


@contextmanager
def canary(met: list[bytes]) -> Iterator[int]:
    """Another server of this machine; whatever reaches it is in `met`. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        met.append(connection.recv(300))
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def profile(site: Site) -> str:
    file = site.root.parent / "small.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(PROFILE.replace('["127.0.0.1"]', '["gszx.example"]'), "utf-8")
    return f"profile={file}"


def test_articles_redirected_out_of_the_site_open_nothing_and_are_not_gone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text(SECRET, "utf-8")
    rows = [(n, f"第{n}篇讲话", "2020-01-01") for n in range(100, 100 + len(TARGETS))]
    met: list[bytes] = []
    targets: dict[int, str] = {}

    def answer(path: str, _: Message) -> Answer:
        number = int((re.findall(r"(?:d|ID)=(\d+)", path) or ["0"])[0])
        if "GetHits" in path:
            return Answer("document.write('1');")
        if "Show" not in path:
            return Answer(list_page(rows)) if "list.asp" in path or path == "/" else Answer("", 404)
        if number in targets:
            return Answer("", 302, {"Location": targets[number]})
        return Answer(article_page(number, title=f"第{number}篇讲话", body=f"<p>各位委员，这是第{number}次。</p>"))

    with serve(answer) as url, canary(met) as port:
        assert site.crawl(url, "-a", profile(site)).status == 0
        before = site.latest()
        own = url.removeprefix("http://").strip("/")
        given = {"site": own, "own": own.partition(":")[2], "port": port, "secret": tmp_path / "secret.html"}
        targets |= {n: target.format_map(given) for (n, *_), target in zip(rows, TARGETS.values(), strict=True)}
        ended = site.crawl(url, "-a", profile(site), "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
    assert (ended.status, met) == (3, []), ended
    told = {gap["native_id"]: gap["reason"] for gap in site.report()["not_captured"]}
    assert told == dict.fromkeys(before, "bad-url")
    assert {key: line["body"] for key, line in site.latest().items()} == {
        k: line["body"] for k, line in before.items()
    }


@pytest.mark.parametrize("target", ["file://{site}{secret}", "http://127.0.0.1:{port}/r", "/robots.txt"])
def test_nothing_else_is_redirected_out_of_the_site(target: str, site: Site, tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text(SECRET, "utf-8")
    met: list[bytes] = []
    pager = '<div id="fenye">共 2 篇 页次:1/2页 <a href="?ID=5&Page=2">下一页</a></div>'

    def answer(path: str, _: Message) -> Answer:
        if re.search(r"robots|\.doc|GetHits|age=2", path):
            return Answer("", 302, {"Location": target.format_map(given)})
        if "Show" in path:
            return Answer(article_page(7, body='<p>各位委员：<a href="/UploadFiles/1.doc">附件</a></p>'))
        return Answer(list_page([(7, "在会上的讲话", "2020-01-01")], pager=pager))

    with serve(answer, has_robots=True) as url, canary(met) as port:
        given = {"site": url[7:-1], "port": port, "secret": tmp_path / "secret.html"}
        ended = site.crawl(url, "-a", profile(site), "-s", "RETRY_TIMES=0")
    assert (ended.status, met) == (3, []), ended
    assert "谁也不该读到" not in str(site.latest())
    report = site.report()
    assert report["politeness"]["robots_txt"]["robotstxt/redirect_not_followed"] == 1
    assert {gap["what"] for gap in report["not_captured"]} == {"counter", "list"}
    assert {p["code"] for p in site.latest()["7"]["problems"]} == {"not-fetched", "not-answered"}


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://gszx.example/a", True),
        ("HTTP://GSZX.example.:80/a", True),
        ("https://www.gszx.example:443/a", True),
        ("http://user:word@gszx.example/a", True),
        ("http://gszx.example:8080/a", False),
        ("http://gszx.example@other.example/a", False),
        ("ftp://gszx.example/a", False),
        ("http://192.168.3.251/a", False),
        ("http://127.0.0.1/a", False),
        ("http://old.example/a", True),
        ("http://gszx.example\\@other.example/a", False),
    ],
)
def test_redirects_are_followed_within_the_site_alone(url: str, own: bool) -> None:
    followed = Hosts("http://gszx.example/", ["old.example", "gszx.example"]).redirected(url)
    assert (followed is not None) == own
    assert followed is None or "@" not in followed


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0", "224.0.0.1", "2130706433", "0x7f.1",
     "127.1", "0177.0.0.01", "[::1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "[fe80::1%25eth0]", "[::]",
     "localhost", "a.localhost", "LOCALHOST."],
)  # fmt: skip
def test_addresses_that_are_not_of_the_open_network(host: str) -> None:
    server = Server.of(f"http://{host}/")
    assert server is not None
    assert server.is_private


@pytest.mark.parametrize("host", ["gszx.example", "8.8.8.8", "[2400:3200::1]", "1e3.example", "xn--fiqs8s"])
def test_addresses_of_the_open_network(host: str) -> None:
    server = Server.of(f"http://{host}/")
    assert server is not None
    assert not server.is_private


@pytest.mark.parametrize(
    "url",
    ["file://gszx.example/etc/passwd", "ftp://gszx.example/", "data:text/html,x", "http://gszx.example:8080/",
     "http://other.example/", "http://169.254.169.254/", f"http://gszx.example/{'y' * 9000}"],
)  # fmt: skip
def test_what_slips_through_stops_at_the_gate(url: str) -> None:
    crawler: Any = SimpleNamespace(
        spider=SimpleNamespace(hosts=Hosts("http://gszx.example/")), get_extension=lambda _: None
    )
    gate = GateMiddleware(crawler)
    gate.process_request(Request("http://gszx.example/a"))
    with pytest.raises(NotFetched):
        gate.process_request(Request(url))


def test_there_is_no_download_handler_but_for_http() -> None:
    handlers = Settings({"DOWNLOAD_HANDLERS": ARCHIVING["DOWNLOAD_HANDLERS"]}).getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler is not None} == {"http", "https"}


@pytest.mark.parametrize(
    ("start_url", "host", "address", "may"),
    [
        ("http://gszx.example/", "gszx.example", "8.8.8.8", True),
        ("http://gszx.example/", "gszx.example", "10.0.0.1", True),
        ("http://gszx.example/", "www.gszx.example", "10.0.0.1", False),
        ("http://gszx.example/", "www.gszx.example", "::ffff:127.0.0.1", False),
        ("http://gszx.example/", "gszx.example", "169.254.169.254", False),
        ("http://gszx.example/", "gszx.example", "::ffff:169.254.169.254", False),
        ("http://gszx.example/", "gszx.example", "0.0.0.0", False),  # noqa: S104 - an address, not bound to
        ("http://127.0.0.1:8000/", "www.gszx.example", "127.0.0.1", True),
    ],
)
def test_where_a_name_may_lead(start_url: str, host: str, address: str, may: bool) -> None:
    found = ip_address(address)
    assert found is not None
    assert may_lead(Hosts(start_url), Server(host, 80), found) is may
