"""Every command and call of docs/data.md and the README, run in order in one folder; each call reads all there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.archive import Archives
from tests.conftest import PATIENCE, ROOT
from tests.judging import BINARIES, tool
from tests.nasty_archives import nasty

PAGE = (ROOT / "docs/data.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", PAGE, re.MULTILINE)
README = (ROOT / "README.md").read_text("utf-8")
CALLS = re.findall(r"^```python\n(.*?)^```", PAGE + README, re.MULTILINE | re.DOTALL)
OF_JUDGE = re.compile(r"pyarrow|datasets|mlcroissant|read_parquet\(.*dtype_backend")
"""Calls for which the environment of the tests has no library."""

COUNTED = """
import contextlib, json, sys, warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="mlcroissant|datasets|rdflib|multiprocess|dill|duckdb")

def column(speeches, name):
    if hasattr(speeches, "fetchall"):
        return [row[0] for row in speeches.select(name).fetchall()]
    if isinstance(speeches, list):
        return [row[name] for row in speeches]
    found = speeches[name]
    return found.to_pylist() if hasattr(found, "to_pylist") else list(found)

def plain(value):
    if type(value).__name__ == "NAType" or value != value:
        return None
    return value.decode() if isinstance(value, bytes) else value

for call in json.load(sys.stdin):
    names = {}
    with contextlib.redirect_stdout(sys.stderr):
        exec(call, names)
    ids, counts = (list(map(plain, column(names["speeches"], key))) for key in ("id", "view_count"))
    print(json.dumps([ids, [None if one is None else int(one) for one in counts]]))
"""


def test_every_command_and_every_call_does_what_the_page_says(tmp_path: Path) -> None:
    nasty(tmp_path / "output")
    path = os.pathsep.join([str(Path(sys.executable).parent), str(BINARIES["data"]), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HF_DATASETS_CACHE": str(tmp_path / "cache")}
    environment |= {"HF_HUB_OFFLINE": "1"}
    for command, shown in COMMANDS:
        if command.startswith("jq ") and shutil.which("jq") is None:
            continue
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", shown))
        assert done.returncode == 0, (command, done)
        assert re.fullmatch(pattern, done.stdout or done.stderr, re.DOTALL), (command, done)
    lines = [line for archive in Archives(tmp_path / "output") for line in archive.latest()]
    right = {(line["id"], line["view_count"]) for line in lines}
    read = 0
    for python, is_of_judge in ((sys.executable, False), (tool("data", "python"), True)):
        calls = [call for call in CALLS if bool(OF_JUDGE.search(call)) == is_of_judge]
        done = subprocess.run(
            [python, "-c", COUNTED], input=json.dumps(calls), cwd=tmp_path, env=environment, capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        for call, told in zip(calls, done.stdout.strip().split("\n"), strict=True):
            assert set(zip(*json.loads(told), strict=True)) == right, call
            read += 1
    assert read == len(CALLS) >= 14
