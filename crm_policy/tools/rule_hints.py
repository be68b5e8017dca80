"""From the sentences of a clause to the rules that they may mean: suggestions, never rules.

A suggestion says which words it comes from, what it took from them and what it had to assume.
"""

import re
from dataclasses import dataclass, field

from .chinese_numbers import CHINESE, half_width, parse_amount, parse_number
from .policy_words import ANY_REMEDY, FACTS, KINDS, POSTS, SUBJECTS

MAX_SENTENCE = 2_000  # characters: what is longer is no sentence that somebody wrote
LONGEST = 10_000  # as a duration; what is more is a slip
# As long as anybody writes a number: without an end, a page of figures would be tried from each
# figure to each other one.
_FIGURES = r"[0-9][0-9,]{0,14}(?:\.[0-9]{1,6})?"
_NUM = rf"(?:{_FIGURES}|{CHINESE}{{1,6}}|半|数|几)"
_UNITS = {
    "工作日": ("working_days", 1),
    "工作天": ("working_days", 1),
    "工作小时": ("working_hours", 1),
    "小时": ("calendar_hours", 1),
    "分钟": ("working_minutes", 1),
    "自然日": ("calendar_days", 1),
    "日历日": ("calendar_days", 1),
    "日历天": ("calendar_days", 1),
    "天": ("calendar_days", 1),
    "日": ("calendar_days", 1),
    "周": ("calendar_days", 7),
    "星期": ("calendar_days", 7),
    "礼拜": ("calendar_days", 7),
    "月": ("calendar_months", 1),
    "季度": ("calendar_months", 3),
    "年": ("calendar_months", 12),
}
_WITHIN = "以内|之内|内"
_BEFORE = "以前|之前|前"
_AFTER = "以后|之后|后"
_AT_MOST = re.compile(
    r"(?:不(?:得|能|应)?(?:超过|晚于|迟于|多于)|最迟|最长|最多|"
    r"(?:时限|期限|时间)(?:为|是|:)?) ?(?:于|在|为)?$"
)
_KEPT = re.compile(r"(?:保存|保管|保留|质保|保修|有效|合同|试用)(?:期限|期|时间|年限)")
_SINCE = re.compile(r"(?:后|之日起|时起|日起)的?第? ?$")
_TIMES = re.compile(
    rf"(?P<monthly>(?:每月|次月|下月)(?:的)? ?(?P<day>{_NUM}) ?[日号](?P<by>{_BEFORE}|{_WITHIN})?)"
    rf"|(?P<ordinal>第 ?(?P<nth>{_NUM}) ?个?(?P<of>工作日|天|日))(?:{_WITHIN}|{_BEFORE})?"
    rf"|(?P<next_workday>(?:次一?|下一?)个?工作日)(?:{_WITHIN}|{_BEFORE})?"
    rf"|(?P<next_day>次日|翌日|隔日)(?:{_WITHIN}|{_BEFORE})?"
    rf"|(?P<same_day>当[日天])(?:{_WITHIN})?"
    rf"|(?P<every>每(?P<period>季度|季|半年|年|月|周|两周|{_NUM}个月))"
    rf"|(?P<span>(?:(?P<low>{_NUM}) ?[-—–~～至到] ?)?(?P<n>{_NUM}) ?个?"
    rf"(?P<unit>{'|'.join(_UNITS)})"
    rf"(?P<work> ?\(?工作时间\)?)?(?P<suffix>{_WITHIN}|{_BEFORE}|{_AFTER})?)"
)
_NO_SPAN_AFTER = tuple("月年第个×xX*/.0123456789超过逾满")
_PERIODS = {
    "周": ("calendar_days", 7),
    "两周": ("calendar_days", 14),
    "月": ("calendar_months", 1),
    "季": ("calendar_months", 3),
    "季度": ("calendar_months", 3),
    "半年": ("calendar_months", 6),
    "年": ("calendar_months", 12),
}
_MARKER = re.compile(r"[^，,。；;、]{0,8}?(?:之日|之时|当[日天]|次日|后|起|时起)")
_LIMIT_NOUN = re.compile(r"(?:客户|结果|的|完成)*(?:时限|期限|时间)")

