"""The findings of a probe, as one object of plain values, and as text for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from scrapy.http import TextResponse

from crawler.crawl.counters import withheld
from crawler.pages import ListPage
from crawler.sites.probe.sample import Sample
from crawler.sites.probe.survey import GENERIC, Reading, Survey
from pipelines.exits import Exit
from pipelines.text.dates import Moment, published

_MUST = ("title", "published_on", "body")
_FIRST_WORDS = 40
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_DECLARES = 4_096
_BELOW = "\n" + " " * 10
_SHOWN = ("id", "title", "published_at", "published_on", "view_count", "speaker")


def findings(survey: Survey, reading: Reading, sample: Sample, agent: str, now: datetime) -> dict[str, Any]:
    """All findings, keys in the order of output."""
    return {
        "url": survey.url,
        "cms": {"family": reading.marks.family, "evidence": list(reading.marks.evidence)},
        "section": {"name": reading.section.name, "url": _local(survey, reading.section.url)},
        "columns": [one.document() for one in survey.columns],
        "list": _counts(reading.lists),
        "dates": _dates(reading.lists, sample, now),
        "counter": _counter(survey, reading),
        "robots": _robots(survey, reading, agent),
        "charset": _charset(survey.answers),
        "hosts": survey.hosts.names,
        "meta_tags": sample.tags_filled(reading.family),
        "speeches": [_speech(line) for line in sample.lines],
        "coverage": sample.coverage,
        "problems": sample.problems,
        "not_captured": sample.not_captured,
    }


def doubts(found: Mapping[str, Any], sample: Sample) -> list[str]:
    """Reasons to check the profile by hand; none when everything was read."""
    count = len(sample.lines)
    reasons = [
        f"{key} read of {found['coverage'][key]} of {count}" for key in _MUST if found["coverage"][key] < count
    ]
    if count == 0:
        reasons.append(f"no speech could be read: {sample.message}")
    elif sample.exit_status != Exit.COMPLETE:
        reasons.append(
            f"the crawl of the sample ended with {sample.exit_status}: {sample.message.partition(chr(10))[0]}"
        )
    if unsure := sample.problems.get("body: low-confidence"):
        reasons.append(f"the generic reader is unsure of {unsure} of {count} bodies")
    reasons += found["list"]["doubts"]
    if lost := found["charset"]["unreadable"]:
        reasons.append(f"{lost} bytes of the pages could not be decoded")
    return reasons


def _local(survey: Survey, url: str) -> str:
    """An address on the site's own host, also where the page names an alias."""
    return survey.hosts.local(url) or url


def _counts(lists: Sequence[ListPage]) -> dict[str, Any]:
    """Pages and speeches, each with where the number is from: `printed`, `pager`, `counted`, or `at least`."""
    rows = len({row.native_id or row.url for listing in lists for row in listing.rows})
    pages = max((listing.pages or 0 for listing in lists), default=0)
    linked = max((number for listing in lists for number in listing.linked), default=0)
    total = max((listing.total or 0 for listing in lists), default=0)
    is_all = lists[-1].next_url is None and linked <= len(lists) and pages <= len(lists)
    counted = "counted" if is_all and not list_doubts(lists) else "at least"
    return {
        "pages": pages or linked or len(lists),
        "pages_from": "printed" if pages else "pager" if linked else counted,
        "speeches": total or rows,
        "speeches_from": "printed" if total else counted,
        "pages_probed": len(lists),
        "further_lists": len({url for listing in lists for url in listing.further}),
        "doubts": list_doubts(lists),
    }


def _rows_shown(lists: Sequence[ListPage]) -> int:
    """The number of rows shown, counted as in the walk: an article on two pages, pinned on one, is two rows."""
    places = Counter(key for listing in lists for key in {row.native_id or row.url for row in listing.rows})
    others = sum(listing.doubled + len(listing.unlinked) for listing in lists)
    return len(places) + others + sum(count == 2 for count in places.values())


def list_doubts(lists: Sequence[ListPage]) -> list[str]:
    """Why the list may hold more than a crawl would see: controls, rows and pages that cannot be followed."""
    last = lists[-1]
    total = max((listing.total or 0 for listing in lists), default=0)
    linked = max((number for listing in lists for number in listing.linked), default=0)
    pages = max((listing.pages or 0 for listing in lists), default=0)
    shown = _rows_shown(lists)
    leads_on = last.next_url is not None or linked > len(lists)
    reasons = [f"a row has no address that can be read: {row}" for listing in lists for row in listing.unlinked[:1]]
    if not (total and shown >= total):
        stuck = last.unfollowed or (last.idle if len(lists) == 1 else ())
        reasons += [f"cannot follow a control: {one}" for one in stuck]
        is_one = len(lists) == 1 and not leads_on
        reasons += [
            f"cannot follow a control: {one.words}"
            for one in lists[0].elsewhere
            if is_one or (one.is_named and one.year is None)
        ]
    if pages > len(lists) and not leads_on:
        reasons.append(f"the list states {pages} pages, and no link leads to page {len(lists) + 1}")
    if total > shown and not leads_on and not reasons and not any(listing.further for listing in lists):
        reasons.append(f"the list states {total} rows, its pages show {shown}")
    first, second = lists[0].rows, lists[1].rows if len(lists) > 1 else ()
    if second and {row.url for row in first} == {row.url for row in second}:
        reasons.append("the second page of the list shows the rows of the first")
    if leads_on and len(lists) == 1:
        reasons.append("the second page of the list could not be read")
    if len(lists) > 1 and not second and not lists[1].unlinked:
        reasons.append("the second page of the list has no rows")
    return reasons


