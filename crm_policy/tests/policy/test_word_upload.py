"""A Word file of three pages becomes clauses, suggestions, rules, and clocks that run."""

import ast
import base64
import json
import zipfile
from io import BytesIO

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import PolicyCommon, at, shanghai
from ..word_common import POLICY, policy_docx

# Number, label as written, name, number of the parent: worked out by hand from the text.
CLAUSES = [
    ("0", "", "前言", ""),
    ("第1章", "第一章", "总则", ""),
    ("1", "第一条", "为统一投诉处理的流程、时限和权限", "第1章"),
    ("2", "第二条", "适用范围", "第1章"),
    ("3", "第三条", "本制度所称投诉", "第1章"),
    ("4", "第四条", "处理原则", "第1章"),
    ("4.1", "（一）", "首问负责", "4"),
    ("4.2", "（二）", "先安抚客户", "4"),
    ("4.3", "（三）", "有理有据", "4"),
    ("第2章", "第二章", "职责", ""),
    ("5", "第五条", "客户服务部是投诉受理的唯一窗口", "第2章"),
    ("6", "第六条", "质量管理部负责产品质量类投诉的原因调查", "第2章"),
    ("7", "第七条", "客服经理对投诉处理的时限和质量负责", "第2章"),
    ("第3章", "第三章", "受理与登记", ""),
    ("8", "第八条", "客服专员应在收到客户投诉后30分钟（工作时间）…", "第3章"),
    ("9", "第九条", "投诉应当在收到当日受理", "第3章"),
    ("10", "第十条", "投诉分为一般投诉和重大投诉", "第3章"),
    ("10.1", "（一）", "索赔金额超过10万元的", "10"),
    ("10.2", "（二）", "涉及人身安全或者火灾隐患的", "10"),
    ("10.3", "（三）", "经媒体、监管部门转来的", "10"),
    ("第4章", "第四章", "处理时限", ""),
    ("11", "第十一条", "响应时限", "第4章"),
    ("12", "第十二条", "紧急投诉应当在受理后15分钟内响应", "第4章"),
    ("13", "第十三条", "处理结果", "第4章"),
    ("13.1", "（一）", "一般投诉受理后5个工作日内结案", "13"),
    ("13.2", "（二）", "结案后4个工作小时内将处理结果告知客户", "13"),
    ("13.3", "（三）", "登记后两天内未能查明原因的", "13"),
    ("14", "第十四条", "投诉结案后15天回访客户", "第4章"),
    ("15", "第十五条", "客服主管应当在回访后3个工作日内复核投诉记录", "第4章"),
    ("16", "第十六条", "各部门应当及时提供调查所需的资料", "第4章"),
    ("第5章", "第五章", "处理权限", ""),
    ("17", "第十七条", "客服专员可自行决定每案500元以内的补救", "第5章"),
    ("18", "第十八条", "退款审批流程", "第5章"),
    ("19", "第十九条", "赔偿的审批权限按下表执行", "第5章"),
    ("第6章", "第六章", "统计与改进", ""),
    ("20", "第二十条", "客户服务部应当于每月5日前完成上月投诉统计分析…", "第6章"),
    ("21", "第二十一条", "质量管理部每季度组织一次投诉案例分析会", "第6章"),
    ("22", "第二十二条", "同一产品一个月内发生三起以上相同投诉的", "第6章"),
    ("第7章", "第七章", "责任追究", ""),
    ("23", "第二十三条", "违反本制度", "第7章"),
    ("23.1", "1", "接到投诉不登记、不受理或者隐瞒不报的", "23"),
    ("23.2", "2", "超过本制度规定时限且无正当理由的", "23"),
    ("23.3", "3", "未经审批擅自向客户承诺赔偿的", "23"),
    ("23.4", "4", "泄露客户信息的", "23"),
    ("24", "第二十四条", "因推诿、拖延造成损失扩大的", "第7章"),
    ("第8章", "第八章", "附则", ""),
    ("25", "第二十五条", "本制度由客户服务部负责解释", "第8章"),
    ("26", "第二十六条", "投诉记录保存期限为3年", "第8章"),
    ("27", "第二十七条", "本制度自2026年3月1日起施行", "第8章"),
    ("附件1", "附件1", "客户投诉登记表", ""),
    ("附件1.1", "1", "登记表由客服专员填写", "附件1"),
    ("附件1.2", "2", "登记表编号由系统自动生成", "附件1"),
]

