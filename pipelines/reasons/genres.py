"""The genres of an article."""

from __future__ import annotations

from pipelines.reasons.meanings import Meaning

GENRES = {
    "工作报告": Meaning(
        "a report to a session: by the standing committee, on proposals (提案工作), on the work of a body",
        "向全会所作的报告：常委会工作报告、提案工作报告、机构工作报告",
    ),
    "讲话": Meaning(
        "a speech (讲话, 演讲), also at the opening or close of a session", "讲话、演讲，包括全会开幕、闭幕时的讲话"
    ),
    "致辞": Meaning(
        "an address or greeting: 致辞, 开幕词, 闭幕词, 贺词, 欢迎词, 答谢词, 新年寄语",
        "致辞、开幕词、闭幕词、贺词、欢迎词、答谢词、新年寄语",
    ),
    "主持词": Meaning("the words of the chair", "会议主持人的主持词"),
    "发言": Meaning(
        "remarks of one of several speakers: 大会发言, 交流发言, 表态发言",
        "多位发言人之一的发言：大会发言、交流发言、表态发言",
    ),
    "报道": Meaning(
        "a news report about a meeting, a visit or a speech; not a speech",
        "关于会议、调研或讲话的新闻报道，本身不是讲话",
    ),
}
