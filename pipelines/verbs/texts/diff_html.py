"""The differences as one self-contained HTML page: no scripts, nothing loaded."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pipelines.compare.differences import entry
from pipelines.shown import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.archive.disk.streams import Line
    from pipelines.compare.differences import Difference, FieldChange, Kind, Paragraph, Piece

_STYLE = """\
body { max-width: 46em; margin: 2em auto; padding: 0 1em; font: 16px/1.8 serif; color: #222; background: #fff }
h1 { font-size: 1.3em } dt, .kinds { font: 12px/1.6 sans-serif; color: #666 } dd { margin: 0 0 .6em }
p { margin: 0; padding: .2em .8em; border-left: 3px solid #fff; white-space: pre-wrap }
.changed { border-left-color: #c90; margin: .6em 0 }
del { background: #fdd; color: #900 } ins { background: #dfd; color: #060; text-decoration: none }
"""
_TAGS = {"same": ("", ""), "removed": ("<del>", "</del>"), "added": ("<ins>", "</ins>")}


def page(old: Line, new: Line, difference: Difference, words: Mapping[Kind, str]) -> str:
    """The whole page; all text from the site is escaped."""
    title = _text(f"{old['id']}: version {old['version']}.{old['reading']} to {new['version']}.{new['reading']}")
    sides = "".join(
        f"<dt>{side}</dt><dd>{_text(line['title'])}<br>{_text(line['url'])}<br>captured {_text(line['observed_at'])}"
        f", recorded {_text(line['recorded_at'])}, content {_text(line['content_sha256'])}</dd>\n"
        for side, line in (("old", old), ("new", new))
    )
    fields = "".join(_field(change, words) for change in difference.fields)
    body = "".join(_paragraph(paragraph, words) for paragraph in difference.paragraphs)
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<dl>\n{sides}</dl>\n{fields}{body}</body>\n</html>\n"
    )


def _field(change: FieldChange, words: Mapping[Kind, str]) -> str:
    name = f"{change.name} (our reading)" if change.interpreted else change.name
    text = _pieces(change.pieces) or f"<del>{_value(change.old)}</del> <ins>{_value(change.new)}</ins>"
    return f'<div class="changed">{_kinds(name, change.kinds, words)}<p>{text}</p></div>\n'


def _paragraph(paragraph: Paragraph, words: Mapping[Kind, str]) -> str:
    text = _pieces(paragraph.pieces)
    if not paragraph.kinds:
        return f"<p>{text}</p>\n"
    place = " → ".join(dict.fromkeys(str(n) for n in (paragraph.old, paragraph.new) if n is not None))
    return f'<div class="changed">{_kinds(f"paragraph {place}", paragraph.kinds, words)}<p>{text}</p></div>\n'


def _kinds(what: str, kinds: Iterable[Kind], words: Mapping[Kind, str]) -> str:
    return f'<span class="kinds">{_text(what)}: {", ".join(words[kind] for kind in kinds) or "changed"}</span>'


def _value(value: object) -> str:
    if isinstance(value, list):
        return "<br>".join(_text(entry(each)) for each in value) or "none"
    return "unknown" if value is None else _text(str(value))


def _pieces(pieces: Iterable[Piece]) -> str:
    return "".join(f"{_TAGS[p.operation][0]}{_text(p.text)}{_TAGS[p.operation][1]}" for p in pieces)


def _text(text: str) -> str:
    return escape(harmless(text))