_AMOUNT = re.compile(
    rf"(?P<before>不(?:得|能)?(?:超过|高于|大于)|最高(?:不超过)?|上限为?|限额为?|"
    rf"低于|少于|不满|不足|未达到?|小于|超过|高于|大于|≤|<|>|≥)? ?(?:人民币|¥|￥)? ?"
    rf"(?:(?P<low>{_FIGURES}) ?(?P<low_large>万|千)?(?P<low_yuan>元)?"
    rf" ?[-—–~～至到] ?)?"
    rf"(?P<n>{_FIGURES}|{CHINESE}{{1,6}}) ?(?P<large>百万|千万|万|千|亿)?"
    rf"(?P<currency>元|美元|欧元|日元|港元)(?:人民币)?"
    rf"(?P<after> ?(?:\((?:不?含)\))? ?(?:及)?以[下内上]|之内)?"
)
_UP_TO = re.compile(r"^(?:不.*|最高.*|上限为?|限额为?|≤)$")
_BELOW = re.compile(r"^(?:低于|少于|不满|不足|未达到?|小于|<)$")
_ABOVE = re.compile(r"^(?:超过|高于|大于|>|≥)$")
_DECIDES = re.compile(r"审批|批准|核准|决定|核决|签批|审定|签字|权限|有权|处理权")
_ARROW = re.compile(r" *(?:→|➔|➜|⇒|⟶|=>|->|—>) *")
_SIGNS = "初审|审核|审查|复审|会签|会审|审批|批准|核准|审定|审议|签批|签字|同意|终审"
_LEVELS = re.compile(rf"({_NUM}) ?级(?:审批|审核|复核|签批)")
_SENTENCES = re.compile(r"[^。；;！!？?\n]+")
_CARRIES = "；;"  # what comes after these still counts from the same event


@dataclass
class Hint:
    """A rule that a sentence may mean.

    :ivar str kind: "deadline", "limit" or "route".
    :ivar str sentence: as it stands in the clause.
    :ivar tuple span: (start, end) of the words it comes from, in the sentence.
    :ivar dict values: for a deadline duration, unit (codes of const.UNITS), start and done (fields
        of a case), name (the word for what must be done), role (a word), domain, count_from,
        window; for a limit max_amount or unlimited, role, own_cases; for a route steps [(role,
        amount from which it signs)]; for the last two subject (codes of const.SUBJECTS) or
        any_subject. What the sentence does not say is not there.
    :ivar list notes: what was assumed or could not be taken over, as codes.
    """

    kind: str
    sentence: str
    span: tuple
    values: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    @property
    def words(self):
        return self.sentence[slice(*self.span)]


def find(text, roles=(), lead="", name=""):
    """Return the suggestions for the text of a clause, in the order of its words.

    :param roles: names of the posts that the company knows.
    :param str lead: the text that the clause continues, its parent's: "受理后按下列时限办理：".
    :param str name: the heading of the clause, which its text need not repeat: "响应时限".
    :rtype: list[Hint]
    """
    posts = _post_pattern(roles)
    hints, carried, last = [], _start_of(half_width(lead)), 0
    own_start = None
    for match in _SENTENCES.finditer(text):
        sentence = match[0].strip()[:MAX_SENTENCE]
        if not text[last : match.start()].strip() or text[last : match.start()][-1] not in _CARRIES:
            own_start = None
        last = match.end()
        plain = half_width(sentence)
        found, own_start = _deadlines(sentence, plain, posts, own_start, carried)
        limits = _limits(sentence, plain, posts)
        hints += found + limits + _routes(sentence, plain, posts, limits)
    for hint in hints:
        _look_at_name(hint, half_width(name))
    return hints


def _look_at_name(hint, name):
    """Take from the heading what the sentence leaves out."""
    values = hint.values
    if hint.kind != "deadline":
        if not {"subject", "any_subject"} & values.keys():
            _put_subject(values, name)
        return
    found = {_FACT_FIELDS[fact[0]]: fact[0] for fact in _FACT.finditer(name)}
    found.pop(values.get("start"), None)
    if "done" not in values and len(found) == 1:
        [(values["done"], values["name"])] = found.items()
        hint.notes.append("done_named")


# === WORDS ===


def _post_pattern(roles):
    names = {half_width(name) for name in roles if len(name) > 1} | set(POSTS)
    words = sorted(names, key=lambda name: (-len(name), name))
    title = r"(?!门?(?:经理|主管|负责人|总监|主任|部长))"
    return re.compile(
        "|".join(re.escape(word) + (title if word.endswith("部") else "") for word in words)
    )


_FACT_FIELDS = {word: name for name, words in FACTS.items() for word in words.split()}
_FACT = re.compile("|".join(sorted(map(re.escape, _FACT_FIELDS), key=len, reverse=True)))


def _start_of(plain):
    """Return the last fact in a text of which it says that something counts from it, or None."""
    found = None
    for fact in _FACT.finditer(plain):
        if _MARKER.match(plain, fact.end()):
            found = _FACT_FIELDS[fact[0]]
    return found


