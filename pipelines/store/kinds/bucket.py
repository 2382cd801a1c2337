"""A store in a bucket of S3-compatible object storage, spoken to by obstore (extra `s3`).

Endpoint, region and credentials come from the environment (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, …). A request that fails is made again, with growing waits, for about half a minute.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pipelines.archive.disk.files import sync
from pipelines.store.protocol import StoreError, StoreObject, StoreRefuses, WrongStore, digest_of
from pipelines.untrusted import LONGEST_DOCUMENT, opened_to_write

try:
    import obstore
    from obstore.exceptions import (
        AlreadyExistsError,
        BaseError,
        GenericError,
        NotFoundError,
        PermissionDeniedError,
        UnauthenticatedError,
    )
    from obstore.store import S3Store
except ImportError as error:
    missing = "what speaks to object storage is not installed: pip install 'CHECKOUT-OR-WHEEL[s3]'"
    raise WrongStore(f"s3://…: {missing}") from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Answer = TypeVar("Answer")

_PROBE = "create-if-absent.probe"
_PART = 8 << 20
"""Bytes of one part of a large object; of the 10,000 parts that are allowed, two are held at a time."""
_AT_ONCE = threading.BoundedSemaphore(32)
"""Requests of this process, whatever the number of sites that it copies: they hold 512 MB at most."""
_BLOCK = 1 << 20
_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a request is made again that failed although the library had repeated it."""
_BACKOFF = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2}
_RETRIES: Any = {"max_retries": 5, "backoff": _BACKOFF, "retry_timeout": timedelta(seconds=20)}
_CLIENT: Any = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": "2h"}
"""An answer may be long, as captures are, but never stands still."""
_METADATA = "169.254.169.254"
"""Where a virtual machine asks for credentials when the environment gives none."""
_FORBIDDEN = ("401 Unauthorized", "403 Forbidden")
"""Of a listing, the library tells a refusal as any other error."""
_CODE = re.compile(r"<Code>(\w+)</Code>")
"""The store's own word for what is wrong."""
_NOT_THERE = (FileNotFoundError, NotFoundError)


_NOT_IN_RANGE = "416 Range Not Satisfiable"
_ALL_OF_IT = "non-partial response"
"""How the library tells that a part was not answered as one: `rclone serve s3` gives it the status of a whole."""


class _NotProvidedError(StoreError):
    """The store does not know such a request."""


