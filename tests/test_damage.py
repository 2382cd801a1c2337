"""The damage radar: clean texts are silent, every damage done to one is found, nobody's file breaks it."""

from __future__ import annotations

import gzip
import html
import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.replica.prose import fill, pools
from crawler.replica.speeches import make_speech
from pipelines.__main__ import main
from pipelines.damage import ANYWHERE, IN_BODIES, damage_of
from pipelines.reasons import PROBLEM_CODES
from pipelines.rendering import visible_text
from tests.conftest import ROOT, run_anew

PAGE = (ROOT / "docs/damage-radar.md").read_text("utf-8")
SET = "全体委员要坚定拥护“两个确立”，坚决做到“两个维护”，把思想和行动统一起来。"
DAYS = st.dates(date(1950, 1, 1), date(2049, 12, 31))
SENTENCES = st.builds(fill, st.sampled_from([*pools()["opening"], *pools()["review"]]), st.randoms())
PARAGRAPHS = st.lists(SENTENCES, min_size=2, max_size=4, unique=True).map("".join)
TEXTS = st.lists(PARAGRAPHS, min_size=2, max_size=5, unique=True).map("\n".join)


def codes(text: str, title: str | None = None) -> set[str]:
    return {damage.code for damage in damage_of(text, title=title)}


def in_between(sign: str) -> Callable[[str, date], str]:
    return lambda text, _: text.replace("。", f"。{sign}", 1)


def as_line(line: str) -> Callable[[str, date], str]:
    return lambda text, _: f"{text}\n{line}\n{text}\n同志们：\n谢谢！\n"


def misread(written: str, read: str) -> Callable[[str, date], str]:
    return lambda text, _: text.encode(written).decode(read, "replace")


# One way or several to do each damage to a text.
DAMAGES: list[tuple[str, Callable[[str, date], str]]] = [
    ("damaged", in_between("\ufffd")),
    ("damaged", misread("gb18030", "utf-8")),
    ("private-use", in_between("\ue004")),
    ("mojibake", misread("utf-8", "gb18030")),
    ("mojibake", misread("utf-8", "latin-1")),
    ("mojibake", misread("utf-8", "cp1252")),
    ("mojibake", misread("gb18030", "latin-1")),
    ("mojibake", in_between("锟斤拷")),
    ("control-characters", in_between("\x0b")),
    ("invisible-characters", in_between("\u200b")),
    ("entities-left", in_between("&nbsp;")),
    ("entities-left", in_between("&#8220;")),
    ("tags-left", in_between('<span style="color:red">')),
    ("unpaired", in_between("“")),
    ("unpaired", in_between("》")),
    ("unpaired", in_between("（")),
    ("lost-date-characters", lambda text, day: f"——{day.year}{day.month}{day.day}日在会上\n{text}"),
    ("lost-date-characters", lambda text, day: f"{text}这是{day.year}年{day.month}{day.day:02}日的事。"),
    ("lost-date-characters", lambda text, day: f"{text}\n（{day.year} {day.month} {day.day}）"),
    ("lost-quotes", lambda text, _: re.sub("[“”]", "", f"{text}{SET}")),
    ("lost-quotes", lambda text, _: f"{text}开展产业链建设”“核心区创建视察。"),
    ("folded-punctuation", lambda text, _: unicodedata.normalize("NFKC", f"一年来，有进步，有成效。{text}")),
    ("page-furniture", as_line("您当前位置:政协网 >> 领导讲话 >> 浏览文章")),
    ("page-furniture", as_line("您现在的位置：首页 > 领导讲话")),
    ("page-furniture", as_line("上一篇：没有了")),
    ("page-furniture", as_line("日期：2023-12-28　浏览数：")),
    ("page-furniture", as_line("2023-12-28　点击：12")),
    ("page-furniture", as_line("2023-12-28　阅读 12 次")),
    ("page-furniture", as_line("某某市政协　版权所有")),
    ("page-furniture", as_line("【打印本页】 【关闭窗口】")),
    ("page-furniture", as_line("主办：政协委员会　鄂ICP备16018717号")),
    ("page-furniture", as_line("鄂ICP16018717号")),
    ("page-furniture", as_line("责任编辑：韦东")),
    ("half-paragraph", lambda text, _: f"{text}\n大家一起努力\n，把工作做好。"),
    ("half-paragraph", lambda text, _: f"{text}{SET}会议要求，\n各单位抓好落实。"),
    ("repeated-paragraph", lambda text, _: f"{SET}{text}\n{SET}{text}"),
]


