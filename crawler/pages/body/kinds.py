"""What a line is, and what it is worth as part of an article: prose counts for it, links and boilerplate against it.

Worths add up, so that the body is the element whose lines are worth most together: taking in one more neighbour pays
only when it brings more prose than menus. Units are characters of prose.
"""

from __future__ import annotations

import re
from enum import Enum

from crawler.pages.body.known import Line
from crawler.pages.page import ends_sentence


class Kind(Enum):
    """What a line is."""

    PROSE = "sentences, or longer than any menu entry"
    SHORT = "a few plain words"
    DAY = "a day and nothing else"
    INFO = "date and clock, or labels and values"
    LINKS = "mostly links"
    PAGER = "numbers and words that turn pages"
    FURNITURE = "tools and footers"
    ENDING = "what closes an article: editors, neighbours, related lists, comments"

    # Members are compared by identity; Enum's own hash is made in Python, for every line of a page.
    __hash__ = object.__hash__


PLAIN = (Kind.PROSE, Kind.SHORT, Kind.DAY)
"""What text is made of."""
BY_WORDS = (Kind.FURNITURE, Kind.ENDING)
"""Told by words, which a sentence may hold too."""
BOILERPLATE = (*BY_WORDS, Kind.PAGER)
NO_TEXT = (Kind.INFO, Kind.LINKS, Kind.PAGER)
WORTHS = {Kind.SHORT: 1, Kind.DAY: 1, Kind.LINKS: -8, Kind.PAGER: -9}
WORTHS |= {Kind.ENDING: -10, Kind.INFO: -12, Kind.FURNITURE: -20}
"""Worth of a line that is no prose; links cost what they say besides."""

_SENTENCE_MARKS = tuple("。！？；!?;")
_SENTENCE_ENDS = re.compile("[。！？；…」』”]|[!?;]$")
_PAUSED, _PAUSES = re.compile("[，、；]"), re.compile("[，、：,“”《》]")
_LONGEST_BUTTON, _LONGEST_FOOTER, _LONGEST_DISCLAIMER, _LONGEST_INFO, _LONGEST_DAY = 60, 160, 300, 120, 60
"""Characters: what is longer than real ones of its kind is text, whatever words it holds."""
_SHORTEST_SENTENCE, _SHORTEST_SAID, _SHORTEST_LINK, _SHORTEST_PAUSED = 4, 5, 8, 9
"""Characters: fewer are a label, a button or an exclamation, whatever marks they have."""
_SHORTEST_PROSE, _SHORTEST_LATIN = 24, 60
"""Characters of a line that is prose by its length: entries of menus are shorter, those in Latin letters longer."""

