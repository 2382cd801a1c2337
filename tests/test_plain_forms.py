"""`export --to csv|jsonl`: what a spreadsheet opens safely, and what programs read back exactly."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest
from backports import zstd

from pipelines.__main__ import main
from pipelines.archive import Archive
from pipelines.record import Problem
from tests.test_archive import FACTS, crawl, day, missed, opened, sealed, speech

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BODIES = [
    "各位委员：\n大家好！",
    "",
    '=HYPERLINK("http://x.example")',
    "+1\r\n\t\u2028\u0085尾",
    "-一、",
    "@SUM(1)",
    "\t=1",
    "\u3000＝1＋1",
    "'quoted'",
    "\n=1",
    "\ufeff\u200b=1",
    "\u061c\u180e\u3000=1",
    "\U000e0020-1",
    "\x00",
    '𠀀,"半""角",\\n',
    "NULL",
    "大" * 100_000,
    "a\x00b\x1a",
]
USUAL = Problem(field="body", code="title-repeated", detail="开头")
CUT = Problem(field="body", code="cut", detail="=1")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose texts are hard to write, with speeches without a view count and one that is gone."""
    root = tmp_path_factory.mktemp("forms")
    hard = [
        speech(f"00{n}", day(1), body=body, title=body[:20] or "题", speaker=None, view_count=None if n % 2 else n)
        for n, body in enumerate(BODIES)
    ]
    hard[0] = replace(hard[0], problems=(USUAL, CUT))
    crawl(root / "gszx", 1, *hard, speech("gone", day(1)))
    crawl(root / "gszx", 2, missed("gone", day(2)), days=0)
    return root


def exported(root: Path, out: Path, *arguments: str) -> Path:
    assert main(["export", str(root), "--out", str(out), *arguments]) == 0
    return out


def latest(root: Path) -> list[dict[str, Any]]:
    return list(Archive(root / "gszx").latest())


def taken_back(text: str | None) -> str | None:
    """What the documents say: a quote at the beginning is taken away."""
    return text.removeprefix("'") if text is not None else None


def as_read(root: Path) -> dict[str, tuple[Any, ...]]:
    return {
        line["id"]: (line["native_id"], line["title"], line["body"], line["view_count"], line["speaker"])
        for line in latest(root)
    }


NAMES = ["id", "native_id", "title", "body", "view_count", "speaker"]
TEXTS = [name for name in NAMES if name != "view_count"]


def by_csv(file: Path) -> list[list[Any]]:
    csv.field_size_limit(1 << 24)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = [[row[name] for name in NAMES] for row in csv.DictReader(stream)]
    return [[*row[:4], int(row[4]) if row[4] else None, row[5] or None] for row in rows]


def by_pandas(file: Path) -> list[list[Any]]:
    types = dict.fromkeys(TEXTS, "string") | {"view_count": "Int64"}
    frame = pd.read_csv(file, dtype=types, keep_default_na=False, na_values={"view_count": "", "speaker": ""})
    return [[None if one is pd.NA else one for one in row] for row in frame[NAMES].to_numpy(dtype=object).tolist()]


def by_polars(file: Path) -> list[list[Any]]:
    frame = pl.read_csv(file, schema_overrides={"native_id": pl.String, "view_count": pl.Int64})
    return [list(row) for row in frame.select(NAMES).iter_rows()]


def by_duckdb(file: Path) -> list[list[Any]]:
    how = "header = true, quote = '\"', escape = '\"', all_varchar = true, allow_quoted_nulls = false"
    source = f"read_csv('{file}', {how}, max_line_size = 17000000, buffer_size = 34000000)"
    wanted = ", ".join("view_count::BIGINT" if name == "view_count" else name for name in NAMES)
    return [list(row) for row in duckdb.execute(f"select {wanted} from {source}").fetchall()]  # noqa: S608


@pytest.mark.parametrize("read", [by_csv, by_pandas, by_polars, by_duckdb])
def test_every_library_reads_back_what_the_archive_has(
    root: Path, tmp_path: Path, read: Callable[[Path], list[list[Any]]]
) -> None:
    raw = exported(root, tmp_path / "raw", "--to", "csv", "--raw-formulas", "--tables", "speeches")
    assert {row[0]: tuple(row[1:]) for row in read(raw / "speeches.csv")} == as_read(root)
    safe = exported(root, tmp_path / "safe", "--to", "csv", "--tables", "speeches")
    rows = read(safe / "speeches.csv")
    undone = {row[0]: tuple(taken_back(one) if isinstance(one, str) else one for one in row[1:]) for row in rows}
    assert undone == as_read(root)
    begin = re.compile(r"[\s\ufeff\u200b\u061c\u180e\U000e0020]*[=+\-@＝＋－＠]|[\t\r\n\0]")
    assert not [one for row in rows for one in row if isinstance(one, str) and begin.match(one)]


def test_a_csv_tells_null_from_the_empty_text(root: Path, tmp_path: Path) -> None:
    out = exported(root, tmp_path / "a", "--to", "csv", "--tables", "speeches,versions")
    gone = (out / "versions.csv").read_bytes().split(b"\r\n")[-2]
    empty = by_csv(out / "speeches.csv")[1]
    assert empty[3] == ""
    data = (out / "speeches.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfsite,schema,seq")
    assert b',"",' in data
    assert b'"gone"' in gone
    assert b'""' not in gone
    assert main(["export", str(root), "--to", "csv", "--out", str(tmp_path / "b"), "--fields", "view_count"]) == 2


