"""Opens a file of an export for writing: as it is, or compressed as it is written."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.export.not_exportable import NotExportable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.tables.options import Compression

_BUFFER = 1 << 18
_GZIP_LEVEL = 6  # that of gzip itself
_ZSTD_LEVEL = 3  # its own default: half the size of a level that takes a quarter of the time


@contextmanager
def outlet(folder: Path, name: str, compress: Compression | None) -> Iterator[BinaryIO]:
    """A new file `name` in `folder`, with `.gz` or `.zst` after its name where it is compressed.

    The same content gives the same bytes: no name and no time is in it.
    """
    path = folder / (f"{name}.{compress}" if compress else name)
    with path.open("xb", buffering=_BUFFER) as file:
        if compress == "gz":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as packed:
                yield packed  # type: ignore[misc] # it writes bytes
        elif compress == "zst":
            with _zstd().ZstdFile(file, "wb", level=_ZSTD_LEVEL) as packed:
                yield packed
        else:
            yield file


def _zstd() -> Any:
    """The module of the standard library (since Python 3.14), or the same made for older ones."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise NotExportable("--compress zst: needs Python 3.14, or pip install backports.zstd; or take gz")
