"""docs/archive-format.md is enough to write a reader from: the one in here uses what the page says and no more."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import load
from pipelines.archive.schema.tables import filled
from pipelines.exits import Exit
from pipelines.health import RunReport, Verdict
from pipelines.reasons import PROBLEM_CODES, Reason
from tests.test_archive import story
from tests.test_verify import flips

PAGE = Path(__file__).resolve().parent.parent / "docs/archive-format.md"
TEXT = PAGE.read_text("utf-8")


def block(language: str, number: int = 0) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[number])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return story(tmp_path_factory.mktemp("story") / "a")


# a reader by the page alone: sections 2, 3, 4 and 6


def stranger(root: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    streams: dict[str, list[dict[str, Any]]] = {"versions": [], "observations": []}
    prev, n = None, 1
    while (file := root / f"commits/{n:08d}.json").exists():
        commit = json.loads(file.read_bytes())
        assert (commit["format"], commit["n"], commit["prev"]) == ("speech-archive/2", n, prev)
        prev, n = hashlib.sha256(file.read_bytes()).hexdigest(), n + 1
        for named in commit["files"]:
            data = (root / named["path"]).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (named["bytes"], named["sha256"])
            folder = named["path"].split("/")[0]
            if folder in streams:
                plain = gzip.decompress(data)
                assert hashlib.sha256(plain).hexdigest() == named["sha256_uncompressed"]
                found = [json.loads(line) for line in plain.decode().split("\n")[:-1]]
                assert len(found) == named["lines"]
                streams[folder] += found
    return streams["versions"], streams["observations"]


def as_of(versions: list[dict[str, Any]], day: str, known: str) -> dict[str, str]:
    """Bodies of the speeches present on a day, as far as was known on another."""
    bodies, present = {}, {}
    seen = [line for line in versions if line["observed_at"] <= day and line["recorded_at"] <= known]
    for line in sorted(seen, key=lambda line: (line["version"], line["reading"] or 0)):
        if line["event"] != "gone":
            bodies[line["id"]] = line["body"]
    for line in seen:
        if line["event"] in {"created", "gone", "restored"}:
            present[line["id"]] = line["event"] != "gone"
    return {key: bodies[key] for key in bodies if present[key]}


def test_a_reader_written_from_the_page_agrees_with_ours(finished: Path) -> None:
    versions, observations = stranger(finished)
    assert versions == list(Archive(finished).versions())
    assert observations == list(Archive(finished).observations())
    numbers = sorted(line["seq"] for line in versions + observations)
    assert numbers == list(range(1, len(numbers) + 1))
    end = "9999"
    assert as_of(versions, end, end) == {line["id"]: line["body"] for line in Archive(finished).latest()}
    assert as_of(versions, "2026-01-20T12", end).keys() == {"gszx:9", "gszx:4864"}
    for native_id, known in load(Archive(finished).by_commit()).items():
        of = [line for line in observations if line["id"] == f"gszx:{native_id}"]
        assert known.last_seen == max(o["observed_at"] for o in of if o["presence"] in {"present", "unlisted"})
        assert known.last_checked == max(o["observed_at"] for o in of if "article" in o["looked"])


def test_the_reader_on_the_page_runs(finished: Path) -> None:
    names: dict[str, Any] = {}
    exec(block("python", 1), names)  # noqa: S102 - the page's own code
    assert list(names["lines"](finished, "versions")) == list(Archive(finished).versions())


def test_the_hash_on_the_page_is_the_hash_of_the_lines(finished: Path) -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the page's own code
    content_sha256 = names["content_sha256"]
    assert f"`{content_sha256(json.loads(block('json')))}`" in TEXT
    for line in Archive(finished).versions():
        if line["event"] != "gone":
            assert content_sha256(line) == line["content_sha256"]


# what the page lists is what the code has


def test_the_tables_are_those_of_the_code() -> None:
    assert filled(TEXT) == TEXT, "run: python -m pipelines.archive.schema.tables docs/archive-format.md"
    assert all(f"| `{name}` |" in TEXT for name in (*PROBLEM_CODES, *Reason))
    keys = re.findall(r"^\| `(\w+)` \|.*\|  \|$", TEXT, re.MULTILINE)
    assert keys == [], "keys without a meaning"


def test_every_key_of_a_run_report_is_on_the_page() -> None:
    at = datetime(2026, 1, 1).isoformat()  # noqa: DTZ001 - any text
    report = RunReport(site="gszx", run="r", mode="full", start_url="", started_at=at)
    section = TEXT.partition("## 7.")[2].partition("## 8.")[0]
    document = report.document(Verdict("complete", Exit.COMPLETE, ""))
    for key in (*document, *document["counts"]):
        assert re.search(rf"\b{key}\b", section), key


def test_unknown_keys_pass_the_schemas_and_wrong_ones_do_not(finished: Path) -> None:
    for name, stream in (("speech", Archive(finished).versions()), ("observation", Archive(finished).observations())):
        schema = json.loads((finished / f"schemas/{name}-1.schema.json").read_bytes())
        checker = jsonschema.Draft202012Validator(schema)
        for line in stream:
            checker.validate(line | {"of_a_later_day": {"any": 1}})
            assert not checker.is_valid(line | {"seq": "1"})
            assert not checker.is_valid({key: value for key, value in line.items() if key != "run"})


def test_the_command_about_codes_prints_what_the_page_shows(finished: Path) -> None:
    command, shown = re.search(r"```console\n\$ (jq .*)\n((?:.*\n)+?)```", TEXT).groups()  # type: ignore[union-attr]
    done = subprocess.run(["sh", "-c", command], cwd=finished, capture_output=True, text=True, check=True)
    assert done.stdout == shown


def test_every_closed_list_of_a_line_has_its_meanings(finished: Path) -> None:
    """A new word, or a new list, without a meaning in both languages would leave a reader with a bare word."""
    told = json.loads((finished / "schemas/codes.json").read_bytes())
    assert told.pop("schema") == "codes/1"
    lists = {tuple(row["code"] for row in one["codes"]): one["keys"] for one in told.values()}
    for file in (finished / "schemas").glob("*.schema.json"):
        schema = json.loads(file.read_bytes())
        for path, words in enumerated(schema, schema["title"]):
            assert path in lists[words], f"{path} has no list in pipelines.reasons.closed_lists with exactly {words}"
    rows = [row for one in told.values() for row in one["codes"]]
    assert all(row["en"].strip() and re.search("[\u4e00-\u9fff]", row["zh"]) for row in rows)


def enumerated(schema: dict[str, Any], path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if "enum" in schema:
        yield path, tuple(word for word in schema["enum"] if word is not None)
    for key, inner in schema.get("properties", {}).items():
        yield from enumerated(inner, f"{path} {key}")
    if "items" in schema:
        yield from enumerated(schema["items"], path)


# the check without our software


def shell(root: Path, number: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", block("sh", number)], cwd=root, capture_output=True, text=True, check=False)


def test_the_shell_check_passes_a_whole_archive_and_prints_its_head(finished: Path) -> None:
    told = shell(finished)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"whole: 5 commits, head {Archive(finished).head}\n"


def test_the_shell_check_finds_every_flip(finished: Path) -> None:
    for file, at, bits in flips(finished, 60, 2):
        data = file.read_bytes()
        file.write_bytes(data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :])
        told = shell(finished)
        file.write_bytes(data)
        assert told.returncode != 0, f"{file} byte {at} ^ {bits}"
    assert shell(finished).returncode == 0


@pytest.mark.parametrize("gone", ["commits/00000002.json", "commits/00000002.json.sha256", "runs/run-2.json"])
def test_the_shell_check_misses_a_missing_file(finished: Path, tmp_path: Path, gone: str) -> None:
    root = Path(shutil.copytree(finished, tmp_path / "a"))
    (root / gone).unlink()
    assert shell(root).returncode != 0


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed; the byte check above ran without it")
def test_the_jq_check_follows_seq_through_both_streams(finished: Path, tmp_path: Path) -> None:
    assert shell(finished, 1).returncode == 0
    root = Path(shutil.copytree(finished, tmp_path / "a"))
    commit = root / "commits/00000002.json"
    commit.write_bytes(re.sub(rb'"path": "versions/', b'"path": "elsewhere/', commit.read_bytes()))
    assert shell(root, 1).returncode != 0
