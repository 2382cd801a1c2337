"""Who is a person in the words around a speech: surnames, posts, and the words and places that only look like names.

`people` reads a whole phrase (the subject of a title, a signature line) and answers only when all of it is understood
as posts and names; anything left over is doubt, and doubt is None.
"""

from __future__ import annotations

import re

BLANKS = " \t\u3000\xa0\u2002\u2003\u2009\u200b\ufeff"

# The Hundred Family Surnames and the commoner ones of today's register that it lacks.
SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦"
    "昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧肖"
    "尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟"
    "徐邱丘骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆"
    "荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武"
    "符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉"
    "宰郦雍璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘"
    "匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙养鞠须丰巢关蒯相查后荆红游竺权"
    "逯盖益桓公晋楚闫法汝鄢涂钦归海帅缑亢况有琴商牟佘佴伯赏墨哈谯笪年爱阳佟言付代邸兰仝苟覃栗战苑初原冼香"
    "门展邝粟信区英修矫麦庹蹇揭撒锁鹿衣凡由占来才雒潭员卿丛诗生官仉敬买母迟阿降招竹青朴楼禚牙楮火练岳迮呼"
    "但伦宇岩盘冶妥喇拜刀陇赛"
)
COMPOUND = frozenset(
    (
        "欧阳 司马 上官 诸葛 司徒 东方 独孤 南宫 夏侯 皇甫 尉迟 长孙 宇文 慕容 令狐 公孙 轩辕 端木 拓跋 百里 "
        "呼延 赫连 澹台 申屠 太史 闻人 单于 濮阳 淳于 仲孙 钟离 鲜于 闾丘 万俟 第五 东郭 西门 南门 公羊 公冶 "
        "宗政 子车 亓官 巫马 漆雕 乐正 壤驷 公良 夹谷 宰父 谷梁 段干 羊舌 微生 左丘 颛孙 司空 司寇 太叔 公西"
    ).split()
)
# Surnames that begin so many words that two characters alone on a line say nothing.
_WORDY = frozenset(
    "全党时和成项经计明国文农水车房平强温云广宁海甘长关元家益空公相有后别查应从路通都满干年能权盖宗单展边"
    "双生法言代原信区修战初利师那来才官由但门红爱居山谷巴步容易充终解养须祖千向左司宣阿香东支青火印索劳申"
    "封简包储管谈祝游景富买员练招伦归融越丰英竹华花季商墨松班仰仲伏盘"
)
# Rarer as surnames than as the first word of a slogan (`强担当`, `党旗红`).
_NEVER_BARE = frozenset("全党时强国广农水权干法有相公别从都满年能但由才来那利双信代修战初师官门居通言冶妥喇拜刀陇赛")
# A township of two characters looks like a person (`杨寨`, `吴店`).
_TOWNSHIP_ENDS = frozenset("店寨坪庙河湾岗畈桥湖集铺沟巷坝塘岭洞堡埠港墩垸冲楼庄屯营圩滩渡嘴垭洼砦")
# Two characters that begin (or are) words, whatever follows.
_WORDS = frozenset(
    (
        "万象 万家 万物 谢谢 张榜 谢词 谢辞 "
        "高质 高水 高举 高度 高新 高效 高位 高校 高等 高考 高原 高端 高层 高铁 高龄 高品 全市 全县 全国 全省 "
        "全区 全面 全体 全过 全力 全会 全文 全程 全员 全域 全球 全党 全州 全民 全新 党建 党组 党委 党中 党员 "
        "党史 党的 党校 党风 党课 党外 党内 党政 党性 党群 时代 时间 时任 时刻 时事 时政 和谐 和平 和美 安全 "
        "安排 安居 安定 安监 平安 平台 平等 成绩 成效 成果 成就 成立 成员 成功 成长 常委 常务 常态 常设 常规 "
        "常任 方案 方向 方法 方面 方针 任务 任职 任命 任期 项目 经济 经科 经验 经委 经开 经营 计划 计生 计委 "
        "明确 明天 明年 国务 国家 国际 国企 国资 国庆 国土 文化 文史 文明 文联 文件 文旅 文艺 农业 农村 农民 "
        "农工 农委 农办 水利 水务 水平 金融 金秋 金山 车辆 房产 康养 强化 强调 强国 强基 江苏 江西 云南 广东 "
        "广西 广大 广水 广州 广播 宁夏 海南 海外 海关 海峡 甘肃 贵州 长江 关于 关工 关注 关心 关键 马克 马列 "
        "马上 马年 于是 章程 元旦 元宵 家庭 家乡 公安 公司 公开 公告 公共 公益 公务 相关 有关 有效 有力 有序 "
        "有为 后勤 别样 查看 应急 应对 从严 从政 从事 路线 路径 通知 通报 通过 通讯 都市 满意 干部 年度 年终 "
        "年初 年会 年轻 能力 权力 单位 展望 展示 边防 双方 双拥 双创 生态 生活 生产 法治 法律 法院 法制 法规 "
        "言论 代表 代理 原任 原则 信息 信访 信心 区委 区政 区域 修改 战略 战线 初心 初步 利益 师生 来源 来宾 "
        "官方 由于 门户 红色 红十 居民 山区 容缺 解放 解读 祖国 万众 向上 向前 左右 司法 宣传 宣讲 宣布 宣言 "
        "宣誓 华侨 华人 季度 商务 商会 商协 石油 支部 支持 支委 双周 汇报 会议 学习 劳动 申报 封面 简报 简介 "
        "简讯 包容 储备 管理 谈话 谈心 祝贺 祝愿 祝词 祝辞 游客 富民 富强 员工 归侨 融合 融媒 英模 丰富 越来 "
        "许多 施工 施政 沈河 何时 何以 何为 何谓 严格 严肃 严明 纪委 纪检 纪律 纪念 纪要 华夏 陈述 孔子 史志 "
        "施行 严以 贺词 贺信 贺电 贺辞 习总 习近平新 齐心 齐抓 尚未 关爱 连续 连线 连心 强力 温馨 牢记 曾经 "
        "相约 养老 充分 终身 终于 步伐 游园 古城 易地 向善 边疆 边远 步入 武装 武术 梁家 苗族 白族 东西 东部 "
        "南部 田间 林业 林草 林长 金牌 鲁迅 时评 时装 公推 包村 团结 国有 国防 农科 兰亭 汤逊 房地 强信 万名 "
        "万人 查处 查摆 代言 容量 牛年 虎年 龙年 羊年 鸡年 猴年 蛇年 兔年 猪年 狗年 鼠年 花卉 水产 水电 雷锋 "
        "石化 云端 景区 路演 都要 那么 但是 才能 才艺 才俊 信仰 信念 信用 敬老 敬业 战役 战胜 招商 招生 招聘 "
        "练兵 竹山 青年 青少 青春 青联 火炬 阳光 阳历 平时 年货 经贸 经信 文教 文体 海联 侨联 法工 信阳 能源 "
        "商贸 应用 广电 东方红 明德 乐享 乐于 乐业 钟情 幸福 从容 匡正 修身 修养 养成 丰收 丰碑 伏案 路在 "
        "常抓 常怀 充电 成渝 成都 包干 包联 汇聚 聚焦 向党 相聚 相互 相信 高唱 牢固 高兴 高潮 高尚 高地 方式 "
        "方便 方圆 田园 田野 田径 石材 石头 金属 金钱 金额 白酒 白天 白皮 江河 江湖 江南 万一 万物 万里 常识 "
        "常见 常用 常年 康复 汤圆 章节 安心 安装 安静 安家 于此 任意 任何 任教 后记 索引 石刻 马路 马拉 马到 "
        "盘活 盘点 盘子 盘锦 高产 高温 高峰 高速 方言 方阵 金色 金字 白领 江湾"
    ).split()
)
_TAILS = frozenset(
    (
        "方向 担当 聚力 要求 未来 细微 实干 奋进 前行 前进 变局 新局 新篇 合力 实效 作为 思想 理念 目标 任务 "
        "工作 会议 政协 委员 主席 书记 讲话 发言 报告 致辞 致词 大会 全会 精神 问题 经济 社会 人民 方案 领导 "
        "同志 机关 干部 代表 集团 公司 单位 部门 办公 新区 地区 中学 大学 小学 小组 时代 条例 规定 制度 计划 "
        "规划 论坛 活动 协会 学会 商会 频道 新闻 日报 晚报 在线 记者 编辑 视频 图片 专题 摘要 全文 节选 要点 "
        "提纲 概况 简介 简历 要闻 动态 统战 纪实 侧记 综述 目录 前言 附件 序言 结语"
    ).split()
)
# Provinces, prefectures and counties whose first character is also a surname.
_PLACES = frozenset(
    (
        "安徽 安庆 安阳 安康 安顺 安吉 安溪 安陆 安丘 安化 安福 安远 包头 白城 白山 白银 白河 毕节 常州 常德 "
        "常熟 常山 常宁 成都 池州 赤峰 楚雄 单县 丹东 德州 邓州 东莞 东营 东阳 东台 东海 东方 东平 鄂州 方城 "
        "方正 房县 房山 费县 丰城 丰都 丰台 丰县 富阳 富平 甘南 甘孜 甘谷 甘州 高州 高邮 高安 高密 高平 高唐 "
        "高青 高县 高要 高明 高淳 高碑店 巩义 贡山 古田 古浪 古蔺 管城 广元 广安 广汉 广德 广饶 广宗 广平 "
        "广昌 广丰 广灵 贵阳 贵港 桂林 桂平 桂阳 桂东 海口 海淀 海宁 海盐 海安 海门 海丰 海城 海伦 海东 海西 "
        "海北 海林 海阳 海州 汉中 杭州 和田 和县 和平 和政 和顺 河池 贺州 贺兰 衡阳 衡水 衡东 衡南 衡山 洪湖 "
        "洪江 洪洞 洪泽 洪雅 华阴 华容 华县 华宁 华亭 怀化 怀远 怀柔 怀宁 怀集 怀来 怀仁 黄石 黄冈 黄山 黄梅 "
        "黄陂 黄浦 黄南 黄骅 黄岩 黄埔 黄龙 黄陵 黄平 惠州 惠东 惠安 惠来 惠民 霍州 霍山 霍邱 吉林 吉安 吉首 "
        "吉水 嘉兴 江门 江夏 江油 江阴 江陵 江津 江都 江山 江北 江宁 江川 江岸 江汉 江干 江永 江华 金昌 金坛 "
        "金寨 金湖 金堂 金川 金乡 金沙 金溪 金平 金阳 金门 金塔 景德镇 景宁 景洪 景东 景谷 景泰 景县 荆州 "
        "荆门 康定 康县 康平 康保 柯桥 柯城 兰州 兰考 兰溪 兰陵 兰坪 乐山 乐平 乐清 乐至 乐昌 乐东 乐亭 雷州 "
        "雷山 雷波 黎平 黎城 黎川 连云港 连州 连江 连城 连平 连山 连南 连云 凌源 凌海 凌云 柳州 柳城 柳江 "
        "柳林 龙岩 龙泉 龙海 龙港 龙口 龙里 龙江 龙川 龙门 龙山 龙游 龙南 龙州 龙陵 娄底 娄星 娄烦 卢氏 卢龙 "
        "鲁山 鲁甸 陆川 陆良 陆丰 陆河 罗田 罗平 罗定 罗山 罗源 罗城 罗江 罗湖 满洲里 满城 茂名 梅州 梅县 "
        "梅江 梅里斯 孟州 孟津 孟村 孟连 米易 米脂 米东 明光 明溪 明水 牟定 牟平 穆棱 宁波 宁德 宁国 宁乡 "
        "宁海 宁化 宁都 宁远 宁陵 宁津 宁阳 宁晋 宁强 宁陕 宁县 宁明 宁南 宁武 宁安 农安 彭州 彭泽 彭水 彭山 "
        "彭阳 平顶山 平凉 平湖 平度 平江 平阳 平阴 平原 平邑 平谷 平罗 平遥 平定 平顺 平陆 平泉 平乡 平南 "
        "平果 平乐 平塘 平坝 平昌 平武 平利 平川 平潭 平和 平远 平舆 平桥 蒲城 蒲江 蒲县 濮阳 浦东 浦江 浦城 "
        "浦口 浦北 齐河 祁阳 祁东 祁连 祁门 祁县 秦皇岛 秦州 秦安 秦都 邱县 曲靖 曲阜 曲江 曲沃 曲周 曲阳 "
        "曲麻莱 全椒 全南 任丘 任县 任泽 荣成 荣昌 荣县 容县 容城 汝州 汝南 汝阳 汝城 芮城 桑植 桑日 沙市 "
        "沙县 沙洋 沙湾 沙坡头 商丘 商洛 商城 商河 商州 商南 商水 邵阳 邵武 邵东 沈阳 沈丘 盛泽 施秉 施甸 "
        "石家庄 石嘴山 石河子 石首 石门 石台 石城 石林 石泉 石楼 石柱 石阡 石景山 石狮 石渠 寿县 寿光 寿阳 "
        "寿宁 舒城 舒兰 双鸭山 双城 双流 双江 双柏 双峰 双牌 双辽 双阳 水富 水城 松原 松江 松滋 松桃 松阳 "
        "松溪 松潘 苏州 宿州 宿迁 宿松 汤阴 汤原 汤旺 唐山 唐河 唐县 滕州 田东 田阳 田林 田家庵 万州 万宁 "
        "万年 万安 万载 万荣 万柏林 万盛 汪清 王益 威海 卫辉 魏县 魏都 温州 温岭 温江 温县 温泉 温宿 文山 "
        "文昌 文登 文水 文成 文县 文安 文圣 翁源 翁牛特 翁安 乌海 乌鲁木齐 乌兰察布 乌兰 巫山 巫溪 吴忠 吴江 "
        "吴川 吴桥 吴堡 吴兴 吴中 吴起 吴旗 武汉 武威 武昌 武穴 武冈 武进 武清 武平 武功 武夷山 武义 武宁 "
        "武胜 武隆 武陟 武安 武强 武邑 武乡 武鸣 武宣 武定 武山 武都 武侯 武城 武陵 武陵源 夏县 夏邑 夏津 "
        "夏河 咸阳 咸宁 咸丰 项城 萧县 萧山 辛集 邢台 徐州 徐闻 徐水 徐汇 许昌 宣城 宣恩 宣威 宣汉 宣化 宣州 "
        "薛城 燕山 阳泉 阳江 阳春 阳朔 阳信 阳谷 阳曲 阳高 阳城 阳原 阳新 阳山 阳西 阳东 杨凌 杨浦 姚安 叶县 "
        "叶城 伊犁 伊春 伊宁 伊川 伊通 应城 应县 英山 英德 游仙 于都 于洪 于田 余杭 余姚 余江 余干 余庆 鱼台 "
        "禹州 禹城 禹会 元氏 元谋 元阳 元江 元宝山 袁州 原平 原阳 原州 岳阳 岳西 岳池 岳普湖 云浮 云梦 云阳 "
        "云县 云霄 云和 云岩 曾都 张家界 张家口 张家港 张掖 张店 张北 张湾 章丘 章贡 赵县 郑州 钟祥 钟山 "
        "周口 周至 周宁 周村 诸城 诸暨 庄河 庄浪 卓尼 卓资 左权 左云 左贡 邹城 邹平 费城 官渡 华坪 怀安 广宁 "
        "东兴 东安 东宁 东丽 东城 东光 东明 东乡 东源 东港 都匀 都昌 都江堰 都兰 海兴 边坝 查干 申城"
    ).split()
)
# Sounds that spell names of the minorities and of foreigners.
_SOUNDS = frozenset(
    "阿不卜布巴白贝比波勃伯查才仓次措达大丹旦德登迪蒂丁东都顿多尔尕噶嘎盖甘格根贡古哈海罕汗赫胡华吉加嘉坚"
    "江杰金久喀卡康柯科克库拉腊兰朗勒雷里力丽利林洛鲁罗玛马买麦曼茂米木穆那娜纳乃南尼年努诺帕潘佩皮平普其"
    "齐切琼曲确然热仁日茹萨赛桑沙尚绍生史斯苏索塔泰唐提甜图土吐托瓦万旺威维文乌吾西希夏辛信秀牙雅亚彦央扬"
    "业依伊义因永尤孜于玉原云泽扎占哲珍真卓孙合山娃孟朝琪琴特毕勿包明胜铁祖拜肉艾肯增班禅赞让珠小梅高"
)
POST = (
    r"(?:(?:常务副|第一副|代理|副|代|原)?(?:党组书记|党组成员|党委书记|总书记|书记(?!处)|主席(?!团)|秘书长|主任委员|主任(?!委员)"
    r"|委员长|委员(?!会)|常委(?!会)|主委|市长|县长|区长|省长|州长|旗长|盟长|镇长|乡长|部长|局长|厅长|司长|处长|科长|会长|院长|校长"
    r"|组长|所长|社长|台长|站长|馆长|董事长|总经理|经理|理事长|总理|教授|研究员|代表(?!团|队|大会)|检察长|政委|司令员|召集人|委员会主席))"
)
_MARK = re.compile(r"(?:同志|先生|女士)$")
_AFTER = re.compile(rf"(?:{POST})+$")
_LAST_POST = re.compile(rf"^(?P<before>.*{POST})(?P<name>[^（(]+)$")
_ORGAN = re.compile(
    r"^.*(?:政协|委员会|[省市县区]委|人大|政府|统战部|工商联|民[盟革建进]|农工党|致公党|九三学社|台盟|机关|办公室|[局院校会])"
)
_READS_ANOTHER = re.compile(
    r"学习|传达|贯彻|落实|关于|解读|听取|转发|印发|围绕|根据|按照|领会|重温|纪念|悼念|缅怀|欢迎|欢送|宣读|观看|收看|收听|聆听"
    r"|感悟|研读|深入|认真|坚决|坚持|推动|紧跟|牢记|致敬|怀念|追忆|访|记|对照|深学|遵循|践行|采访|走近|图解|摘编"
)
_HAN = r"[\u4e00-\u9fff\u3400-\u4dbf]"
_DOTTED = re.compile(rf"{_HAN}{{1,8}}(?:[·•‧・]{_HAN}{{1,8}}){{1,3}}")
_NEVER_GIVEN = frozenset("的了是们这那与及或在议委局部厅省县区")
_NEVER_LAST = frozenset("会党之于上下内外等者型级类处科室组队厂校所站镇乡村街策案率院市联社办团盟旗")
_APPOSITION = re.compile(rf"[（(][^（()）]*{POST}[^（()）]*[)）]")


