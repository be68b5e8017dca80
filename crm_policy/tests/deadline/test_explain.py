"""Why a deadline is due when it is: the account of its time, which adds up exactly."""

import json
import random
from datetime import datetime, timedelta

from odoo.exceptions import AccessError

from ...models.deadline.pause import LoggedStop
from ...tools.pauses import Stop
from ..common import SHANGHAI, PolicyCommon, at, shanghai

SEED = 20260304


class TestExplain(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.company.resource_calendar_id
        cls.env["resource.calendar.leaves"].create(
            {
                "name": "厂庆",
                "calendar_id": cls.calendar.id,
                "company_id": cls.company.id,
                "date_from": shanghai("2026-03-05 00:00:00"),
                "date_to": shanghai("2026-03-05 23:59:59"),
            }
        )
        cls.env["crm.policy.calendar.day"].create(
            {
                "name": "调休",
                "date": "2026-03-07",
                "kind": "work",
                "as_weekday": "0",
                "company_id": cls.company.id,
            }
        )

    def _rule(self, **vals):
        return self.env["crm.policy.deadline.rule"].new(
            {"model_name": "helpdesk.ticket", "duration": 8, "unit": "working_hours", **vals}
        )

    def _account(self, rule, start, pauses=(), factor=1):
        """Plan a clock as the engine does, then ask why; return (due, account)."""
        due, stops = rule._policy_due([start], self.company, [factor])[0], ()
        if pauses:
            log = [LoggedStop("wait", "", Stop(*pause)) for pause in pauses]
            due, stops = rule._policy_replay(start, self.company, factor, log)
        named = [(stop.start, stop.stop, "等客户") for stop in stops]
        account = rule._policy_account(start, due, self.company, factor, named)
        return due, {**account, "intervals": rule._policy_intervals(account["parts"])}

    def _told(self, account):
        """Return the intervals in the wall time of the company."""
        return [
            (
                datetime.fromtimestamp(part.start, SHANGHAI).strftime("%m-%d %H:%M"),
                part.kind,
                part.seconds // 60,
                part.cause,
            )
            for part in account["parts"]
        ]

    # === WHAT COUNTED === #

    def test_working_hours_over_lunch_night_leave_and_make_up_saturday(self):
        due, account = self._account(self._rule(duration=12), shanghai("2026-03-04 16:00"))
        # Wednesday 2 h, Thursday the firm's day, Friday 8 h, Saturday is worked: 2 h.
        self.assertEqual(due, shanghai("2026-03-07 11:00"))
        self.assertEqual(
            self._told(account),
            [
                ("03-04 16:00", "counted", 120, ""),
                ("03-04 18:00", "closed", 39 * 60, "厂庆"),
                ("03-06 09:00", "counted", 180, ""),
                ("03-06 12:00", "closed", 60, "Break"),
                ("03-06 13:00", "counted", 300, ""),
                ("03-06 18:00", "closed", 15 * 60, "After hours"),
                ("03-07 09:00", "counted", 120, "调休"),
            ],
        )
        self.assertEqual(account["seconds"], 12 * 3600)

    def test_a_holiday_beside_a_weekend_has_both_names(self):
        self.env["crm.policy.calendar.day"].create(
            {"name": "补休", "date": "2026-03-13", "company_id": self.company.id}
        )
        _due, account = self._account(self._rule(duration=2), shanghai("2026-03-12 17:00"))
        self.assertEqual(self._told(account)[1][3], "补休, days without work")

    def test_a_leave_of_one_person_or_another_company_closes_nothing(self):
        self._away(self.users["specialist"], "2026-03-10 00:00:00", "2026-03-10 23:59:59")
        due, account = self._account(self._rule(duration=8), shanghai("2026-03-10 09:00"))
        self.assertEqual(due, shanghai("2026-03-10 18:00"))
        self.assertEqual([part.cause for part in account["parts"]], ["", "Break", ""])

    def test_a_pause_goes_before_the_working_time_in_it(self):
        pause = (shanghai("2026-03-10 10:00"), shanghai("2026-03-10 14:00"))
        due, account = self._account(self._rule(duration=4), shanghai("2026-03-10 09:00"), [pause])
        self.assertEqual(due, shanghai("2026-03-10 17:00"))
        self.assertEqual(
            self._told(account),
            [
                ("03-10 09:00", "counted", 60, ""),
                ("03-10 10:00", "paused", 240, "等客户"),
                ("03-10 14:00", "counted", 180, ""),
            ],
        )

    def test_the_day_of_the_start_does_not_count(self):
        rule = self._rule(unit="working_days", duration=2)
        due, account = self._account(rule, shanghai("2026-03-04 10:00"))
        self.assertEqual(due, shanghai("2026-03-07 18:00"))
        self.assertEqual(
            [(part.kind, part.days, part.cause) for part in account["parts"]],
            [
                ("closed", 0, "The day of the start does not count"),
                ("closed", 0, "厂庆"),
                ("counted", 2, "调休"),
            ],
        )

    def test_what_is_moved_to_a_day_with_work_says_so(self):
        rule = self._rule(unit="calendar_days", duration=4, roll="next_workday")
        due, account = self._account(rule, shanghai("2026-03-10 10:00"))
        self.assertEqual(due, shanghai("2026-03-16 23:59:59"))
        self.assertEqual(
            [(part.kind, part.days, part.cause) for part in account["parts"]],
            [
                ("closed", 0, "The day of the start does not count"),
                ("counted", 4, ""),
                ("closed", 0, "The day that was due has no work"),
            ],
        )

    def test_twenty_days_are_read_in_one_look(self):
        _due, account = self._account(self._rule(duration=160), shanghai("2026-03-09 09:00"))
        self.assertEqual(account["seconds"], 160 * 3600)
        self.assertGreater(len(account["parts"]), 60)
        self.assertLessEqual(len(account["rows"]), 12)
        rule = self._rule(duration=160)
        rows = rule._policy_account_rows(account["rows"], self.company)
        self.assertEqual(
            [(row["amount"], row["reason"]) for row in rows[:2]],
            [("40 h", "without breaks of 65 h"), ("", "Days without work")],
        )

    def test_the_account_adds_up_whatever_the_rule(self):
        dice = random.Random(SEED)
        units = [
            ("working_minutes", 600), ("working_hours", 60), ("working_days", 12),
            ("calendar_hours", 200), ("calendar_days", 30), ("calendar_months", 3),
            ("day_of_month", 31),
        ]  # fmt: skip
        for turn in range(300):
            unit, most = dice.choice(units)
            vals = {
                "unit": unit,
                "duration": dice.randint(1, most),
                "count_from": dice.choice(["next_day", "same_day"]),
                "roll": dice.choice(["none", "next_workday", "previous_workday"]),
                "before": dice.random() < 0.2,
            }
            if unit == "day_of_month":
                vals["duration"] = max(2, vals["duration"])
            factor = dice.choice([1, 1, 0.5, 1.5, 2]) if unit != "day_of_month" else 1
            start = shanghai("2026-02-20 00:00") + timedelta(seconds=dice.randrange(60 * 86400))
            pauses, begin = [], start - timedelta(hours=30)
            for _pause in range(dice.choice([0, 0, 1, 2, 3])):
                begin += timedelta(seconds=dice.randrange(1, 3 * 86400))
                end = begin + timedelta(seconds=dice.randrange(1, 4 * 86400))
                pauses.append((begin, end))
                begin = end
            with self.subTest(turn=turn, start=start, factor=factor, pauses=pauses, **vals):
                self._check_adds_up(vals, factor, start, pauses)

    def _check_adds_up(self, vals, factor, start, pauses):
        rule = self._rule(**vals)
        due, account = self._account(rule, start, pauses, factor)
        parts = account["parts"]
        if due <= start:  # "before" a day that is the day of the start itself
            self.assertFalse(parts)
            return
        self.assertEqual(account["intervals"][0]["from"], str(start))
        self.assertEqual(account["intervals"][-1]["to"], str(due))
        for part, following in zip(parts, parts[1:], strict=False):
            self.assertEqual(part.stop, following.start)
        self.assertEqual(sum(part.seconds for part in parts), int((due - start).total_seconds()))
        self.assertEqual([part for row in account["rows"] for part in row], parts)
        seconds = {"working_minutes": 60, "working_hours": 3600, "calendar_hours": 3600}
        if rule.unit in seconds:
            wanted = round(rule.duration * factor * seconds[rule.unit])
            self.assertEqual(account["seconds"], wanted)
        elif rule.unit == "working_days":
            self.assertEqual(account["days"], rule._policy_whole(factor))
        elif rule.unit == "calendar_days" and rule.roll != "previous_workday":
            extra = due in [end for _begin, end in pauses]  # not before the resumption
            self.assertEqual(account["days"] - extra, rule._policy_whole(factor) - rule.before)

    # === THE DEADLINE ITSELF === #

    def _case(self):
        with at("2026-03-10 11:30"):
            case = self._new_case(policy_kind="request")
        return case.policy_deadline_ids.filtered(
            lambda deadline: deadline.rule_code == "response-normal"
        )

    def test_explain_is_json_with_clause_and_version(self):
        deadline = self._case()
        told = json.loads(json.dumps(self._as("specialist", deadline).explain()))
        self.assertEqual(told["clause"], "2.2")
        self.assertEqual(told["version"], self.version.display_name)
        self.assertEqual(told["start"], "2026-03-10 03:30:00")
        self.assertEqual(told["due"], str(deadline.due_at))
        self.assertEqual((told["factor"], told["exact"], told["done"]), (1, True, False))
        self.assertEqual(
            [(part["kind"], part["seconds"]) for part in told["intervals"]],
            [("counted", 1800), ("closed", 3600), ("counted", told["seconds"] - 1800)],
        )

    def test_who_may_not_see_the_case_is_not_told(self):
        deadline = self._case()
        with self.assertRaises(AccessError):
            deadline.with_user(self.users["finance"]).explain()

    def test_a_clock_that_ended_says_when_the_calendar_is_another_now(self):
        deadline = self._case()
        with at("2026-03-10 13:10"):
            case = self.env["helpdesk.ticket"].browse(deadline.res_id)
            self._as("specialist", case).action_policy_accept()
            self._as("specialist", case).action_policy_respond("已答复")
        self.assertTrue(deadline.explain()["exact"])
        self.env["crm.policy.calendar.day"].create(
            {"name": "停电", "date": "2026-03-10", "company_id": self.company.id}
        )
        told = deadline.explain()
        self.assertFalse(told["exact"])
        self.assertEqual(told["due"], str(deadline.due_at))

    def test_it_is_told_in_lines_of_text(self):
        lines = self._as("specialist", self._case())._policy_explanation_lines()
        self.assertIn("2.2", lines[2])
        self.assertRegex("\n".join(lines), r"03-10 .*11:30 - 03-10 .*")
        self.assertRegex(lines[-1], r"^Counted altogether: ")
