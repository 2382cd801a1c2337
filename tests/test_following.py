"""Following archives: whoever applies the feed by commit cursor has what latest.jsonl has, whatever happened."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.archive import Archive, errors
from pipelines.archive.prove.verify import verify
from pipelines.archive.schema.schemas import documents
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.pairing import Wanted, rekey
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.reasons import Reason
from tests.conftest import ROOT
from tests.test_archive import FACTS, SOFTWARE, crawl, day, listed, look, missed, opened, sealed, speech
from tests.test_history import LOOKS, replayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelines.archive.disk.streams import Line

PAGE = (ROOT / "docs/following.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"^```python\n((?s:.*?))^```$", PAGE, re.MULTILINE)


def followed(database: Path, *paths: Path, code: str = CODE) -> None:
    names: dict[str, Any] = {"__name__": "following"}
    exec(code, names)  # noqa: S102 - the text people copy is what is tested
    names["follow"](str(database), *map(str, paths))


def quiet(root: Path, number: int, *ids: str) -> None:
    """A night on which the list showed what it showed before."""
    run = opened(root, number)
    for one in ids:
        run.see(replace(listed(one, day(number)), look=look(day(number), looked=("list",))), None)
    with run:
        run.seal({"listing_complete": True}, f"2026-01-{number:02d}T03:00:00Z", SOFTWARE)
    assert Archive(root).last.listing


def when(number: int) -> When:
    return When(recorded_at=f"2026-01-{number:02d}T04:00:00Z", software=SOFTWARE)


def asked(root: Path, number: int, native_id: str) -> None:
    redact(root, Order(native_id=native_id, reason="court order"), when(number))


def renamed(root: Path, number: int, old: str, new: str) -> None:
    rekey(root, when(number), reason="新版网站", wanted=Wanted(named=((old, new),)))


EDITED: dict[str, Any] = {"body": "改了", "attachments": ()}
LIFE: list[tuple[str, Callable[[Path, int], object]]] = [
    (
        "new",
        lambda root, n: crawl(root, n, *(speech(one, day(n), body=f"第{one}篇 \U00020000\u2028") for one in "12345")),
    ),
    ("changed", lambda root, n: crawl(root, n, speech("1", day(n), **EDITED))),
    ("gone", lambda root, n: crawl(root, n, missed("2", day(n)), missed("3", day(n), Reason.NETWORK), days=0)),
    ("restored", lambda root, n: crawl(root, n, speech("2", day(n), body="回来了"), listed("3", day(n)))),
    (
        "reprocessed",
        lambda root, n: replayed(root, n, speech("1", day(2), **EDITED, parser="kesion/2", genre="工作报告")),
    ),
    ("views only", lambda root, n: crawl(root, n, listed("3", day(n)))),
    ("a night without news", lambda root, n: quiet(root, n, "1", "2", "3", "4", "5")),
    ("redacted", lambda root, n: asked(root, n, "1")),
    ("gone, too", lambda root, n: crawl(root, n, missed("3", day(n)), days=0)),
    ("redacted while gone", lambda root, n: asked(root, n, "3")),
    ("new, and later redacted", lambda root, n: crawl(root, n, speech("6", day(n), body="甲"))),
    ("changed, and later redacted", lambda root, n: crawl(root, n, speech("6", day(n), body="乙"))),
    ("redacted at once", lambda root, n: asked(root, n, "6")),
    ("twins", lambda root, n: crawl(root, n, speech("n-4", day(n), body="第4篇"))),
    ("succeeded", lambda root, n: renamed(root, n, "4", "n-4")),
    ("old id again", lambda root, n: crawl(root, n, listed("4", day(n)))),
    ("resumed", lambda root, n: renamed(root, n, "n-4", "4")),
]
"""What happens to one archive, step by step."""


def difference(database: Path, *roots: Path) -> list[Any]:
    """The rows by which the table and the latest.jsonl of the archives differ, on all keys."""
    types = json.loads(documents()["schemas/readers.json"])["latest/1"]["duckdb"]
    keys = ", ".join(f'"{key}"' for key in types)
    with duckdb.connect(str(database)) as db:
        latest = "select * from read_json($1, format = 'newline_delimited', columns = $2)"
        db.execute(f"create temp table latest as {latest}", [[f"{root}/latest.jsonl" for root in roots], types])
        both = [f"select {keys} from {one}" for one in ("speeches", "latest")]  # noqa: S608
        ways = [f"({a} except all {b})" for a, b in (both, both[::-1])]
        return db.execute(" union all ".join(ways)).fetchall()


def test_a_table_follows_by_commit_cursor_exactly_once(tmp_path: Path) -> None:
    root, other = tmp_path / "sites/a", tmp_path / "sites/b"
    database, crashing = (
        tmp_path / "table.duckdb",
        CODE.replace("delete from cursors", "from crash; delete from cursors"),
    )
    run = opened(other, 1, facts=replace(FACTS, site="other"))
    run.keep(replace(speech("1", day(1)), site="other"))
    sealed(run, 1)
    for number, (name, happens) in enumerate(LIFE, 1):
        happens(root, number)
        if name.endswith("later redacted"):
            continue
        if number % 3 == 0:  # the crash is between the rows and the cursors
            with pytest.raises(duckdb.CatalogException, match="crash"):
                followed(database, tmp_path / "sites", code=crashing)
        followed(database, tmp_path / "sites")
        assert difference(database, root, other) == [], name
    followed(database, tmp_path / "sites")
    assert difference(database, root, other) == []
    assert verify(root).problems == []
    late = tmp_path / "late.duckdb"
    followed(late, tmp_path / "sites")
    assert difference(late, root, other) == []
    with duckdb.connect(str(database)) as db:
        assert db.execute("select count(*) from speeches").fetchone() == (6,)
    assert_lines_are_of_their_schemas(root)
    assert_replaced_archives_are_told(root, tmp_path)


def assert_lines_are_of_their_schemas(root: Path) -> None:
    archive = Archive(root)
    lines = [*archive.changes(seen=True, fields=True), *archive.view_counts(), archive.cursor()]
    lines += archive.as_of("2026-01-12")
    schemas = {
        name: jsonschema.Draft202012Validator(json.loads(text))
        for name, text in documents().items()
        if "schema.json" in name
    }
    for line in lines:
        validator = schemas[f"schemas/{line['schema'].replace('/', '-')}.schema.json"]
        assert [error.message for error in validator.iter_errors(line)] == []
        assert list(line) == list(validator.schema["properties"])  # every key, in order
    assert {line.get("event") for line in lines} >= {"created", "gone", "redacted", "succeeded", "resumed", "seen"}
    assert "第三次会议上" not in json.dumps(
        [line for line in lines if line.get("id") in {"gszx:1", "gszx:3"}], ensure_ascii=False
    )


def assert_replaced_archives_are_told(root: Path, folder: Path) -> None:
    """An older copy that was written on has another head at the cursor's commit."""
    old = folder / "old"
    LIFE[0][1](old, 1)
    cursor = Archive(old).cursor()
    assert list(Archive(root).changes({**cursor, "commit": 0, "head": None}, "commit:0")) == []
    with pytest.raises(errors.NotUnderstood, match="replaced, or its end lost"):
        Archive(root).changes({**cursor, "head": "0" * 64})
    with pytest.raises(errors.NotUnderstood, match="older copy"):
        Archive(old).changes(Archive(root).cursor())


