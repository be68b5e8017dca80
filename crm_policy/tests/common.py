"""A company under its policy, with one user per role: what every test starts from."""

from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from freezegun import freeze_time

from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROLES = (
    "specialist",
    "supervisor",
    "manager",
    "director",
    "finance",
    "ceo",
    "qc",
    "analyst",
    "policy_admin",
)
# All that a manufacturer's complaint form asks for before it is registered and mandated.
COMPLETE = {
    "description": "<p>贴片后发现150片分层，集中在板边，批号L26021。</p>",
    "policy_order_ref": "SO-2026-118",
    "policy_item_ref": "PCB-204",
    "policy_shipped_on": "2026-02-20",
    "policy_occurred_on": "2026-03-01",
    "policy_place": "客户SMT车间",
    "policy_quantity": 2000,
    "policy_defective_quantity": 150,
    "policy_remedy_sought": "replacement",
    "policy_sample": "attached",
    "policy_sales_opinion": "属实，建议退货",
    "policy_cause_class": "quality",
}
# Who holds no post, beside those who do: name and groups.
OTHERS = {
    "legal": "base.group_user,crm_policy.group_legal",
    "hr": "base.group_user,crm_policy.group_hr",
    "committee": "base.group_user,crm_policy.group_committee",
    "employee": "base.group_user",
    "helpdesk_manager": "helpdesk_mgmt.group_helpdesk_manager",
    "system": "base.group_system",
    "portal": "base.group_portal",
    "public": "base.group_public",
}


