"""List pages that turn by a form: ASP.NET's `__doPostBack`, and forms with a field for the number of the page.

Only hidden fields are sent along, as a browser would send them; a form whose fields are not ASCII is not followed,
because only the page's own charset would write them as the site reads them.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from lxml import etree

from crawler.pages import Ask
from crawler.pages.page import Page

_POST_BACK = re.compile(r"__doPostBack\(\s*'([^']*)'\s*,\s*'([^']*)'\s*\)")
_PAGE_FIELD = re.compile(
    r"(?:cur(?:rent)?_?)?page(?:_?(?:no|num|number|index))?|pn|p|pageno|to_?page|goto_?page|cur_?page|nowpage",
    re.IGNORECASE,
)
_TYPED = frozenset({"text", "number", "hidden", ""})


def posted_back(page: Page, node: etree._Element) -> Ask | None:
    """What a control asks that posts its page back; None for another control, or a form that cannot be sent."""
    match = _POST_BACK.search(f"{node.get('href') or ''} {node.get('onclick') or ''}")
    forms = list(node.iterancestors("form"))[:1] or page.all("//form[.//input[@name='__VIEWSTATE']]")
    if match is None or len(forms) != 1:
        return None
    return _sent(page, forms[0], {"__EVENTTARGET": match[1], "__EVENTARGUMENT": match[2]}, is_posted=True)


def numbered(page: Page, number: int) -> Ask | None:
    """What a form of the page asks for a page by its number; None without exactly one such form."""
    fields = [(form, box.get("name") or "", _type(box)) for form in page.all("//form") for box in _boxes(page, form)]
    found = {(form, name) for form, name, kind in fields if kind in _TYPED and _PAGE_FIELD.fullmatch(name)}
    if len(found) != 1 or page.all("//input[@name='__VIEWSTATE']"):
        return None
    form, name = found.pop()
    return _sent(page, form, {name: str(number)}, is_posted=(form.get("method") or "").lower() == "post")


def _sent(page: Page, form: etree._Element, filled: dict[str, str], *, is_posted: bool) -> Ask | None:
    """A form with its hidden fields and those filled in; None when a hidden one is not ASCII."""
    hidden = {box.get("name") or "": box.get("value") or "" for box in _boxes(page, form) if _type(box) == "hidden"}
    if not all(f"{name}{value}".isascii() for name, value in hidden.items()):
        return None
    target, query = page.resolve(form.get("action") or "") or page.url, urlencode(hidden | filled)
    return Ask(target, query) if is_posted else Ask(f"{target.partition('?')[0].partition('#')[0]}?{query}")


def _boxes(page: Page, form: etree._Element) -> list[etree._Element]:
    return page.all(".//input[@name]", form)


def _type(box: etree._Element) -> str:
    return (box.get("type") or "").lower()