_MARK = r"[（(【\[\s“\"<《■◆●·*※>»：:|]*"
_TAIL = r"[】\]）)：:>»|\s]"
_RELATED = (
    "(?:更多)?(?:相关|推荐|今日|编辑|延伸|热门|精彩|最新|猜你)"
    "(?:链接|新闻|阅读|报道|专题|文章|推荐|内容|资讯|评论|信息|喜欢|搜索)"
)
_NEIGHBOURS = "(?:上一|下一|前一|后一)[篇页条则]"
_REMARKS = "(?:网友|用户|文章|全部|最热|最新)(?:评论|留言|跟帖)"
# Words about books to read, and no heading of a list: the list's own entries are links.
_RELATED_TEXT = re.compile(rf"{_RELATED}[:：].*[，、；。《]")
# What closes an article: editors, neighbours, related lists, comments. Whole lines: prose holds such words too.
_ENDING = re.compile(
    rf"{_MARK}(?:"
    r"(?:[本此]文来源[:：]\S{1,12}\s+)?(?:[本此]文)?"
    r"(?:责任?编辑|编辑|责编|审核|初审|复审|终审|值班编委|监制|校对)\s*[:：丨|][^，。！？]*$"
    rf"|{_NEIGHBOURS}(?:[:：].*|文章(?:[:：\s].*)?)?$|{_RELATED}(?:[:：].*|{_TAIL}*)$"
    rf"|[你您]可能[還还也會会].{{0,10}}$|{_REMARKS}[（(]?\d*[条）)]*{_TAIL}*$|我来说两句|发表(?:评论|回复){_TAIL}*$"
    rf"|(?:打印|关闭|收藏|分享|纠错|我要纠错|返回|扫一扫)(?:本[页文]|此[页文]|窗口|页面|[到至]|微信|微博|顶部|列表|首页|{_TAIL}){{0,4}}$"
    r"|扫一扫.{0,16}$)"
)
_EDITOR = (
    "(?:责任?编辑|编辑|责编|审核|审稿|审签|初审|复审|终审|[一二三]审|值班编委|值班主任|值班主编|主编|监制|校对|排版|美编|制作"
    "|作者|记者|通讯员|供稿|撰稿|撰文|摄影|文字|图片|来源|录入|上传|供图|投稿|信息员|策划|统筹)"
)
_EDITED = re.compile(
    r"(?:编辑|责编|审核|审稿|审签|[初复终一二三]审|主编|监制|校对|值班(?:编委|主任|主编))\s*[:：丨|]\s*"
    r"[\u4e00-\u9fffA-Za-z]"
)
_NAMES = r"[^，。！？；、:：丨|]{0,14}(?:[、,，/][^，。！？；、:：丨|]{1,4}){0,6}"
_EDITORS = re.compile(
    rf"{_MARK}(?:[本此]文)?(?:{_EDITOR}[\s/]*+){{1,4}}[:：丨|]{_NAMES}"
    rf"(?:(?:{_EDITOR}[\s/]*+){{1,4}}[:：丨|]{_NAMES}){{0,6}}{_TAIL}*"
)
_TOOL_WORDS = re.compile(
    r"(?:[（(【\[\s|·>»]*+(?:分享到?|打印|关闭|收藏|纠错|返回|顶部|列表|首页|[上下]一[篇页条则]|没有了|暂?无"
    r"|字[体号]|微信|微博|空间|朋友圈|[大中小]|窗口|[本此][页文稿]|页面|更多|登录|注册|搜索|扫一扫|复制链接|我要"
    r"|加入收藏|设为首页)[】\]）)：:>»|\s]*+)++"
)
_FOOTER_LINE = re.compile(
    r"\W*(?:©|[Cc]opyright|COPYRIGHT|(?:版权所有|主办单位|主办|承办单位|技术支持|网站标识码)[:：\s©]|[\u4e00-\u9fff]ICP[备证]|ICP[备证])[^。！？]*$"
)
_LONE = re.compile(rf"{_MARK}(?:{_RELATED}|{_REMARKS}|发表(?:评论|回复)|我来说两句){_TAIL}*")
_NEIGHBOUR = re.compile(rf"{_MARK}{_NEIGHBOURS}(?:文章)?(?:$|[:：\s»>])")
_COMMENTED = re.compile(rf"{_MARK}(?:{_REMARKS}|我来说两句|发表(?:评论|回复))")
# What an info line says of the page, not of the meeting: source, author, views, size of letters.
SITE_LABEL = re.compile(
    "来源|来自|出处|作者|浏览|点击|阅读|访问|人气|字体|字号|编辑|责编|发布|发表|录入|更新|添加|上传|审核|关键[字词]|标签"
    r"|热线|技术支持|索\s*引\s*号|分\s*类|机关|机构|文\s*号|成文|主题词"
)
# A label of the page's own without a value: `关键字：`.
EMPTY_LABEL = re.compile(rf"(?:[\u4e00-\u9fff]{{0,2}}(?:{SITE_LABEL.pattern})\W*[:：]\s*)+")
_SUBTITLE = re.compile(r"[—―–]|--")
_OWN_DAY = re.compile(r"[（(]\s*(?:\d{4}|[一二][〇○零一二三四五六七八九]{3})\s*年[^。]{1,24}[）)]$")
_COMMENTS = re.compile(r"[^，。]{0,30}\d+\s*[条件个篇]评论[^，。]{0,10}$")
_DISCLAIMER = re.compile(
    rf"{_MARK}(?:.{{0,10}}(?:特别|免责|版权|郑重|法律|平台|反侵权)(?:声明|说明|公告)(?:$|{_TAIL}|[\u4e00-\u9fff]*[:：])|.{{0,10}}版权与免责声明"
    r"|凡(?:本网|本站|注明).{0,12}来源|.{0,4}转载请注明|(?:本文|原文|文章)(?:链接|网址|地址)[:：])"
)
_MAY_BE_DISCLAIMER = re.compile("声明|说明|公告|来源|请注明|链接|网址|地址")
# What a disclaimer is about; a note of the text itself is about anything else.
ABOUT_THE_SITE = re.compile("本[网站]|网站|转载|版权|著作权|侵权|来源|稿件|作者|本文|链接|投资")
_TOOLS = re.compile(
    rf"{_MARK}(?:(?:正文\s*)?字[体号](?:大小)?[:：]?\s*[\[【（(]?\s*(?:[大中小]|放大|默认)|大[\s|]*中[\s|]*小{_TAIL}*$"
    rf"|(?:分享到?|登录|注册|搜索|更多|用户名|密码|验证码)(?:{_TAIL}.*)?$"
    r"|(?:分享[到至]|复制链接)[^，。]{0,16}$)"
)
_TOOLS_WITHIN = re.compile(
    rf"{_MARK}(?:.{{0,4}}链接已?复制[^，。]{{0,16}}$"
    r"|.{0,12}(?:加入收藏|设为首页|联系我们|网站地图|打印(?:本[页稿文]|此[页文])|关闭(?:窗口|本页)|扫描二维码)[^。]*$"
    r"|.{0,6}(?:下载.{0,4}|尽在.{0,12})(?:APP|客户端)$)",
    re.IGNORECASE,
)
# A character of each alternative: most lines hold none and are not searched.
_MAY_BE_TOOLS, _MAY_BE_FOOTER = re.compile("[复藏设联图印闭描端Pp]"), re.compile("[备证版©未举录CcAa]")
_FOOTER = re.compile(
    r"(?:ICP|icp)[备证]案?(?:编?号|[:：\s]*\d)|公网安备(?:案?号|[:：\s]*\d)|[Cc]opyright|COPYRIGHT|^\W*©|©\s*\d{4}"
    r"|版权所有(?![者权人的制])|[Aa]ll [Rr]ights [Rr]eserved|ALL RIGHTS RESERVED|备案(?:编?号)[:：].{0,12}\d{4}"
    r"|许可证(?:编?号)?(?:[:：].{0,12}\d{4}|\s*(?:[A-Z京沪津]|\d{5}))|不良信息.{0,8}举报(?:$|[:：\s]|电话|热线|邮箱|中心|平台|入口)"
    r"|未经.{0,20}(?:授权|许可|同意|允许).{0,8}(?:不得|不准|禁止|严禁|请勿|勿|谢绝).{0,8}(?:转载|镜像|复制|链接|摘编|使用)"
    r"|^\W*(?:请先|[您你](?:还没有|尚未))登录.{0,30}(?:查看|阅读|浏览)"
)
_TURN = r"(?:[首尾末]\s?页|[上下]一?页|[前后]一页|共\s?\d+\s?页|第\s?\d+\s?页|全文)"
_PAGER = re.compile(
    rf"(?=[\[(（【\d首尾末上下前后共第全>»<«.])(?=.*{_TURN}|\D*\d{{1,3}}\D+\d)"
    rf"(?:[\[(（【]?\s*+(?:\d{{1,3}}|{_TURN}|[>»]+|[<«]+|\.\.\.)\s*+[\])）】]?[\s|/]*+)++"
)
_TRAIL = re.compile(
    r"[^，。、；：“”]{0,12}(?:当前|现在|所在)的?(?:位置|栏目)是?\s*(?:$|[:：>＞»›→|]|首页)"
    r"|位置[:：]|(?:[^>]{1,30}>){2}"
)
_MAY_BE_TRAIL = re.compile("[>位栏]")
# A sentence that ends within the line: what it says is its own, what follows may be a number or an address.
ENDS_WITHIN = re.compile("[。！？].{2}")
DAY = re.compile(r"\d{4}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}")
_DATE = (
    rf"(?:{DAY.pattern}\s*日?|\d{{1,2}}/\d{{1,2}}/\d{{4}}|[一二][〇○零一二三四五六七八九]{{3}}年.{{1,3}}月.{{1,4}}日)"
)
# A label within words or behind a pause is none: 优秀政协工作者：, 第二次会议，时间：
_LABEL = (
    r"(?:(?<![\u4e00-\u9fff，、；。])|(?<=[本原此]文))(?:(?:发布|发表|更新|添加|录入|上传|成文|信息)?(?:时间|日期)|(?:文章|信息|稿件|新闻)?来源|来\s*自|作\s*者|出处"
    r"|发布(?:人|者|机构)?|(?:主办|承办)单位|技术支持|热线|(?:联系)?(?:电话|地址)|联系人|邮编|邮箱|网址|传真|(?:点击|浏览|阅读|访问)(?:次数|数|量|率)?"
    r"|人气|字体|字号|录入|标签|关键[字词])\s*[:：]"
)
_MOMENT = re.compile(rf"{_DATE}[^。]{{0,16}}?\d{{1,2}}[:：]\d{{2}}")
_INFO = re.compile(rf"{_MOMENT.pattern}|{_LABEL}|{_DATE}\W{{0,6}}(?:点击|浏览|阅读|访问|人气)\W{{0,3}}\d")
# Whom a notice says to call: in brackets, or in a row of pauses; the columns of a footer have none.
_CALL = re.compile(
    r"[（(]\s*(?:会务)?(?:联系人|联系(?:电话|方式|地址)|咨询电话|电话|地址|邮箱)\s*[:：][^（()）]{2,60}[）)]$"
    r"|(?:会务)?联系人\s*[:：][^，,；;。\s]{1,12}[，,；;]"
)
_MAY_BE_INFO = re.compile("[:：]|点击|浏览|阅读|访问|人气")
_LONE_DAY = re.compile(rf"[\s【\[（(]*{_DATE}[^\u4e00-\u9fff]{{0,8}}(?:星期.)?[】\]）)]?$")
_LABELLED_DAY = re.compile(rf"{_LABEL}.*{_DATE}|{_DATE}.*{_LABEL}")


