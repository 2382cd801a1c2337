"""Every closed list of the lines of an archive, by name: its words and their meanings.

A key that takes its words from a list has a type with exactly these words; `schemas/codes.json` says which keys do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.reasons.absence import REASONS, Reason
from pipelines.reasons.genres import GENRES
from pipelines.reasons.meanings import Meaning
from pipelines.reasons.problem_codes import PROBLEM_CODES, PROBLEM_KINDS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

EVIDENCE_PLACES = {
    "title": Meaning("the heading", "标题"),
    "info": Meaning(
        "a line between title and body: behind a label, or a day with its clock time",
        "标题与正文之间的信息行：带标签，或带时刻的日期",
    ),
    "script": Meaning("what a script of the page writes into these lines", "页面脚本写入信息行的内容"),
    "above": Meaning("a line above the title, behind a label", "标题上方带标签的一行"),
    "meta": Meaning(
        "a meta tag of publication: PubDate, article:published_time",
        "表示发布时间的 meta 标签：PubDate、article:published_time",
    ),
    "json-ld": Meaning("datePublished of the page's JSON-LD", "页面 JSON-LD 中的 datePublished"),
    "time": Meaning(
        "a <time> element, or an attribute with seconds since 1970", "<time> 元素，或以 1970 年起秒数表示的属性"
    ),
    "head": Meaning(
        "short lines at the beginning of the text; a day alone between title and body",
        "正文开头的短行；标题与正文之间单独一行的日期",
    ),
    "tail": Meaning(
        "short lines behind the last sentence of the text, or behind the body", "正文最后一句之后或正文之后的短行"
    ),
    "variable": Meaning(
        "a variable of a script that is named for it: var pubDate", "脚本中以此命名的变量：var pubDate"
    ),
    "list": Meaning("the article's row in the list", "列表中该文章的一行"),
    "beside": Meaning(
        "a day without a label above the title or directly behind the body",
        "标题上方或紧接正文之后、没有标签的日期",
    ),
    "written": Meaning("成文日期: when the document was made", "成文日期：文件形成的时间"),
    "updated": Meaning("更新时间: when the page was changed last", "更新时间：页面最后修改的时间"),
    "signature": Meaning("the day under the signature", "落款处的日期"),
    "body": Meaning("the body's own words, as a day at its beginning", "正文中的文字，如开头的日期"),
    "site": Meaning(
        "no word of the page: what archive.json says of the site", "非页面文字：archive.json 中关于该网站的记载"
    ),
}
"""Where the words of an evidence stand; for dates, `pipelines.text.dates.WEIGHTS` says which is trusted most."""

EVENTS = {
    "created": Meaning("the speech was found for the first time", "首次发现该讲话"),
    "changed": Meaning("the site changed what it published", "网站改动了所发布的内容"),
    "reprocessed": Meaning(
        "our parser understands the same bytes differently; the site changed nothing",
        "新版程序对同样的字节有了不同的读取结果；网站没有改动",
    ),
    "gone": Meaning("the site has taken it away, and said so more than once", "网站已撤下，并且不止一次如此表明"),
    "restored": Meaning("the site has it again", "网站重新刊载"),
}

CHANGES = EVENTS | {
    "redacted": Meaning("words of it were removed by order", "依要求移除了其中的文字"),
    "succeeded": Meaning("the site has it under another id since", "网站此后以另一编号刊载"),
    "resumed": Meaning(
        "the site has taken up its id again, which another had succeeded", "网站重新启用了曾被取代的编号"
    ),
    "seen": Meaning("it was looked at, and counts or days of it are newer", "已查看过，浏览量或查看日期已更新"),
}

PRESENCE = {
    "present": Meaning("it was on a list page, or its article was read", "出现在列表页上，或文章已读取"),
    "unlisted": Meaning("its article answers, but it is on no list page", "文章可以访问，但不在任何列表页上"),
    "missing": Meaning("the site says that it is deleted; seen once or more often", "网站表明已删除；见过一次或多次"),
    "withheld": Meaning("the site has it and does not show it", "网站存有但不公开显示"),
    "unknown": Meaning("the response proves nothing", "响应不足以判断"),
}

STATES = PRESENCE | {
    "gone": Meaning("it is proven that the site has taken it away", "已证实网站撤下"),
    "succeeded": Meaning("the site has it under another id", "网站以另一编号刊载"),
}

CLOSED_LISTS: dict[str, Mapping[Any, Meaning]] = {
    "problem_codes": PROBLEM_CODES,
    "problem_kinds": PROBLEM_KINDS,
    "severities": SEVERITIES,
    "genres": GENRES,
    "evidence_places": EVIDENCE_PLACES,
    "reasons": REASONS,
    "presence_reasons": {
        Reason.DELETED.value: REASONS[Reason.DELETED],
        Reason.NOT_FOUND.value: REASONS[Reason.NOT_FOUND],
        "seen-again": Meaning("a run has seen it again", "某次运行再次见到"),
    },
    "presence": PRESENCE,
    "states": STATES,
    "events": EVENTS,
    "changes": CHANGES,
    "operations": {
        "ADD": Meaning("the row of this id is new: insert it", "该编号的行是新的：插入"),
        "MOD": Meaning("replace the values that the entity has", "用 entity 中的值替换"),
        "DEL": Meaning("the row of this id is no longer there: delete it", "该编号的行已不存在：删除"),
    },
    "content": {
        "new": Meaning("the text was read for the first time", "首次读取文本"),
        "same": Meaning("the text is as it was", "文本与此前相同"),
        "changed": Meaning("the site changed the text", "网站改动了文本"),
        "unread": Meaning("the article was not read", "未读取文章"),
    },
    "precisions": {
        "second": Meaning("the site prints seconds", "网站写到秒"),
        "minute": Meaning("the site prints minutes", "网站写到分"),
        "day": Meaning("the site prints a day", "网站写到日"),
        "month": Meaning("the site prints a month only", "网站只写到月"),
    },
    "looked": {
        "list": Meaning("its row on a list page", "列表页上的一行"),
        "article": Meaning("its article", "文章页"),
        "counter": Meaning("its view counter", "浏览计数器"),
    },
    "views_sources": {
        "counter": Meaning("the answer of the counter", "浏览计数器的响应"),
        "page": Meaning("the page itself", "页面本身"),
    },
    "capture_roles": {
        "article": Meaning("a page of the article", "文章页"),
        "counter": Meaning("the answer of the view counter", "浏览计数器的响应"),
        "list": Meaning("a list page", "列表页"),
        "attachment": Meaning("a file or picture of the body", "正文中的文件或图片"),
    },
}
