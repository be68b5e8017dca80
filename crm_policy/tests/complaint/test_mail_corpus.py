"""Each mail of the corpus and exactly what becomes of it."""

from contextlib import contextmanager

from odoo.tools import html2plaintext, mute_logger

from .mail_common import CORPUS, CUSTOMER, MailCommon

UNKNOWN = "Nobody knows the sender."
NO_SENDER = "The mail names no sender."
MACHINE = "An automatic mail; nobody needs to answer it."
UNCLEAR = "A colleague forwarded it; whose words they are is unclear."
LOST = "Characters of the mail were lost; see the attached original."

# What a mail becomes when nothing is said about it below.
USUAL = {
    "kind": "complaint",
    "type": "quality",
    "partner": "李伟",
    "name": "李伟",
    "email": CUSTOMER,
    "files": [],
    "reason": False,
    "told": "pending",
}
STRANGER = {"partner": False, "reason": UNKNOWN, "files": ["mail.eml"]}
NOBODY = {"partner": False, "name": False, "email": False, "files": ["mail.eml"], "told": False}
AUTOMATIC = {"kind": False, "type": False, "reason": MACHINE, "files": ["mail.eml"], "told": False}
REPAIRED = {"files": ["mail.eml"]}

OUTCOMES = {
    # Character sets
    "utf8_plain": {"subject": "PCB-204 分层", "text": "150 片不良，请处理。"},
    "gbk_base64": {"subject": "PCB-204 分层", "text": "150 片不良，请处理。"},
    "gb2312_that_is_gbk": {"subject": "喆星订单：镕合板开裂", "text": "镕合板 30 片开裂"},
    "gb18030_rare": {
        "subject": "𠮷田㐂样品𬭎",
        "text": "𠮷田先生：㐂字样品与𬭎均不良，€500",
    },
    "gb18030_raw_headers": {
        **REPAIRED,
        "subject": "未编码的标题 投诉",
        "text": "正文也是原样的国标编码",
    },
    "quoted_printable": {"subject": "外观划伤", "text": "外观划伤 12 片，单号 S00125。"},
    "split_character": {"subject": "表面氧化严重影响上线", "text": "字符被切开在两个编码词之间"},
    "big5_quoted": {"subject": "電路板瑕疵", "text": "電路板瑕疵十片"},
    "iso2022jp": {"subject": "不良品の件", "text": "基板の不良品について"},
    "wrong_charset": {**REPAIRED, "subject": "Wrong charset", "text": "字符集名不存在"},
    "no_charset_gbk": {**REPAIRED, "subject": "No charset", "text": "没有写字符集"},
    "lost_characters": {**REPAIRED, "subject": "Lost characters", "text": "分层", "reason": LOST},
    "nul_bytes": {"subject": "有 空字节", "text": "有空字节的正文"},
    # Shapes
    "html_only": {"subject": "HTML only", "text": "线路*断裂*"},
    "inline_picture": {"subject": "Inline picture", "text": "见图", "files": ["defect.png"]},
    "inline_picture_without_name": {
        "subject": "Nameless picture",
        "text": "见图",
        "files": ["picture.png"],
    },
    "only_attachments": {
        "subject": "No Subject",
        "text": "The mail has no text. Attached: 检验报告.pdf",
        "files": ["检验报告.pdf"],
    },
    "forbidden_attachments": {
        "subject": "Look at these",
        "text": "三个附件",
        "files": ["draw.svg", "list.csv", "page.html", "setup.exe"],
    },
    "empty": {
        **REPAIRED,
        "subject": "No Subject",
        "text": "The mail has no text.",
        "reason": "The mail has no text.",
    },
    "no_boundary": {
        **REPAIRED,
        "subject": "No boundary",
        "text": "没有分界线的正文",
        "reason": "The mail is damaged; see the attached original.",
    },
    "odd_part_type": {"subject": "Odd type", "text": "附件类型奇怪", "files": ["a.ttf"]},
    "crash_content_type": {"subject": "Crash", "text": "怪异的类型"},
    # Headers
    "invalid_date": {"subject": "Invalid date", "text": "日期不对"},
    "forged_date": {"subject": "Forged date", "text": "日期是假的"},
    "no_message_id": {"subject": "No Message-ID", "text": "没有编号"},
    "odd_message_id": {"subject": "Odd Message-ID", "text": "编号不对"},
    "bcc_only": {"subject": "Bcc", "text": "密送给我们的"},
    "many_recipients": {"subject": "Many recipients", "text": "三千个收件人"},
    # Senders
    "no_sender": {**NOBODY, "subject": "No sender", "text": "没有发件人", "reason": NO_SENDER},
    "empty_sender": {
        **NOBODY,
        "subject": "Empty sender",
        "text": "发件人为空",
        "name": "<>",
        "reason": NO_SENDER,
    },
    "two_senders": {
        "subject": "Two senders",
        "text": "两个发件人",
        "partner": False,
        "name": CUSTOMER,
        "files": ["mail.eml"],
        "reason": "The mail names several senders.",
        "told": False,
    },
    "chinese_local_part": {
        **STRANGER,
        "subject": "Local part",
        "text": "地址是中文的",
        "name": "张三",
        "email": "张三@例子.公司",
    },
    "unknown_sender": {
        **STRANGER,
        "subject": "Unknown sender",
        "text": "陌生人",
        "name": "Wang",
        "email": "wang@nowhere.example",
    },
    "two_contacts": {
        **STRANGER,
        "subject": "Two contacts",
        "text": "两个联系人同一个地址",
        "name": "shared@twins.example",
        "email": "shared@twins.example",
        "reason": "Several contacts have the sender's address.",
    },
    "other_companys_contact": {
        **STRANGER,
        "subject": "Other company",
        "text": "别的公司的联系人",
        "name": "secret@other.example",
        "email": "secret@other.example",
    },
    "noreply": {
        **STRANGER,
        "subject": "Do not reply",
        "text": "平台转来的投诉",
        "name": "12315",
        "email": "no-reply@platform.example",
        "told": False,
    },
    # Forwarded by a colleague, or written by him
    "forward_qq": {"subject": "转发：PCB 开裂", "text": "你们的板子开裂了", "told": False},
    "forward_as_attachment": {
        "subject": "Fwd: as attachment",
        "text": "见附件",
        "files": ["orig.eml"],
        "told": False,
    },
    "forward_outlook_html": {
        **STRANGER,
        "subject": "FW: Delamination",
        "text": "见下",
        "name": "Wang",
        "email": "wang@nowhere.example",
        "told": False,
    },
    "forward_unreadable": {
        **NOBODY,
        "subject": "Fwd: complaint",
        "text": "客户打电话来说不好用",
        "reason": UNCLEAR,
    },
    "colleague": {
        **NOBODY,
        "subject": "Note",
        "text": "今天客户来电抱怨",
        "reason": "A colleague wrote it: say who the customer is.",
    },
    # Machines
    "auto_submitted": {**AUTOMATIC, "subject": "Machine report", "text": "机器发送"},
    "auto_reply_chinese": {**AUTOMATIC, "subject": "自动回复: 您好", "text": "我正在休假"},
    "bulk": {**AUTOMATIC, "subject": "Newsletter", "text": "广告"},
    "mailing_list": {"subject": "Via a list", "text": "邮件列表里的真人", "told": False},
    "daemon": {
        **AUTOMATIC,
        "partner": False,
        "name": False,
        "email": "mailer-daemon@mx.example",
        "subject": "failure notice",
        "text": "The mail could not be read. Open the attached original.",
        "reason": "The gateway found no case to which it belongs.",
    },
}


