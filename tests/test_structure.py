"""The house rules that can be checked: who imports whom, how long a module may be, what no source may hold."""

from __future__ import annotations

import argparse
import ast
import graphlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from pipelines.__main__ import VERBS
from tests.conftest import ROOT

SOURCES = sorted([*ROOT.glob("crawler/**/*.py"), *ROOT.glob("pipelines/**/*.py")])
OF_PIPELINES = [path for path in SOURCES if path.is_relative_to(ROOT / "pipelines")]
MOST_MODULES = 14
MOST_ENTRIES = 12
"""Files and folders at the top of `crawler`."""
ROOMS = {"disk": (), "read": ("disk",), "schema": ("disk", "read"), "prove": ("disk", "read", "schema")}
ROOMS["write"] = ("disk", "read", "schema")
ROOMS["pack"] = ("disk", "read", "prove", "write")
"""What each room of the archive may import, besides itself and the errors."""
CONTRACT = {"pipelines.record", "pipelines.reasons", "pipelines.values"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_who_imports_whom() -> None:
    wrong = {name(path): found for path in SOURCES if (found := set(unwanted(name(path), set(imported(path)))))}
    assert wrong == {}


def unwanted(place: str, modules: set[str]) -> Iterator[str]:
    """What this module may not import of what it does."""
    packages = {module.partition(".")[0] for module in modules}
    ours = {module for module in modules if module.startswith("pipelines.")}
    other = packages - sys.stdlib_module_names - {"pipelines"}
    if place.startswith("pipelines/"):
        yield from packages & ({"crawler"} if place == "pipelines/stages.py" else {"crawler", "scrapy"})
    if place.startswith(("pipelines/archive/", "pipelines/export/", "pipelines/reasons/", "pipelines/text/")):
        yield from other
    if place in {"pipelines/record.py", "pipelines/canonical.py", "pipelines/keys.py"}:
        yield from other
    if not place.startswith(("pipelines/window/", "pipelines/verbs/window/")):
        yield from (module for module in ours if module.startswith("pipelines.window"))
    if place.startswith("crawler/pages/") or place == "crawler/sites/profile.py":
        yield from other - {"crawler", "lxml"}
        yield from ours - {m for m in ours if m.startswith("pipelines.text.")} - CONTRACT
        own = ("crawler.pages", "crawler.sites.")
        yield from (module for module in modules if module.startswith("crawler.") and not module.startswith(own))
    if place.startswith("pipelines/text/"):
        yield from ours - {m for m in ours if m.startswith("pipelines.text.")} - CONTRACT


def imports_among(paths: list[Path]) -> dict[str, set[str]]:
    """Every module by its dotted name, with those of `paths` that it imports, also if only for types."""
    files = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in paths}
    found = {
        module: {n if n in files else n.rpartition(".")[0] for n in names(path)} for module, path in files.items()
    }
    return {module: (imports & files.keys()) - {module} for module, imports in found.items()}


def names(path: Path) -> Iterator[str]:
    """Everything a module imports, with the name taken from it: `a.b` for `from a import b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_imports_form_a_cycle() -> None:
    graphlib.TopologicalSorter(imports_among(SOURCES)).prepare()  # raises CycleError, which names the modules


def test_the_rooms_of_the_archive_stand_one_on_the_other() -> None:
    for module, imports in imports_among(OF_PIPELINES).items():
        room = module.removeprefix("pipelines.archive.").partition(".")[0]
        used = {found.split(".")[2] for found in imports if found.startswith("pipelines.archive.")} - {"errors"}
        assert room not in ROOMS or used <= {room, *ROOMS[room]}, module


def test_folders_stay_small_and_names_mean_one_thing() -> None:
    folders = Counter(path.parent.relative_to(ROOT).as_posix() for path in SOURCES if path.stem != "__init__")
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}
    assert len([entry for entry in (ROOT / "crawler").iterdir() if entry.name != "__pycache__"]) <= MOST_ENTRIES
    modules = [path for path in OF_PIPELINES if path.stem != "__init__"]
    bodies = (node for path in modules for node in tree(path).body)
    classes = Counter(node.name for node in bodies if isinstance(node, ast.ClassDef) and node.name[0] != "_")
    for count_of in (Counter(path.stem for path in modules), classes):
        assert [used for used, count in count_of.items() if count > 1] == []


def test_modules_stay_short() -> None:
    texts = {name(path): path.read_text("utf-8") for path in SOURCES}
    assert [place for place, text in texts.items() if text.count("\n") > 500 or "\ufffd" in text] == []


def test_an_archive_is_read_without_any_library() -> None:
    """Plain Python reads, proves and writes an archive: nothing but the standard library may be loaded for it."""
    modules = imports_among(OF_PIPELINES)
    plain = [m for m in modules if m.startswith(("pipelines.record", "pipelines.text", "pipelines.archive"))]
    program = f"import sys, {', '.join(plain)}; print(*sys.modules)"
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


def test_a_command_is_found_in_its_module_and_imports_no_other() -> None:
    """Importing all commands takes longer than most of them; the table must tell each, and nothing else."""
    added = Counter[str]()
    for module in dict.fromkeys(VERBS.values()):

        def verb(name: str, *_: object, of: str = module, **__: bool) -> argparse.ArgumentParser:
            assert VERBS.get(name) == of
            added[name] += 1
            return argparse.ArgumentParser()

        import_module(f"pipelines.verbs.{module}").add(verb)
    assert added == dict.fromkeys(VERBS, 1)
    program = "import sys; from pipelines.__main__ import main; main(['changes', '.']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.removeprefix("pipelines.verbs.") for name in done.stdout.split()} & {*VERBS.values()}
    assert loaded == {"feeds"}