def _put_subject(values, plain):
    """Take what is granted: one thing, or whatever it is; a purchase, say, is neither."""
    found = {code for word, code in SUBJECTS.items() if word in plain}
    if len(found) == 1:
        values["subject"] = found.pop()
    elif found or re.search(ANY_REMEDY, plain):
        values["any_subject"] = True


# === DEADLINES ===


def _deadlines(sentence, plain, posts, start, lead_start):
    """Return the deadlines of a sentence, and the event that the next one may go on from."""
    times = [match for match in _TIMES.finditer(plain) if _is_limit(plain, match)]
    hints, done_to = [], 0
    for place, match in enumerate(times):
        until = times[place + 1].start() if place + 1 < len(times) else len(plain)
        hint = Hint("deadline", sentence, match.span())
        _read_time(hint, match)
        own = _start_before(plain, done_to, match.start())
        _put_events(hint, plain, match, (done_to, until), own, start or lead_start)
        start = own or start
        _put_domain(hint, plain, match)
        role = posts.search(plain, 0, match.start()) or _after_by(posts, plain, match.end(), until)
        if role:
            hint.values["role"] = role[0]
        hints.append(hint)
        done_to = match.end()
    return hints, start


def _after_by(posts, plain, start, stop):
    """Return the post of whom it says that it is done *by* him: 24小时内由经办人响应."""
    by = plain.find("由", start, stop)
    return posts.match(plain, by + 1, stop) if by >= 0 else None


def _is_limit(plain, match):
    """Return whether a time is a limit, not an age, an opening hour or a date."""
    if match["span"] is None:
        # 当日 and 次日 also are mere dates: somebody must have to do something by then.
        marked = match["same_day"] is None or _FACT.search(plain, match.end())
        return bool(marked) and not (match["every"] and plain.startswith("日", match.end()))
    ahead = plain[: match.start()]
    at_most = _AT_MOST.search(ahead)
    if _KEPT.search(ahead) or (not at_most and ahead.endswith(_NO_SPAN_AFTER)):
        return False
    if match["unit"] == "月" and "个" not in match["span"] and match["n"] != "半":
        return False  # 5月内 is May
    return bool(match["suffix"] or at_most or _SINCE.search(ahead) or " | " in plain)


def _read_time(hint, match):
    """Take duration and unit from the words."""
    values, notes = hint.values, hint.notes
    if match["monthly"]:
        _put_duration(hint, parse_number(match["day"]), "day_of_month")
        notes.append("inclusive" if match["by"] else "on_the_day")
    elif match["ordinal"]:
        nth = parse_number(match["nth"])
        working = match["of"] == "工作日"
        # The day of the event is the first day, and the 0th working day.
        _put_duration(hint, nth if working or nth is None else nth - 1,
                      "working_days" if working else "calendar_days")  # fmt: skip
        notes.append("ordinal_workday" if working else "ordinal")
    elif match["next_workday"]:
        _put_duration(hint, 1, "working_days")
    elif match["next_day"]:
        _put_duration(hint, 1, "calendar_days")
        notes.append("calendar")
    elif match["same_day"]:
        _put_duration(hint, 1, "working_days")
        values["count_from"] = "same_day"
        notes.append("same_day")
    elif match["every"]:
        number = re.match(rf"({_NUM})个月$", match["period"])
        unit, size = ("calendar_months", parse_number(number[1])) if number else (
            _PERIODS[match["period"]])  # fmt: skip
        _put_duration(hint, size, unit)
        notes.append("periodic")
    else:
        _read_span(hint, match)


def _read_span(hint, match):
    unit, size = _UNITS[match["unit"]]
    if match["work"] and unit == "calendar_hours":
        unit = "working_hours"
    number = parse_number(match["n"])
    if match["n"] == "半":
        number, unit = _half(match["unit"], unit, hint.notes)
    elif number is None:
        hint.notes.append("vague")
    else:
        number *= size
    if match["low"]:
        hint.notes.append("range")
    number = _read_suffix(hint, match, number, unit)
    _put_duration(hint, number, unit)
    _note_unit(hint, match, unit)


def _read_suffix(hint, match, number, unit):
    """Return the number as the word behind it means it, None where it means no limit."""
    suffix, notes = match["suffix"], hint.notes
    if suffix in _BEFORE.split("|"):
        notes.append("in_advance")  # so long before something: no clock runs backwards
        return None
    since = not suffix and _SINCE.search(half_width(hint.sentence)[: match.start()])
    if suffix in _AFTER.split("|") or since:
        return _after(hint, number, unit, bool(since))
    if not suffix and " | " in hint.sentence:
        notes.append("table")
    return number