def says_something(line: Line) -> bool:
    """True for what reads as written by a person: a sentence, a part of one with its pause, or many words."""
    return _is_prose(line.text, line.size - line.linked)


def is_mere(line: Line) -> bool:
    """True for a line that is nothing but boilerplate, wherever it stands: an editor's name, buttons, a disclaimer.

    Words within a sentence make none: a person wrote that.
    """
    text = line.text
    if line.size > _LONGEST_DISCLAIMER:
        return False
    if _EDITORS.fullmatch(text) or _TOOL_WORDS.fullmatch(text) or _is_disclaimer(line):
        return True
    if line.linked:
        return _NEIGHBOUR.match(text) is not None and not ends_sentence(text)
    return _LONE.fullmatch(line.bare) is not None


def names_editors(line: Line) -> bool:
    """True for a line of nothing but editors and their names: `（责任编辑：文静）`."""
    return _EDITORS.fullmatch(line.text) is not None and _EDITED.search(line.text) is not None


def is_typed_link(line: Line) -> bool:
    """True for a paragraph that is a link with a title's words: a list of the site's own stands in other elements."""
    return line.block.tag == "p" and line.linked * 2 > line.size >= _SHORTEST_LINK and not is_mere(line)


def is_footer(line: Line) -> bool:
    """True for a line that begins as footers do: a filing number, a copyright, who keeps the site."""
    return _FOOTER_LINE.match(line.text) is not None


