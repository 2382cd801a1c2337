"""The frame of the window's pages: strings in both languages, escaping, links, addresses."""

from __future__ import annotations

import re
import string
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.fleet.run_told import WHAT_TO_DO
from pipelines.reasons import CLOSED_LISTS
from pipelines.window import addresses
from pipelines.window.pages import LANGUAGES
from pipelines.window.templates import Templates, strings
from tests.conftest import ROOT

WINDOW = ROOT / "pipelines" / "window"
USES = re.compile(r"""\bt\(\s*["']([a-z0-9_.-]+)["']\s*[,)]""")


def fields(text: str) -> set[str]:
    return {name for part in text.split("|") for _, name, _, _ in string.Formatter().parse(part) if name}


def test_every_string_is_there_in_both_languages_with_the_same_names() -> None:
    for key, told in strings().items():
        assert told.keys() == set(LANGUAGES), key
        assert fields(told["zh"]) == fields(told["en"]), key
        assert all(text.strip() for text in told.values()), key


def test_templates_use_strings_that_exist_and_hold_no_words_of_their_own() -> None:
    for template in sorted((WINDOW / "templates").glob("*.html")):
        text = template.read_text("utf-8")
        assert not set(USES.findall(text)) - strings().keys(), template
        visible = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "", text)
        assert not re.search(r"[a-zA-Z]{4,}|[\u4e00-\u9fff]", re.sub(r"&\w+;", "", visible)), template


HALF_WIDTH = re.compile(r"[\u4e00-\u9fff）”][,.:;!?(]|[)][\u4e00-\u9fff]|[，。：；、（）“”…][ ]|[ ][，。：；、（）]")
FULL_WIDTH = ("，", "。", "：", "；", "、", "（", "）")


def test_chinese_has_full_width_marks_and_no_blank_beside_them() -> None:
    chinese = {key: told["zh"] for key, told in strings().items()}
    meanings = {word: meant.zh for words in CLOSED_LISTS.values() for word, meant in words.items()}
    to_do = {key: meant.zh for key, meant in WHAT_TO_DO.items()}
    for key, text in (chinese | meanings | to_do).items():
        assert not HALF_WIDTH.search(text), (key, text)
    for template in sorted((WINDOW / "templates").glob("*.html")):
        text = re.sub(r"(?s)\{#.*?#\}", "", template.read_text("utf-8"))
        inside = re.sub(r"(?s)<[^>]*>", "", re.sub(r"(?s)\{%.*?%\}|\{\{.*?\}\}", "", text))
        assert not re.search(r"[,:;()]", re.sub(r"&\w+;", "", inside)), f"{template}: marks come from words.toml"
        for key in re.findall(
            r"""\bt\(["']([a-z0-9_.]+)["'][^}]*?\) \}\}[ \n](?=\{\{|<(?:a|code|small|del|ins)\b)""", text
        ):
            assert not chinese.get(key, "").endswith(FULL_WIDTH), (
                f"{template}: {key} and a blank; gap is none in Chinese"
            )


def test_text_from_the_web_controls_neither_page_nor_direction() -> None:
    for language in LANGUAGES:
        templates = Templates(language)
        macros = templates._environment.get_template("macros.html").module
        hostile = '<script>alert(1)</script>{{7*7}}\u202etxt"\x00'
        shown = str(macros.web(hostile))  # type: ignore[attr-defined]
        assert "<script" not in shown
        assert "\u202e" not in shown
        assert "\x00" not in shown
        assert "{{7*7}}" in shown
        with pytest.raises(ValueError, match="None"):
            templates._environment.from_string("{{ nothing }}").render(nothing=None)


@given(st.text(max_size=300), st.text(max_size=300))
def test_names_from_the_web_lie_inside_the_window_and_links_lead_there(site: str, native: str) -> None:
    made = [addresses.speech(f"{site}:{native}"), addresses.speaker(native), addresses.site(site)]
    for address in made:
        assert re.fullmatch(r"[a-z]+(/[a-z0-9_-]+){1,2}\.html", address)
        back = unquote(addresses.relative(address, addresses.FRONT))
        assert (Path("/window/en") / Path(address).parent / back).resolve() == Path("/window/en/index.html")


def test_a_list_in_chinese_tells_the_time_of_the_website() -> None:
    clocks = [Templates("zh").clock, Templates("en").clock]
    assert [clock("2026-11-29T22:00:05Z", "Asia/Shanghai") for clock in clocks] == [
        "2026-11-30 06:00 北京时间",
        "2026-11-29 22:00 UTC",
    ]
    told = {zone: clocks[0]("2026-11-29T22:00:05Z", zone) for zone in ("Asia/Urumqi", "+05:30", "../x", None)}
    assert [*told.values()] == ["2026-11-30 04:00 +06:00", "2026-11-30 03:30 +05:30", *["2026-11-29 22:00 UTC"] * 2]
    assert clocks[0]("0001-01-01T00:00:00Z", "-08:00") == "0001-01-01 00:00 UTC"


def test_links_out_of_the_window_are_the_same_wherever_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert addresses.relative("en/speeches/a/1.html", "../../a/warc/x.gz") == "../../../../../a/warc/x.gz"
    assert addresses.relative("en/index.html", "../a b/x") == "../../a%20b/x"
