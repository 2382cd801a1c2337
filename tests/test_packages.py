"""The packages of `export --to`: the field's own tools accept them and refuse a changed byte; and what is in them."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZIP_STORED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.replica.process import Replica
from pipelines.__main__ import main
from pipelines.archive import Archive
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.verify import verify
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.export.cdxj import cdxj_lines
from pipelines.export.sorting import sorted_lines
from tests.conftest import Ended, Site
from tests.judging import judged
from tests.test_archive import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {"wacz": "gszx.wacz", "bagit": "bag", "datapackage": "tables"}
JUDGES: dict[str, Callable[[Path], Ended]] = {
    "wacz": lambda package: judged("wacz", "wacz", "validate", "-f", package),
    "bagit": lambda package: judged("packages", "bagit.py", "--validate", package),
    "datapackage": lambda package: judged("packages", "frictionless", "validate", package / "datapackage.json"),
}


class Packed(NamedTuple):
    """An archive of two crawls, a copy of it as it was after the first, and its packages by form and commit."""

    folder: Path
    before: Path
    packages: dict[tuple[str, int], Path]


def export(folder: Path, form: str, out: Path, n: int | None = None) -> int:
    commit = [] if n is None else ["--commit", str(n)]
    return main(["export", str(folder), "--to", form, "--out", str(out), *commit])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    root = tmp_path_factory.mktemp("packages")
    site, before = Site(root), root / "before"
    with Replica(flavour="7.0", speeches=12) as replica:
        assert site.crawl(replica.url).status == 0
        shutil.copytree(site.folder, before)
        replica.step()
        assert site.crawl(replica.url, "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0").status == 0
    packages = {}
    for n in (1, 2):
        (root / str(n)).mkdir()
        for form, name in NAMES.items():
            packages[form, n] = root / str(n) / name
            assert export(site.folder, form, packages[form, n], n) == 0
    return Packed(site.folder, before, packages)


def tree(package: Path) -> dict[str, bytes]:
    """Every file by its name, and its bytes."""
    if package.is_file():
        return {"": package.read_bytes()}
    files = (file for file in package.rglob("*") if file.is_file())
    return {file.relative_to(package).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("form", NAMES)
def test_the_judge_accepts_the_package(site: Packed, form: str) -> None:
    judgement = JUDGES[form](site.packages[form, 2])
    assert judgement.status == 0, judgement


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("wacz", ""),
        ("bagit", "data/warc/*/*.gz"),
        ("bagit", "data/latest.jsonl"),
        ("bagit", "bag-info.txt"),
        ("datapackage", "speeches.jsonl.gz"),
        ("datapackage", "observations.jsonl.gz"),
    ],
)
def test_the_judge_refuses_a_changed_byte(site: Packed, tmp_path: Path, form: str, pattern: str) -> None:
    copy, package = tmp_path / NAMES[form], site.packages[form, 2]
    if package.is_dir():
        shutil.copytree(package, copy)
    else:
        shutil.copyfile(package, copy)
    file = next(copy.glob(pattern)) if pattern else copy
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)
    assert JUDGES[form](copy).status != 0


FAULTS: dict[str, tuple[dict[str, Any], ...]] = {
    "speeches": ({"seq": "one"}, {"id": "gszx: 1"}, {"genre": "小说"}, {"first_seen": "yesterday"}, {"title": None}),
    "problems": ({"code": "no-such-code"}, {"severity": "fatal"}),
}
"""Faults of a line, each of one field."""


def faulty(lines: list[dict[str, Any]], faults: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """The lines with one fault in each, from the second line on."""
    made = iter(faults)
    return [lines[0], *(line | next(made, {}) for line in lines[1:])]


def test_the_judge_names_line_and_field_of_a_wrong_value(site: Packed, tmp_path: Path) -> None:
    """Only the values are wrong: the package's hashes are those of the files."""
    copy = tmp_path / "tables"
    shutil.copytree(site.packages["datapackage", 2], copy)
    about = json.loads((copy / "datapackage.json").read_bytes())
    for resource in about["resources"]:
        file = copy / resource["path"]
        lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).split(b"\n") if line]
        wrong = faulty(lines, FAULTS.get(resource["name"], ()))
        file.write_bytes(gzip.compress("".join(f"{json.dumps(line)}\n" for line in wrong).encode(), mtime=0))
        resource |= {"bytes": file.stat().st_size, "hash": sha256(file.read_bytes())}
    (copy / "datapackage.json").write_text(json.dumps(about), "utf-8")
    told = json.loads(judged("packages", "frictionless", "validate", copy / "datapackage.json", "--json").out)
    found = {
        task["name"]: {(error["rowNumber"], error["fieldName"]) for error in task["errors"]} for task in told["tasks"]
    }
    expected = {name: {(n, *fault) for n, fault in enumerate(faults, 3)} for name, faults in FAULTS.items()}
    assert found == {"versions": set(), "observations": set()} | expected