UTF8_READ_AS_GBK = "各位委员、同志们：".encode().decode("gb18030", "replace").replace("\ufffd", "")
ODD = ["锟斤拷", "烫烫烫", "屯屯屯", "锛銆鈥", *UTF8_READ_AS_GBK, re.sub("[锛銆鈥]", "", UTF8_READ_AS_GBK)]
ODD += ["各位".encode().decode("cp1252", "ignore"), "各位委员".encode("gbk").decode("latin-1"), "Ã©", "â€œ", "Â·"]
ODD += [*"\ufffd\ud800\ue004\U00100000\r\x00\x85\xad\u200b\u200d\u2066\ufeff·é讲话。\n"]


@given(st.lists(st.sampled_from(ODD), min_size=1, max_size=4).map("".join))
def test_the_look_for_odd_characters_misses_nothing_that_a_detector_finds(text: str) -> None:
    found = {damage.code: damage.spans for damage in damage_of(text, is_body=False)}
    assert found == {code: spans for code, detect in ANYWHERE.items() if (spans := tuple(detect(text)))}


@settings(max_examples=15)
@given(TEXTS, DAYS)
@pytest.mark.parametrize(("code", "do"), DAMAGES, ids=[f"{n} {code}" for n, (code, _) in enumerate(DAMAGES)])
def test_damage_done_to_a_clean_text_is_found(
    code: str, do: Callable[[str, date], str], text: str, day: date
) -> None:
    assert codes(text) == set()
    assert code in codes(do(text, day))


def test_speeches_are_silent() -> None:
    """What the replica says stands on real sites too: heads, tables, quotes, names; a title may open its text."""
    for number in range(150):
        speech = make_speech(11, 1, number, datetime(2020, 1, 1))  # noqa: DTZ001 - local time, as the CMS stores it
        assert damage_of(speech.title, is_body=False) == ()
        assert codes(speech.body, speech.title) <= {"title-repeated"}


CLEAN = [
    "他在报告中提出：“要做到两点：\n“一是学习；\n“二是落实。”\n会议到此结束。",
    "本年度共收到提案2000来件，其中1,234件已办结；比上年增长12.5%（不含并案）。",
    "会议于2023年1月7日至9日召开，1949 年以来已是第 75 次。2023年5月30名委员参加了培训。",
    "一）提高认识；二）抓好落实；1)明确责任；2）严格考核。",
    "it’s the ’98 report (CPPCC) :) &c. 3<5 && a<b",
    "后台把小于号写成了“&lt;”，把换行写成了“<br>”。",
    "café déjà vu·Müller·ÄÖÜ·25℃·××××·￥100·[1]·①",
    "新闻稿(新华社记者摄)写道:很好!是吗?2023.12.28.\n责任编辑：韦东",
    "坚持“三农”优先，推进放管服改革，建设一带一路。".replace("放管服", "“放管服”"),
    "愿你我，\n像星星，\n照亮夜空。",
    "阅读：一种生活方式\n位置：应山街道\n编辑：您怎么看？\n分享到会同志的体会\n上一篇文章写得好。\n扫一扫门前雪\n谢谢。",
]


@pytest.mark.parametrize("text", CLEAN)
def test_what_only_looks_like_damage_is_silent(text: str) -> None:
    assert codes(text) == set()


def test_a_title_at_the_head_of_its_text() -> None:
    assert codes("在市政协\n会议上的讲话\n各位委员：", "在市政协会议上的讲话") == {"title-repeated"}
    assert codes("在会上\n各位委员：", "在市政协会议上的讲话") == set()


