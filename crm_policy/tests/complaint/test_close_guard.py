"""Closed means that action_policy_close() was taken. Every other way to look closed is refused."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import HttpCase
from odoo.tests.common import JsonRpcException
from odoo.tools import SQL, mute_logger

from ..common import PolicyCommon

STAMP = "2026-03-02 01:00:00"
FORGED = {
    "policy_closed_at": STAMP,
    "policy_settled_at": STAMP,
    "policy_intake_at": STAMP,
    "policy_step": "closed",
    "policy_outcome": "accepted",
    "policy_number": "260399",
    "policy_version_id": 1,
    "policy_origin_id": 1,
    "policy_reply_text": "forged",
    "policy_reply_channel": "phone",
    "policy_response_text": "forged",
    "policy_callback_score": 5,
    "policy_callback_text": "forged",
    "policy_recheck_user_id": 1,
    "policy_recheck_text": "forged",
}


class TestCloseGuard(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.closed = cls.env["helpdesk.ticket.stage"].create(
            {"name": "完结", "closed": True, "close_from_portal": True, "company_id": False}
        )
        cls.helpdesk_manager = cls._new_user("supervisor", login="t_helpdesk")
        cls.helpdesk_manager.group_ids += cls.env.ref("helpdesk_mgmt.group_helpdesk_manager")
        cls.team.user_ids += cls.helpdesk_manager
        cls.case = cls._new_case()
        cls._as("specialist", cls.case).action_policy_accept()

    def tearDown(self):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.case.policy_closed_at, "the case must still be open")
        self.assertFalse(self.case.closed_date)
        self.assertFalse(self.case.stage_id.closed)
        self.assertEqual(self.case.policy_step, "accepted")
        super().tearDown()

    def _everybody(self):
        return {
            "specialist": self._as("specialist", self.case),
            "director": self._as("director", self.case),
            "helpdesk manager": self.case.with_user(self.helpdesk_manager),
            "sudo": self._as("specialist", self.case).sudo(),
            "superuser": self.case,
        }

    # === THE STAGE === #

    def test_nobody_writes_a_closed_stage(self):
        for who, case in self._everybody().items():
            for vals in ({"stage_id": self.closed.id}, {"stage_id": False}):
                with self.subTest(who, vals=vals):
                    with self.assertRaisesRegex(UserError, "follow the steps"):
                        case.write(vals)

    def test_nobody_assigns_or_saves_a_closed_stage(self):
        with self.assertRaises(UserError):
            self.case.stage_id = self.closed
        with self.assertRaises(UserError):
            self._as("specialist", self.case).web_save({"stage_id": self.closed.id}, {})

    def test_a_governed_case_among_others_refuses_the_stage_for_all(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "t", "description": "d"})
        with self.assertRaises(UserError):
            (ticket | self.case).write({"stage_id": self.closed.id})
        self.assertFalse(ticket.stage_id.closed)

    def test_a_case_is_not_created_closed(self):
        context = {"default_stage_id": self.closed.id, "default_closed_date": STAMP}
        for who in ("specialist", "superuser"):
            user = self.users.get(who) or self.env.user
            for case in (
                self._new_case(user, stage_id=self.closed.id),
                self._new_case(user, **{"stage_id": self.closed.id, "policy_kind": "inquiry"}),
                self._context_case(user, **context),
            ):
                with self.subTest(who):
                    self.env.flush_all()
                    self.assertFalse(case.stage_id.closed)
                    self.assertFalse(case.policy_closed_at or case.closed_date)
                    self.assertEqual(case.policy_step, "received")

    def test_a_closed_ticket_that_comes_under_the_policy_is_open_again(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "company_id": self.company.id}
        )
        ticket.stage_id = self.closed
        self.assertTrue(ticket.closed_date)
        ticket.policy_kind = "inquiry"
        self.env.flush_all()
        self.assertFalse(ticket.stage_id.closed or ticket.closed_date)

    def _context_case(self, user, **context):
        model = self.env["helpdesk.ticket"].with_user(user).with_context(**context)
        vals = {"name": "t", "description": "d", "policy_kind": "inquiry"}
        return model.create({**vals, "company_id": self.company.id}).with_env(self.env)

    def test_a_team_whose_stages_are_all_closed_closes_nothing(self):
        self.env["helpdesk.ticket.stage"].search([]).company_id = self._new_company("别处")
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "完结组", "company_id": self.company.id}
        )
        self.closed.write({"company_id": self.company.id, "team_ids": [(6, 0, team.ids)]})
        self.assertEqual(team._get_applicable_stages(), self.closed)
        self._as("specialist", self.case).write({"team_id": team.id})
        self.env.flush_all()
        self.assertFalse(self.case.stage_id)
        created = self._new_case(team_id=team.id)
        self.assertFalse(created.stage_id)
        self.assertFalse(created.closed_date)

    def test_the_flag_of_a_stage_that_holds_governed_cases_stays(self):
        stage = self.case.stage_id
        for mine in (stage.with_user(self.helpdesk_manager), stage):
            for vals in ({"closed": True}, {"active": False}):
                with self.subTest(vals), self.assertRaisesRegex(UserError, "governed cases"):
                    mine.write(vals)
            with self.assertRaises(UserError):
                mine.unlink()

    def test_other_words_of_that_stage_may_change(self):
        self.case.stage_id.write({"name": "处理中", "closed": False, "active": True})

    def test_a_stage_without_governed_cases_is_helpdesk_s_own(self):
        self.closed.write({"closed": False})
        self.closed.write({"active": False})
        self.closed.unlink()

    def test_an_archived_case_still_holds_its_stage(self):
        case = self._new_case()
        case.active = False
        with self.assertRaises(UserError):
            case.stage_id.write({"closed": True})

    # === HELPDESK'S OTHER WAYS === #

    def test_marking_a_duplicate_does_not_close(self):
        original = self._new_case()
        wizard = self.env["helpdesk.ticket.duplicate.wizard"].with_user(self.helpdesk_manager)
        with self.assertRaisesRegex(UserError, "follow the steps"), self.env.cr.savepoint():
            wizard.create(
                {
                    "ticket_id": self.case.id,
                    "duplicate_of_id": original.id,
                    "target_stage_id": self.closed.id,
                }
            ).action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.case.duplicate_id)
        wizard.create({"ticket_id": self.case.id, "duplicate_of_id": original.id}).action_confirm()
        self.assertEqual(self.case.duplicate_id, original)

    def test_archiving_is_not_closing_and_the_clocks_go_on(self):
        self.case.action_archive()
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", return_value=1):
            self.env["crm.policy.deadline"]._cron_sweep()
        states = self.case.policy_deadline_ids.mapped("state")
        self.assertEqual(set(states), {"open"})

    def test_a_governed_case_is_not_deleted(self):
        for who, case in self._everybody().items():
            with self.subTest(who), self.assertRaises(UserError):
                case.unlink()
        self.assertTrue(self.case.exists())

    def test_the_ticket_number_of_a_case_stays(self):
        number = self.case.number
        with self.assertRaises(UserError):
            self.case.write({"number": "HT99999"})
        self.assertEqual(self.case.number, number)

    # === THE FACTS THEMSELVES === #

    def test_nobody_writes_a_fact(self):
        for who, case in self._everybody().items():
            for name, value in FORGED.items():
                with self.subTest(who, name=name), self.assertRaises(AccessError):
                    case.write({name: value})
            with self.subTest(who), self.assertRaises(UserError):
                case.write({"closed_date": STAMP})

    def test_nobody_creates_a_case_with_a_fact(self):
        for who in ("specialist", "superuser"):
            for name, value in FORGED.items():
                with self.subTest(who, name=name), self.assertRaises(AccessError):
                    self._new_case(self.users.get(who) or self.env.user, **{name: value})

    def test_no_default_fills_a_fact(self):
        user = self.users["specialist"]
        context = {f"default_{name}": value for name, value in FORGED.items()}
        for name in ("policy_closed_at", "policy_settled_at"):
            self.env["ir.default"].with_user(user).set("helpdesk.ticket", name, STAMP, user_id=True)
        self.env["ir.default"].with_user(user).set(
            "helpdesk.ticket", "policy_number", "260399", user_id=True
        )
        for case in (self._new_case(user), self._context_case(user, **context)):
            self.env.flush_all()
            self.assertEqual(case.policy_step, "received")
            self.assertEqual(case.policy_version_id, self.version)
            for name in FORGED.keys() - {"policy_step", "policy_version_id", "policy_intake_at"}:
                self.assertFalse(case[name], name)
            self.assertNotEqual(str(case.policy_intake_at), STAMP)

    def test_a_case_does_not_leave_its_policy(self):
        for kind in (False, ""):
            for who, case in self._everybody().items():
                with self.subTest(who), self.assertRaises(UserError):
                    case.write({"policy_kind": kind, "stage_id": self.closed.id})
                with self.subTest(who), self.assertRaisesRegex(UserError, "stays so"):
                    case.write({"policy_kind": kind})

    def test_a_copy_starts_anew(self):
        case = self._new_case()
        self._drive(case, "close")
        twin = self._as("specialist", case).copy().with_env(self.env)
        self.env.flush_all()
        self.assertEqual((twin.policy_kind, twin.policy_step), ("complaint", "received"))
        self.assertFalse(twin.stage_id.closed)
        for name in FORGED.keys() - {"policy_step", "policy_intake_at", "policy_version_id"}:
            self.assertFalse(twin[name], name)
        for name in case._policy_fact_fields() - {"policy_intake_at"}:
            self.assertFalse(twin[name], name)
        with self.assertRaises(AccessError):
            case.copy({"policy_closed_at": STAMP})

    def test_an_import_closes_nothing(self):
        closed = self.closed.name
        rows = {
            ".id": str(self.case.id),
            "name": "t",
            "description": "d",
            "policy_kind": "complaint",
            "policy_complaint_type_id/.id": str(self.types["quality"].id),
        }
        for name, value in (
            ("policy_closed_at", STAMP),
            ("policy_number", "260399"),
            ("policy_step", "Closed"),
            ("stage_id", closed),
        ):
            for known in (True, False):
                row = rows if known else {k: v for k, v in rows.items() if k != ".id"}
                if name == "stage_id" and not known:
                    continue  # a new case gets its own stage, see above
                result = (
                    self.env["helpdesk.ticket"]
                    .with_user(self.users["specialist"])
                    .load([*row, name], [[*row.values(), value]])
                )
                with self.subTest(name, known=known):
                    self.assertFalse(result["ids"])
                    self.assertTrue(result["messages"])

    def test_our_own_action_closes(self):
        case = self._new_case()
        self._drive(case, "recheck")
        self._as("specialist", case).action_policy_close()
        self.assertTrue(case.policy_closed_at and case.stage_id.closed and case.closed_date)
        self.assertEqual(case.policy_outcome, "accepted")
        for vals in ({"stage_id": self.case.stage_id.id}, {"closed_date": False}):
            with self.assertRaises(UserError):
                case.write(vals)


class TestCloseGuardOverTheWire(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.closed = cls.env["helpdesk.ticket.stage"].create(
            {"name": "完结", "closed": True, "close_from_portal": True, "company_id": False}
        )
        cls.portal = (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "客户",
                    "login": "t_portal",
                    "password": "t_portal",
                    "group_ids": [(6, 0, cls.env.ref("base.group_portal").ids)],
                }
            )
        )
        cls.case = cls._new_case(partner_id=cls.portal.partner_id.id)
        cls._as("specialist", cls.case).action_policy_accept()

    def _row(self, record):
        self.env.flush_all()
        self.env.invalidate_all()
        table = SQL.identifier(record._table)
        return self.env.execute_query(SQL("SELECT * FROM %s WHERE id = %s", table, record.id))

    def _send_close(self, ticket_id):
        data = {
            "csrf_token": Request.csrf_token(self),
            "ticket_id": ticket_id,
            "stage_id": self.closed.id,
        }
        with mute_logger("odoo.http"):
            return self.url_open("/ticket/close", data=data, allow_redirects=False)

    def test_the_portal_s_button_closes_no_governed_case(self):
        self.authenticate("t_portal", "t_portal")
        before = self._row(self.case)
        for ticket_id in (self.case.id, f" {self.case.id}", f"+{self.case.id} "):
            with self.subTest(ticket_id):
                answer = self._send_close(ticket_id)
                self.assertGreaterEqual(answer.status_code, 400)
                self.assertEqual(self._row(self.case), before)

    def test_the_portal_s_button_closes_other_tickets_as_before(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "partner_id": self.portal.partner_id.id}
        )
        self.authenticate("t_portal", "t_portal")
        answer = self._send_close(ticket.id)
        self.assertEqual(answer.status_code, 302)
        self.env.invalidate_all()
        self.assertEqual(ticket.stage_id, self.closed)
        self.assertTrue(ticket.closed_date)

    def test_no_client_writes_a_fact(self):
        before = self._row(self.case)
        contexts = ({}, {"install_mode": True, "import_file": True, "tracking_disable": True})
        for login in ("t_specialist", "t_director", "t_portal"):
            self.authenticate(login, login)
            for name, value in {**FORGED, "closed_date": STAMP, "stage_id": self.closed.id}.items():
                for context in contexts:
                    params = {
                        "model": "helpdesk.ticket",
                        "method": "write",
                        "args": [self.case.ids, {name: value}],
                        "kwargs": {"context": context},
                    }
                    with self.subTest(f"{login} {name}"), mute_logger("odoo.http"):
                        with self.assertRaises(JsonRpcException):
                            self.make_jsonrpc_request("/web/dataset/call_kw", params)
        self.assertEqual(self._row(self.case), before)

    def test_the_portal_takes_no_step(self):
        self.authenticate("t_portal", "t_portal")
        before = self._row(self.case)
        for method, args in {
            "action_policy_register": [],
            "action_policy_respond": ["x"],
            "action_policy_close": [],
            "action_policy_cancel": ["x"],
            "action_policy_submit": [],
        }.items():
            params = {
                "model": "helpdesk.ticket",
                "method": method,
                "args": [self.case.ids, *args],
                "kwargs": {},
            }
            with self.subTest(method), mute_logger("odoo.http"):
                with self.assertRaises(JsonRpcException):
                    self.make_jsonrpc_request("/web/dataset/call_kw", params)
        self.assertEqual(self._row(self.case), before)