def _dates(lists: Sequence[ListPage], sample: Sample, now: datetime) -> dict[str, str | None]:
    """The newest and the oldest day of the rows probed, or of the speeches read where rows have no dates."""
    read = (
        published(row.date, tz=ZoneInfo("Asia/Shanghai"), seen_at=now)
        for listing in lists
        for row in listing.rows
        if row.date and not row.is_doubtful
    )
    days = sorted(found.on for found in read if isinstance(found, Moment) and found.on is not None)
    days = days or sorted(line["published_on"] for line in sample.lines if line["published_on"])
    return {"newest": days[-1] if days else None, "oldest": days[0] if days else None}


def _counter(survey: Survey, reading: Reading) -> dict[str, Any]:
    """The counter: its `url`, what a request does, and why it is not requested."""
    article = reading.article
    url = article.counter if article else None
    if url is None:
        mode = "printed" if article and article.raw.views is not None else "none"
        return {"mode": mode, "url": None, "asked": False, "why_not": None}
    mode = reading.family.counter_mode(url)
    why = withheld("read_only", mode)
    return {"mode": mode, "url": _local(survey, url), "asked": why is None, "why_not": why}


def _robots(survey: Survey, reading: Reading, agent: str) -> dict[str, Any]:
    rules = survey.robots
    return {
        "allowed": rules is None or rules.allowed(_local(survey, reading.section.url), agent),
        "crawl_delay": rules.crawl_delay(agent) if rules else None,
    }


def _charset(answers: Mapping[str, TextResponse]) -> dict[str, Any]:
    """The charsets declared by headers and pages, those used for decoding, and the number of U+FFFD."""
    seen = list(answers.values())
    types = [(answer.headers.get("Content-Type") or b"").decode("latin-1") for answer in seen]
    headers = sorted({found[1].lower() for kind in types if (found := _CHARSET.search(kind))})
    starts = [answer.body[:_DECLARES].decode("latin-1") for answer in seen]
    pages = sorted({found[1].lower() for text in starts if (found := _CHARSET.search(text))})
    return {
        "http": headers,
        "page": pages,
        "used": sorted({answer.encoding for answer in seen}),
        "unreadable": sum(answer.text.count("\ufffd") for answer in seen),
    }


def _speech(line: Mapping[str, Any]) -> dict[str, Any]:
    body = line["body"] or ""
    shown = {key: line[key] for key in _SHOWN}
    return shown | {"body_length": len(body), "begins": body.replace("\n", " ")[:_FIRST_WORDS]}


def as_text(found: Mapping[str, Any]) -> str:
    """Text for people: one fact per line, then the speeches, the coverage and the problems."""
    count = len(found["speeches"])
    lines = [f"{name:<10}{text}" for name, text in _facts(found, count).items()]
    lines += ["", f"{count} speeches as they would be archived"]
    for one in found["speeches"]:
        views = "views unknown" if one["view_count"] is None else f"{one['view_count']} views"
        day = one["published_at"] or one["published_on"] or "no date"
        lines.append(f"  {one['id']}  {one['title']}")
        lines.append(
            f"      {day} · {views} · {one['speaker'] or 'speaker unknown'} · {one['body_length']} characters"
        )
        lines.append(f"      {one['begins']}")
    lines += ["", "coverage  " + ", ".join(f"{key} {n}/{count}" for key, n in found["coverage"].items())]
    lines.append("failed    " + (", ".join(f"{why} ({n})" for why, n in found["not_captured"].items()) or "none"))
    lines.append("problems  " + (", ".join(f"{code} ({n})" for code, n in found["problems"].items()) or "none"))
    return "\n".join(lines)


def _facts(found: Mapping[str, Any], count: int) -> dict[str, str]:
    cms, counts, counter, robots = (found[key] for key in ("cms", "list", "counter", "robots"))
    charset, dates = found["charset"], found["dates"]
    marks = " · ".join(cms["evidence"]) or "no known CMS recognised: read by structure"
    asked = "requested" if counter["asked"] else counter["why_not"] or "not requested"
    delay = f", Crawl-delay {robots['crawl_delay']}" if robots["crawl_delay"] else ""
    return {
        "site": found["url"],
        "CMS": f"{cms['family']} ({marks})" if cms["family"] != GENERIC else f"{GENERIC} ({marks})",
        "section": f"{found['section']['name']} {found['section']['url']}",
        "list": f"{counts['pages']} pages ({counts['pages_from']}), {counts['speeches']} speeches "
        f"({counts['speeches_from']}); {counts['pages_probed']} pages probed",
        "columns": _BELOW.join(map(_column, found["columns"])),
        "dates": f"{dates['newest']} to {dates['oldest']} on the pages probed",
        "counter": f"{counter['mode']}: {counter['url'] or 'no address'} ({asked})",
        "robots": ("allowed" if robots["allowed"] else "forbidden") + delay,
        "charset": f"declared {', '.join([*charset['http'], *charset['page']]) or 'nowhere'}; "
        f"used {', '.join(charset['used'])}; {charset['unreadable']} unreadable",
        "hosts": ", ".join(found["hosts"]),
        "meta tags": ", ".join(f"{tag} {n}/{count}" for tag, n in found["meta_tags"].items()),
    }


def _column(one: Mapping[str, Any]) -> str:
    """A column in one line: its name, address, rows and whether they look like speeches."""
    seen = one["why_not"] or f"{one['rows']} rows"
    spoken = {True: "speeches", False: "no speeches", None: "speeches unknown"}[one["has_speeches"]]
    more = ["the section"] if one["is_chosen"] else ["all in the section's list"] if one["is_within"] else []
    return f"{one['name']} {one['url']} ({', '.join([seen, spoken, *more])})"
