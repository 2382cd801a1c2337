"""The store that an address names."""

from __future__ import annotations

import re

from pipelines.store.kinds.folder import FolderStore
from pipelines.store.protocol import Store, StoreError, StoreObject, WrongStore

__all__ = ["Store", "StoreError", "StoreObject", "WrongStore", "is_bucket", "store_of"]

S3 = "s3://"
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:/")
"""How an address begins, also with a slash too few; such a folder is `./s3:/…`."""
_BUCKET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}")


def is_bucket(address: str) -> bool:
    """True for the address of object storage, false for a folder's."""
    return address.startswith(S3)


def store_of(address: str) -> Store:
    """The store at `s3://BUCKET/PREFIX` or in a folder; nothing is asked of it yet.

    Raises:
        WrongStore: it is neither, or what speaks to it is not installed or not set up.
    """
    if is_bucket(address):
        bucket, _, prefix = address.removeprefix(S3).partition("/")
        parts = prefix.rstrip("/").split("/") if prefix.rstrip("/") else []
        if not _BUCKET.fullmatch(bucket) or any(part in {"", ".", ".."} for part in parts):
            raise WrongStore(f"{address}: is no address of object storage; write s3://BUCKET or s3://BUCKET/PREFIX")
        from pipelines.store.kinds.bucket import Bucket  # noqa: PLC0415 - its library takes a while, and may be missing

        return Bucket(bucket, "/".join(parts))
    if _SCHEME.match(address):
        raise WrongStore(f"{address}: is no store that is known here; write s3://BUCKET/PREFIX, or a folder")
    return FolderStore(address)
