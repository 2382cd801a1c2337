"""Full text of any language in SQLite's FTS5: an index of pairs of characters.

Chinese has no blanks between words. FTS5's own tokenizers find no word of it (`unicode61`) or none of two characters
(`trigram`). Here each token is a pair of neighbouring characters: 政协会议 is indexed as 政协, 协会, 会议 and 议, and
a phrase of consecutive pairs matches exactly where the text has these characters. One character is a prefix.
"""

from __future__ import annotations

import re
import sys
from array import array
from itertools import pairwise

_SIGNS = "".join(chr(sign) for sign in range(32, 127) if not chr(sign).isalnum())
_UTF32 = f"utf-32-{sys.byteorder[0]}e"
_BETWEEN = "\n"
"""Between two tokens: no printable character, since the tokenizer takes these for parts of a pair."""
_NOT_INDEXED = re.compile(r"[\x00-\x1f\x7f]")

TOKENIZER = "ascii tokenchars '" + _SIGNS.replace("'", "''") + "'"
"""Every character but control characters is part of a token; only A-Z are folded to a-z."""


def full_text_table(name: str, *columns: str) -> str:
    """The SQL that creates an index of these columns. It keeps no text (contentless).

    It keeps the lengths of texts, without which its rows cannot be counted, as sqlite-utils and Datasette do.
    """
    tokenizer = TOKENIZER.replace('"', '""')
    return f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(columns)}, content='', tokenize=\"{tokenizer}\")"


def pairs(text: str | None) -> str:
    """What is indexed of a text: its pairs of characters, and the last one alone."""
    if not text:
        return ""
    signs = array("I", text.encode(_UTF32))
    apart = array("I", _BETWEEN.encode(_UTF32)) * (3 * len(signs))
    apart[::3] = signs
    apart[1:-2:3] = signs[1:]
    return apart.tobytes().decode(_UTF32)


def phrase(sought: str) -> str | None:
    """The FTS5 expression that matches texts with these characters; null when only a scan can find them.

    ASCII letters match in either case. Control characters, line ends among them, are not in the index.
    """
    if not sought or _NOT_INDEXED.search(sought):
        return None
    found = _BETWEEN.join(map("".join, pairwise(sought))) or sought
    quoted = '"' + found.replace('"', '""') + '"'
    return quoted if len(sought) > 1 else f"{quoted}*"


PHRASE_IN_SQL = """
WITH RECURSIVE place(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < length(:q) - 1)
SELECT '"' || group_concat(replace(substr(:q, n, 2), '"', '""'), char(10)) || '"' || iif(length(:q) = 1, '*', '')
FROM place
""".strip()
"""`phrase` of the parameter `q` in SQL, for programs that only run queries. `q` must be one line of text."""
