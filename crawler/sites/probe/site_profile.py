"""The profile of a probed site, as TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from crawler.sites.probe.naming import committee, is_same_committee, site_name
from crawler.sites.probe.survey import Reading, Survey

Facts = Mapping[str, str | list[str]]


def profile_facts(
    survey: Survey, reading: Reading, whose: str | None = None
) -> tuple[dict[str, str | list[str]], list[str]]:
    """The keys of the profile, and messages about those that the pages do not give.

    `whose`: the committee as whoever asks for the probe knows it; a page that names another is a message, too.
    """
    pages = list(survey.pages.values())
    host = urlsplit(survey.url).netloc.lower()
    name = site_name(pages, [reading.section.name])
    read = committee(pages, name)
    named = whose or read
    unsaid = [
        f"the pages do not give the {key}: correct it in the profile"
        for key, value in (("name", name), ("committee", named))
        if value is None
    ]
    if whose and read and not is_same_committee(whose, read):
        unsaid.append(f"the pages name another committee: {read}, not {whose}")
    return {
        "name": _printable(name or host),
        "committee": _printable(named or name or host),
        "cms": reading.marks.family,
        "id_namespace": f"{reading.marks.family}-1",
        "start_url": reading.start_url,
        "section": _printable(reading.section.name),
        "hosts": survey.hosts.names,
        **_counter(reading),
    }, unsaid


def _counter(reading: Reading) -> dict[str, str]:
    """The profile's `counter`; empty, for the default, where the article has none."""
    article = reading.article
    if article is None or article.counter is None:
        return {}
    return {"counter": "none" if reading.family.counter_mode(article.counter) == "none" else "read_only"}


def as_toml(facts: Facts) -> str:
    """Lines of `key = value`: a JSON string of printable characters is a TOML string."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in facts.items())


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
