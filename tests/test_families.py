"""Every CMS family over the real command and a replica of it: each speech once and exact, no counter raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Ended, Site
from tests.replicas.process import Replica

EXACT = {"title", "published_on", "published_at", "body", "author", "source"}
# A count that is not there, not asked or not yet filled in; a meta tag minutes off the page.
EXPECTED = {"title-repeated", "repeated-paragraph", "missing", "withheld", "placeholder", "disagrees"}
USUAL = {"title-repeated", "withheld", "placeholder"}
SPEECHES, PER_PAGE = 24, 4
# flavour of the replica, family
FAMILIES = [
    ("trs", "trs"),
    ("trs-new", "trs"),
    ("trs-city", "trs"),
    ("jcms", "jcms"),
    ("jcms-groups", "jcms"),
    ("vsb", "vsb"),
    ("cctv", "cctv"),
    ("cctv-new", "cctv"),
    ("dedecms", "dedecms"),
    ("empirecms", "empirecms"),
    ("jeecms", "jeecms"),
    ("kesion-net", "kesion-net"),
    ("kesion-net-rewritten", "kesion-net"),
    ("phpcms", "phpcms"),
    ("phpcms-files", "phpcms"),
    ("siteserver", "siteserver"),
    ("sudy", "sudy"),
    ("by-day", "by-day"),
    ("by-day-folder", "by-day"),
    ("by-day-newspaper", "by-day"),
    ("by-day-system", "by-day"),
    ("guangdong", "guangdong"),
    ("zhengxieyun", "zhengxieyun"),
    ("dochtml", "dochtml"),
    ("powereasy", "powereasy"),
    ("eyoucms", "eyoucms"),
]


def crawl(site: Site, replica: Replica, cms: str, folder: Path, more: str = "", *arguments: str) -> Ended:
    """Crawl a replica with a profile of the fewest keys."""
    profile = folder / "family.toml"
    profile.write_text(
        f'name = "广水市政协网"\ncommittee = "政协广水市委员会"\ncms = "{cms}"\nid_namespace = "test"\n'
        f'start_url = "{replica.url}"\nsection = "领导讲话"\nhosts = ["127.0.0.1"]\n{more}',
        "utf-8",
    )
    return site.crawl(replica.url, "-a", f"profile={profile}", *arguments)


def differences(truth: dict[str, Any], latest: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What was read otherwise than it is, by id and key."""
    speeches = {speech["native_id"]: speech for speech in truth["speeches"]}
    found: dict[str, Any] = dict.fromkeys(speeches.keys() - latest.keys(), "not captured")
    found.update(dict.fromkeys(latest.keys() - speeches.keys(), "no speech"))
    for native_id in speeches.keys() & latest.keys():
        speech, line = speeches[native_id], latest[native_id]
        wrong = {key: (speech[key], line[key]) for key in EXACT if speech[key] != line[key]}
        if line["view_count"] != (None if truth["counter"] == "increments" else speech["views"]):
            wrong["views"] = (speech["views"], line["view_count"])
        linked = {"?".join(filter(None, urlsplit(one["url"])[2:4])) for one in line["attachments"]}
        if linked != {*speech["files"], *speech["pictures"]}:
            wrong["attachments"] = (speech["files"], linked)
        if wrong:
            found[native_id] = wrong
    return found


@pytest.mark.parametrize(("flavour", "cms"), FAMILIES, ids=[flavour for flavour, _ in FAMILIES])
def test_every_speech_once_and_exact(flavour: str, cms: str, site: Site, tmp_path: Path) -> None:
    with Replica(flavour=flavour, speeches=SPEECHES, per_page=PER_PAGE) as replica:
        replica.faults(rate=0.1, kinds=["challenge", "500"], max_per_url=2, seed=3)
        ended = crawl(site, replica, cms, tmp_path)
        assert (ended.status, ended.err) == (0, ""), ended.out
        replica.faults()
        truth = replica.truth()
        assert differences(truth, site.latest()) == {}
        assert all("领导讲话" in (line["raw"]["breadcrumb"] or "") for line in site.latest().values())
        told = {(gap["native_id"], gap["reason"]) for gap in site.report()["not_captured"]}
        assert told == {(row["native_id"], row["reason"]) for row in truth["withheld"]}
        assert replica.log()["increments"]["total"] == 0
        told_codes = {problem["code"] for line in site.latest().values() for problem in line["problems"]}
        assert told_codes <= EXPECTED
        usual = next((line for line in ended.out.split("\n") if line.startswith("usual ")), "")
        assert {code for code in told_codes if f": {code} (" in usual} == told_codes & {
            "title-repeated",
            "withheld",
            "placeholder",
        }
        if truth["counter"] == "increments" and flavour == cms:
            codes = [problem["code"] for line in site.latest().values() for problem in line["problems"]]
            assert codes.count("withheld") == len(truth["speeches"])
            assert_counted_once(site, replica, cms, tmp_path)
    assert site.verify().status == 0


def test_a_described_family_has_a_history_too(site: Site, tmp_path: Path) -> None:
    with Replica(flavour="vsb", speeches=SPEECHES, per_page=PER_PAGE) as replica:
        assert crawl(site, replica, "vsb", tmp_path).status == 0
        step = replica.step()
        settings = ("-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
        assert crawl(site, replica, "vsb", tmp_path, "", *settings).status == 0
        assert site.events(2) == {event: set(ids) for event, ids in step.items() if ids}
        assert differences(replica.truth(), site.latest()) == {}


def assert_counted_once(site: Site, replica: Replica, cms: str, folder: Path) -> None:
    """With the profile's leave the count is had, at the price of one view each."""
    before = {speech["native_id"]: speech["views"] for speech in replica.truth()["speeches"]}
    assert crawl(site, replica, cms, folder, 'counter = "increments"\n', "-a", "mode=full").status == 0
    counted = {native_id: line["view_count"] for native_id, line in site.latest().items()}
    assert all(counted[native_id] in {views, views + 1} for native_id, views in before.items())
    assert set(replica.log()["increments"]["by_id"].values()) == {1}
