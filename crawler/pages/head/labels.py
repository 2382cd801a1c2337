"""Label words of an info line: what templates put before a CMS's tags ({$GetDate}, {$GetAuthor}, {$GetHits})."""

from __future__ import annotations

import re

PUBLISHED = (
    "发布时间 发布日期 发表时间 发表日期 发文时间 发文日期 编辑日期 编辑时间 添加时间 添加日期 录入时间 录入日期 "
    "加入时间 上传时间 上传日期 上网时间 信息时间 时间 日期 发布于 发表于 发布 发表"
).split()
WRITTEN = "成文日期 成文时间 签发日期 签发时间 印发日期 印发时间 生成日期 生成时间".split()
"""When a document was made: no publication, but the day a page has where it prints no other."""
UPDATED = "最后更新时间 最后更新 更新时间 更新日期 修改时间 修改日期 更新于".split()
AUTHOR = "文章作者 信息作者 作者 撰稿人 撰稿 撰文".split()
INPUTTER = "文章录入 信息录入 录入者 录入员 录入 发布人 发布者 上传者".split()
SOURCE = "信息来源 文章来源 稿件来源 新闻来源 来源 来自 出处 转自".split()
VIEWS = (
    "文章点击数 文章浏览数 文章阅读数 被阅览数 阅览数 阅览次数 阅览量 "
    "浏览次数 浏览人数 浏览人次 浏览量 浏览数 浏览 点击次数 点击人次 点击率 点击数 点击量 点击 "
    "阅读次数 阅读人次 阅读量 阅读数 阅读 访问次数 访问人次 访问量 人气 已阅"
).split()
OTHER_DAYS = (
    "有效期限 有效期至 有效日期 有效期 截止日期 截止时间 生效日期 生效时间 实施日期 实施时间 施行日期 施行时间 "
    "失效日期 失效时间 废止日期 废止时间 到期时间 会议时间 会议日期 召开时间 活动时间 活动日期 开始时间 结束时间 "
    "报名时间 审核时间 审核日期 采访时间 拍摄时间 讲话时间"
).split()
"""Days of other things than the page, which is no one's publication."""
_OTHER = (
    "责任编辑 编辑 审核 初审 复审 终审 一审 二审 三审 审签 签发 字体大小 字体 字号 关键字 关键词 评论 分享到 打印 "
    "责编 校对 供稿 通讯员 摄影 索引号 文号 频道 发布机构 发文机关 主题词"
).split()

_LONGEST_FIRST = sorted(
    {*PUBLISHED, *WRITTEN, *UPDATED, *AUTHOR, *INPUTTER, *SOURCE, *VIEWS, *OTHER_DAYS, *_OTHER}, key=len, reverse=True
)
_B = r"[\s\u3000]{0,9}"
WORDS = f"(?:{'|'.join(_B.join(label) for label in _LONGEST_FIRST)})"
"""Any label, as a pattern; blanks may stand between its characters."""
LABEL = rf"(?<!工)({WORDS}){_B}[:：]"
"""Any label with its colon. 工作者 is no 作者."""
BARE_LABEL = (
    rf"[【\[]{_B}({WORDS}){_B}[】\]]|((?:发布|发表|更新|编辑|录入|添加|上传)(?:于|时间|日期))(?={_B}(?:19|20)\d\d)"
)
"""A label without a colon: in brackets of its own, or directly before a year."""
_SEEN = "(?:浏览|阅读|点击|访问|查看|人气)"
COUNT_BEFORE = rf"(?:已有|共有?|被)\s?(?P<count>[\d０-９][\d０-９,，]{{0,12}})\s?(?:人次|人|次){_SEEN}"
"""A count of views before its word: 已有56人阅读."""
BARE_COUNT = rf"{_SEEN}(?:次数|人数|人次|量|数|率)?[\s\u3000]*[（(\[]?[\s\u3000]*[\d０-９]|{COUNT_BEFORE}"
"""A count of views without a colon: 阅读 56, 浏览(56), 已有56人阅读."""
UPDATE_LABEL = r"(?:更新|修改)[\s\u3000]*+(?:于|时间|日期)?[\s\u3000]*+[:：]?[\s\u3000]*+"
"""What stands before the day of a change: it is the day of publication only where the page tells no other."""
NUMBER = re.compile(r"[\d０-９][\d０-９,，.．]*\s*[万亿]?")
"""A count of views as pages print it."""