def _after(hint, number, unit, since):
    """结案后15天回访 and 15天后回访 name the day; 24小时后 says only from when on."""
    by_day = unit in ("calendar_days", "working_days")
    if by_day:
        hint.values["window"] = "day"
    elif not since:
        number = None
    hint.notes.append("on_the_day" if by_day else "no_within" if since else "not_before")
    return number


def _note_unit(hint, match, unit):
    if unit == "working_minutes" and not match["work"]:
        hint.notes.append("minutes")
    elif unit == "calendar_hours":
        hint.notes.append("around_the_clock")
    elif unit == "calendar_days" and match["unit"] in ("天", "日"):
        hint.notes.append("calendar")


def _half(word, unit, notes):
    """Return what 半天, 半月, 半年 and half an hour are, as (duration or None, unit)."""
    if unit == "calendar_days":
        notes.append("half_day")
        return None, "working_hours"
    if word == "月":
        notes.append("half_month")
        return 15, "calendar_days"
    return {"年": (6, unit), "分钟": (None, unit)}.get(word, (0.5, unit))


def _put_duration(hint, number, unit):
    hint.values["unit"] = unit
    whole = unit not in ("working_minutes", "working_hours", "calendar_hours")
    if number is None or not 0 < number <= LONGEST or (whole and number % 1):
        return
    if unit == "day_of_month" and number > 31:
        return
    hint.values["duration"] = number


def _start_before(plain, start, stop):
    """Return the event between two places from which a time after them counts, or None."""
    found = None
    for fact in _FACT.finditer(plain, start, stop):
        marker = _MARKER.match(plain, fact.end(), stop + 2)
        near = re.fullmatch(r"(?:客户|投诉|[的之] ?)*", plain[fact.end() : stop])
        if marker or near:
            found = _FACT_FIELDS[fact[0]]
    return found


def _put_events(hint, plain, match, region, own_start, carried):
    start = own_start or carried
    after = _FACT.search(plain, match.end(), region[1])
    word = after[0] if after else _done_before(plain, region[0], match.start())
    done = _FACT_FIELDS.get(word)
    if start and start != done:
        hint.values["start"] = start
        if not own_start:
            hint.notes.append("start_carried")
    if done:
        hint.values |= {"done": done, "name": word}


def _done_before(plain, start, stop):
    """Return what must be there by a time that stands behind it: 响应时限为24小时."""
    found = None
    for fact in _FACT.finditer(plain, start, stop):
        if _LIMIT_NOUN.match(plain, fact.end()) or not _MARKER.match(plain, fact.end(), stop + 2):
            found = fact[0]
    return found


def _put_domain(hint, plain, match):
    """Take which cases the sentence speaks of; urgency and severity from the words nearby."""
    begin = max(plain.rfind(sign, 0, match.start()) for sign in "，,") + 1
    ends = [place for sign in "，," if (place := plain.find(sign, match.end())) >= 0]
    segment = plain[begin : min(ends, default=len(plain))]
    found = {}
    for word, (name, codes) in KINDS.items():
        if word in (plain if name == "policy_kind" else segment):
            found.setdefault(name, set()).update(codes)
    if found:
        hint.values["domain"] = [[name, "in", sorted(found[name])] for name in sorted(found)]
    if re.search("一般|普通", segment):
        hint.notes.append("ordinary")


# === LIMITS ===


def _limits(sentence, plain, posts):
    """Return what each post may decide by itself."""
    hints = []
    for begin, end in _groups(plain):
        part = plain[begin:end]
        amounts = [match for match in _AMOUNT.finditer(plain, begin, end)]
        bounds = _bounds(amounts)
        role = _decider(plain, posts, begin, end)
        if bounds is None or not (_DECIDES.search(part) or (role and " | " in plain)):
            continue
        upper, lower, notes = bounds
        blanks = len(amounts[0][0]) - len(amounts[0][0].lstrip())
        span = (amounts[0].start() + blanks, amounts[-1].end())
        hint = Hint("limit", sentence, span, {}, notes)
        if upper is None:
            hint.values["unlimited"] = True
            hint.notes.append("from_amount")
        else:
            hint.values["max_amount"] = upper
        if lower is not None:
            hint.values["amount_from"] = lower
        if role:
            hint.values["role"] = role
        _put_subject(hint.values, plain)
        if re.search("自行|直接|当场", part):
            hint.values["own_cases"] = True
            hint.notes.append("own_cases")
        hints.append(hint)
    return hints


