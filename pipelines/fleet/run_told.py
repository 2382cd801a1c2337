"""One run for the person who gets its alert: verdict, what to do, what it brought and missed, the last good run."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import run_file
from pipelines.archive.errors import Damaged, NotUnderstood
from pipelines.archive.read.reader import CRAWLS
from pipelines.exits import ARCHIVED, BLOCKED, Exit
from pipelines.reasons import REASONS, Meaning, Reason
from pipelines.shown import counted, one_line
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.archive.read.reader import Archive

_MOST = 10
"""Misses, and events of a kind, that a text names: with ten it is still read on a phone."""
_ORDER = {event: n for n, event in enumerate(("changed", "gone", "restored", "created", "reprocessed"))}
"""What is told of a run first is what the site did to texts that were known; events of later software come last."""
_LONGEST = 160
"""Characters of a title, a detail or an address in a text; the verdict's message is given whole."""
_COMPARED = ("list_pages", "listed", "captured", "created", "changed", "gone", "missing", "failed", "left")
_UNKNOWN = Meaning("a reason of later software", "更新版本的软件给出的原因")

WHAT_TO_DO: dict[str, Meaning] = {
    "nothing": Meaning("Nothing: the archive holds what the site shows.", "无需处理：网站所示内容均已存档。"),
    "gates": Meaning(
        "Open the section in a browser and compare it with the figures below. If the site is right, run again with "
        "the accept that the message names.",
        "请用浏览器打开该栏目，与下列数字比对；若网站确实如此，请按采集报告所示加上 accept 重新采集。",
    ),
    "refused": Meaning(
        "Open the section in a browser: nothing was marked as gone, and the next run tries again.",
        "请用浏览器查看该栏目：没有任何讲话记为撤下，下次采集会再试。",
    ),
    "gaps": Meaning(
        "Open the addresses below. One that the browser shows needs a key in the profile; for one that only the site "
        "can mend, `accept-gap`.",
        "请打开下列网址：浏览器能显示的，需在站点配置中补充；只有网站能修复的，可用 accept-gap 命令认可。",
    ),
    "wait": Meaning(
        "Wait: failures of the network and of the server are usually over by the next run.",
        "等待即可：网络或服务器的故障通常到下次采集时已恢复。",
    ),
    "again": Meaning("Nothing now: the next run goes on where this one ended.", "暂不处理：下次采集会从中断处继续。"),
    "machine": Meaning(
        "Do what the message says about this machine, then run the same command again.",
        "请按采集报告处理本机问题，然后重新运行同一命令。",
    ),
    "damage": Meaning("Restore what `verify` names from a copy.", "请用备份恢复 verify 指出的文件。"),
    "wrong-use": Meaning(
        "Correct what the message names; nothing was written.", "请按采集报告更正；没有写入任何内容。"
    ),
    "error": Meaning(
        "Report it with the run's log; the next run continues.", "请连同采集日志报告给开发者；下次采集会继续。"
    ),
}
"""What a person does about a run, by a word that tells of which kind it is."""


@frozen(kw_only=True)
class Miss:
    """Something that the run did not capture; `accepted` by a person until that day, or null."""

    what: str
    title: str | None
    url: str
    reason: str
    meaning: Meaning
    detail: str
    accepted: str | None
    is_the_sites_word: bool


@frozen
class Brought:
    """An event that the run brought: what happened to which speech."""

    event: str
    id: str
    title: str
    url: str


@frozen(kw_only=True)
class CountBeside:
    """A count of the run beside that of the last good one; null where a report has none."""

    name: str
    now: int | None
    before: int | None


@frozen(kw_only=True)
class RunTold:
    """A run as its report tells it. `before`: run and beginning of the last good run before it, null without one."""

    site: str
    name: str
    run: str
    verdict: str
    exit_status: int | None
    message: str
    started_at: str
    ended_at: str | None
    to_do: Meaning
    brought: tuple[Brought, ...]
    misses: tuple[Miss, ...]
    gates: tuple[str, ...]
    before: tuple[str, str] | None
    compared: tuple[CountBeside, ...]