COMPLAINT = [("policy_kind", "in", ["complaint", "conflict"])]
URGENT = [*COMPLAINT, ("policy_urgency", "in", ["urgent"])]
# Clause, words, from, duration, unit, until, condition, post, what is assumed.
DEADLINES = [
    ("8", "30分钟（工作时间）内", "intake", 30, "working_minutes", "registered", COMPLAINT,
     "specialist", []),
    ("9", "当日", "intake", 1, "working_days", "accepted", COMPLAINT, None, ["same_day"]),
    ("11", "24小时内", "accepted", 24, "calendar_hours", "responded", COMPLAINT, "handler",
     ["around_the_clock"]),
    ("11", "48小时内", "accepted", 48, "calendar_hours", "solution", COMPLAINT, "handler",
     ["around_the_clock", "start_carried"]),
    ("12", "15分钟内", "accepted", 15, "working_minutes", "responded", URGENT, None, ["minutes"]),
    ("13.1", "5个工作日内", "accepted", 5, "working_days", "settled", COMPLAINT, None,
     ["ordinary"]),
    ("13.2", "4个工作小时内", "settled", 4, "working_hours", "replied", [], None, []),
    ("13.3", "两天内", "registered", 2, "calendar_days", None, [], None, ["calendar"]),
    ("14", "15天", "settled", 15, "calendar_days", "callback", COMPLAINT, None,
     ["on_the_day", "calendar"]),
    ("15", "3个工作日内", "callback", 3, "working_days", "rechecked", COMPLAINT, "supervisor", []),
    ("15", "次日", "rechecked", 1, "calendar_days", "closed", COMPLAINT, "supervisor",
     ["calendar"]),
    ("20", "每月5日前", None, 5, "day_of_month", None, COMPLAINT, None, ["inclusive"]),
    ("21", "每季度", None, 3, "calendar_months", None, COMPLAINT, "quality", ["periodic"]),
    ("22", "一个月内", None, 1, "calendar_months", None, COMPLAINT, None, []),
    ("25", "每年", None, 12, "calendar_months", None, [], None, ["periodic"]),
]  # fmt: skip
# Clause, words, post, limit (None: any amount), what for (None: anything), on his own cases.
LIMITS = [
    ("17", "500元以内", "specialist", 500, None, True),
    ("17", "10,000元以内", "manager", 10_000, None, False),
    ("17", "5万元以内", "director", 50_000, None, False),
    ("17", "超过5万元", "ceo", None, None, False),
    ("19", "5000元以下", "manager", 5_000, "compensation", False),
    ("19", "5000元至3万元", "director", 30_000, "compensation", False),
    ("19", "3万元以上", "ceo", None, "compensation", False),
]
# Clause, words, what for, kind, posts in their order.
ROUTES = [
    ("17", "500元以内", None, "competent", []),
    ("18", "客服经理→财务部→总经理", "refund", "sequence", ["manager", "finance", "ceo"]),
    ("20", "客服总监批准", None, "sequence", ["director"]),
]


class WordUploadCommon(PolicyCommon):
    def _wizard(self, content=None, role="policy_admin", **vals):
        content = policy_docx() if content is None else content
        return (
            self.env["crm.policy.word.load"]
            .with_user(self.users[role])
            .with_context(lang="en_US")
            .create({"file": base64.b64encode(content), "filename": "投诉制度.docx", **vals})
        )

    def _upload(self, content=None, **vals):
        """Upload a file; return the draft as its author sees it."""
        wizard = self._wizard(content, **vals)
        wizard.action_policy_check()
        version = self.env["crm.policy.version"].browse(wizard.action_policy_apply()["res_id"])
        return self._as("policy_admin", version.with_context(lang="en_US"))

    def _hint(self, version, words, kind=None):
        """Return the suggestion that comes from these words."""
        found = version.suggestion_ids.filtered(
            lambda hint: hint.words == words and hint.kind == (kind or hint.kind)
        )
        found.ensure_one()
        return found

    def _counts(self):
        """Return how much there is of everything that an upload could write."""
        names = ("crm.policy", "crm.policy.version", "crm.policy.clause", "crm.policy.suggestion",
                 "crm.policy.deadline.rule", "ir.attachment", "crm.policy.event")  # fmt: skip
        return {name: self.env[name].search_count([]) for name in names}