def test_a_json_schema_names_line_and_field_of_a_wrong_value(site: Packed, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (site.folder / "latest.jsonl").read_bytes().split(b"\n") if line]
    code = {"problems": [{"field": "body", "code": "no-such-code", "detail": ""}]}
    faults = (*FAULTS["speeches"], code)
    for n, line in enumerate(faulty(lines, faults), 1):
        (tmp_path / f"{n:06}.json").write_text(json.dumps(line), "utf-8")
    schema = site.folder / "schemas/latest-1.schema.json"
    files = sorted(tmp_path.glob("*.json"))
    told = judged("data", "check-jsonschema", "-o", "json", "--schemafile", schema, *files)
    found = {(Path(error["filename"]).stem, error["path"]) for error in json.loads(told.out)["errors"]}
    fields = ("seq", "id", "genre", "first_seen", "title", "problems[0].code")
    assert (told.status, found) == (1, {(f"{n:06}", f"$.{field}") for n, field in enumerate(fields, 2)})


@pytest.mark.parametrize("form", NAMES)
def test_a_commit_gives_the_same_bytes_whatever_came_after_it(site: Packed, tmp_path: Path, form: str) -> None:
    again = tmp_path / NAMES[form]
    assert export(site.before, form, again) == 0
    assert tree(again) == tree(site.packages[form, 1])
    assert tree(again) != tree(site.packages[form, 2])


def test_a_bag_holds_the_archive_as_it_was(site: Packed) -> None:
    payload = site.packages["bagit", 1] / "data"
    report = verify(payload)
    assert (report.problems, report.notes, report.head) == ([], [], Archive(site.before).head)
    was = {name: data for name, data in tree(site.before).items() if not name.startswith("staging/")}
    assert tree(payload) == was


def test_tables_hold_every_line(site: Packed) -> None:
    tables = tree(site.packages["datapackage", 2])
    lines = {name: gzip.decompress(data) for name, data in tables.items() if name.endswith(".gz")}
    assert lines["speeches.jsonl.gz"] == (site.folder / "latest.jsonl").read_bytes()
    archive = Archive(site.folder)
    for name, kept in (("versions", archive.versions()), ("observations", archive.observations())):
        assert [json.loads(line) for line in lines[f"{name}.jsonl.gz"].split(b"\n") if line] == list(kept)


# `wacz validate` passes a file without pages or digest, so what it does not look at is looked at here


@pytest.mark.parametrize("n", [1, 2])
def test_a_wacz_is_whole(site: Packed, n: int) -> None:
    with ZipFile(site.packages["wacz", n]) as box:
        files = {name: box.read(name) for name in box.namelist()}
        stored = {entry.filename for entry in box.infolist() if entry.compress_type == ZIP_STORED}
    about = json.loads(files["datapackage.json"])
    assert (about["wacz_version"], about["id"]) == ("1.1.1", Archive(site.folder).commits()[n - 1].sha256)
    digest = json.loads(files["datapackage-digest.json"])
    assert digest == {"path": "datapackage.json", "hash": sha256(files["datapackage.json"])}
    told = {resource["path"]: (resource["hash"], resource["bytes"]) for resource in about["resources"]}
    held = {name: (sha256(data), len(data)) for name, data in files.items() if not name.startswith("datapackage")}
    assert told == held
    assert {name for name in files if name.endswith(".gz")} <= stored
    warcs = {
        f"archive/{file.name}": file.read_bytes() for file in (site.before, site.folder)[n - 1].rglob("*.warc.gz")
    }
    assert {name: data for name, data in files.items() if name.startswith("archive/")} == warcs
    check_index(files["indexes/index.idx"], files["indexes/index.cdx.gz"])
    check_pages(files["pages/pages.jsonl"], files["indexes/index.cdx.gz"], (site.before, site.folder)[n - 1])


def check_index(short: bytes, packed: bytes) -> None:
    """Each line of the short index points at a gzip member that begins with its key."""
    head, *places = short.decode().splitlines()
    assert json.loads(head.removeprefix("!meta 0 "))["filename"] == "index.cdx.gz"
    end = 0
    for line in places:
        key, _, place = line.partition(" {")
        where = json.loads("{" + place)
        assert where["offset"] == end
        end += where["length"]
        assert gzip.decompress(packed[where["offset"] : end]).startswith(f"{key} {{".encode())
    assert end == len(packed)
    lines = gzip.decompress(packed).splitlines()
    assert lines == sorted(lines)


