"""A key of the records says its role once: one that is added is hashed, compared, shown, redacted and documented."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.archive.schema.json_types import shape_of_record
from pipelines.archive.schema.schemas import documents
from pipelines.keys import keys_of
from pipelines.record import KEYS, Latest, Observation, Version
from tests.conftest import ROOT
from tests.test_archive import day, opened, sealed, speech

ADDED = {
    "Version": """
    motto: Annotated[str | None, Key("published", "words below", hashed=True, personal=True, later=True)]
    audience: Annotated[str | None, Key("interpreted", "who listened", personal=True, later=True)]""",
    "Raw": """
    motto: Annotated[str | None, Key("published", "words below", later=True)] = None""",
    "Speech": """
    motto: str | None = None
    audience: str | None = None""",
}
"""All that two more keys cost, one of them as found too: by class of `pipelines/record.py`, its new last fields."""

USED = """
import io, json, sys
from contextlib import redirect_stdout
from pathlib import Path
from pipelines.__main__ import main
from pipelines.archive import Archive
from pipelines.archive.prove.verify import verify
from pipelines.archive.schema.schemas import documents
from pipelines.archive.schema.tables import tables
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.compare.differences import compare
from tests.test_archive import day, opened, sealed, speech

root = Path(sys.argv[1])
told = {"old": [line["motto"] or line["raw"]["motto"] for line in Archive(root).versions()]}
told["faults"] = verify(root).problems
for number, parser, body, motto, audience in (
    (2, 1, "各位委员：", "团结", None), (3, 1, "同志们：", "民主", None), (4, 2, "同志们：", "民主", "全体委员")
):
    run = opened(root, number)
    run.keep(speech("1", day(number)))
    run.keep(speech("2", day(number), body=body, parser=f"kesion/{parser}", motto=motto, audience=audience))
    sealed(run, number)
events = Archive(root).changes(2, reprocessed=True, fields=True)
told["events"] = [[line["id"], line["event"], line["fields"]] for line in events]
edited, reread = list(Archive(root).versions())[2::2]
told["compared"] = [[one.name, one.interpreted, one.new] for one in compare(edited, reread).fields]
with redirect_stdout(io.StringIO()) as out:
    assert main(["show", sys.argv[1], "2"]) == 0
told["shown"] = out.getvalue().split("\\n")
told["schemas"] = [name for name, text in documents().items() if b'"motto"' in text and b'"audience"' in text]
told["documented"] = tables()["Version"].split("\\n")[-3:-1]
told["faults"] += verify(root).problems
redact(root, Order(native_id="2", reason="asked"), When(recorded_at=day(5), software={}))
told["left"] = [line[key] for line in Archive(root).versions() for key in ("motto", "audience")]
told["faults"] += verify(root).problems
print(json.dumps(told))
"""


def test_an_added_key_is_hashed_compared_shown_redacted_and_documented(tmp_path: Path) -> None:
    run = opened(tmp_path / "a", 1)
    run.keep(speech("1", day(1)))
    run.keep(speech("2", day(1), body="各位委员：", parser="kesion/1"))
    sealed(run, 1)
    shutil.copytree(ROOT / "pipelines", tmp_path / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    record = tmp_path / "pipelines" / "record.py"
    text = record.read_text("utf-8")
    for name, added in ADDED.items():
        found = re.search(rf"^class {name}\b.*?(?=\n\n(?:\n|    @|    def ))", text, re.MULTILINE | re.DOTALL)
        assert found, name
        text = text[: found.end()] + added + text[found.end() :]
    record.write_text(text, "utf-8")

    command = [sys.executable, "-c", USED, str(tmp_path / "a")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["old"] == [None, None]
    assert told["faults"] == []
    assert told["events"] == [
        ["gszx:2", "changed", ["motto"]],
        ["gszx:2", "changed", ["body", "motto"]],
        ["gszx:2", "reprocessed", ["audience"]],
    ]
    assert told["compared"] == [["motto", False, "民主"], ["audience", True, "全体委员"]]
    assert {"motto     民主", "audience  全体委员"} <= set(told["shown"])
    schemas = {f"{name}-1.schema.json" for name in ("speech", "latest", "as-of", "change")} | {"readers.json"}
    assert set(told["schemas"]) == {f"schemas/{name}" for name in schemas}
    assert told["documented"] == [
        "| `motto` | str or null | published, hashed, personal, later | words below |",
        "| `audience` | str or null | interpreted, personal, later | who listened |",
    ]
    assert set(told["left"]) == {None}


def test_every_key_of_a_line_says_its_role() -> None:
    for record in (Version, Observation, Latest):
        assert list(keys_of(record)) == [key.name for key in shape_of_record(record).keys]
    # A validator takes the lines of older software, too.
    required = json.loads(documents()["schemas/speech-1.schema.json"])["required"]
    assert required == [name for name, key in KEYS.items() if not key.later] != [*KEYS]
    # What a redaction empties may be null, but for the two that say that words were removed.
    nullable = {key.name for key in shape_of_record(Version).keys if key.shape.null}
    assert {name for name, key in KEYS.items() if key.personal} - nullable == {"title"}
    # Only what the site publishes is its content; a view count is none.
    assert {key.role for key in KEYS.values() if key.hashed} == {"published"}
