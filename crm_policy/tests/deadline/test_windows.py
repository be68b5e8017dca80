"""A day to do it on, and durations that a number on the record stretches."""

from ..common import PolicyCommon, at, shanghai


class TestWindows(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        content = cls.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        for old, new in (
            ('number: "1"\n  transition', 'number: "2"\n  transition'),
            ("    duration: 15\n    unit: calendar_days\n",
             "    duration: 15\n    unit: calendar_days\n    window: day\n"
             "    roll: next_workday\n"),
            ("    duration: 1\n    unit: working_hours\n",
             "    duration: 1\n    unit: working_hours\n    factor: partner_id.color\n"),
        ):  # fmt: skip
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        version = admin._policy_apply_pack(content, cls.company)
        version.action_policy_review()
        version.with_user(cls.users["director"]).action_policy_publish()

    def _clock(self, case, code):
        return case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == code)

    def _in_step(self):
        """Assert that the sweep sees no difference to what the save hooks have written."""
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules()
        model = "helpdesk.ticket"
        self.assertFalse(self.env["crm.policy.deadline"]._policy_differences(model, rules))

    def _replied(self):
        with at("2026-03-13 15:00"):
            case = self._new_case()
            self._drive(case, "reply")
        return case

    def test_a_call_counts_on_its_day_only(self):
        for called, state in (
            ("2026-03-29 23:59:59", "open"),  # the day before: the call does not count
            ("2026-03-30 00:00:00", "met"),
            ("2026-03-30 23:59:59", "met"),
            ("2026-03-31 00:00:00", "late"),
        ):
            with self.subTest(called=called):
                case = self._replied()
                clock = self._clock(case, "callback")
                # The 15th day is Saturday the 28th: rolled to Monday.
                self.assertEqual(clock.earliest_at, shanghai("2026-03-30 00:00"))
                self.assertEqual(clock.due_at, shanghai("2026-03-30 23:59:59"))
                with at(called):
                    case._policy_set_fact("policy_callback_at")
                    self.assertEqual(clock.state, state)
                    self._in_step()

    def test_a_factor_that_changes_moves_open_clocks_only(self):
        with at("2026-03-04 09:30"):
            case, done = self._new_case(policy_kind="request") | self._new_case(
                policy_kind="request"
            )
            clocks = self._clock(case, "response-normal") | self._clock(done, "response-normal")
            self.assertEqual(clocks.mapped("factor"), [1, 1])
            self._drive(done, "accept")
            done._policy_set_fact("policy_responded_at")
            # The case does not hear of a change at the far end of its path; the sweep does.
            self.partner.color = 4
            with self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        self.assertEqual(clocks.mapped("factor"), [4, 1])
        self.assertEqual(clocks[0].due_at, shanghai("2026-03-04 14:30"))
        self.assertEqual(clocks[1].due_at, shanghai("2026-03-04 10:30"))
        self._in_step()
        with at("2026-03-04 09:40"):
            other = self.env["res.partner"].create({"name": "另一客户", "color": -3})
            case.partner_id = other
        self.assertEqual((clocks[0].factor, clocks[0].due_at), (1, shanghai("2026-03-04 10:30")))
        self._in_step()
