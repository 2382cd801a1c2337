"""Small replicas of the other CMS families: one module a family, the speeches of all made by one generator."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.replica.site import Site
    from tests.replicas.base import FamilyReplica

FAMILIES = {
    "dedecms": "tests.replicas.dedecms:DedeCms",
    "empirecms": "tests.replicas.empirecms:EmpireCms",
    "jeecms": "tests.replicas.jeecms:JeeCms",
    "kesion-net": "tests.replicas.kesion_net:KesionNetFiles",
    "kesion-net-rewritten": "tests.replicas.kesion_net:KesionNetRewritten",
    "phpcms": "tests.replicas.phpcms:PhpCmsDynamic",
    "phpcms-files": "tests.replicas.phpcms:PhpCmsFiles",
    "siteserver": "tests.replicas.siteserver:SiteServer",
    "trs": "tests.replicas.trs:Trs",
    "trs-new": "tests.replicas.trs:TrsNew",
    "trs-city": "tests.replicas.trs:TrsCity",
    "jcms": "tests.replicas.jcms:Jcms",
    "jcms-groups": "tests.replicas.jcms:JcmsGroups",
    "vsb": "tests.replicas.vsb:Vsb",
    "cctv": "tests.replicas.cctv:Cctv",
    "cctv-new": "tests.replicas.cctv:CctvNew",
    "sudy": "tests.replicas.shapes:Sudy",
    "by-day": "tests.replicas.shapes:HenanDays",
    "by-day-folder": "tests.replicas.shapes:PlainDays",
    "by-day-newspaper": "tests.replicas.shapes:Newspaper",
    "by-day-system": "tests.replicas.shapes:NewsSystem",
    "guangdong": "tests.replicas.shapes:Guangdong",
    "zhengxieyun": "tests.replicas.shapes:ZhengXieYun",
    "dochtml": "tests.replicas.shapes:DocHtml",
    "powereasy": "tests.replicas.shapes:PowerEasy",
    "eyoucms": "tests.replicas.shapes:EyouCms",
}
"""Flavours by name: module and class."""


def family_replica(flavour: str, site: Site, per_page: int | None, robots: str | None) -> FamilyReplica:
    """The replica of a flavour; `KeyError` for an unknown one."""
    module, _, made = FAMILIES[flavour].partition(":")
    replica: FamilyReplica = getattr(import_module(module), made)(site, per_page or 0, robots)
    return replica
