"""The catalogue of unverified addresses: well-formed, each committee once, and selected by province and level."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest

from crawler.http.netloc import Server
from crawler.sites.catalogue import COLUMNS, LEVELS, CatalogueError, as_table, catalogue, selected
from crawler.sites.keys import is_web_address
from crawler.sites.probe.address_list import read_addresses, site_names
from tests.conftest import run

ENTRIES = catalogue()


def test_every_line_is_well_formed_and_a_committee_stands_once() -> None:
    assert len(ENTRIES) > 100
    for key in ("region", "code"):
        values = [getattr(one, key) for one in ENTRIES]
        assert len(values) == len(set(values)), key
    for one in ENTRIES:
        assert all(value == value.strip() and value.isprintable() for value in one.document().values()), one
        assert one.committee.endswith("委员会"), one
        assert one.region, one
        assert one.source, one
        assert one.level in LEVELS, one
        assert re.fullmatch(r"[1-9][0-9]{5}", one.code) or (one.level, one.code) == ("national", ""), one
        for url in filter(None, (one.home_url, one.section_url)):
            server = Server.of(url)
            assert is_web_address(url), url
            assert server is not None, url
            assert not server.is_private, url
            assert urlsplit(url).query == urlsplit(url).fragment == "", url


def test_it_is_selected_by_province_and_level() -> None:
    of_hubei = selected(ENTRIES, "湖北", None)
    assert of_hubei == selected(ENTRIES, "湖北省", None) == selected(ENTRIES, "42", None)
    assert {one.code[:2] for one in of_hubei} == {"42"}
    assert {one.level for one in selected(ENTRIES, None, "county")} == {"county"}
    for wrong in (("湖", None), ("4201", None), (None, "town")):
        with pytest.raises(CatalogueError, match=r"--province|--level"):
            selected(ENTRIES, *wrong)


def test_the_command_says_that_nothing_is_verified() -> None:
    ended = run("scrapy", "sites", "--catalogue", "--province", "420000", "--level", "county", "--json")
    found = json.loads(ended.out)
    assert (ended.status, {one["status"] for one in found}) == (0, {"unverified"})
    assert "none was requested" in ended.err
    lines = run("scrapy", "sites", "--catalogue").out.rstrip("\n").split("\n")
    assert lines[0].split("\t") == [*COLUMNS, "status"]
    assert lines == as_table(ENTRIES).split("\n")
    assert "政协广水市委员会" in [one["committee"] for one in found]
    assert run("scrapy", "sites", "--level", "town").status == 2


def test_its_lines_are_a_list_for_the_probe() -> None:
    addresses = read_addresses(as_table(ENTRIES), "catalogue")
    assert [one.committee for one in addresses] == [one.committee for one in ENTRIES]
    assert len(set(site_names(addresses, {}).values())) == len(ENTRIES)
    assert {one.section for one in addresses} == {"", "领导讲话"}
