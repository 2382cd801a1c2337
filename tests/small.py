"""Small sites of a test's own: a real server in a thread, and pages of a KesionCMS template unlike the replica's."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROFILE = """\
name = "广水市政协网"
committee = "政协广水市委员会"
cms = "kesion"
id_namespace = "test"
start_url = "http://127.0.0.1/"
section = "领导讲话"
hosts = ["127.0.0.1"]
"""
TRAIL = '<div>您当前位置：<a href="/">广水市政协网</a> >> <a href="/Item/list.asp?id={0}">{1}</a> >> 浏览文章</div>'
SECTION = TRAIL.format(5, "领导讲话")
NEWS = TRAIL.format(3, "政协新闻")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers: a text (sent as UTF-8) or bytes, a status, headers."""

    text: str | bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def article_page(
    number: int,
    *,
    title: str = "在会上的讲话",
    info: str = "日期:2020-01-01 08:00:00",
    body: str = "<p>各位委员：</p>",
    trail: str = SECTION,
    before: str = "",
    behind: str = "",
) -> str:
    """An article; `before` stands above the heading, `behind` after the body."""
    counter = f'<Script Src="/item/GetHits.asp?Action=Count&GetFlag=0&m=1&ID={number}"></Script>'
    return (
        f"<html><head><title>{title}-广水市政协网</title></head><body>{trail}{before}<h3>{title}</h3>"
        f'<p>{info} {counter}</p><div id="MyContent">{body}</div>{behind}</body></html>'
    )


def list_page(rows: Sequence[tuple[int, str, str]], *, side: str = "", pager: str = "", trail: str = SECTION) -> str:
    """A list of (number, title, date) with a side bar before it and a pager behind it."""
    items = "".join(f'<li><a href="/Item/Show.asp?m=1&d={n}">{title}</a> {date}</li>' for n, title, date in rows)
    return f'<html><body>{trail}{side}<ul class="list">{items}</ul>{pager}</body></html>'


def speeches(many: int) -> Callable[[str, Message], Answer]:
    """What a site with so many speeches answers, of which each has a title and words of its own."""
    rows = [(n, f"在第{n}次会议上的讲话", "2020-01-01") for n in range(1, many + 1)]

    def answer(path: str, _: Message) -> Answer:
        if "GetHits" in path:
            return Answer("document.write('12');")
        if (found := re.search(r"[?&]d=(\d+)", path)) is None:
            return Answer(list_page(rows))
        number, title = rows[int(found[1]) - 1][:2]
        return Answer(article_page(number, title=title, body=f"<p>各位委员，这是第{number}次会议的讲话。</p>"))

    return answer


@contextmanager
def serve(
    answer: Callable[[str, Message], Answer],
    asked: list[str] | None = None,
    *,
    has_robots: bool = False,
    certificate: Path | None = None,
) -> Iterator[str]:
    """Serve `answer(path, headers)` on this machine; what was asked is appended to `asked`.

    `has_robots`: `/robots.txt` is answered like any other address; else there is none.
    With a certificate it speaks TLS.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(f"{self.path} {self.headers.get('If-None-Match', '')}".strip())
            is_robots = self.path == "/robots.txt" and not has_robots
            given = Answer("", 404) if is_robots else answer(self.path, self.headers)
            payload = given.text.encode() if isinstance(given.text, str) else given.text
            self.send_response(given.status)
            usual = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(payload))}
            for name, value in {**usual, **given.headers}.items():
                self.send_header(name, value)
            self.close_connection = self.close_connection or "Content-Length" in given.headers
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))  # seconds until it sees that it is to end
    thread.start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
