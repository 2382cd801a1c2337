"""The wire: a threading HTTP/1.1 server with faults, a request log and control endpoints under /__replica__/."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import TYPE_CHECKING, Any

from crawler.replica.asp import Answer, Asked
from crawler.replica.faults import Faults
from crawler.replica.kesion import notices

if TYPE_CHECKING:
    from crawler.replica.cms import Cms

CONTROL = "/__replica__/"
SLOWNESS = 0.5
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Bench(ThreadingHTTPServer):
    """One replica and what it was asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], cms: Cms) -> None:
        self.cms = cms
        self.fault_plan = Faults()
        self.requests_seen: list[dict[str, Any]] = []
        self.lock = Lock()
        self.started = time.monotonic()
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is everyday business and no error of the server's.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def note(self, entry: dict[str, Any]) -> None:
        with self.lock:
            self.requests_seen.append({**entry, "at": round(time.monotonic() - self.started, 6)})

    def control(self, method: str, name: str, body: dict[str, Any]) -> Any:
        """The answer of a control endpoint; KeyError when there is none of that name."""
        with self.lock:
            match method, name:
                case "GET", "truth":
                    return self.cms.truth()
                case "GET", "log":
                    return self._log()
                case "POST", "step":
                    return self.cms.step()
                case "POST", "grow":
                    self.cms.site.grow()
                case "POST", "faults":
                    self.fault_plan = Faults(**{**body, "kinds": tuple(body["kinds"])} if "kinds" in body else body)
                case "POST", "section":
                    self.cms.site.section_empty = bool(body["empty"])
                case "POST", "robots":
                    self.cms.robots = body["text"]
                case _:
                    raise KeyError(name)
        return {"ok": True}

    def _log(self) -> dict[str, Any]:
        site = self.cms.site
        increments = {"total": sum(site.increments.values()), "by_id": dict(site.increments)}
        return {"requests": list(self.requests_seen), "increments": increments, "purchases": site.purchases}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: Bench

    def version_string(self) -> str:
        return self.server.cms.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """The log is kept for /__replica__/log, not printed."""

    def do_GET(self) -> None:
        self.handle_page("GET")

    def do_HEAD(self) -> None:
        self.handle_page("HEAD")

    def do_POST(self) -> None:
        self.handle_page("POST")

    def handle_page(self, method: str) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(CONTROL):
            self.send_control(method, form)
            return
        fault = self.server.fault_plan.choose(self.path)
        entry = {"method": method, "path": self.path, "host": self.headers.get("Host"), "fault": fault}
        self.server.note({
            **entry, "user_agent": self.headers.get("User-Agent"), "connection": self.client_address[1]
        })  # fmt: skip
        self.send_faulty(fault, form) if fault else self.send_answer(self.page(form))

    def page(self, form: bytes) -> Answer:
        asked = Asked(
            method=self.command,
            target=self.path,
            form=form.decode("latin-1"),
            host=self.headers.get("Host") or "{}:{}".format(*self.server.server_address[:2]),
            cookie=self.headers.get("Cookie", ""),
            referer=self.headers.get("Referer", ""),
        )
        with self.server.lock:
            return self.server.cms.respond(asked)

    def send_control(self, method: str, form: bytes) -> None:
        try:
            answer = self.server.control(method, self.path.removeprefix(CONTROL), json.loads(form or b"{}"))
            status = 200
        except (KeyError, TypeError, ValueError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
        self.send_answer(
            Answer(status, json.dumps(answer, ensure_ascii=False).encode(), "application/json; charset=utf-8")
        )

    def send_faulty(self, fault: str, form: bytes) -> None:
        match fault:
            case "500":
                self.send_answer(Answer(500, notices.SERVER_ERROR.encode("gb18030"), "text/html"))
            case "503":
                self.send_answer(Answer(503, notices.UNAVAILABLE.encode(), "text/html", {"Retry-After": "1"}))
            case "empty":
                self.send_answer(replace(self.server.cms.html(""), body=b""))
            case "db-down":
                self.send_answer(self.server.cms.html(notices.DATABASE_DOWN))
            case "challenge":
                self.send_answer(
                    Answer(512, notices.CHALLENGE.encode(), "text/html", {"Set-Cookie": "__jsluid_h=0a1b2c; path=/"})
                )
            case "slow":
                time.sleep(SLOWNESS)
                self.send_answer(self.page(form))
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                # shutdown() would say a polite goodbye first; closing both owners of the socket resets it.
                self.close_connection = True
                self.rfile.close()
                self.connection.close()
            case _:
                self.send_cut(self.page(form), tells_length=fault == "truncated")

    def send_cut(self, answer: Answer, tells_length: bool) -> None:
        self.close_connection = True
        self.send_head(answer, len(answer.body) if tells_length else None)
        self.wfile.write(answer.body[: len(answer.body) // 2])
        self.wfile.flush()

    def send_answer(self, answer: Answer) -> None:
        self.send_head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def send_head(self, answer: Answer, length: int | None) -> None:
        self.send_response(answer.status, None if answer.status != 512 else "Unknown")
        self.send_header("Content-Type", answer.content_type)
        common = self.server.cms.headers(self.headers.get("Cookie", ""))
        for name, value in (*common.items(), *answer.headers.items()):
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