class TestWordUpload(WordUploadCommon):
    # === CLAUSES AND SUGGESTIONS === #

    def test_every_clause_of_the_text(self):
        version = self._upload()
        self.assertEqual(version.policy_id.name, "客户投诉管理制度")
        self.assertEqual(version.policy_id.code, "MY-KF-003")
        self.assertEqual(version.number, "2.0")
        self.assertEqual(version.state, "draft")
        self.assertEqual(version.author_id, self.users["policy_admin"])
        self.assertFalse(version.policy_id.active_in_company)
        clauses = version.clause_ids.sorted("id")
        found = [
            (clause.number, clause.source or "", clause.name, clause.parent_id.number or "")
            for clause in clauses
        ]
        self.assertEqual(found, [("0", "", "Preface", ""), *CLAUSES[1:]])
        # Nothing of the text is lost, the numbers included.
        everything = "".join(
            f"{clause.source or ''}{clause.name}{clause.text or ''}" for clause in clauses
        )
        for line in POLICY[2:]:
            for piece in line.lstrip("#").replace("　", "|").replace("：", "|").split("|"):
                piece = piece.split(". ", 1)[-1]
                for words in piece.replace("）", "|").split("|"):
                    self.assertIn(words, everything.replace("）", ""))

    def test_every_suggestion_of_the_text(self):
        hints = self._upload().suggestion_ids.sorted(lambda hint: (hint.clause_id.id, hint.id))

        def fact(name):
            return name.removeprefix("policy_").removesuffix("_at") if name else None

        deadlines = [
            (
                hint.clause_id.number, hint.words, fact(hint.start_path), hint.duration, hint.unit,
                fact(hint.done_path), hint._policy_conditions(), hint.role_id.code or None,
                json.loads(hint.note_codes),
            )
            for hint in hints
            if hint.kind == "deadline"
        ]  # fmt: skip
        self.assertEqual(deadlines, DEADLINES)
        limits = [
            (
                hint.clause_id.number, hint.words, hint.role_id.code,
                None if hint.unlimited else hint.max_amount, hint.subject or None, hint.own_cases,
            )
            for hint in hints
            if hint.kind == "limit"
        ]  # fmt: skip
        self.assertEqual(limits, LIMITS)
        routes = [
            (
                hint.clause_id.number, hint.words, hint.subject or None, hint.route_kind,
                hint.step_ids.mapped("role_id.code"),
            )
            for hint in hints
            if hint.kind == "route"
        ]  # fmt: skip
        self.assertEqual(routes, ROUTES)
        callback = self._hint(hints.version_id, "15天")
        self.assertEqual(callback.window, "day")
        self.assertEqual(self._hint(hints.version_id, "当日").count_from, "same_day")
        self.assertEqual(
            callback.marked,
            "投诉结案后<mark>15天</mark>回访客户，了解客户对处理结果的满意度",
        )
        self.assertEqual(set(hints.mapped("state")), {"open"})
        self.assertFalse(
            self.env["crm.policy.deadline.rule"].search([("version_id", "=", hints.version_id.id)])
        )

    def test_a_preview_writes_nothing(self):
        wizard = self._wizard()
        before = self._counts()
        wizard.action_policy_check()
        self.assertEqual(self._counts(), before)
        self.assertEqual(
            (wizard.clause_count, wizard.deadline_count, wizard.limit_count, wizard.route_count),
            (len(CLAUSES), 15, 7, 2),
        )
        self.assertIn("4 rows of a table", wizard.remarks)
        self.assertIn("became clause 0", wizard.remarks)
        self.assertIn("每月5日前", wizard.preview)

    def test_markup_of_the_text_is_only_text(self):
        script = "第一条　<script>alert(1)</script>受理后24小时内<b>响应</b>。"
        wizard = self._wizard(policy_docx([script]))
        wizard.action_policy_check()
        version = self._upload(policy_docx([script]))
        for shown in (wizard.preview, version.suggestion_ids.marked):
            self.assertNotIn("<script>", shown)
            self.assertIn("&lt;script&gt;", shown)

    def test_the_file_is_kept_with_the_version(self):
        content = policy_docx()
        version = self._upload(content)
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "crm.policy.version"), ("res_id", "=", version.id)]
        )
        self.assertEqual((file.raw, file.name), (content, "投诉制度.docx"))
        event = self.env["crm.policy.event"].search(
            [("type", "=", "word.loaded"), ("res_id", "=", version.id)]
        )
        self.assertEqual(event.payload["clauses"], len(CLAUSES))
        self.assertEqual(event.payload["suggestions"], 25)
        self.assertRegex(event.payload["sha256"], "^[0-9a-f]{64}$")

    # === DECIDING === #

    def test_accepted_suggestions_are_real_rules(self):
        version = self._upload()
        hint = self._hint(version, "48小时内")
        hint.action_policy_accept()
        rule = hint.deadline_rule_id
        self.assertEqual(hint.state, "accepted")
        self.assertEqual(
            (rule.clause_id.number, rule.code, rule.model_name, rule.start_path, rule.done_path),
            ("11", "11-1", "helpdesk.ticket", "policy_accepted_at", "policy_solution_at"),
        )
        self.assertEqual((rule.duration, rule.unit), (48, "calendar_hours"))
        self.assertEqual((rule.role_id.code, rule.name), ("handler", "处理方案"))
        self._hint(version, "24小时内").action_policy_accept()
        self.assertEqual(self._hint(version, "24小时内").deadline_rule_id.code, "11-2")
        limit = self._hint(version, "500元以内", "limit")
        limit.action_policy_accept()
        self.assertEqual(limit.authority_id.max_amount, 500)
        self.assertEqual(limit.authority_id.currency_id, self.company.currency_id)
        self.assertTrue(limit.authority_id.own_cases)
        route = self._hint(version, "客服经理→财务部→总经理")
        route.action_policy_accept()
        self.assertEqual(route.route_id.step_ids.mapped("role_id.code"), ROUTES[1][4])
        self.assertEqual((route.route_id.kind, route.route_id.subject), ("sequence", "refund"))
        self.assertEqual(route.route_id.model_name, "crm.policy.remedy")
        self.assertEqual(version.suggestion_open_count, 21)

    def test_all_complete_ones_at_once(self):
        version = self._upload()
        self.assertEqual((version.suggestion_open_count, version.suggestion_ready_count), (25, 19))
        action = version.action_policy_accept_complete()
        self.assertEqual(action["params"]["message"], "19 rules were made.")
        self.assertEqual((version.suggestion_open_count, version.suggestion_ready_count), (6, 0))
        domain = [("version_id", "=", version.id)]
        self.assertEqual(self.env["crm.policy.deadline.rule"].search_count(domain), 10)
        self.assertEqual(self.env["crm.policy.authority"].search_count(domain), 7)
        self.assertEqual(self.env["crm.policy.route"].search_count(domain), 2)

    def test_one_that_the_rule_refuses_does_not_stop_the_others(self):
        version = self._upload()
        self._hint(version, "48小时内").duration = 20_000
        action = version.action_policy_accept_complete()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertRegex(action["params"]["message"], "(?s)18 rules.*20000 is no duration")
        self.assertEqual(self._hint(version, "48小时内").state, "open")

    def test_what_is_incomplete_is_refused_in_words(self):
        version = self._upload()
        hint = self._hint(version, "两天内")
        with self.assertRefused(UserError, 'Clause 13.3 .*"两天内": fill in Until first'):
            hint.action_policy_accept()
        report = self._hint(version, "客服总监批准")
        with self.assertRefused(UserError, "fill in Business Type first"):
            report.action_policy_accept()
        hint.done_path = "policy_solution_at"
        hint.action_policy_accept()
        self.assertEqual(hint.deadline_rule_id.done_path, "policy_solution_at")
        with self.assertRefused(UserError, "is decided"):
            hint.duration = 3

    def test_nonsense_is_refused_by_the_rule_itself(self):
        version = self._upload()
        rows = [
            ("5个工作日内", {"duration": 1.5}, "1.5 is no duration"),
            ("48小时内", {"duration": -1}, "-1 is no duration"),
            ("24小时内", {"domain": "[('no_field', '=', 1)]"}, "cannot be used"),
            ("15分钟内", {"domain": "__import__('os')"}, "cannot be used"),
        ]
        for words, vals, reason in rows:
            with self.subTest(words):
                hint = self._hint(version, words)
                hint.write(vals)
                with self.assertRefused(ValidationError, reason):
                    hint.action_policy_accept()

    def test_dropped_and_taken_up_again(self):
        version = self._upload()
        hint = self._hint(version, "一个月内")
        hint.action_policy_drop()
        self.assertEqual(hint.state, "dropped")
        hint.action_policy_reopen()
        self.assertEqual(hint.state, "open")
        other = self._hint(version, "24小时内")
        other.action_policy_accept()
        rule = other.deadline_rule_id
        other.action_policy_reopen()
        self.assertFalse(rule.exists())
        self.assertEqual((other.state, other.deadline_rule_id.id), ("open", False))

    def test_suggestions_for_clauses_typed_by_hand(self):
        version = self._upload(policy_docx(["第一条　适用范围", "本制度适用于全公司。"]))
        with self.assertRefused(UserError, "No sentence speaks of"):
            version.action_policy_suggest()
        self.env["crm.policy.clause"].with_user(self.users["policy_admin"]).create(
            {"version_id": version.id, "number": "2", "name": "响应",
             "text": "受理后24小时内响应。"}
        )  # fmt: skip
        version.action_policy_suggest()
        self.assertEqual(version.suggestion_ids.mapped("words"), ["24小时内"])

    # === WHO AND WHEN === #

    def test_only_drafts(self):
        version = self._upload()
        hint = self._hint(version, "24小时内")
        route = self._hint(version, "客服经理→财务部→总经理")
        version.action_policy_review()
        for action in (
            hint.action_policy_accept,
            hint.action_policy_drop,
            hint.action_policy_reopen,
            version.action_policy_accept_complete,
            version.action_policy_suggest,
            lambda: hint.write({"duration": 1}),
            lambda: route.step_ids[0].write({"sequence": 9}),
            lambda: route.step_ids[0].unlink(),
            lambda: route.step_ids.create({"suggestion_id": route.id}),
        ):
            with self.assertRefused(UserError, "no longer a draft"):
                action()

    def test_only_policy_administrators(self):
        version = self._upload()
        hint = self._hint(version, "24小时内")
        for role in ("specialist", "manager", "finance"):
            with self.assertRaises(AccessError):
                self._wizard(role=role)
            with self.assertRaises(AccessError):
                self._as(role, hint).read(["words"])
        for role in ("director", "ceo"):
            theirs = self._as(role, hint)
            self.assertEqual(theirs.words, "24小时内")
            for name in ("accept", "drop", "reopen"):
                with self.assertRaises(AccessError):
                    getattr(theirs, f"action_policy_{name}")()
            with self.assertRaises(AccessError):
                self._as(role, version).action_policy_accept_complete()
            with self.assertRaises(AccessError):
                self._as(role, version).action_policy_suggest()
            with self.assertRaises(AccessError):
                self._as(role, hint).write({"duration": 1})

    def test_what_was_found_and_decided_is_not_written(self):
        version = self._upload()
        hint = self._hint(version, "24小时内")
        rule = self.env["crm.policy.deadline.rule"].search([], limit=1)
        for vals in (
            {"state": "accepted"},
            {"sentence": "x"},
            {"words": "x"},
            {"note_codes": "[]"},
            {"deadline_rule_id": rule.id},
            {"clause_id": version.clause_ids[0].id},
        ):
            with self.assertRaises(AccessError):
                hint.write(vals)
            with self.assertRaises(AccessError):
                hint.sudo().write(vals)
        with self.assertRaises(AccessError):
            hint.create({"clause_id": hint.clause_id.id, "kind": "limit", "sentence": "x",
                         "words": "x"})  # fmt: skip

    def test_companies_apart(self):
        version = self._upload()
        other = self._new_company("杭州分公司")
        stranger = new_test_user(
            self.env,
            login="t_stranger",
            groups="base.group_user,crm_policy.group_policy_admin",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        theirs = version.suggestion_ids.with_user(stranger)
        theirs = theirs.with_context(allowed_company_ids=other.ids)
        self.assertFalse(theirs.search([("version_id", "=", version.id)]))
        with self.assertRaises(AccessError):
            theirs[0].action_policy_drop()
        wizard = self._wizard()
        wizard.with_user(self.env.user).sudo().company_id = other
        wizard.policy_id = self.version.policy_id
        wizard.number = "9"
        with self.assertRefused(UserError, "of another company"):
            wizard.action_policy_apply()

    # === VERSIONS === #

    def test_a_new_version_of_a_policy(self):
        version = self._upload(policy_id=self.version.policy_id.id)
        self.assertEqual(version.policy_id, self.version.policy_id)
        self.assertEqual(version.number, "2.0")
        wizard = self._wizard(policy_id=self.version.policy_id.id)
        wizard.action_policy_check()
        self.assertEqual(wizard.number, "2")  # 2.0 is taken
        wizard.number = "2.0"
        with self.assertRefused(UserError, "has a version 2.0 already"):
            wizard.action_policy_apply()

    def test_a_code_that_is_taken(self):
        self._upload()
        wizard = self._wizard()
        wizard.action_policy_check()
        with self.assertRefused(UserError, "There is a policy MY-KF-003 already"):
            wizard.action_policy_apply()

    # === BAD FILES === #

    def test_bad_files_are_refused_and_nothing_is_written(self):
        good = policy_docx()

        def changed(change, content=good):
            """Return the file with some of its parts changed: change(name, bytes) -> bytes."""
            stream = BytesIO()
            with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
                for info in old.infolist():
                    if (part := change(info.filename, old.read(info))) is not None:
                        new.writestr(info.filename, part)
                if (part := change("word/vbaProject.bin", None)) is not None:
                    new.writestr("word/vbaProject.bin", part)
            return stream.getvalue()

        entity = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        rows = {
            "old Word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "has a password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + "EncryptedPackage".encode("utf-16-le"),
            "not a Word file": b"%PDF-1.7 text",
            "contains macros": changed(
                lambda name, part: b"x" if name == "word/vbaProject.bin" else part
            ),
            "damaged": good[: len(good) // 2],
            "no text": policy_docx([""]),
            "damaged or was not": changed(
                lambda name, part: part and part.replace(b"<w:document", entity + b"<w:document", 1)
            ),
            "is damaged": changed(
                lambda name, part: part[:900] if name == "word/document.xml" else part
            ),
        }
        before = self._counts()
        for words, content in rows.items():
            with self.subTest(words):
                wizard = self._wizard(content)
                for action in (wizard.action_policy_check, wizard.action_policy_apply):
                    wizard.number, wizard.code, wizard.name = "1", "X", "X"
                    with self.assertRefused(UserError, words):
                        action()
        self.assertEqual(self._counts(), before)
        with self.assertRefused(UserError, "Choose the Word file"):
            self._wizard(b"").action_policy_check()

    def test_a_text_without_headings(self):
        wizard = self._wizard(
            policy_docx(["收到投诉后24小时内答复。", "500元以内由客服专员决定。"])
        )
        wizard.action_policy_check()
        self.assertIn("each of its 2 paragraphs became a clause", wizard.remarks)
        self.assertEqual(wizard.name, "投诉制度")
        self.assertEqual(wizard.code, "W1")
        version = self.env["crm.policy.version"].browse(wizard.action_policy_apply()["res_id"])
        self.assertEqual(version.clause_ids.mapped("number"), ["1", "2"])
        hints = version.suggestion_ids.search([("version_id", "=", version.id)])
        self.assertEqual(hints.mapped("words"), ["24小时内", "500元以内", "500元以内"])

    # === FROM THE FILE TO THE CLOCK === #

    def test_a_case_runs_under_the_uploaded_text(self):
        version = self._upload(policy_id=self.version.policy_id.id)
        version.action_policy_accept_complete()
        # Clause 11 answers all complaints in a day, clause 12 the urgent ones in 15 minutes.
        with self.assertRefused(UserError, "12: 响应 and 响应 count the same"):
            self._hand_over(version)
        rules = self.env["crm.policy.deadline.rule"].search([("version_id", "=", version.id)])
        general = rules.filtered(lambda r: (r.clause_id.number, r.name) == ("11", "响应"))
        general.domain = str([*ast.literal_eval(general.domain), ("policy_urgency", "=", "normal")])
        self._hand_over(version)
        with at("2026-03-02 09:00"):
            with self.assertRefused(AccessError, "The author never approves"):
                author = self.users["policy_admin"]
                author.sudo().group_ids += self.env.ref("crm_policy.group_director")
                version.action_policy_publish()
            self._as("director", version).action_policy_publish()
            self.assertEqual(version.state, "effective")
        with at("2026-03-06 17:00"):  # a Friday
            case = self._new_case(policy_urgency="urgent")
            self.assertEqual(case.policy_version_id, version.with_env(self.env))
            self._as("specialist", case).action_policy_accept()
        dues = {
            deadline.clause_id.number + deadline.rule_id.name: deadline.due_at
            for deadline in case.policy_deadline_ids
        }
        self.assertEqual(
            dues,
            {
                "8登记": shanghai("2026-03-06 17:30"),
                "9受理": shanghai("2026-03-06 18:00"),
                "11处理方案": shanghai("2026-03-08 17:00"),
                "12响应": shanghai("2026-03-06 17:15"),
                "13.1结案": shanghai("2026-03-13 18:00"),
            },
        )