def squeeze(text: str) -> str:
    """The text without its blanks (`韦　东` → `韦东`)."""
    return text.translate(dict.fromkeys(map(ord, BLANKS)))


def is_name(text: str, *, marked: bool) -> bool:
    """Whether the whole text is a person's name; `marked` when a post or 同志 beside it says it is a person's."""
    if _DOTTED.fullmatch(text):
        return marked or (len(text) > 4 and sum(c in _SOUNDS or c in "·•‧・" for c in text) / len(text) > 0.8)
    if not re.fullmatch(rf"{_HAN}{{2,5}}", text) or text[:3] in _WORDS or text[-2:] in _TAILS:
        return False
    # Behind a post 林长青 is a person although 林长 is a post itself; 马克思 and the like are words of three.
    if text[:2] in _WORDS and not (marked and len(text) == 3):
        return False
    family = text[:2] if len(text) in {3, 4} and text[:2] in COMPOUND else text[:1]
    given = text[len(family) :]
    if not ((family in SURNAMES or family in COMPOUND) and len(given) <= 2):
        return marked and all(sign in _SOUNDS for sign in text)
    if set(given) & _NEVER_GIVEN or (
        given[-1] in _NEVER_LAST and not (marked and len(given) == 2 and given[-1] == "之")
    ):
        return False
    return marked or not (text in _PLACES or family in _NEVER_BARE or (len(text) == 2 and _wordy(text)))


