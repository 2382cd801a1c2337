"""A hash of everything that makes pages, but the archives: software, templates, words, and what was asked for."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pipelines
from pipelines.canonical import json_line

if TYPE_CHECKING:
    from pipelines.window.building.window_options import WindowOptions

_LIBRARIES = ("jinja2", "markupsafe", "lxml", "segno", "leather")
_SOURCES = frozenset({".py", ".html", ".toml", ".css", ".js"})


def maker_of(options: WindowOptions) -> str:
    """The hash: where it differs, every page may."""
    sha256, root = hashlib.sha256(json_line(options).encode()), Path(pipelines.__file__).parent
    for name in _LIBRARIES:
        sha256.update(f"{name} {version(name)}\n".encode())
    for file in sorted(one for one in root.rglob("*") if one.suffix in _SOURCES):
        sha256.update(f"{file.relative_to(root).as_posix()}\n".encode())
        sha256.update(file.read_bytes())
    return sha256.hexdigest()