PAIRED = st.recursive(
    st.text(alphabet="政协委员，。", max_size=4),
    lambda inner: st.builds(
        lambda pair, parts: pair[0] + "".join(parts) + pair[1],
        st.sampled_from(["“”", "‘’", "《》", "（）", "()", "【】", "〔〕", "「」", "（)"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(PAIRED, st.data())
def test_a_sign_without_its_other_half_is_always_found(text: str, data: st.DataObject) -> None:
    assert "unpaired" not in codes(text)
    signs = [place for place, sign in enumerate(text) if sign not in "政协委员，。"]
    if signs:
        place = data.draw(st.sampled_from(signs))
        assert "unpaired" in codes(text[:place] + text[place + 1 :])


@given(st.text(), st.none() | st.text())
def test_any_text_can_be_judged(text: str, title: str | None) -> None:
    for damage in damage_of(text, title=title):
        assert damage.spans
        assert all(0 <= start < end <= len(text) for start, end in damage.spans), damage
        assert damage.detail(text)


def as_an_extractor_leaves_it(fragment: str) -> str:
    """Every text node of one character dropped, punctuation folded: the damage of the one public text of our site."""
    kept = re.sub(r">([^<>])<", "><", fragment)
    return unicodedata.normalize("NFKC", visible_text(kept))


def test_the_damage_of_a_careless_extractor_is_told_by_name() -> None:
    said = f"{SET}推进“放管服”改革，建设“五型”机关。2023年，有进步。"
    runs = re.sub("([“”年月])", r"<span>\1</span>", html.escape(f"——2023年12月27日在会议上|{said}", quote=False))
    fragment = "".join(f"<p>{line}</p>" for line in runs.split("|"))
    assert codes(visible_text(fragment)) == set()
    found = codes(as_an_extractor_leaves_it(fragment))
    assert {"lost-date-characters", "lost-quotes", "folded-punctuation"} <= found


# audit-text


LINES = [
    json.dumps({"id": 7, "title": "会议", "body": f"——20231227日在会上\n{SET}"}, ensure_ascii=False).encode(),
    b"not json",
    b'["a list"]',
    b'{"id": "b", "text": "x"}',
    b'{"id": "c", "body": 3}',
    b"\xff\xfe",
    b"",
    b'{"id": "gone", "body": null}',
    b'{"id": "d", "body": "\\ud800", "title": "\\u2028"}',
    b'{"id": "e", "body": " "}',
    b"[" * 100_000,
    json.dumps({"body": "各位委员：\u2028大家好！"}, ensure_ascii=False).encode(),
]


def audit(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    status = main(["audit-text", *arguments])
    told = capsysbinary.readouterr()
    return status, [json.loads(line) for line in told.out.split(b"\n") if line], told.err.decode()


def test_anybodys_lines(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "packed"
    plain.write_bytes(b"\xef\xbb\xbf" + b"\n".join(LINES))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    status, found, err = audit(capsysbinary, str(plain))
    assert (status, err) == (5, "")
    assert [(f["line"], f["id"], f["code"]) for f in found[:-1]] == [
        (1, "7", "lost-date-characters"),
        *((line, id_, "unreadable") for line, id_ in ((2, None), (3, None), (4, "b"), (5, "c"), (6, None))),
        (9, "d", "damaged"),
        (10, "e", "empty"),
        (11, None, "unreadable"),
    ]
    assert found[-1] == {
        "summary": {
            "lines": 12,
            "texts": 4,
            "unreadable": 6,
            "findings": {"damaged": 1, "empty": 1, "lost-date-characters": 1},
            "left_out": {},
        }
    }
    first = found[0]
    assert (first["field"], first["offset"], first["places"]) == ("body", 2, 1)
    assert first["excerpt"] in f"——20231227日在会上\n{SET}"
    assert audit(capsysbinary, str(packed)) == (status, found, "")
    piped = run_anew(
        "pipelines",
        "audit-text",
        "-",
        input=plain.read_bytes().decode("utf-8", "surrogateescape"),
        errors="surrogateescape",
    )
    assert [json.loads(line) for line in piped.out.split("\n") if line] == found


def test_exit_status(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "a.jsonl"
    fine = json.dumps({"text": SET}, ensure_ascii=False)
    for content, status in ((fine, 0), ("", 0), (f"{fine}\n{{}}", 3), (f"{fine}\nx\n" + '{"text": "“"}', 5)):
        file.write_text(content, "utf-8")
        assert audit(capsysbinary, str(file), "--key", "text")[0] == status
    file.write_text(fine, "utf-8")
    status, found, err = audit(capsysbinary, str(file))
    assert (status, found) == (2, [])
    assert "--key" in err
    assert audit(capsysbinary, str(tmp_path / "none"))[0] == 2
    packed = gzip.compress(fine.encode() * 999)
    file.write_bytes(packed[:-20])
    status, found, _ = audit(capsysbinary, str(file), "--key", "text")
    assert (status, found[-2]["code"]) == (3, "unreadable")
    assert "breaks off" in found[-2]["detail"]


def test_every_place_and_short_siblings(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "a.jsonl"
    bodies = [SET * 9 + str(n) for n in range(20)] + ["已删除。", "甲\u200b乙\u200b"]
    lines = [{"site": "a", "id": f"a:{n}", "body": body} for n, body in enumerate(bodies)]
    stranger = {"site": "b", "id": "b:1", "body": "各位委员："}
    file.write_text("\n".join(json.dumps(line) for line in [*lines, stranger]), "utf-8")
    status, found, _ = audit(capsysbinary, str(file), "--every")
    assert status == 5
    assert [(f["id"], f["code"], f["offset"]) for f in found[:-1]] == [
        ("a:21", "invisible-characters", 1),
        ("a:21", "invisible-characters", 3),
        ("a:20", "shorter-than-siblings", 0),
        ("a:21", "shorter-than-siblings", 0),
    ]
    assert found[-1]["summary"]["findings"] == {"invisible-characters": 1, "shorter-than-siblings": 2}


def test_what_is_asked_for_is_reported_and_the_rest_is_counted(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "a.jsonl"
    texts = [("在全会上的讲话", f"在全会上的讲话\n{SET}"), ("开幕", f"——20231227日在会上\n{SET}"), ("闭幕", "（一")]
    lines = [json.dumps({"title": title, "body": body}, ensure_ascii=False) for title, body in texts]
    file.write_text("\n".join(lines), "utf-8")
    every = {"title-repeated": 1, "lost-date-characters": 1, "unpaired": 1}
    for words, chosen, expected in (
        (None, every.keys() - {"title-repeated"}, 5),
        ("all", every, 5),
        ("damage", {"lost-date-characters"}, 5),
        ("style", {"title-repeated", "unpaired"}, 5),
        ("warning,unpaired", {"lost-date-characters", "unpaired"}, 5),
        ("mojibake", set(), 0),
    ):
        status, found, err = audit(capsysbinary, str(file), *(["--problems", words] if words else []))
        assert (status, err, {one["code"] for one in found[:-1]}) == (expected, "", set(chosen)), words
        summary = found[-1]["summary"]
        assert summary["findings"] | summary["left_out"] == every
        assert summary["findings"].keys() == set(chosen)
    first = audit(capsysbinary, str(file), "--problems", "error")[1][0]
    assert (first["kind"], first["severity"]) == ("damage", "error")
    with pytest.raises(SystemExit) as refused:
        main(["audit-text", str(file), "--problems", "damage,fatal"])
    assert refused.value.code == 2
    assert "'fatal' is no kind (site, style, doubt, damage), severity" in capsysbinary.readouterr().err.decode()


def test_the_page_lists_every_code() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", PAGE, re.MULTILINE)
    radar = {*ANYWHERE, *IN_BODIES, "empty", "title-repeated", "shorter-than-siblings"}
    assert dict(rows) == {code: PROBLEM_CODES[code].en for code in radar}


def test_the_page_shows_what_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (content,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("speeches.jsonl").write_text(content, "utf-8")
    ((command, shown),) = re.findall(r"^```console\n\$ python -m pipelines (.*)\n((?s:.*?))^```$", PAGE, re.MULTILINE)
    assert main(command.split()) == 5
    assert capsysbinary.readouterr().out.decode() == shown