def check_pages(pages: bytes, packed: bytes, folder: Path) -> None:
    """One page a present speech, at an address and moment that the index knows."""
    head, *rows = [json.loads(line) for line in pages.split(b"\n") if line]
    assert (head["format"], head["id"], head["hasText"]) == ("json-pages-1.0", "pages", True)
    latest = list(Archive(folder).latest())
    assert latest
    assert [(r["id"], r["title"], r["text"]) for r in rows] == [(x["id"], x["title"], x["body"]) for x in latest]
    known = {
        (json.loads(line[line.index(b"{") :])["url"], line.split(b" ")[1].decode())
        for line in gzip.decompress(packed).splitlines()
    }
    assert {(row["url"], "".join(filter(str.isdigit, row["ts"]))[:14]) for row in rows} <= known


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


# What is refused, and that nothing is left behind


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "bagit"], "needs --out"),
        (["--to", "parquet"], "needs --out"),
        (["--to", "jsonl", "--as-of", "2026-01-01", "--commit", "1"], "no --commit"),
        (["--to", "wacz", "--out", "new", "--as-of", "2026-01-01"], "no --as-of"),
        (["--to", "wacz", "--out", "new", "--commit", "3"], "commits 1 to 2"),
        (["--to", "bagit", "--out", "new", "--commit", "0"], "commits 1 to 2"),
        (["--to", "bagit", "--out", "taken"], "exists already"),
        (["--to", "bagit", "--out", "none/new"], "make it first"),
        (["--to", "datapackage", "--out", "{archive}/new"], "inside an archive"),
    ],
)
def test_what_cannot_be_made_is_refused(
    site: Packed, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (tmp_path / "taken").touch()
    places = {"new": tmp_path / "new", "taken": tmp_path / "taken", "none/new": tmp_path / "none/new"}
    given = [str(places.get(word, word)).format(archive=site.folder) for word in arguments]
    before = tree(site.folder)
    assert main(["export", str(site.folder), *given]) == 2
    assert said in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
    assert tree(site.folder) == before


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("damaged", ["warc/*/*.gz", "versions/*/*.gz"])
def test_a_damaged_archive_is_not_handed_over(site: Packed, tmp_path: Path, form: str, damaged: str) -> None:
    folder = tmp_path / "gszx"
    shutil.copytree(site.folder, folder)
    file = next(folder.glob(damaged))
    data = bytearray(file.read_bytes())
    data[4] ^= 1  # the time in a gzip header: every reader takes the file for whole
    file.write_bytes(data)
    expected = 0 if (form, damaged[:4]) == ("datapackage", "warc") else 5
    assert export(folder, form, tmp_path / "package") == expected
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gszx", *["package"] * (not expected)]


@pytest.mark.parametrize("address", [b"", b"file:///etc/passwd", b"http://a.example/b c", b"http://a.example/b\nc"])
def test_an_index_lists_no_capture_without_an_address(tmp_path: Path, address: bytes) -> None:
    """A blank or a line feed in an address would make another key or another line."""
    file = tmp_path / "a.warc.gz"
    for uri, is_one in ((b"http://a.example/b", True), (address, False)):
        fields = b"WARC-Type: response\r\nWARC-Target-URI: %b\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n" % uri
        file.write_bytes(gzip.compress(b"WARC/1.1\r\n" + fields + b"Content-Length: 0\r\n\r\n\r\n\r\n"))
        if is_one:
            assert len(list(cdxj_lines(file))) == 1
        else:
            with pytest.raises(Damaged, match="offset 0"):
                list(cdxj_lines(file))


def test_no_package_brings_back_what_was_removed_by_order(
    site: Packed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gszx"
    shutil.copytree(site.folder, folder)
    native_id = next(Archive(folder).latest())["native_id"]
    when = When(recorded_at="2099-01-01T00:00:00Z", software=SOFTWARE)
    redact(folder, Order(native_id=native_id, reason="令"), when)
    assert export(folder, "datapackage", tmp_path / "old", 2) == 2
    assert "give --commit 3 or later" in capsys.readouterr().err
    for form, name in NAMES.items():
        assert export(folder, form, tmp_path / name) == 0
        assert ("may still hold it" in capsys.readouterr().err) == (form != "datapackage")
        assert JUDGES[form](tmp_path / name).status == 0
    assert verify(tmp_path / NAMES["bagit"] / "data").problems == []


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"") + b"\n")), st.integers(1, 40))
def test_lines_are_sorted_whatever_memory_there_is(lines: list[bytes], held: int) -> None:
    with TemporaryDirectory() as scratch:
        assert list(sorted_lines(lines, Path(scratch), held)) == sorted(lines)