def shanghai(text):
    """Return the naive UTC instant of "2026-03-06 17:50" (seconds allowed) in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(
        ZoneInfo("UTC")
    ).replace(tzinfo=None)  # fmt: skip


@contextmanager
def at(text):
    """Freeze the clock at a wall time of Shanghai."""
    with freeze_time(shanghai(text)):
        yield


@tagged("post_install", "-at_install")
class PolicyCommon(TransactionCase):
    """CNY, Asia/Shanghai, Monday to Friday 9-12 and 13-18, no holidays: the scenarios' company."""

    @contextmanager
    def enter_registry_test_mode(self):
        # What this transaction has gathered is written before other cursors look.
        self.env.cr.flush()
        with super().enter_registry_test_mode():
            yield

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.company = cls._new_company("苏州明远电子")
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.company.ids))
        cls.users = {role: cls._new_user(role) for role in ROLES}
        cls.other_specialist = cls._new_user("specialist", login="t_specialist2")
        cls.department, cls.team = cls._new_organisation()
        cls.version = cls._install_policy("service")
        cls.phone = cls.env["helpdesk.ticket.channel"].create(
            {"name": "电话", "company_id": cls.company.id}
        )
        cls.partner = cls.env["res.partner"].create(
            {"name": "苏州恒达电子", "is_company": True, "email": "hengda@example.com"}
        )
        cls.types = {
            kind.code: kind
            for kind in cls.env["crm.policy.complaint.type"].search(
                [("company_id", "=", cls.company.id)]
            )
        }

    @classmethod
    def _new_company(cls, name):
        cls.env.ref("base.CNY").active = True
        calendar = cls.env["resource.calendar"].create(
            {
                "name": f"{name} 9-12, 13-18",
                "tz": "Asia/Shanghai",
                "company_id": False,
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": period,
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": stop,
                            "day_period": period,
                        }
                    )
                    for day in range(5)
                    for start, stop, period in ((9, 12, "morning"), (13, 18, "afternoon"))
                ],
            }
        )
        company = cls.env["res.company"].create(
            {"name": name, "currency_id": cls.env.ref("base.CNY").id}
        )
        calendar.company_id = company
        company.resource_calendar_id = calendar
        return company

    @classmethod
    def _new_user(cls, role, login=None, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=login or f"t_{role}",
            groups=f"base.group_user,crm_policy.group_{role}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
            tz="Asia/Shanghai",
        )

    @classmethod
    def _new_organisation(cls):
        """Create the service department under its manager, and the team under its supervisor."""
        department = cls.env["hr.department"].create(
            {"name": "客户服务部", "company_id": cls.company.id}
        )
        window = [
            cls.users[role] for role in ("specialist", "supervisor", "manager", "director")
        ] + [cls.other_specialist]
        employees = cls._new_employees(window, department)
        department.manager_id = employees[cls.users["manager"]]
        team = cls.env["helpdesk.ticket.team"].create(
            {
                "name": "客服一组",
                "company_id": cls.company.id,
                "user_id": cls.users["supervisor"].id,
                "user_ids": [Command.set((cls.users["specialist"] | cls.other_specialist).ids)],
            }
        )
        return department, team

    @classmethod
    def _new_employees(cls, users, department):
        """Create an employee for each user; return {user: employee}."""
        return {
            user: cls.env["hr.employee"].create(
                {
                    "name": user.name,
                    "user_id": user.id,
                    "company_id": department.company_id.id,
                    "department_id": department.id,
                }
            )
            for user in users
        }

    @classmethod
    def _install_policy(cls, pack, company=None):
        """Load a shipped pack as the administrator and have it approved."""
        policy = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        content = policy._policy_packs()[pack].read_bytes()
        version = policy._policy_apply_pack(content, company or cls.company)
        if version.publication_route_id:
            cls._seat_committee()
        version.action_policy_review()
        cls._approve_version(version)
        return version.with_env(cls.env)

    @classmethod
    def _approve_version(cls, version):
        """Approve what was handed over: as the director, or along the chain of its policy."""
        request = version.sudo().policy_approval_id
        if not version.publication_route_id:
            version.with_user(cls.users["director"]).action_policy_publish()
        while version.publication_route_id and request.state == "pending":
            step = version.sudo()._policy_pending_step()
            [user, *_others] = request.eligible_user_ids - step.decision_ids.user_id
            version.with_user(user).action_policy_approve("无意见")

    @classmethod
    def _seat_committee(cls):
        """Give the committee of the handbook its members, Legal and Marketing among them."""
        users = cls.users["ceo"] | cls.users["director"] | cls.users["finance"]
        for role in ("legal", "marketing"):
            user = cls.env["res.users"].search([("login", "=", f"t_seat_{role}")])
            groups = "base.group_user" + (",crm_policy.group_legal" if role == "legal" else "")
            users |= user or new_test_user(
                cls.env,
                login=f"t_seat_{role}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
                tz="Asia/Shanghai",
            )
        cls._new_post("marketing", users[-1])
        committee = cls.env["crm.policy.team"].search(
            [("code", "=", "crm-committee"), ("company_id", "=", cls.company.id)]
        )
        committee.member_ids = [
            Command.clear(),
            *(Command.create({"user_id": user.id, "sequence": number})
              for number, user in enumerate(users)),
        ]  # fmt: skip
        return committee

    @classmethod
    def _hand_over(cls, version):
        """Say why a later version is there and hand it over for approval, as its author does."""
        version.write({"revision_reason": "practice", "change_summary": "按半年执行情况调整"})
        version.action_policy_review()

    @classmethod
    def _set_parameter(cls, code, value):
        """Give a number of the version in force another value, as a later version would."""
        parameter = cls.env["crm.policy.parameter"].search(
            [("code", "=", code), ("company_id", "=", cls.company.id)]
        )
        parameter._policy_guarded_write({"value": value})
        cls.env.registry.clear_cache()

    @classmethod
    def _new_case(cls, user=None, **vals):
        """Create a case as a specialist: a quality complaint unless ``vals`` say otherwise."""
        user = user or cls.users["specialist"]
        kind = vals.get("policy_kind", "complaint")
        defaults = {
            "name": "PCB-204 分层",
            "description": "<p>150 片不良</p>",
            "policy_kind": kind,
            "partner_id": cls.partner.id,
            "company_id": cls.company.id,
            "user_id": cls.users["specialist"].id,
            "channel_id": cls.phone.id,
        }
        if kind == "complaint":
            defaults["policy_complaint_type_id"] = cls.types["quality"].id
        case = cls.env["helpdesk.ticket"].with_user(user).create({**defaults, **vals})
        return case.with_env(cls.env)

    @contextmanager
    def assertRefused(self, exception, words):
        """Assert that the block is refused in these words, and undo what it did before."""
        with self.assertRaises(exception) as caught:
            yield
        self.assertRegex(str(caught.exception), words)

    @classmethod
    def _new_employee(cls, user, **vals):
        """Make a user an employee of his company, or change the one that he is."""
        company = vals.pop("company_id", cls.company.id)
        Employee = cls.env["hr.employee"]
        employee = Employee.search([("user_id", "=", user.id), ("company_id", "=", company)])
        if employee:
            employee.write(vals)
            return employee
        return Employee.create(
            {"name": user.name, "user_id": user.id, "company_id": company, **vals}
        )

    @classmethod
    def _role_of(cls, code, company=None):
        return cls.env["crm.policy.role"].search(
            [("code", "=", code), ("company_id", "=", (company or cls.company).id)]
        )

    @classmethod
    def _new_post(cls, code, users=None, substitute=None, **vals):
        """Appoint ``users`` to an appointed role of the pack; its planned post is taken."""
        role = cls._role_of(code)
        values = {
            "user_ids": [Command.set(users.ids if users else [])],
            "substitute_id": substitute and substitute.id,
            **vals,
        }
        place = [
            ("role_id", "=", role.id),
            ("department_id", "=", vals.get("department_id", False)),
        ]
        post = cls.env["crm.policy.post"].search(place)
        if post:
            post.write(values)
            return post
        return post.create({"role_id": role.id, **values})

    @classmethod
    def _away(cls, user, start, stop, **vals):
        """Give a user's employee time off between two wall times of Shanghai."""
        resource = user.with_company(cls.company).employee_id.resource_id
        return cls.env["resource.calendar.leaves"].create(
            {
                "name": "年假",
                "resource_id": resource.id,
                "date_from": shanghai(start),
                "date_to": shanghai(stop),
                **vals,
            }
        )

    @classmethod
    def _as(cls, role, records):
        return records.with_user(cls.users[role])

    @classmethod
    def _new_remedy(cls, case, amount, role="specialist", **vals):
        """Create a compensation on a case as one of the users."""
        values = {"ticket_id": case.id, "kind": "compensation", "amount": amount, **vals}
        remedy = cls.env["crm.policy.remedy"].with_user(cls.users[role]).create(values)
        return remedy.with_env(cls.env)

    @classmethod
    def _receive(cls, remedy, name="张三", role="specialist"):
        """Enter the paper on which somebody has signed for a remedy: it is carried out."""
        Attachment = cls.env["ir.attachment"].with_user(cls.users[role])
        paper = Attachment.create({"name": "签收单.pdf", "raw": b"%PDF-1.4\n%%EOF"})
        cls._as(role, remedy).action_policy_receipt(paper.ids, name)

    def _drive(self, case, until):
        """Take a complaint without remedies through its steps up to and including ``until``."""
        mine = self._as("specialist", case)
        steps = {
            "accept": mine.action_policy_accept,
            "register": mine.action_policy_register,
            "respond": lambda: mine.action_policy_respond("已致电客户"),
            "propose": lambda: mine.action_policy_propose("返工并补发"),
            "decide": mine.action_policy_decide,
            "settle": mine.action_policy_settle,
            "reply": lambda: mine.action_policy_reply("同意返工补发", "phone", score=4),
            "callback": lambda: mine.action_policy_callback(4, "客户认可"),
            "recheck": lambda: self._as("supervisor", case).action_policy_recheck("记录齐全"),
            "close": mine.action_policy_close,
        }
        for name, step in steps.items():
            step()
            if name == until:
                return
        raise AssertionError(f"there is no step {until}")