def read_told(archive: Archive, run: str | None = None) -> RunTold:
    """A run of an archive, the last one when none is named.

    Raises:
        NotUnderstood: it holds no crawl, or none of that id.
        Damaged: a report or a line of the run cannot be read.
    """
    newest_first = (commit for n in range(archive.last.n, 0, -1) if (commit := archive.commit(n)).kind in CRAWLS)
    found = next((one for one in newest_first if run is None or one.run == run), None)
    if found is None:
        which = f"no run {one_line(run)}" if run else "no crawl yet"
        raise NotUnderstood(f"{archive.layout.root}: has {which}; its runs are the files of runs/")
    report = archive.report(found.run)
    before = (archive.report(one.run) for one in newest_first)
    good = next((one for one in before if one.get("exit_status") in ARCHIVED), None)
    try:
        lines = archive.lines_of(found, "versions")
        events = (Brought(line["event"], line["id"], line["title"], line["url"]) for line in lines)
        brought = tuple(sorted(events, key=lambda one: _ORDER.get(one.event, len(_ORDER))))
        return told(_with_titles(report, archive), good, archive.facts_now().name, brought)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        both = " or ".join(run_file(str(one.get("run"))) for one in (report, good) if one)
        told_by = f"{archive.layout.root}: {both} is no run report as the format has it"
        raise Damaged(f"{told_by}: {type(error).__name__} {error}") from error


def _with_titles(report: dict[str, Any], archive: Archive) -> dict[str, Any]:
    """The report, in which speeches that are archived have their titles also where no list named them."""
    gaps = report.get("not_captured") or ()
    nameless = {f"{report['site']}:{gap['native_id']}" for gap in gaps if gap["native_id"] and not gap["title"]}
    known = {row["id"]: row["title"] for row in archive.index() if row["id"] in nameless} if nameless else {}
    named = [gap | {"title": gap["title"] or known.get(f"{report['site']}:{gap['native_id']}")} for gap in gaps]
    return report | {"not_captured": named}


def told(
    report: dict[str, Any], good: dict[str, Any] | None, name: str, brought: tuple[Brought, ...] = ()
) -> RunTold:
    """A run from its report (`run/1`), that of the last good run before it, and the events it brought. Pure."""
    accepted = {(one["what"], one["url"]): one["decision"]["until"] for one in report.get("accepted") or ()}
    misses = tuple(_miss(gap, accepted.get((gap["what"], gap["url"]))) for gap in report.get("not_captured") or ())
    return RunTold(
        site=str(report["site"]),
        name=name,
        run=str(report["run"]),
        verdict=str(report.get("verdict")),
        exit_status=report.get("exit_status"),
        message=str(report.get("message")),
        started_at=str(report["started_at"]),
        ended_at=report.get("ended_at"),
        to_do=WHAT_TO_DO[_kind(report, misses)],
        brought=brought,
        misses=tuple(sorted(misses, key=lambda one: one.is_the_sites_word)),
        gates=tuple(gate["words"] for gate in report.get("gates") or () if not gate["accepted"]),
        before=(str(good["run"]), str(good["started_at"])) if good else None,
        compared=tuple(CountBeside(name=key, now=_count(report, key), before=_count(good, key)) for key in _COMPARED),
    )


def _count(report: dict[str, Any] | None, key: str) -> int | None:
    """A count of a report; one that it does not name is 0, unless what was read is withheld or lost with the run."""
    counts = (report or {}).get("counts")
    if report is None or not counts:
        return None
    is_known = report.get("withheld") is None and "salvaged" not in report
    return counts.get(key, 0 if is_known else None)  # type: ignore[no-any-return]


