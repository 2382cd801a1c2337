"""The house rules that can be checked: who imports whom, how long a module may be, what no source may hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = sorted([*ROOT.glob("crawler/**/*.py"), *ROOT.glob("pipelines/**/*.py")])


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_who_imports_whom(path: Path) -> None:
    place, modules = name(path), set(imported(path))
    packages = {module.partition(".")[0] for module in modules}
    if place.startswith("pipelines/"):
        assert "crawler" not in packages
        if place != "pipelines/stages.py":
            assert "scrapy" not in packages
    if place.startswith(("pipelines/archive/", "pipelines/export/")) or place in {
        "pipelines/record.py",
        "pipelines/canonical.py",
    }:
        assert packages <= sys.stdlib_module_names | {"pipelines"}
    if place.startswith("crawler/pages/") or place == "crawler/profile.py":
        assert packages <= sys.stdlib_module_names | {"crawler", "pipelines", "lxml"}
        shared = {m for m in modules if m.startswith("pipelines.") and not m.startswith("pipelines.text.")}
        assert not shared - {"pipelines.record", "pipelines.reasons"}
        assert not {m for m in modules if m.startswith("crawler.") and not m.startswith("crawler.pages")}
    if place.startswith("pipelines/text/"):
        assert packages <= sys.stdlib_module_names | {"pipelines", "lxml"}
        below = {m for m in modules if m.startswith("pipelines.") and not m.startswith("pipelines.text.")}
        assert not below - {"pipelines.record", "pipelines.reasons"}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_modules_stay_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 500
    assert "\ufffd" not in text


def test_an_archive_is_read_without_any_library() -> None:
    """A data team's plain Python reads an archive: nothing but the standard library may be loaded for it."""
    program = "import sys, pipelines.archive.read.reader, pipelines.archive.prove.verify; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    packages = {module.partition(".")[0] for module in loaded}
    assert packages <= sys.stdlib_module_names | {
        "pipelines",
        "__main__",
        "__mp_main__",
        "sitecustomize",
        "usercustomize",
    }
