"""Who, when, where and what: tables of titles and heads in the style of committee sites (names invented)."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.canonical import json_value
from pipelines.compare.differences import entry
from pipelines.context import read_context
from pipelines.reasons import GENRES
from pipelines.text.names import is_name, people
from tests.conftest import ROOT

SEEN = datetime(2026, 1, 10, 2, tzinfo=UTC)
DAY = "2023-12-27"
CASES: dict[str, list[dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("titles_and_heads.toml").read_text("utf-8")
)
KEYS = ("delivered_on", "speaker", "speaker_post", "committee", "term", "session", "meeting", "genre")
PLAIN = "在市政协全体会议上的讲话"

Row = tuple[str, str, str | None, str | None]

# title, head of the body (| is a line break), speaker, delivered_on
TITLES: list[Row] = [
    ("何庆海同志在政协广水市第九届委员会第三次会议上作常委会工作报告", "", "何庆海", None),
    ("市政协主席李某某在全市政协工作会议上的讲话", "", "李某某", None),
    ("李某某主席在各界人士座谈会上的讲话", "", "李某某", None),
    ("张某：在新春茶话会上的致辞", "", "张某", None),
    ("张某某在委员培训班开班式上的讲话摘要", "", "张某某", None),
    ("韦　东在政协常委会会议上的讲话", "", "韦东", None),
    ("韦 东同志在政协常委会会议上的讲话", "", "韦东", None),
    ("政协主席、党组书记何庆海在主席会议上的讲话", "", "何庆海", None),
    ("何庆海、李明在重点提案督办会上的讲话", "", "何庆海、李明", None),
    ("在政协广水市九届三次会议上的讲话——王某某", "", "王某某", None),
    ("在政协广水市九届三次会议闭幕会上的讲话（何庆海）", "", "何庆海", None),
    ("在政协九届三次会议上的讲话(市政协主席 何庆海)", "", "何庆海", None),
    ("在全市政协工作会议上的讲话 何庆海", "", "何庆海", None),
    ("在全市政协工作会议上的讲话 韦 东", "", "韦东", None),
    ("凝心聚力 共谋发展——何庆海在政协九届三次会议开幕会上的讲话", "", "何庆海", None),
    ("欧阳建国同志在纪念人民政协成立七十周年大会上的讲话", "", "欧阳建国", None),
    ("司马兰在民主监督工作推进会上的发言", "", "司马兰", None),
    ("市政协副主席诸葛明亮在书香政协启动仪式上的致辞", "", "诸葛明亮", None),
    ("何庆海主席新春致辞", "", "何庆海", None),
    ("何庆海同志在王守义同志追思会上的讲话", "", "何庆海", None),
    ("市委书记陈立新在市政协九届三次会议开幕会上的讲话", "", "陈立新", None),
    ("中共广水市委常委、统战部部长赵一鸣在界别座谈会上的讲话", "", "赵一鸣", None),
    ("市政协党组书记、主席何庆海在党组理论学习中心组学习会上的讲话", "", "何庆海", None),
    ("市政协主席何庆海、副主席李明在协商议政会上的讲话", "", "何庆海、李明", None),
    ("政协委员孙晓梅在大会上的发言", "", "孙晓梅", None),
    ("何庆海代表政协常委会作工作报告", "", "何庆海", None),
    ("王致远在全委会闭幕会上的讲话", "", "王致远", None),
    ("阿不都拉·买买提主席在政协常委会上的讲话", "", "阿不都拉·买买提", None),
    ("自治区政协副主席阿不都拉·买买提在培训班上的讲话", "", "阿不都拉·买买提", None),
    ("市政协主席巴特尔在座谈会上的讲话", "", "巴特尔", None),
    ("次仁同志在政协委员培训班上的讲话", "", "次仁", None),
    ("何庆海在市政协学习贯彻习近平总书记重要讲话精神会议上的讲话", "", "何庆海", None),
    ("何庆海在传达学习全国两会精神会议上强调：以实干开新局", "", "何庆海", None),
    ("何庆海：在市政协九届十次常委会上的讲话（摘要）", "", "何庆海", None),
    ("【领导讲话】何庆海在机关干部大会上的讲话", "", "何庆海", None),
    ("习近平总书记在庆祝大会上的讲话", "", "习近平", None),
    ("何庆海同志的讲话", "", "何庆海", None),
    ("刘建设在提案办理协商会上的讲话", "", "刘建设", None),
    ("李长江在社情民意信息工作会上的讲话", "", "李长江", None),
    ("时任政协主席周大年在政协六届一次会议上的讲话", "", "周大年", None),
    ("政协原主席钱进在老委员座谈会上的发言", "", "钱进", None),
    ("民盟广水总支主委李思源在大会上的发言", "", "李思源", None),
    ("方志远在文史资料工作座谈会上的讲话", "", "方志远", None),
    ("江一舟在委员读书班上的讲话", "", "江一舟", None),
    ("市政协主席方正在机关党建工作会上的讲话", "", "方正", None),
    ("何庆海在九届三次会议闭幕会上的讲话（2023年12月27日）", "", "何庆海", DAY),
    ("2023年12月27日何庆海在政协九届三次会议上的讲话", "", "何庆海", DAY),
    ("何庆海2023年12月27日在政协九届三次会议上的讲话", "", "何庆海", DAY),
    ("在政协九届三次会议上的讲话（二〇二三年十二月二十七日）", "", None, DAY),
    ("在政协九届三次会议上的讲话（2023年12月27日 何庆海）", "", "何庆海", DAY),
    ("何庆海同志在2023年12月27日主席会议上的讲话", "", "何庆海", DAY),
]

NOBODY: list[Row] = [
    ("市委书记在全市政协工作会议上的讲话", "", None, None),
    ("在王守义同志追思会上的讲话", "", None, None),
    ("广水市政协在全省政协工作会议上的交流发言", "", None, None),
    ("市政协领导在全市政协工作会议上的讲话", "", None, None),
    ("武汉市江夏区政协在全省政协工作会议上的发言", "", None, None),
    ("习近平新时代中国特色社会主义思想宣讲提纲", "", None, None),
    ("学习习近平总书记在庆祝大会上的讲话精神", "", None, None),
    ("习近平总书记在庆祝大会上的重要讲话精神传达提纲", "", None, None),
    ("传达学习何庆海同志在全会上的讲话精神", "", None, None),
    ("关于在全市政协系统开展主题教育的报告", "", None, None),
    ("高质量发展在政协工作中的实践：发言", "", None, None),
    ("马克思主义在中国：党课讲稿", "", None, None),
    ("方案在协商会上的说明", "", None, None),
    ("安全在我心中——在安全生产会上的讲话", "", None, None),
    ("会议在市政协召开 何以为报告", "", None, None),
    ("党建在基层：大会发言", "", None, None),
    ("于是在会上的发言", "", None, None),
    ("全面在政协推进民主监督的发言", "", None, None),
    ("常委会在九届三次会议上的工作报告", "", None, None),
    ("政协章程在学习会上的辅导报告", "", None, None),
    ("项目在一线推进会上的发言", "", None, None),
    ("张家界在全省政协会议上的发言", "", None, None),
    ("黄石：在全省政协会议上的发言", "", None, None),
    ("黄石市政协在全省政协会议上的发言", "", None, None),
    ("温州市政协主席在长三角政协论坛上的致辞", "", None, None),
    ("文史委在主席会议上的汇报", "", None, None),
    ("民盟广水总支在大会上的发言", "", None, None),
    ("新年贺词", "", None, None),
    ("时代在召唤：致政协委员的贺词", "", None, None),
    ("和谐在身边——社区协商会发言", "", None, None),
    ("在政协九届三次会议上的讲话（摘要）", "", None, None),
    ("在政协九届三次会议上的讲话（全文）", "", None, None),
    ("在政协九届三次会议上的讲话（三）", "", None, None),
    ("团结奋进 继往开来 在政协九届一次会议上的讲话", "", None, None),
    ("党建引领 安居乐业 在民生座谈会上的讲话", "", None, None),
    ("政协常委会工作报告", "", None, None),
    ("何庆海到杨寨镇调研", "", None, None),
    ("何庆海在杨寨镇调研", "", None, None),
    ("领导讲话：在表彰大会上的讲话", "", None, None),
    ("关于印发何庆海同志在全会上讲话的通知", "", None, None),
    ("怀念王守义同志在政协的日子：发言", "", None, None),
    ("纪委书记在廉政党课上的讲话", "", None, None),
    ("高新区政协工委主任在联席会议上的讲话", "", None, None),
    ("文联主席在界别协商会上的发言", "", None, None),
    ("时任主席在老委员座谈会上的发言", "", None, None),
    ("何庆海在全会上的讲话引起热烈反响", "", None, None),
    ("在纪念1949年10月1日开国大典座谈会上的讲话", "", None, None),
    ("关于2023年12月27日会议情况的说明", "", None, None),
]

# What a slogan, a township or a body printed in the place of a name must not become.
LOOKALIKES = (
    "明方向|强担当|广聚力|严要求|向未来|党旗红|权为民|张榜|万象新|双城记|谢谢|于细微|时不待|向前进|路在何方|农业局|市委办|常务副主席"
    "|金色年华|解放思想"
    "|团结 民主|和谐 发展|平凡 伟大|方向 目标|常怀感恩心|干在前"
    "|宁静|温暖|包容"
    "|何去何从|杨寨|吴店|马坪|安居乐业|撰稿：何庆海"
)
MOTTOES = (
    "走在前列 干在实处——在全会上的讲话|责任在肩：大会发言"
    "|强基在一线：经验发言|政协委员在行动：发言"
    "|安在人心：致辞|杨寨镇党委书记在会上的发言"
    "|李店在会上的发言"
    "|关庙镇政协联络处在会上的发言|陈巷镇：强化党建引领|城郊：做好基层协商"
    "|金融在支持实体经济中的报告|强担当：在会上的讲话"
    "|谢谢在座各位的发言|向未来 在新年茶话会上的致辞|何主席在政协常委会上的讲话|委员们在大会上的发言"
    "|市政协机关在支部会上的发言"
)
NOBODY += [(PLAIN, line, None, None) for line in LOOKALIKES.split("|")]
NOBODY += [(title, "", None, None) for title in MOTTOES.split("|")]

HEADS: list[Row] = [
    (PLAIN, "何庆海", "何庆海", None),
    (PLAIN, "韦 东", "韦东", None),
    (PLAIN, "韦　　东|（2023年12月27日）", "韦东", DAY),
    (PLAIN, "政协广水市委员会主席　何庆海", "何庆海", None),
    (PLAIN, "市政协党组书记、主席 王某某", "王某某", None),
    (PLAIN, "——2023年12月27日在政协广水市第九届委员会第三次会议上", None, DAY),
    (PLAIN, "（2023年12月27日）", None, DAY),
    (PLAIN, "(2023年12月27日 何庆海)", "何庆海", DAY),
    (PLAIN, "（何庆海 2023年12月27日）", "何庆海", DAY),
    (PLAIN, "（二〇二三年十二月二十七日）", None, DAY),
    (PLAIN, "（二○二三年十二月廿七日）", None, DAY),
    (PLAIN, "（２０２３年１２月２７日）", None, DAY),
    (PLAIN, "(2023.12.27)", None, DAY),
    (PLAIN, "2023年12月27日", None, DAY),
    (PLAIN, "（2023年12月27日在市政协全体会议上的讲话）", None, DAY),
    (PLAIN, "何庆海（2023年12月27日）", "何庆海", DAY),
    (PLAIN, "市政协主席 何庆海（2023年12月27日）", "何庆海", DAY),
    (PLAIN, "何庆海|2023年12月27日", "何庆海", DAY),
    (PLAIN, "讲话人：何庆海", "何庆海", None),
    (PLAIN, "主讲人：市政协主席 何庆海|时间：2023年12月27日 地点：政协会议室", "何庆海", DAY),
    (PLAIN, "发言人：韦　东", "韦东", None),
    (PLAIN, "报告人：何庆海 时间：2023年12月27日", "何庆海", DAY),
    (PLAIN, "时间：2023年12月27日上午9:00|地点：会议中心", None, DAY),
    (PLAIN, "何庆海2023年12月27日在市政协全体会议上的讲话", "何庆海", DAY),
    (PLAIN, "——市政协主席何庆海2023年12月27日在政协九届三次会议上", "何庆海", DAY),
    (PLAIN, "市政协主席何庆海在政协九届三次会议上的讲话|2023年12月27日", "何庆海", DAY),
    (PLAIN, "在政协九届三次会议上的讲话（2023年12月27日）", None, DAY),
    (PLAIN, "何庆海同志在全体会议上的讲话（2023年12月27日）", "何庆海", DAY),
    (PLAIN, "（2023年12月27日上午）", None, DAY),
    (PLAIN, "2023年12月27日 星期三|何庆海", "何庆海", DAY),
    (PLAIN, "（2023年12月27日于市政协会议中心）|何庆海", "何庆海", None),
    (PLAIN, "（根据录音整理）|何庆海", "何庆海", None),
    (PLAIN, "何庆海 李明", "何庆海、李明", None),
    (PLAIN, "何庆海、李 明", "何庆海、李明", None),
    (PLAIN, "欧阳建国", "欧阳建国", None),
    (PLAIN, "何庆海主席", "何庆海", None),
    (PLAIN, "自治区政协主席　阿不都拉·买买提", "阿不都拉·买买提", None),
    (
        PLAIN,
        "中国人民政治协商会议|广水市第九届委员会常务委员会工作报告|——2023年12月27日在政协广水市第九届委员会第三次会议上|何庆海",
        "何庆海",
        DAY,
    ),
    (PLAIN, "中国人民政治协商会议|——20231227日在政协广水市第九届委员会第三次会议上", None, None),
    (PLAIN, "（1月7日至9日）", None, None),
    (PLAIN, "（2024年1月7日至9日）", None, None),
    (PLAIN, "（2024年1月7日-9日）|何庆海", "何庆海", None),
    (PLAIN, "（12月27日）", None, None),
    (PLAIN, "（2023年12月）", None, None),
    (PLAIN, "（2023年2月30日）", None, None),
    (PLAIN, "（2023年12月26日）|（2023年12月27日）", None, None),
    (PLAIN, "（2023年12月27日政协九届三次会议通过）", None, None),
    (PLAIN, "作者：何庆海", None, None),
    (PLAIN, "责任编辑：何庆海|来源：市政协", None, None),
    (PLAIN, "录入：张三 时间：2023-12-28 19:00:29", None, None),
    (PLAIN, "日期：2023-12-28 19:00:29 浏览数：12", None, None),
    (PLAIN, "发布时间：2023年12月28日", None, None),
    (PLAIN, "2023-12-28 19:00:29", None, None),
    (PLAIN, "供稿 何庆海", None, None),
    (PLAIN, "（记者 何庆海）", None, None),
    (PLAIN, "主持人：李明", None, None),
    (PLAIN, "市政协办公室", None, None),
    (PLAIN, "市委书记", None, None),
    (PLAIN, "市政协党组书记、主席", None, None),
    (PLAIN, "高质量", None, None),
    (PLAIN, "马克思", None, None),
    (PLAIN, "方案", None, None),
    (PLAIN, "安全", None, None),
    (PLAIN, "会议", None, None),
    (PLAIN, "党建", None, None),
    (PLAIN, "全面", None, None),
    (PLAIN, "和谐", None, None),
    (PLAIN, "关于", None, None),
    (PLAIN, "常委会", None, None),
    (PLAIN, "章程", None, None),
    (PLAIN, "项目", None, None),
    (PLAIN, "成绩", None, None),
    (PLAIN, "前言", None, None),
    (PLAIN, "黄石", None, None),
    (PLAIN, "江苏省", None, None),
    (PLAIN, "（2023年12月27日，根据录音整理）|何庆海", "何庆海", DAY),
    (PLAIN, "(2023年12月27日下午)|(根据录音整理,未经本人审阅)", None, DAY),
    (PLAIN, "2023年12月27、28日", None, None),
    (PLAIN, "作者：何庆海 2023年12月27日", None, None),
    (PLAIN, "中共广水市委书记 市人大常委会主任 何庆海", "何庆海", None),
    ("王红玲、郭跃进、张维国副主席在座谈会上的讲话", "", "王红玲、郭跃进、张维国", None),
    ("何庆海主席于2023年12月27日在委员培训班上的讲话", "", "何庆海", DAY),
    ("市政协主席会议成员在述职会上的述职报告", "", None, None),
    ("何庆海谈学习习近平总书记讲话精神体会", "", None, None),
    ("市政协何庆海主席在第一次主席会议上的讲话", "", "何庆海", None),
    (PLAIN, "罗 平|2023年12月27日", "罗平", DAY),
    (PLAIN, "市政协主席|何庆海", "何庆海", None),
    (PLAIN, "主讲人: 何庆海（市政协主席）|会议地点：张家界", "何庆海", None),
    (PLAIN, "何庆海 市政协党组书记、主席", "何庆海", None),
    (PLAIN, "政协主席 何 庆 海|（2023年12月27日）", "何庆海", DAY),
    (PLAIN, "——在政协九届三次会议开幕会上的讲话|中共广水市委书记 刘昌勇|（2023年12月27日）", "刘昌勇", DAY),
    (PLAIN, "会议时间：2023年12月27日下午", None, DAY),
    ("马涛在政协会上的发言", "", "马涛", None),
    ("何庆海主席讲党课", "", "何庆海", None),
    ("新任主席刘克克同志表态发言", "", "刘克克", None),
    ("政协广水市委员会主席何庆海2024年新年贺词", "", "何庆海", None),
    (PLAIN, "何庆海|李明", None, None),
    ("何庆海在全体会议上的讲话", "李明", "何庆海", None),
    ("何庆海在全体会议上的讲话", "讲话人：李明", "李明", None),
    ("何庆海在全体会议上的讲话（2023年12月27日）", "（2023年12月26日）", "何庆海", None),
    ("王守义同志生平", "何庆海到会讲话", None, None),
]


SALUTATIONS = ["各位委员：", "同志们：", "各位领导、同志们：", "尊敬的各位委员、同志们：", "同志们，朋友们："]


@pytest.mark.parametrize(("title", "head", "speaker", "day"), [*TITLES, *NOBODY, *HEADS])
def test_title_and_head(title: str, head: str, speaker: str | None, day: str | None) -> None:
    for salutation in SALUTATIONS:
        lines = [salutation, "2020年5月6日，在武汉开会。", "张三", "2021年3月4日"]
        body = "\n".join([head.replace("|", "\n"), *lines])
        context = read_context(title, body, seen_at=SEEN)
        assert (context.speaker, context.delivered_on) == (speaker, day)


@pytest.mark.parametrize(("title", "head", "speaker", "day"), [*TITLES, *NOBODY, *HEADS])
def test_head_without_a_salutation(title: str, head: str, speaker: str | None, day: str | None) -> None:
    body = "\n".join([*filter(None, head.split("|")), "2020年5月6日，我受常委会委托作报告。", "张三", "2021年3月4日"])
    context = read_context(title, body, seen_at=SEEN)
    assert (context.speaker, context.delivered_on) == (speaker, day)


def test_an_enumeration_of_tables_is_long_enough() -> None:
    assert len({row[:2] for row in [*TITLES, *NOBODY, *HEADS]}) >= 100


@pytest.mark.parametrize(
    "body",
    [
        "同志们：今天开会。\n何庆海\n2023年12月27日",
        "各位委员：\n正文。\n（2023年12月27日）\n何庆海",
        "一、工作回顾\n何庆海\n2023年12月27日",
        "编者按：2023年12月27日，何庆海作了讲话。\n各位委员：\n正文。",
        "正文第一句。\n何庆海",
    ],
)
def test_what_stands_below_the_head_says_nothing(body: str) -> None:
    context = read_context(PLAIN, body, seen_at=SEEN)
    assert (context.speaker, context.delivered_on) == (None, None)
    assert {e.where for e in context.evidence} == {"title"}


def test_evidence_quotes_the_words_and_their_place() -> None:
    body = "\u3000\u3000——2023年12月27日在政协广水市九届三次会议上\n各位委员："
    context = read_context("何庆海主席在全会上的讲话", body, seen_at=SEEN)
    assert [(e.field, e.where, e.text) for e in context.evidence] == [
        ("delivered_on", "head", "——2023年12月27日在政协广水市九届三次会议上"),
        ("speaker", "title", "何庆海主席在全会上的讲话"),
        ("speaker_post", "title", "何庆海主席在全会上的讲话"),
        ("committee", "head", "政协广水市九届三次会议"),
        ("term", "head", "政协广水市九届三次会议"),
        ("session", "head", "政协广水市九届三次会议"),
        ("meeting", "title", "全会"),
        ("genre", "title", "何庆海主席在全会上的讲话"),
    ]


@pytest.mark.parametrize(
    ("title", "head", "speakers"),
    [
        ("市政协主席何庆海在会上的讲话", "", "何庆海 市政协主席"),
        ("何庆海在会上的讲话", "", "何庆海"),
        ("市政协主席何庆海、副主席李明在协商议政会上的讲话", "", "何庆海 市政协主席|李明 副主席"),
        (
            "市政协党组书记、主席何庆海，党组成员、副主席李明在会上的讲话",
            "",
            "何庆海 市政协党组书记、主席|李明 党组成员、副主席",
        ),
        ("王红玲、郭跃进、张维国副主席在座谈会上的讲话", "", "王红玲 副主席|郭跃进 副主席|张维国 副主席"),
        ("市政协副主席何庆海、李明在座谈会上的讲话", "", "何庆海 市政协副主席|李明 市政协副主席"),
        # There is one chair: the other's post is not said.
        ("市政协主席何庆海、李明在座谈会上的讲话", "", "何庆海 市政协主席|李明"),
        ("何庆海、李明主席在座谈会上的讲话", "", "何庆海|李明 主席"),
        ("市政协副主席何庆海、李明，秘书长张一鸣在会上的讲话", "", "何庆海 市政协副主席|李明|张一鸣 秘书长"),
        # Whose 党组书记 is could be either's.
        ("何庆海主席、党组书记、李明在会上的讲话", "", "何庆海|李明"),
        (PLAIN, "发言人：何庆海（市政协党组书记、主席）、李明（副主席）", "何庆海 市政协党组书记、主席|李明 副主席"),
        ("何庆海、李明在座谈会上的讲话", "市政协主席何庆海、副主席李明", "何庆海 市政协主席|李明 副主席"),
        ("何庆海、李明在座谈会上的讲话", "市政协副主席\n何庆海、李明", "何庆海 市政协副主席|李明 市政协副主席"),
        (PLAIN, "", None),
    ],
)
def test_each_speaker_has_the_post_that_is_certainly_his(title: str, head: str, speakers: str | None) -> None:
    context = read_context(title, f"{head}\n各位委员：", seen_at=SEEN)
    assert (context.speakers and "|".join(entry(json_value(one)) for one in context.speakers)) == speakers
    words = {title, *head.split("\n")}
    assert not context.speakers or all(e.text in words for e in context.evidence if e.field.startswith("speaker"))


@pytest.mark.parametrize(
    ("title", "committee"),
    [
        ("沈远山同志在市政协十届十次主席会议（扩大）上的讲话", None),
        ("王明书记在市政协十届三次会议开幕会讲话", None),
        ("沈远山同志在市政协十届三次会议的讲话", None),
        ("王明书记市政协十届三次会议开幕会讲话", None),
        ("沈远山在黄陵市政协十届三次会议闭幕会议讲话", "政协黄陵市委员会"),
    ],
)
def test_a_speaker_is_no_part_of_a_committee(title: str, committee: str | None) -> None:
    assert read_context(title, "各位委员：\n今天开会。", seen_at=SEEN).committee == committee


OWN = "政协广水市委员会"


@pytest.mark.parametrize(
    ("title", "head", "committee"),
    [
        ("在全市政协工作会议上的讲话", "", OWN),
        ("在市政协九届三次常委会会议上的讲话", "", OWN),
        ("在“提升营商环境”专题协商会上的讲话", "", OWN),
        ("市委书记陈立新在市政协九届三次会议开幕会上的讲话", "", OWN),
        ("王明书记市政协十届三次会议开幕会讲话", "", OWN),
        ("何庆海在学习贯彻全国政协十四届二次会议精神会议上的讲话", "", OWN),
        ("在各县（市、区）政协主席座谈会上的讲话", "", OWN),
        ("在市政协机关党委会议上的讲话", "", OWN),
        ("在全市提案工作会议上的讲话", "", OWN),
        (PLAIN, "中共广水市委书记 陈立新", OWN),
        (PLAIN, "广水市政协主席 何庆海", OWN),
        ("新年贺词", "", OWN),
        # Another committee, or one of another level.
        ("在黄陵市政协考察座谈会上的讲话", "", "政协黄陵市委员会"),
        ("在全国政协十四届二次会议上的发言", "", "政协全国委员会"),
        ("在全省政协工作会议上的讲话", "", None),
        ("在省政协十二届三次会议上的讲话", "", None),
        ("武汉市江夏区政协在全省政协工作会议上的发言", "", None),
        ("县政协召开九届十六次常委会会议", "", None),
        ("政协黄陵市委员会主席张三在联谊会上的讲话", "", None),
        ("在委员读书班上的讲话", "湖北省政协副主席 张三", None),
        # A meeting of another body.
        ("在市委九届三次全会上的讲话", "", None),
        ("在广水市委政协工作会议上的讲话", "", None),
        ("在中共广水市委员会全体会议上的讲话", "", None),
        ("政府工作报告", "——2024年1月9日在广水市第九届人民代表大会第四次会议上", None),
        ("在共青团广水市第十届委员会第三次全体会议上的讲话", "", None),
        ("何庆海在云溪市第十届旅游文化节开幕式上的致辞", "", None),
        ("何庆海在广水市第十届旅游文化节开幕式上的致辞", "", OWN),
        ("政协章程", "（2023年3月11日中国人民政治协商会议第十四届全国委员会第一次会议通过）", None),
        ("在市人大九届三次会议上的讲话", "", None),
        ("在全市经济工作会议上的讲话", "", None),
        ("习近平总书记在庆祝大会上的讲话", "", None),
    ],
)
def test_the_committee_of_the_site_is_taken_where_no_word_speaks_against_it(
    title: str, head: str, committee: str | None
) -> None:
    body, as_named = f"{head}\n各位委员：\n今天开会。", "中国人民政治协商会议广水市委员会"
    said = read_context(title, body, seen_at=SEEN).committee
    context = read_context(title, body, seen_at=SEEN, committee=as_named)
    assert context.committee == committee
    told = [(e.where, e.text) for e in context.evidence if e.field == "committee"]
    assert said is not None or told == ([("site", as_named)] if committee else [])
    assert read_context(title, body, seen_at=SEEN, committee="www.example.gov.cn").committee == said


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("（1月7日至9日）", "range"),
        ("——2024年1月7日—9日在政协九届三次会议上", "range"),
        ("（12月27日上午）", "no-year"),
        ("（2023年2月30日）", "impossible"),
        ("（2023年12月26日）\n2023年12月27日", "disagrees"),
        ("（2026年1月12日）", "future"),
        ("（2026年1月11日）", None),
        ("发布时间：12月27日", None),
        ("何庆海", None),
    ],
)
def test_a_day_that_is_none_is_told(head: str, code: str | None) -> None:
    context = read_context(PLAIN, f"{head}\n各位委员：", seen_at=SEEN)
    assert [(p.field, p.code) for p in context.problems] == ([("delivered_on", code)] if code else [])
    assert not code or context.delivered_on is None


def verdict_on(case: dict[str, str], key: str) -> str:
    context = read_context(case["title"], case["body"].strip("\n"), seen_at=SEEN)
    read = getattr(context, key)
    return "right" if read == case.get(key) else "missing" if read is None else "wrong"


@pytest.mark.parametrize("half", ["tuned", "held_out"])
@pytest.mark.parametrize("key", KEYS)
def test_titles_and_heads(half: str, key: str) -> None:
    verdicts = [verdict_on(case, key) for case in CASES[half]]
    assert verdicts.count("right") >= 0.95 * len(verdicts)
    assert verdicts.count("wrong") <= 0.01 * len(verdicts)


def test_the_example_of_the_document_runs() -> None:
    page = (ROOT / "docs" / "context.md").read_text("utf-8")
    exec(page.partition("```python\n")[2].partition("```")[0], {})  # noqa: S102 - the page's own code


def test_the_list_is_long_and_its_keys_are_known() -> None:
    cases = [case for half in CASES.values() for case in half]
    assert len(cases) >= 100
    assert {key for case in cases for key in case} == {"title", "body", *KEYS}
    assert {case["genre"] for case in cases if "genre" in case} == set(GENRES)


@pytest.mark.parametrize(
    "name", ["何庆海", "韦东", "欧阳修文", "李建设", "王某", "阿不都拉·买买提", "习近平", "上官婉"]
)
def test_names(name: str) -> None:
    assert is_name(name, marked=True)
    assert people(f"市政协主席{name}") == name
    assert people(f"{name}同志") == name


@pytest.mark.parametrize(
    "words", ["高质量", "马克思", "常委会", "市政协", "委员会", "东方红", "主席团", "张家界", "于都"]
)
def test_no_names(words: str) -> None:
    assert not is_name(words, marked=False)


PARTS = st.sampled_from(
    "第九届|九届|三次会议|广水市|委员会|政协|中国人民政治协商会议|召开|工作报告|12月27日上午，|"
    "何庆海|李|主席|市政协|在|会议上|的|讲话|（|）|——|2023年12月27日|：|、| |\u3000|同志|各位委员|\n|至9日|·|《|》"
    "|精神|讲话人：".split("|")
)


@given(
    st.text(max_size=80) | st.lists(PARTS, max_size=14).map("".join),
    st.text() | st.lists(PARTS, max_size=40).map("".join),
)
def test_never_raises_and_every_value_has_its_evidence(title: str, body: str) -> None:
    context = read_context(title, body, seen_at=SEEN)
    told = [e.field for e in context.evidence]
    assert [one for one in told if one != "speakers"] == [key for key in KEYS if getattr(context, key) is not None]
    assert "、".join(one.name for one in context.speakers or ()) == (context.speaker or "")
    assert context.genre is None or context.genre in GENRES
    for evidence in context.evidence:
        assert evidence.text in (title if evidence.where == "title" else body)