def _miss(gap: dict[str, Any], accepted: str | None) -> Miss:
    meaning = REASONS[Reason(gap["reason"])] if gap["reason"] in frozenset(Reason) else _UNKNOWN
    return Miss(
        what=gap["what"],
        title=gap["title"],
        url=gap["url"],
        reason=gap["reason"],
        meaning=meaning,
        detail=gap["detail"].removeprefix(f"{gap['url']}: "),
        accepted=accepted,
        is_the_sites_word=bool(gap["is_the_sites_word"]),
    )


def _kind(report: dict[str, Any], misses: Sequence[Miss]) -> str:
    """The key of `WHAT_TO_DO` for a run."""
    match report.get("exit_status"):
        case Exit.COMPLETE:
            return "nothing"
        case Exit.GAPS:
            open_ones = [one for one in misses if not (one.is_the_sites_word or one.accepted)]
            no_answer = [
                one for one in open_ones if one.reason in frozenset(Reason) and Reason(one.reason).is_no_answer
            ]
            return "wait" if open_ones and len(no_answer) == len(open_ones) else "gaps"
        case Exit.REFUSED:
            return "gates" if report.get("gates") else "refused"
        case Exit.INTERRUPTED:
            return "machine" if report.get("verdict") == BLOCKED else "again"
        case Exit.DAMAGED:
            return "damage"
        case Exit.WRONG_USE:
            return "wrong-use"
    return "error"


def run_text(run: RunTold) -> str:
    """The run as a mail: the verdict first, then what to do. Ends with a line feed."""
    begun = f"{run.started_at[:16].replace('T', ' ')} UTC"
    lines = [
        f"{run.site} {run.name}: {run.verdict} (exit {run.exit_status}): {run.message}",
        f"To do: {run.to_do.en}",
        f"Run {run.run}, begun {begun}.",
        *(f"Gate: {words}" for words in run.gates),
    ]
    blocks = ["\n".join(map(one_line, lines)), _brought(run.brought), _misses(run.misses), _comparison(run)]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _brought(brought: Sequence[Brought]) -> str:
    """What the run brought, kind by kind; reprocessed ones are only counted: the site did nothing."""
    lines = []
    for event, among in groupby(brought, key=lambda one: one.event):
        told = list(among)
        lines.append(f"{event.capitalize()}: {len(told)}")
        if event != "reprocessed":
            lines += [one_line(f"- {_cut(one.title)} ({one.id})") for one in told[:_MOST]]
            lines += [f"… and {len(told) - _MOST} more"] if len(told) > _MOST else []
    return "\n".join(lines)


def _misses(misses: Sequence[Miss]) -> str:
    if not misses:
        return ""
    counts = Counter(one.reason for one in misses)
    head = f"Not captured: {', '.join(f'{reason} {count}' for reason, count in counts.most_common())}"
    more = len(misses) - _MOST
    lines = [head, *_lines_of(misses[:_MOST]), *([f"… and {more} more in the run report"] if more > 0 else [])]
    return "\n".join(lines)


def _lines_of(misses: Iterable[Miss]) -> Iterator[str]:
    for one in misses:
        accepted = f"; accepted until {one.accepted}" if one.accepted else ""
        yield one_line(f"- {one.what} {_cut(one.title or 'without a title')}: {one.meaning.en}{accepted}")
        yield one_line(f"  {_cut(one.url)}")
        yield one_line(f"  {_cut(one.detail)}")


def _comparison(run: RunTold) -> str:
    if run.before is None:
        return "There was no good run before."
    begun = f"{run.before[1][:16].replace('T', ' ')} UTC"
    shown = [one for one in run.compared if one.now is not None or one.before is not None]
    rows = (f"  {one.name.replace('_', ' '):<11} {_number(one.now):>8} {_number(one.before):>8}" for one in shown)
    head = f"Beside the last good run, {one_line(run.before[0])} of {begun}:"
    return "\n".join([head, f"  {'':<11} {'now':>8} {'then':>8}", *rows])


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({counted(len(text), 'characters')} in all)"
