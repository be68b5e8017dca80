"""Feedback under the handbook, step by step, to its instants (SAT-04, SAT-05; 001 第4章 六6.2)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import at, shanghai
from .test_shipped_packs import PackFlow

ORDER = ("investigate", "decide", "settle")


class TestFeedback(PackFlow):
    pack = "handbook"
    kinds = ("suggestion",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.workshop = cls.env["hr.department"].create(
            {"name": "包装车间", "company_id": cls.company.id}
        )
        cls.phone = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone")

    def _received(self, moment="2026-03-02 10:00", **vals):
        with at(moment):
            return self._new_case(
                policy_kind="suggestion",
                policy_complaint_type_id=self.types["hbk-feedback"].id,
                name="外箱不好开",
                channel_id=self.phone.id,
                **vals,
            )

    def _until(self, case, moment, last, after=None):
        """Write down and record the steps up to ``last``, those up to ``after`` left out."""
        written = {
            "accept": {"policy_feedback_topic": "product",
                       "policy_feedback_sentiment": "negative"},
            "investigate": {"policy_feedback_analysis": "本月第三位客户提出，均为大箱"},
            "decide": {"policy_feedback_cause": "封箱胶带过宽",
                       "policy_feedback_department_id": self.workshop.id},
            "settle": {"policy_feedback_measure": "改用易撕胶带，4月起"},
        }  # fmt: skip
        mine = self._as("specialist", case)
        with at(moment):
            names = list(written)
            for step in names[names.index(after) + 1 if after else 0 :]:
                vals = written[step]
                mine.write(vals)
                getattr(mine, f"action_policy_{step}")()
                if step == last:
                    break
        return mine

    def test_five_steps_to_their_instants(self):
        case = self._received()
        self.assertRegex(case.policy_number, r"^FB-2026-\d{4}$")
        # Ten working days; the clocks of other requests do not run on it.
        self.assertEqual(self._dues(case), {"feedback-close": shanghai("2026-03-16 18:00")})
        mine = self._as("specialist", case)
        steps = (
            ("2026-03-02 11:00", "accept", r"4\.4.*Received.*Topic, Sentiment",
             {"policy_feedback_topic": "product", "policy_feedback_sentiment": "negative"}),
            ("2026-03-03 09:30", "investigate", r"4\.4.*Analysed.*Analysis",
             {"policy_feedback_analysis": "本月第三位客户提出，均为大箱"}),
            ("2026-03-04 14:00", "decide", r"4\.4.*Attributed.*Cause, Attributed To",
             {"policy_feedback_cause": "封箱胶带过宽",
              "policy_feedback_department_id": self.workshop.id}),
            ("2026-03-05 16:00", "settle", r"4\.4.*Improving.*What We Improve",
             {"policy_feedback_measure": "改用易撕胶带，4月起"}),
        )  # fmt: skip
        for moment, step, words, vals in steps:
            with self.subTest(step), at(moment):
                self.assertEqual(mine.policy_next_action, step)
                with self.assertRefused(ValidationError, words):
                    getattr(mine, f"action_policy_{step}")()
                mine.write(vals)
                getattr(mine, f"action_policy_{step}")()
        with at("2026-03-06 10:00"):
            self.assertEqual(mine.policy_next_action, "reply")
            with self.assertRefused(UserError, r"4\.4.*Closed.*missing first: Replied"):
                mine.action_policy_close()
            mine.action_policy_reply("感谢反馈，4月起改用易撕胶带", "phone")
        with at("2026-03-16 18:00"):
            mine.action_policy_close()
        self.assertEqual(
            [case[f"policy_{fact}_at"] for fact in
             ("accepted", "investigated", "decided", "settled", "replied", "closed")],
            [shanghai(moment) for moment in
             ("2026-03-02 11:00", "2026-03-03 09:30", "2026-03-04 14:00", "2026-03-05 16:00",
              "2026-03-06 10:00", "2026-03-16 18:00")],
        )  # fmt: skip
        self.assertEqual(self._clock(case, "feedback-close").state, "met")

    def test_the_tenth_day_is_the_last(self):
        case = self._received("2026-03-02 10:00:00")
        mine = self._until(case, "2026-03-03 10:00", "settle")
        with at("2026-03-16 18:00:01"):
            mine.action_policy_reply("感谢反馈", "phone")
            mine.action_policy_close()
        self.assertEqual(self._clock(case, "feedback-close").state, "late")

    def test_across_a_holiday_and_a_make_up_day(self):
        """Labour Day is 05-01 to 05-05, Sat 05-09 is worked."""
        self.company.resource_calendar_id.policy_statutory_country_id = self.env.ref("base.cn")
        case = self._received("2026-04-28 10:00")
        self.assertEqual(self._dues(case), {"feedback-close": shanghai("2026-05-14 18:00")})

    def test_what_a_step_has_written_stays(self):
        case = self._received()
        mine = self._until(case, "2026-03-03 10:00", "settle")
        for name, value in (
            ("policy_feedback_analysis", "另一种说法"),
            ("policy_feedback_cause", False),
            ("policy_feedback_department_id", False),
            ("policy_feedback_measure", "不改"),
        ):
            for record in (mine, case.sudo()):
                with self.subTest(name, su=record.env.su):
                    with self.assertRefused(UserError, "stays as it was"):
                        record.write({name: value})
        mine.write({"policy_feedback_measure": "改用易撕胶带，4月起"})  # the same once more
        mine.policy_feedback_topic = "delivery"
        with at("2026-03-04 10:00"):
            mine.action_policy_reply("感谢反馈", "phone")
            mine.action_policy_close()
        with self.assertRefused(UserError, "stays as it was"):
            mine.policy_feedback_topic = "price"

    def test_out_of_order(self):
        case = self._received()
        mine = self._until(case, "2026-03-03 10:00", "accept")
        with at("2026-03-03 11:00"):
            for step in ("decide", "settle"):
                with (
                    self.subTest(step),
                    self.assertRefused(
                        UserError, "missing first: Analysed|missing first: Attributed"
                    ),
                ):
                    getattr(mine, f"action_policy_{step}")()
            with self.assertRefused(UserError, "missing first: Improving"):
                mine.action_policy_reply("感谢反馈", "phone")
            with self.assertRefused(UserError, "no place in a case of its kind"):
                mine.action_policy_respond("已收到")

    def test_nobody_to_reply_to(self):
        """Feedback from nowhere ends without a reply; once somebody is known it does not."""
        case = self._received(partner_id=False)
        mine = self._until(case, "2026-03-03 10:00", "settle")
        self.assertEqual(mine.policy_next_action, "close")
        for name, value in (
            ("partner_id", self.partner.id),
            ("partner_email", "someone@example.com"),
            ("policy_contact_phone", "13800001111"),
        ):
            with self.subTest(name), at("2026-03-04 10:00"):
                mine.write({name: value})
                with self.assertRefused(UserError, "missing first: Replied"):
                    mine.action_policy_close()
                mine.write({name: False})
                if name == "partner_id":
                    mine.write({"partner_email": False, "partner_name": False})
        with at("2026-03-04 11:00"):
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)
        self.assertFalse(case.policy_replied_at)

    def test_an_improvement_plan_follows_where_it_is_tracked(self):
        case = self._received()
        mine = self._until(case, "2026-03-03 10:00", "investigate")
        mine.policy_tracking = True
        self._until(case, "2026-03-04 10:00", "settle", after="investigate")
        self.assertEqual(len(case.policy_improvement_ids), 1)

    def test_the_steps_have_their_own_names(self):
        case = self._received()
        mine = self._until(case, "2026-03-03 10:00", "accept")
        dates = mine.policy_step_dates
        self.assertEqual(
            [dates[step].get("name") for step in
             ("accepted", "investigated", "decided", "settled", "replied", "closed")],
            ["Received", "Analysed", "Attributed", "Improving", "Replied", "Closed"],
        )  # fmt: skip
        self.env["res.lang"]._activate_lang("zh_CN")
        self.assertEqual(
            mine.with_context(lang="zh_CN").policy_step_dates["decided"]["name"], "归因"
        )
        plain = self._new_case(policy_kind="inquiry")
        self.assertNotIn("name", plain.policy_step_dates["received"])

    def test_one_list_of_it(self):
        """SAT-05: by topic, sentiment, channel, customer; nothing else is in it."""
        case = self._received()
        other = self._new_case(policy_kind="suggestion")
        self._until(case, "2026-03-03 10:00", "accept")
        Ticket = self.env["helpdesk.ticket"].with_user(self.users["specialist"])
        both = [("id", "in", (case | other).ids)]
        self.assertEqual(Ticket.search([("policy_is_feedback", "=", True), *both]), case)
        self.assertEqual(Ticket.search([("policy_is_feedback", "=", False), *both]), other)
        groups = Ticket._read_group(
            [("policy_is_feedback", "=", True)],
            ["policy_feedback_topic", "policy_feedback_sentiment", "channel_id"],
            ["__count"],
        )
        self.assertEqual(groups, [("product", "negative", self.phone, 1)])
        self.assertFalse(other.policy_is_feedback)

    def test_what_another_company_or_nobody_may_do(self):
        elsewhere = self._new_company("别处")
        foreign = self.env["hr.department"].create({"name": "x", "company_id": elsewhere.id})
        case = self._received()
        with self.assertRefused(ValidationError, "another company"):
            case.policy_feedback_department_id = foreign
        self._until(case, "2026-03-03 10:00", "accept")
        for role in ("finance", "analyst"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, case).action_policy_investigate()

    def test_the_customer_reads_the_reply_and_rates_it(self):
        case = self._received()
        mine = self._until(case, "2026-03-03 10:00", "settle")
        self.assertEqual(case._policy_customer_offers(), set())
        with at("2026-03-04 10:00"):
            mine.action_policy_reply("4月起改用易撕胶带", "phone")
            self.assertEqual(case._policy_customer_status()[0], "answered")
            self.assertEqual(case._policy_customer_offers(), {"rating"})
            self.assertIn(("Our Reply", "4月起改用易撕胶带"), case._policy_customer_texts())
            promises = case._policy_customer_promises()
        self.assertEqual([promise["due_at"] for promise in promises],
                         [shanghai("2026-03-16 18:00")])  # fmt: skip
