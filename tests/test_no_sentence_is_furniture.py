"""No sentence is furniture: placed anywhere in any layout, with any word of a template, it survives or is told."""

from __future__ import annotations

import pytest

from crawler.pages.article import Article, read
from crawler.pages.page import Page, squeeze
from crawler.replica.prose import dice
from pipelines.rendering import body_text

ADDRESS = "http://yunxi.example/ldjh/show_12.html"
LABELS = (
    "许可证 特别说明 郑重声明 免责声明 版权声明 版权所有 时间 日期 发布时间 地点 来源 作者 编辑 责任编辑 "
    "责编 审核 校对 监制 记者 相关链接 相关阅读 推荐阅读 联系我们 联系人 联系电话 地址 邮编 技术支持 "
    "主办单位 备案编号 上一篇 下一篇 上一条 下一页 分享 打印 关闭 收藏 字体 浏览次数 点击 阅读 评论 "
    "网友评论 附件 注 摘要 关键词 标签 当前位置 您现在的位置 首页 返回顶部 扫一扫 更多 登录 注册 搜索 "
    "ICP备案 公网安备 举报电话 未经授权不得转载 编辑部 供稿 摄影"
).split()
SAID = (
    "{0}：请各单位把材料交到市政协办公室。",
    "有下列情形的，可以吊销{0}：",
    "【{0}】协商意见以会议纪要为准。",
    "{0}这件事，大家谈得最多，要抓紧办好。",
    "座谈会第二次会议，{0}：周三、周四。（办公室）",
    "会议听取了关于{0}工作的汇报！",
    "三、{0}：要学深悟透，做到知行合一；",
    "“{0}”是群众的说法，也是我们工作的镜子",
    "我们讲{0}，不是为了好看；讲的是责任，讲的是担当。",
    "<a>{0}由于会期尚在报批，正式通知另行印发。</a>",
    "{0}：<a href='/z/1.html'>《云溪市政协协商工作规则》</a>，请一并学习。",
)
PARAGRAPHS = (
    "今年以来，市政协围绕供水、道路和老旧小区改造开展协商，先后召开会议十二次，多数意见已经办理答复。",
    "办好民生实事既要算眼前账，也要算长远账，要把群众的意见放在前面，一件一件落实到位。",
    "各委室要加强配合，及时沟通情况，遇到问题共同研究解决，确保年底前完成全部任务。",
    "希望同志们再接再厉，不负重托，为云溪的明天作出新的更大的贡献。",
)
MENU = (
    "<div><a href='/'>首页</a> <a href='/a/'>机构概况</a> <a href='/b/'>工作动态</a> <a href='/c/'>领导讲话</a></div>"
)
FOOT = (
    "<div><a href='1.htm'>打印</a> <a href='2.htm'>关闭</a></div>"
    "<div>上一篇：<a href='8.htm'>关于开展调研的通知</a></div>"
    "<div class='foot'><p>主办：云溪市政协　电话：0000-0000000　地址：云溪市府前街1号</p>"
    "<p>版权所有 云溪网 鄂ICP备00000000号</p></div>"
)
HEAD = "<h1>在座谈会上的讲话</h1><div class='info'>发布时间：2023-12-28 10:20　来源：云溪日报</div>"
LAYOUTS = {
    "paragraphs": ("<div class='con'>{}</div>", "<p>{}</p>"),
    "lines in a cell": ("<table><tr><td>{}</td></tr></table>", "　　{}<br>"),
    "lines in a block": ("<div>{}</div>", "{}<br><br>"),
    "flat": ("{}", "<p>{}</p>"),
    "blocks": ("<div class='TRS_Editor'>{}</div>", "<div>{}</div>"),
    "wrapped": ("<div id='zoom'>{}</div>", "<div><div><p>{}</p></div></div>"),
    "fonts": ("<div><font>{}</font></div>", "<p><font><span><b>{}</b></span></font></p>"),
    "sections": ("<div><section>{}</section></div>", "<section><p><span>{}</span></p></section>"),
    "cells": ("<table>{}</table>", "<tr><td><p>{}</p></td></tr>"),
}


def page_of(layout: str, paragraphs: list[str]) -> str:
    around, each = LAYOUTS[layout]
    body = around.format("".join(each.format(text) for text in paragraphs))
    title = "<title>在座谈会上的讲话-云溪政协网</title>"
    return f"<html><head>{title}</head><body>{MENU}<div>{HEAD}{body}</div>{FOOT}</body></html>"


def is_silent(article: Article, said: str) -> bool:
    """True when a sentence is neither in the text nor told."""
    kept = squeeze(body_text([article.body_html]))
    told = squeeze("".join(problem.detail or "" for problem in article.problems if problem.field == "body"))
    return squeeze(said) not in kept and squeeze(said) not in told


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_sentence_anywhere_survives_or_is_told(layout: str) -> None:
    chance = dice("sentences", layout)
    silent = []
    for _ in range(300):
        paragraphs = chance.sample(PARAGRAPHS, chance.randint(2, 4))
        said = chance.choice(SAID).format(chance.choice(LABELS))
        place = chance.choice([0, len(paragraphs), chance.randint(0, len(paragraphs))])
        paragraphs.insert(place, said)
        article = read(Page(ADDRESS, page_of(layout, paragraphs)))
        words = "".join(map(str, Page(ADDRESS, f"<p>{said}</p>").root.itertext()))
        if is_silent(article, words) or any(is_silent(article, text) for text in PARAGRAPHS if text in paragraphs):
            silent.append((place, len(paragraphs) - 1, words))
    assert silent == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_page_with_what_every_page_has_is_told_nothing(layout: str) -> None:
    article = read(Page(ADDRESS, page_of(layout, list(PARAGRAPHS))))
    assert body_text([article.body_html]).split("\n") == list(PARAGRAPHS)
    assert article.problems == ()
    assert (article.confidence or 0) > 0.9