def _groups(plain):
    """Return the places (begin, end) of the parts that each speak of one band of amounts."""
    segments, begin = [], 0
    for comma in re.finditer(r"，|,(?![0-9]{3})", plain):
        segments.append((begin, comma.end()))
        begin = comma.end()
    segments.append((begin, len(plain)))
    groups = []
    for segment in segments:
        has_amount = any(
            match["after"] or match["before"] or match["low"]
            for match in _AMOUNT.finditer(plain, *segment)
        )
        if has_amount and groups and groups[-1][1]:
            groups.append([segment, True])
        elif groups:
            groups[-1] = [(groups[-1][0][0], segment[1]), groups[-1][1] or has_amount]
        else:
            groups.append([segment, has_amount])
    return [place for place, has_amount in groups if has_amount]


def _bounds(amounts):
    """Return (upper or None, lower or None, notes) of a band, or None when there is none."""
    upper = lower = None
    notes = []
    for match in amounts:
        amount = parse_amount(match["n"], match["large"] or "")
        if amount is None:
            continue
        if match["currency"] != "元":
            notes.append("currency")
        before, after = match["before"] or "", (match["after"] or "").strip()
        if match["low"]:
            # 1-5万元 shares its unit, 5000元至3万元 does not.
            unit = match["low_large"] or (not match["low_yuan"] and match["large"]) or ""
            lower, upper = parse_amount(match["low"], unit), amount
        elif _BELOW.match(before) or after.startswith("(不含)以下"):
            upper = round(amount - 0.01, 2)
            notes.append("exclusive")
        elif _UP_TO.match(before) or after.endswith(("以下", "以内", "之内")):
            upper = amount
        elif _ABOVE.match(before) or after.endswith("以上"):
            lower = amount
    if upper is None and lower is None:
        return None
    return upper, lower, notes


def _decider(plain, posts, begin, end):
    """Return the post that decides in this part: the last one before a word of deciding."""
    decides = rf"(?:负责|进行|直接|自行|可以?|有权|最终|予以)*(?:{_DECIDES.pattern})"
    found = None
    for role in posts.finditer(plain, begin, end):
        if found is None or re.match(decides, plain[role.end() : end]):
            found = role[0]
    return found


# === ROUTES ===


def _routes(sentence, plain, posts, limits):
    """Return in which order several posts sign."""
    values, notes = {}, []
    span = None
    if _ARROW.search(plain):
        steps, span = _arrow_steps(plain, posts)
    else:
        steps, span = _verb_steps(plain, posts, bool(limits))
    levels = _LEVELS.search(plain)
    if levels:
        notes.append("levels")
        span = span or levels.span()
        number = parse_number(levels[1])
        if steps and number != len(steps):
            notes.append("levels_differ")
    if span is None:
        return []
    lower = next((hint.values["amount_from"] for hint in limits if "amount_from" in hint.values), 0)
    values["steps"] = [(step, lower) for step in steps]
    _put_subject(values, plain)
    return [Hint("route", sentence, span, values, notes)]


def _arrow_steps(plain, posts):
    """Return the posts of A→B→C; a chain of mere steps of work is none."""
    arrows = list(_ARROW.finditer(plain))
    cuts = [0, *(place for arrow in arrows for place in arrow.span()), len(plain)]
    steps, spans = [], []
    for number in range(0, len(cuts), 2):
        begin, end = cuts[number], cuts[number + 1]
        found = list(posts.finditer(plain, begin, end))
        if found:
            role = found[-1] if number == 0 else found[0]
            steps.append(role[0])
            spans.append(role.span())
    if len(steps) < 2:
        return [], None
    return steps, (spans[0][0], spans[-1][1])


def _verb_steps(plain, posts, has_limits):
    """Return the posts of 经A审核，B会签后报C批准."""
    steps, spans = [], []
    for role in posts.finditer(plain):
        signs = re.match(rf"(?:负责|进行|最终)*(?:{_SIGNS})", plain[role.end() :])
        if signs and role[0] not in steps:
            steps.append(role[0])
            spans.append((role.start(), role.end() + signs.end()))
    alone = len(steps) == 1 and not has_limits
    handed_up = alone and re.search(r"[报呈送]请?(?:经)?$", plain[: spans[0][0]])
    # Several bands of amounts are limits, not signatures one after the other.
    if not steps or not (handed_up or len(steps) > 1) or (has_limits and len(_groups(plain)) > 1):
        return [], None
    return steps, (spans[0][0], spans[-1][1])