def test_lines_are_the_bytes_of_the_archive_in_every_compression(root: Path, tmp_path: Path) -> None:
    archive = root / "gszx"
    wanted = (archive / "latest.jsonl").read_bytes()
    plain = exported(root, tmp_path / "a", "--to", "jsonl")
    assert (plain / "speeches.jsonl").read_bytes() == wanted
    manifest = json.loads((plain / "manifest.json").read_bytes())
    files = {file["path"]: file["sha256"] for file in manifest["files"]}
    assert files["speeches.jsonl"] == hashlib.sha256(wanted).hexdigest()
    for name, table in manifest["tables"].items():
        lines = [json.loads(line) for line in (plain / f"{name}.jsonl").read_bytes().split(b"\n")[:-1]]
        assert len(lines) == table["rows"]
        assert all(set(line) == {column["name"] for column in table["columns"]} for line in lines), name
    for kind, unpacked in (("gz", gzip.open), ("zst", zstd.open)):
        twice = [exported(root, tmp_path / f"{kind}{n}", "--to", "jsonl", "--compress", kind) for n in range(2)]
        packed = [(out / f"speeches.jsonl.{kind}") for out in twice]
        assert packed[0].read_bytes() == packed[1].read_bytes()
        assert kind != "gz" or packed[0].read_bytes()[3:8] == bytes(5), "neither a name nor a time"
        with unpacked(packed[0]) as stream:
            assert stream.read() == wanted


def test_flat_lines_have_plain_values_and_the_problems_that_are_asked_for(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*arguments: str) -> list[dict[str, Any]]:
        assert main(["export", str(root), *arguments]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]

    assert main(["export", str(root), "--flat", "--fields", "id,problems"]) == 0
    told = capsys.readouterr()
    assert [json.loads(line) for line in told.out.split("\n")[:1]] == [{"id": "gszx:000", "problems": "cut"}]
    assert told.err == "note: speeches: problems left out: title-repeated (1); --problems all has them\n"
    whole = printed("--flat", "--problems", "all")
    assert whole[0]["problems"] == "title-repeated cut"
    assert all(not isinstance(value, (list, dict)) for line in whole for value in line.values())
    assert {"captures", "raw", "attachments", "evidence", "published_at_text"}.isdisjoint(whole[0])
    assert [row["code"] for row in printed("--tables", "problems", "--problems", "damage,style")] == [
        "title-repeated"
    ]
    fields = printed("--fields", "published_at_text,problems,site", "--tables", "versions")
    assert fields[0]["problems"][1] == {"field": "body", "code": "cut", "detail": "=1"}
    assert list(fields[0]) == ["site", "published_at_text", "problems"]
    assert printed("--tables", "observations", "--fields", "site,seq")[0] == {"site": "gszx", "seq": len(BODIES) + 2}
    for wrong in (["--compress", "gz"], ["--tables", "speeches,views"], ["--raw-formulas"]):
        assert main(["export", str(root), *wrong]) == 2
    with pytest.raises(SystemExit, match="2"):
        main(["export", str(root), "--problems", "grave"])
    out = exported(root, tmp_path / "a", "--to", "csv", "--problems", "notice")
    manifest = json.loads((out / "manifest.json").read_bytes())
    usual = {"title-repeated": 1}
    assert manifest["left_out"]["problems"] == {"speeches": usual, "versions": usual, "problems": usual}


@pytest.mark.parametrize(
    ("to", "old", "new"),
    [
        (["csv"], b'"problems":[]', b'"problems":[7]'),
        (["jsonl", "--flat"], b'"id":"other:1",', b""),
        (["jsonl", "--fields", "site,id"], b'"seq":1,', b'"seq":01,'),
        (["jsonl", "--fields", "site,id"], b'"problems":[]', b'"problems":[7]'),
    ],
)
def test_a_row_that_is_not_as_the_format_says_is_damage_of_its_archive_alone(
    tmp_path: Path, to: list[str], old: bytes, new: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    crawl(tmp_path / "root/gszx", 1, speech("1", day(1)))
    run = opened(tmp_path / "root/other", 1, facts=replace(FACTS, site="other"))
    run.keep(speech("1", day(1), site="other"))
    sealed(run, 1)
    forged = tmp_path / "root/other"
    lines, about = (forged / "latest.jsonl").read_bytes(), json.loads((forged / "latest.json").read_bytes())
    lines = lines.replace(old, new).replace(b'"site":"other",', b"") if b"other" in old else lines.replace(old, new)
    (forged / "latest.jsonl").write_bytes(lines)
    about |= {"sha256": hashlib.sha256(lines).hexdigest(), "bytes": len(lines)}
    (forged / "latest.json").write_text(json.dumps(about), "utf-8")
    command = ["export", "--tables", "speeches", "--to", *to]
    is_read = "--fields" in to and b"problems" in old
    assert main([*command, str(forged), "--out", str(tmp_path / "a")]) == (0 if is_read else 5)
    assert main([*command, str(tmp_path / "root"), "--out", str(tmp_path / "b")]) == (0 if is_read else 5)
    assert "internal" not in capsys.readouterr().err
    manifest = json.loads((tmp_path / "b/manifest.json").read_bytes())
    assert [site["site"] for site in manifest["sites"]] == ["gszx", "other"][: 2 if is_read else 1]
