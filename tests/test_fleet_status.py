"""What a fleet tells of itself: register, status of a root, metrics, notifications, and the month's report."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.fleet.register import Registered, read_register, write_register

BROKEN = "sites/b.toml: key 'cms' is missing"


def test_a_register_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_register(tmp_path) is None
    sites = [
        Registered(site="b", error=BROKEN),
        Registered(site="a", name="甲", committee="政协甲委员会", tags=("hubei",), schedule="daily", period_days=1.0),
    ]
    write_register(tmp_path, "2026-11-30T03:00:00Z", sites)
    read = read_register(tmp_path)
    assert read is not None
    assert (read.at, list(read.sites)) == ("2026-11-30T03:00:00Z", [sites[1], sites[0]])
    assert [file.name for file in (tmp_path / "fleet").iterdir()] == ["sites.json"]
    (tmp_path / "fleet" / "sites.json").write_text('{"at": "", "sites": [{"site": "../x"}]}', "utf-8")
    with pytest.raises(ValueError, match=r"sites.json: no register \(site '../x': allowed are a-z, 0-9 and -\)"):
        read_register(tmp_path)