def applied(table: dict[str, Line], events: Iterable[Line]) -> dict[str, Line]:
    """What an upsert of id → entity gives."""
    table = dict(table)
    for event in events:
        if event["op"] == "DEL":
            table.pop(event["id"], None)
        else:
            row = table.get(event["id"], {}) if event["event"] == "seen" else {}
            table[event["id"]] = row | event["entity"]
    return table


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.sampled_from([None, *LOOKS]), min_size=2, max_size=2), min_size=2, max_size=6),
    st.integers(0, 6),
)
def test_any_way_through_history_leads_to_what_latest_holds(runs: list[list[str | None]], ordered: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a"
        known: list[tuple[Any, int, dict[str, Line]]] = [(0, 0, {})]
        for number, seen in enumerate(runs, 1):
            crawl(root, number, *(LOOKS[what](str(n), day(number)) for n, what in enumerate(seen) if what), days=0)
            if number == ordered and any(line["id"] == "gszx:0" for line in Archive(root).versions()):
                asked(root, number, "0")
            archive = Archive(root)
            latest = {line["id"]: line | {"schema": "speech/1"} for line in archive.latest()}
            for cursor, seq, table in known:
                place = cursor and f"commit:{cursor['commit']}"
                assert applied(table, archive.changes(cursor, seen=True)) == latest
                assert applied(table, archive.changes(seq, seen=True)) == latest
                before = archive.changes(0, place, seen=True) if place else ()
                assert applied(applied({}, before), archive.changes(place, seen=True)) == latest
            known.append((archive.cursor(), archive.last_seq, latest))
