"""helpdesk_mgmt brings no Chinese; who works in Chinese reads it in ours."""

from lxml import etree

from ..common import PolicyCommon


class TestHelpdeskInChinese(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.user = cls._new_user("specialist", login="t_chinese")
        cls.user.lang = "zh_CN"
        cls.Ticket = cls.env["helpdesk.ticket"].with_user(cls.user).with_context(lang="zh_CN")

    def test_the_ticket_form(self):
        labels = self.Ticket.fields_get(["team_id", "stage_id", "priority"])
        self.assertEqual(labels["team_id"]["string"], "团队")
        self.assertEqual(labels["stage_id"]["string"], "阶段")
        self.assertEqual(dict(labels["priority"]["selection"])["3"], "非常高")
        form = etree.fromstring(self.Ticket.get_view(view_type="form")["arch"])
        [button] = form.xpath("//button[@name='assign_to_me']")
        self.assertEqual(button.get("string"), "分配给我")

    def test_the_columns_of_the_board(self):
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_awaiting")
        self.assertEqual(stage.with_context(lang="zh_CN").name, "等待")

    def test_the_mail_about_a_closed_ticket_is_in_the_language_of_the_customer(self):
        template = self.env.ref("helpdesk_mgmt.closed_ticket_template")
        customer = self.env["res.partner"].create({"name": "恒达", "lang": "zh_CN"})
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "partner_id": customer.id, "user_id": self.user.id}
        )
        [[subject], [body]] = (
            template._render_field(name, ticket.ids, compute_lang=True).values()
            for name in ("subject", "body_html")
        )
        self.assertEqual(subject, f"工单 {ticket.number} 已关闭")
        self.assertIn(f"经办人：{self.user.name}", body)
        customer.lang = "en_US"
        [subject] = template._render_field("subject", ticket.ids, compute_lang=True).values()
        self.assertEqual(subject, f"The ticket {ticket.number} has been closed.")
