"""`browse`: pages for the browsers of this machine and nobody else, which follow the archives."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipelines.__main__ import main
from pipelines.fleet.attempts import Began, Ended, Journal
from pipelines.window.serving.window_server import WindowServer
from tests.conftest import PATIENCE, ROOT
from tests.test_archive import crawl, day, speech
from tests.test_window_search import searched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPMessage
    from pathlib import Path


def asked(port: int, path: str, method: str = "GET", host: str | None = None) -> tuple[int, HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
    answer = connection.getresponse()
    told = answer.status, answer.headers, answer.read()
    connection.close()
    return told


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WindowServer]:
    for name in ("fleet/window/index.html", "fleet/window/.scratch/x.html", "gszx/warc/a.html", "fleet/secret.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("政协", "utf-8")
    (tmp_path / "fleet/window/out.html").symlink_to("../secret.toml")
    (tmp_path / "fleet/window/far.html").symlink_to("/etc/passwd")
    with WindowServer(tmp_path / "fleet/window", [tmp_path / "gszx"], 0) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def test_only_the_window_and_its_archives_are_served_and_only_under_our_own_name(server: WindowServer) -> None:
    port = server.server_port
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{port}/fleet/window/index.html"
    assert (asked(port, "/")[0], asked(port, "/")[1]["Location"]) == (302, "/fleet/window/index.html")
    status, headers, page = asked(port, "/fleet/window/index.html?x")
    assert (status, page.decode(), headers["Content-Type"]) == (200, "政协", "text/html; charset=utf-8")
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert {"nosniff", "no-referrer", "same-origin", "no-store"} <= set(headers.values())
    archived = asked(port, "/gszx/warc/a.html")
    assert (archived[0], archived[1]["Content-Security-Policy"]) == (200, "default-src 'none'; sandbox")
    refused = [
        *("/fleet/secret.toml", "/fleet/window/../secret.toml", "/fleet/window/%2e%2e/secret.toml", "/gszx/"),
        *("/fleet/window/out.html", "/fleet/window/.scratch/x.html", "/fleet/window/", "/../../etc/passwd", "/%00"),
        *("/fleet/window/far.html", f"/fleet/window/{'a' * 5_000}"),
    ]
    assert [asked(port, path)[0] for path in refused] == [404] * len(refused)
    assert asked(port, "/fleet/window/index.html", "HEAD")[0] == 200
    assert asked(port, "/fleet/window/index.html", "POST")[0] == 501
    assert asked(port, "/", host="rebound.example")[0] == 421
    assert [asked(port, "/", host=host)[0] for host in (f"localhost:{port}", "localhost")] == [302, 421]
    server.server_port = 80  # whose number browsers leave out
    assert [asked(port, "/", host=host)[0] for host in ("localhost", "127.0.0.1", "localhost:80")] == [302] * 3


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--out", "/proc/window"], "--out /proc/window: cannot be written"), (["--port", "99999"], "--port 99999: ")],
)
def test_what_cannot_be_is_told(
    tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    crawl(tmp_path / "gszx", 1, speech("1", day(1)))
    assert main(["browse", str(tmp_path / "gszx"), "--no-open", *options]) == 2
    assert said in capsys.readouterr().err
    assert (tmp_path / "fleet/window-gszx/index.html").exists() == ("--port" in options)


def test_it_shows_what_a_run_commits_while_it_serves_and_ends_with_a_signal(tmp_path: Path) -> None:
    crawl(tmp_path / "gszx", 1, speech("1", day(1), body="各位委员"))
    command = [sys.executable, "-m", "pipelines", "browse", str(tmp_path), "--no-open", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            port, catalogue = int(address.split("/")[2].partition(":")[2]), "/fleet/window/search/catalogue.js"
            assert b'"speeches":1' in asked(port, catalogue)[2]
            crawl(tmp_path / "gszx", 2, speech("2", day(2), body="新的话"))
            ends = time.monotonic() + PATIENCE
            while b'"speeches":2' not in asked(port, catalogue)[2]:
                assert time.monotonic() < ends
                time.sleep(0.1)
            with Journal(tmp_path, "gszx").begin(Began(attempt="a", at=day(3), pid=1, host="here")) as under_way:
                under_way.end(
                    Ended(
                        at=day(3),
                        run=None,
                        mode=None,
                        exit_status=3,
                        verdict="failed",
                        message="no answer",
                        seconds=1,
                    )
                )
            while b"no answer" not in asked(port, "/fleet/window/en/health.html")[2]:
                assert time.monotonic() < ends
                time.sleep(0.1)
            (found,) = searched(address.replace("index.html", "en/search.html"), [{"q": "新的"}])
            assert ([hit["link"] for hit in found["hits"]], found["said"]) == (["speeches/gszx/2.html"], [])
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in said