def _is_disclaimer(line: Line) -> bool:
    if line.size > _LONGEST_DISCLAIMER or not _MAY_BE_DISCLAIMER.search(line.text):
        return False
    match = _DISCLAIMER.match(line.text)
    if match is None:
        return False
    is_heading = match.end() >= len(line.text) - 2
    return is_heading or ABOUT_THE_SITE.search(line.text, match.end()) is not None


def has_labelled_day(line: Line) -> bool:
    """True for a line with a label and a day: `发布日期：2023-12-28 来源：…`."""
    return line.size <= _LONGEST_INFO and _LABELLED_DAY.search(line.text) is not None


def has_moment(line: Line) -> bool:
    """True for a line that prints a day with a clock time."""
    return line.size <= _LONGEST_INFO and _MOMENT.search(line.text) is not None


def is_sentence(line: Line) -> bool:
    """True for a sentence without a link."""
    return not line.linked and line.size >= _SHORTEST_SAID and ends_sentence(line.text)


def is_subtitle(text: str) -> bool:
    """True for a line that begins with a dash: `——在市政协十届三次会议上的讲话`."""
    return _SUBTITLE.match(text) is not None


def is_own_day(text: str) -> bool:
    """True for a day in brackets, `（2023年12月27日）`: when the speech was given, never when it was published."""
    return _OWN_DAY.match(text) is not None


