"""Small replicas of the other CMS families: one module a family, the speeches of all made by one generator."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.replica.families.base import FamilyReplica
    from crawler.replica.site import Site

FAMILIES = {
    "dedecms": "crawler.replica.families.dedecms:DedeCms",
    "empirecms": "crawler.replica.families.empirecms:EmpireCms",
    "jeecms": "crawler.replica.families.jeecms:JeeCms",
    "kesion-net": "crawler.replica.families.kesion_net:KesionNetFiles",
    "kesion-net-rewritten": "crawler.replica.families.kesion_net:KesionNetRewritten",
    "phpcms": "crawler.replica.families.phpcms:PhpCmsDynamic",
    "phpcms-files": "crawler.replica.families.phpcms:PhpCmsFiles",
    "siteserver": "crawler.replica.families.siteserver:SiteServer",
    "trs": "crawler.replica.families.trs:Trs",
    "trs-new": "crawler.replica.families.trs:TrsNew",
    "trs-city": "crawler.replica.families.trs:TrsCity",
    "jcms": "crawler.replica.families.jcms:Jcms",
    "jcms-groups": "crawler.replica.families.jcms:JcmsGroups",
    "vsb": "crawler.replica.families.vsb:Vsb",
    "cctv": "crawler.replica.families.cctv:Cctv",
    "cctv-new": "crawler.replica.families.cctv:CctvNew",
    "sudy": "crawler.replica.families.shapes:Sudy",
    "by-day": "crawler.replica.families.shapes:HenanDays",
    "by-day-folder": "crawler.replica.families.shapes:PlainDays",
    "by-day-newspaper": "crawler.replica.families.shapes:Newspaper",
    "by-day-system": "crawler.replica.families.shapes:NewsSystem",
    "guangdong": "crawler.replica.families.shapes:Guangdong",
    "zhengxieyun": "crawler.replica.families.shapes:ZhengXieYun",
    "dochtml": "crawler.replica.families.shapes:DocHtml",
    "powereasy": "crawler.replica.families.shapes:PowerEasy",
    "eyoucms": "crawler.replica.families.shapes:EyouCms",
}
"""Flavours by name: module and class."""


def family_replica(flavour: str, site: Site, per_page: int | None, robots: str | None) -> FamilyReplica:
    """The replica of a flavour; `KeyError` for an unknown one."""
    module, _, made = FAMILIES[flavour].partition(":")
    replica: FamilyReplica = getattr(import_module(module), made)(site, per_page or 0, robots)
    return replica
