"""A KesionCMS in front of a site, of one flavour and with one form of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.replica.kesion.forms import form_of
from crawler.replica.kesion.site_pages import Kesion
from crawler.replica.kesion.templates import FLAVOURS
from crawler.replica.kesion.views import ListPages, pages_of
from crawler.replica.site import SECTION

if TYPE_CHECKING:
    from crawler.replica.site import Site

DEFAULT_ALIAS = "http://192.168.3.251:88/"
"""A wrong site URL, as sites have it in their settings."""
_ROWS_A_PAGE = 20


def kesion(
    site: Site,
    flavour: str,
    *,
    urls: str = "dynamic",
    alias: str = DEFAULT_ALIAS,
    date_form: int | None = None,
    per_page: int | None = None,
    robots: str | None = None,
) -> Kesion:
    """The CMS; it tells the site how its articles are called.

    Args:
        site: its articles.
        flavour: one of `FLAVOURS`.
        urls: how it writes its addresses, one of `forms.NAMES`.
        alias: the wrong host the site believes in.
        date_form: 1 to 17 (+20, +40: in brackets), 0 for the raw date; null for the flavour's.
        per_page: rows of a list page; null for 20, of X2 such that there are ten pages.
        robots: what /robots.txt says; null for 404.
    """
    kind = FLAVOURS[flavour]
    ten_pages = min(40, max(5, -(-len(site.rows((SECTION,))) // 10)))
    rows = per_page or (ten_pages if kind.name == "X2" else _ROWS_A_PAGE)
    form = form_of(urls, kind.name, site, lambda class_id: pages_of(len(lists.class_rows(class_id)), rows))
    site.native_id, site.is_file = form.native_id, form.is_file
    lists = ListPages(
        flavour=kind,
        site=site,
        form=form,
        alias=alias.rstrip("/") + "/",
        date_form=kind.date_form if date_form is None else date_form,
        per_page=rows,
    )
    return Kesion(kind, site, lists, robots)