class Bucket:
    """Objects of a bucket below a prefix."""

    def __init__(self, bucket: str, prefix: str) -> None:
        """Nothing is asked yet.

        Raises:
            WrongStore: an endpoint without TLS on another machine, or credentials of a kind that is not read.
        """
        self.address, self._bucket = f"s3://{bucket}/{prefix}".rstrip("/"), bucket
        client = _CLIENT | {"allow_http": _may_be_plain()}
        if "AWS_PROFILE" in os.environ and "AWS_ACCESS_KEY_ID" not in os.environ:
            export = '`eval "$(aws configure export-credentials --format env)"`'
            raise WrongStore(f"{self.address}: profiles of AWS_PROFILE are not read; give the keys, as by {export}")
        self._store = S3Store(bucket, prefix=prefix or None, client_options=client, retry_config=_RETRIES)
        self._probing = threading.Lock()
        self._has_create: bool | None = None
        self._has_parts = True

    @property
    def has_create(self) -> bool:
        """As `Store.has_create`: a second object of one name must be refused."""
        with self._probing:
            if self._has_create is None:
                self._has_create = self._refuses_a_second()
            return self._has_create

    def _refuses_a_second(self) -> bool:
        try:
            return not self._is_created(_PROBE, b"") or not self._is_created(_PROBE, b"")
        except _NotProvidedError:
            return False

    def folders(self, below: str = "") -> list[str]:
        """As `Store.folders`."""
        found = self._asked(below, partial(obstore.list_with_delimiter, self._store, below or None))
        return sorted(prefix.rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"])

    def names(self, below: str) -> Iterator[StoreObject]:
        """As `Store.names`."""
        yield from sorted(self._asked(below, partial(self._listed, below)), key=lambda held: held.name)

    def _listed(self, below: str) -> list[StoreObject]:
        chunks = obstore.list(self._store, below or None, chunk_size=1000)
        found = (StoreObject(one["path"], one["size"]) for chunk in chunks for one in chunk)
        return [one for one in found if one.name != below]  # what consoles make of a folder: an object of its name

    def read(self, name: str) -> bytes:
        """As `Store.read`."""
        return self._asked(name, partial(self._read, name))

    def _read(self, name: str) -> bytes:
        found = obstore.get(self._store, name)
        if (size := found.meta["size"]) > LONGEST_DOCUMENT:
            raise StoreError(f"{self.address}/{name}: {size} bytes long; it is none of ours, remove it")
        return bytes(found.bytes())

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """As `Store.read_part`; where the store gives no part of an object, all before it is read, too."""
        return self._asked(name, partial(self._read_part, name, offset, length))

    def _read_part(self, name: str, offset: int, length: int) -> bytes:
        if self._has_parts:
            try:
                found = obstore.get(self._store, name, options={"range": (offset, offset + length)})
                return bytes(found.bytes())
            except GenericError as error:
                if _NOT_IN_RANGE in str(error):
                    return b""
                if _ALL_OF_IT not in str(error):
                    raise
                self._has_parts = False
        return self._read_from_its_beginning(name, offset, length)

    def _read_from_its_beginning(self, name: str, offset: int, length: int) -> bytes:
        at, part = 0, bytearray()
        for block in obstore.get(self._store, name).stream(_BLOCK):
            part += memoryview(block)[max(offset - at, 0) : max(offset + length - at, 0)]
            at += len(block)
            if at >= offset + length:
                break
        return bytes(part)

    def size(self, name: str) -> int | None:
        """As `Store.size`."""
        try:
            return self._asked(name, partial(obstore.head, self._store, name))["size"]
        except FileNotFoundError:
            return None

    def digest(self, name: str) -> tuple[int, str]:
        """As `Store.digest`."""
        return self._asked(name, partial(self._digested, name))

    def _digested(self, name: str) -> tuple[int, str]:
        sha256, size = hashlib.sha256(), 0
        for block in obstore.get(self._store, name).stream(_BLOCK):
            sha256.update(block)
            size += len(block)
        return size, sha256.hexdigest()

    def fetch(self, name: str, file: Path) -> None:
        """As `Store.fetch`."""
        self._asked(name, partial(self._fetched, name, file))

    def _fetched(self, name: str, file: Path) -> None:
        found = obstore.get(self._store, name)
        with opened_to_write(file) as into:
            for block in found.stream(_BLOCK):
                into.write(block)
            sync(into)

    def put(self, name: str, file: Path) -> None:
        """As `Store.put`."""
        put = partial(obstore.put, self._store, name, file, chunk_size=_PART, max_concurrency=2)
        self._asked(name, put)

    def create(self, name: str, data: bytes) -> bool:
        """As `Store.create`."""
        for _ in _WAITS:
            if self._is_created(name, data):
                return True
            # The answer to a request that succeeded may be lost; the next one then finds our own object.
            with suppress(FileNotFoundError):
                return self.digest(name) == digest_of(data)
            # Of two at the same moment a store may refuse both.
        raise StoreError(f"{self.address}/{name}: cannot be created, and is not there. Run again")

    def _is_created(self, name: str, data: bytes) -> bool:
        create = partial(obstore.put, self._store, name, data, mode="create", use_multipart=False)
        try:
            self._asked(name, create)
        except AlreadyExistsError:
            return False
        return True

    def remove(self, names: Iterable[str]) -> None:
        """As `Store.remove`."""
        given = list(names)
        try:
            self._asked(", ".join(given[:3]), partial(obstore.delete, self._store, given))
        except FileNotFoundError:
            for name in given if len(given) > 1 else ():
                self.remove([name])

    def _asked(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """What the store answers.

        Raises:
            FileNotFoundError: there is no such object.
            AlreadyExistsError: there is one.
            StoreError: it refuses, or did not answer although it was asked again and again.
        """
        place = f"{self.address}/{name}"
        for wait in (*_WAITS, None):
            try:
                with _AT_ONCE:
                    return ask()
            except AlreadyExistsError:
                raise
            except (BaseError, FileNotFoundError) as error:
                if "501 Not Implemented" in str(error):
                    raise _NotProvidedError(f"{place}: the store cannot do this ({_first_line(error)})") from error
                refusal = _refusal(error, self._bucket)
                if isinstance(error, _NOT_THERE) and refusal is None:
                    raise FileNotFoundError(place) from error
                if wait is None or refusal is not None or not isinstance(error, GenericError):
                    if refusal is not None:
                        raise StoreRefuses(f"{place}: {refusal}") from error
                    raise StoreError(f"{place}: {_first_line(error)}. Run again when the store answers") from error
            time.sleep(wait)
        raise AssertionError(place)


def _refusal(error: Exception, bucket: str) -> str | None:
    """What a person must put right before asking again helps; null when it may help by itself."""
    text = str(error)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or any(one in text for one in _FORBIDDEN):
        code = _CODE.search(text)
        said = "refused: the credentials (AWS_ACCESS_KEY_ID, …) may not do this, or are of another store"
        return f"{said} ({code[1] if code else _first_line(error)})"
    if _METADATA in text:
        keys = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        return f"no credentials: set {keys}; this machine has none of its own"
    if "invalid path" in text:
        return f"an object there has a name that is no path: remove it, it is none of ours ({_first_line(error)})"
    server = urlsplit(_endpoint()).netloc.rpartition("@")[2] or "AWS"
    return f"no bucket {bucket} at {server}: make it, or correct the address" if "NoSuchBucket" in text else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(": <")[0][:300].rstrip(". ")  # without a document


def _endpoint() -> str:
    """The server that the environment names; empty for AWS."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def _may_be_plain() -> bool:
    """Whether HTTP without TLS is allowed; `WrongStore` when the endpoint speaks it and it is not."""
    endpoint = _endpoint()
    is_asked = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}
    host = urlsplit(endpoint).hostname or ""
    if endpoint.startswith("http://") and not (is_asked or _is_loopback(host)):
        said = "sends everything readable for all; use https://, or say AWS_ALLOW_HTTP=true"
        raise WrongStore(f"AWS_ENDPOINT_URL=http://{host}: {said}")
    return is_asked or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