class TestMailCorpus(MailCommon):
    @contextmanager
    def _undone(self):
        """Take back what happens inside: each mail finds the same world."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _became(self, case):
        return {
            "kind": case.policy_kind,
            "type": case.policy_complaint_type_id.code,
            "partner": case.partner_id.name,
            "name": case.partner_name,
            "email": case.partner_email,
            "subject": case.name,
            "files": sorted(case.attachment_ids.mapped("name")),
            "reason": case.policy_sort_reason,
            "to_sort": case.policy_to_sort,
            "told": case.policy_acknowledgement_state,
            "channel": case.channel_id,
            "company": case.company_id,
            "team": case.team_id,
        }

    def test_every_mail_of_the_corpus_is_expected(self):
        self.assertEqual({path.stem for path in CORPUS.glob("*.eml")}, set(OUTCOMES))

    def test_each_mail_becomes_what_it_must(self):
        for name, said in OUTCOMES.items():
            expected = {**USUAL, **said}
            text = expected.pop("text")
            expected["to_sort"] = bool(expected["reason"])
            expected["channel"] = self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_email")
            expected["company"] = self.company
            expected["team"] = self.team
            with self.subTest(mail=name), mute_logger("odoo.addons.crm_policy"):
                with self._undone():
                    case = self._receive(self._corpus(name))
                    self.assertEqual(len(case), 1)
                    self.assertEqual(self._became(case), expected)
                    self.assertIn(text, html2plaintext(case.description))

    def test_what_a_mail_brings_is_made_harmless(self):
        case = self._receive(self._corpus("html_only"))
        for danger in ("script", "onclick", "onerror", "javascript"):
            self.assertNotIn(danger, case.description)

    def test_dangerous_attachments_are_kept_and_never_shown_as_pages(self):
        case = self._receive(self._corpus("forbidden_attachments"))
        files = {file.name: file for file in case.attachment_ids}
        self.assertEqual(files["setup.exe"].raw, b"MZ\x90\x00virus")
        self.assertEqual(files["page.html"].raw, b"<script>alert(document.cookie)</script>")
        self.assertEqual(files["page.html"].mimetype, "text/plain")
        self.assertEqual(files["draw.svg"].mimetype, "text/plain")
        # A text that calls itself ASCII keeps its bytes all the same.
        self.assertEqual(files["list.csv"].raw, "料号,数量\nPCB-204,150".encode("gbk"))

    def test_a_picture_stands_in_the_description(self):
        for name in ("inline_picture", "inline_picture_without_name"):
            case = self._receive(self._corpus(name))
            self.assertIn(f"/web/image/{case.attachment_ids.id}?access_token=", case.description)

    def test_a_guessed_character_set_is_remarked(self):
        case = self._receive(self._corpus("wrong_charset"))
        notes = " ".join(case.message_ids.mapped("body"))
        self.assertIn("another character set than it says", notes)
        self.assertEqual(case.attachment_ids.raw, self._corpus("wrong_charset"))

    def test_who_is_only_copied_does_not_follow_the_case(self):
        case = self._receive(self._corpus("many_recipients"))
        self.assertNotIn(self.rival, case.message_partner_ids)
        self.assertFalse(case.email_cc)

    def test_the_contact_of_another_company_is_nowhere_on_the_case(self):
        case = self._receive(self._corpus("other_companys_contact"))
        self.assertNotIn(self.stranger, case.message_partner_ids)
        self.assertNotIn(self.stranger, case.message_ids.author_id)