def closes_for_good(line: Line) -> bool:
    """True for what no text goes on behind: a disclaimer, a neighbour, comments."""
    closes = any(pattern.match(line.text) for pattern in (_NEIGHBOUR, _COMMENTS, _COMMENTED))
    return _is_disclaimer(line) or (closes and not is_sentence(line))


def kind(line: Line) -> Kind:
    """What a line is."""
    text, plain = line.text, line.size - line.linked
    if line.linked and line.size <= _LONGEST_INFO and _PAGER.fullmatch(text):
        return Kind.PAGER
    if line.size <= _LONGEST_BUTTON and _is_ending(line):
        return Kind.ENDING
    if _is_disclaimer(line):
        return Kind.ENDING
    if line.size <= _LONGEST_FOOTER and _is_boilerplate(text):
        return Kind.FURNITURE
    if line.linked > plain and not (plain >= _SHORTEST_SAID and ends_sentence(text)):
        return Kind.LINKS
    if line.size <= _LONGEST_INFO and (what := _of_the_page(text)):
        return what
    return Kind.PROSE if _is_prose(text, plain) else Kind.SHORT


def _is_ending(line: Line) -> bool:
    if _ENDING.match(line.text):
        return line.linked > 0 or _RELATED_TEXT.match(line.text) is None
    return "评论" in line.text and _COMMENTS.match(line.text) is not None


def _is_boilerplate(text: str) -> bool:
    found = (
        _TOOLS.match(text)
        or (_MAY_BE_FOOTER.search(text) and _FOOTER.search(text))
        or (_MAY_BE_TOOLS.search(text) and _TOOLS_WITHIN.match(text))
    )
    # Several sentences are no footer, whatever words they hold.
    return bool(found) and text.count("。") <= 1


def _of_the_page(text: str) -> Kind | None:
    """What a short line says about the page: where it stands, when and by whom it was published."""
    if ENDS_WITHIN.search(text):
        return None
    if _MAY_BE_TRAIL.search(text) and _TRAIL.match(text) and not text.endswith(_SENTENCE_MARKS):
        return Kind.LINKS
    if _CALL.match(text):
        return None
    if not text.endswith(_SENTENCE_MARKS) and _MAY_BE_INFO.search(text) and _INFO.search(text):
        return Kind.INFO
    return Kind.DAY if len(text) <= _LONGEST_DAY and _LONE_DAY.match(text) else None


def _is_prose(text: str, plain: int) -> bool:
    """True for what is written in sentences, or longer than any menu entry."""
    if plain >= (_SHORTEST_LATIN if text.isascii() else _SHORTEST_PROSE):
        return True
    if plain >= _SHORTEST_SENTENCE and _SENTENCE_ENDS.search(text):
        return True
    return plain >= _SHORTEST_PAUSED and _PAUSES.search(text) is not None


def worth(line: Line, what: Kind) -> int:
    """Characters of prose a line adds to an article, or takes from it."""
    if what is Kind.PROSE:
        plain = line.size - 2 * line.linked
        return max(1, plain) if ends_sentence(line.text) else plain
    if what in BY_WORDS and _is_statement(line) and not is_mere(line) and not is_footer(line):
        return 1
    return WORTHS[what] - line.linked


def _is_statement(line: Line) -> bool:
    """True for a sentence, or words with a pause and without a number: a footer's are addresses and numbers."""
    if ends_sentence(line.text):
        return says_something(line)
    return not line.linked and _PAUSED.search(line.text) is not None and not any(map(str.isdigit, line.text))