def _wordy(text: str) -> bool:
    return text[0] in _WORDY or text[0] == text[1] or text[1] in _TOWNSHIP_ENDS


def people(words: str, *, marked: bool = False) -> str | None:
    """Names in a phrase that is nothing but posts, bodies and names; several joined by 、; None when in doubt."""
    phrase = _APPOSITION.sub("", words).strip(BLANKS + "：:，,—-―–")
    if not phrase or len(phrase) > 60 or _READS_ANOTHER.match(squeeze(phrase)):
        return None
    pieces = [piece.strip(BLANKS) for piece in re.split(r"[、，,；;]", phrase)]
    found = [_piece(piece, marked) for piece in pieces]
    if any(found):  # a name marks its neighbours: `田东、姚怀远` are two people, although 田东 is a county too
        found = [
            _piece(piece, marked=True) if names is None else names for piece, names in zip(pieces, found, strict=True)
        ]
    if None in found:
        return None
    return "、".join(dict.fromkeys(name for names in found for name in names or ())) or None


def _piece(piece: str, marked: bool) -> list[str] | None:
    """Names in one member of an enumeration: [] when it is a post without a name, None when not understood."""
    whole = squeeze(piece)
    plain = _MARK.sub("", whole)
    before_post = _AFTER.sub("", plain)
    marked = marked or plain != whole
    if before_post != plain:
        return _before_post(before_post, piece)
    # A blank put inside two characters is how names are set level with those of three; places and words are not.
    padded = bool(re.fullmatch(rf"{_HAN}[{BLANKS}]+{_HAN}", piece))
    if is_name(plain, marked=marked or padded):
        return [plain]
    if (after := _LAST_POST.match(plain)) and is_name(after["name"], marked=True):
        return [after["name"]]
    if marked and (organ := _ORGAN.match(plain)) and is_name(plain[organ.end() :], marked=True):
        return [plain[organ.end() :]]
    return _spaced(piece, marked)


def _before_post(text: str, piece: str) -> list[str] | None:
    """`何庆海主席`, `政协何庆海主席`, `何庆海 市政协主席`; [] for a body without a name (`市政协主席`)."""
    if is_name(text, marked=True) and text not in _PLACES:
        return [text]
    organ = _ORGAN.match(text)
    if organ and is_name(text[organ.end() :], marked=True):
        return [text[organ.end() :]]
    first = re.split(f"[{BLANKS}]+", piece)[0]
    if first != piece and is_name(first, marked=False):
        return [first]
    after = _LAST_POST.match(text)
    return [after["name"]] if after and is_name(after["name"], marked=True) else []


def _spaced(piece: str, marked: bool) -> list[str] | None:
    """Names set apart by blanks: `何庆海 李明`, `广水市政协 何庆海`."""
    tokens = re.split(f"[{BLANKS}]+", piece)
    if len(tokens) < 2:
        return None
    tokens[-1] = _MARK.sub("", tokens[-1])
    if all(is_name(token, marked=marked) for token in tokens):
        return tokens
    organ = _ORGAN.match(tokens[0])
    name = "".join(tokens[1:])
    if organ and organ.end() == len(tokens[0]) and is_name(name, marked=marked):
        return [name]
    return None
