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
_SUBMITS = re.compile(r"\.submit\s*\(")


def posted_back(page: Page, node: etree._Element) -> Ask | None:
    """What a control asks that posts its page back; None for another control, or a form that cannot be sent."""
    match = _POST_BACK.search(f"{node.get('href') or ''} {node.get('onclick') or ''}")
    form = next(node.iterancestors("form"), None)
    forms = [form] if form is not None else page.all("//form[.//input[@name='__VIEWSTATE']]")
    if match is None or len(forms) != 1:
        return None
    fields = _hidden(page, forms[0])
    target = page.resolve(forms[0].get("action") or "") or page.url
    if fields is None:
        return None
    return Ask(target, urlencode(fields | {"__EVENTTARGET": match[1], "__EVENTARGUMENT": match[2]}))


def numbered(page: Page, number: int) -> Ask | None:
    """What a form of the page asks for a page by its number; None without exactly one such form."""
    found = [(form, field) for form in page.all("//form") for field in _page_fields(page, form)]
    if len(found) != 1 or page.all("//input[@name='__VIEWSTATE']"):
        return None
    form, field = found[0]
    fields = _hidden(page, form)
    target = page.resolve(form.get("action") or "") or page.url
    if fields is None:
        return None
    sent = urlencode({**fields, field: str(number)})
    if (form.get("method") or "get").lower() == "post":
        return Ask(target, sent)
    return Ask(f"{target.partition('?')[0].partition('#')[0]}?{sent}")


def _page_fields(page: Page, form: etree._Element) -> list[str]:
    """The fields that a form has for the number of the page."""
    named = [
        box.get("name") or ""
        for box in page.all(".//input[@name]", form)
        if (box.get("type") or "").lower() in _TYPED and _PAGE_FIELD.fullmatch(box.get("name") or "")
    ]
    return list(dict.fromkeys(named))


def _hidden(page: Page, form: etree._Element) -> dict[str, str] | None:
    """The hidden fields of a form; None when one of them is not ASCII."""
    fields = {
        box.get("name") or "": box.get("value") or ""
        for box in page.all(".//input[@name]", form)
        if (box.get("type") or "").lower() == "hidden"
    }
    return fields if all(f"{name}{value}".isascii() for name, value in fields.items()) else None
