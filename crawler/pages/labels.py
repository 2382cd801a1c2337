"""Label words of an info line: what templates put before a CMS's tags ({$GetDate}, {$GetAuthor}, {$GetHits})."""

from __future__ import annotations

import re

PUBLISHED = (
    "发布时间 发布日期 发表时间 发表日期 发文日期 添加时间 添加日期 录入时间 加入时间 上传时间 "
    "信息时间 成文日期 日期 时间 发布于 发表于 发布 发表"
).split()
UPDATED = "更新时间 更新日期 更新于".split()
AUTHOR = "文章作者 信息作者 作者 撰稿人 撰稿 撰文".split()
INPUTTER = "文章录入 信息录入 录入者 录入员 录入 发布人 发布者 上传者".split()
SOURCE = "信息来源 文章来源 稿件来源 新闻来源 来源 来自 出处 转自".split()
VIEWS = (
    "浏览次数 浏览量 浏览数 浏览 点击次数 点击率 点击数 点击量 点击 阅读次数 阅读量 阅读数 阅读 访问次数 访问量 人气"
).split()
_OTHER = "责任编辑 编辑 审核 字体 字号 关键字 关键词 评论 分享到 打印 责编 校对 供稿 摄影 索引号 文号 频道".split()

_LONGEST_FIRST = sorted({*PUBLISHED, *UPDATED, *AUTHOR, *INPUTTER, *SOURCE, *VIEWS, *_OTHER}, key=len, reverse=True)
LABEL = "(?<!工)(" + "|".join(r"[\s\u3000]*".join(label) for label in _LONGEST_FIRST) + r")[\s\u3000]*[:：]"
"""Any label with its colon, as a pattern; blanks may stand between its characters. 工作者 is no 作者."""
UPDATE_LABEL = r"(?:更新|修改)[\s\u3000]*(?:于|时间|日期)?[\s\u3000]*[:：]?[\s\u3000]*"
"""What stands before the day of a change: it is the day of publication only where the page tells no other."""
NUMBER = re.compile(r"[\d０-９][\d０-９,，.．]*\s*[万亿]?")
"""A count of views as pages print it."""
