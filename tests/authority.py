"""An authority of time (RFC 3161) for tests: openssl's own `ts -reply` behind HTTP, in a process of its own.

`python -m tests.authority FOLDER` serves the one that `made` put into FOLDER and prints its address.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT_CERTIFICATE = "ca.pem"
_CONFIG = """\
[tsa]
default_tsa = ours
[ours]
serial = {0}/serial
signer_cert = {0}/tsa.pem
certs = {0}/ca.pem
signer_key = {0}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""
_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)


def made(folder: Path) -> Path:
    """Make keys and certificates of an authority; the path of its root certificate."""
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(_CONFIG.format(folder))
    (folder / "serial").write_text("01\n")
    (folder / "use").write_text("extendedKeyUsage=critical,timeStamping\n")
    names = ["-days", "3650", "-subj", "/CN=Root of tests"]
    openssl(folder, "req", "-x509", *_CURVE, "-keyout", "ca.key", "-out", ROOT_CERTIFICATE, *names)
    openssl(folder, "req", "-new", *_CURVE, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Time of tests")
    by = ["-CA", ROOT_CERTIFICATE, "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", "use"]
    openssl(folder, "x509", "-req", "-in", "tsa.csr", *by, "-out", "tsa.pem")
    return folder / ROOT_CERTIFICATE


def reply(folder: Path, query: bytes) -> bytes:
    """What the authority answers."""
    with TemporaryDirectory() as scratch:
        asked = Path(scratch, "query")
        asked.write_bytes(query)
        openssl(folder, "ts", "-reply", "-queryfile", str(asked), "-config", "config", "-out", f"{scratch}/reply")
        return Path(scratch, "reply").read_bytes()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the authority; its address. `/refused` answers 503, `/nonsense` no time-stamp, `/other` another's.

    `/slow` answers a byte at a time.
    """
    command = [sys.executable, "-m", "tests.authority", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    first: bytes | None = None

    def do_POST(self) -> None:
        query = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            self._trickle()
            return
        is_asked_well = self.headers["Content-Type"] == "application/timestamp-query"
        status = 200 if is_asked_well and self.path != "/refused" else 503
        _Handler.first = _Handler.first or reply(self.folder, query)
        answers = {"/nonsense": b"<html>", "/other": _Handler.first}
        payload = answers[self.path] if self.path in answers else reply(self.folder, query)
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _trickle(self) -> None:
        for byte in b"HTTP/1.0 200 OK\r\n\r\n" + bytes(10):
            self.wfile.write(bytes([byte]))
            time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


if __name__ == "__main__":
    _Handler.folder = Path(sys.argv[1])
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/tsr", flush=True)
        server.serve_forever()
