"""Bad input as a client sends it: each gets a clear answer, and nothing is lost or changed."""

import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw

from ..common import at
from .blame_common import BlameCommon

TEXT = base64.b64encode(b"MZ this is no picture").decode()


class TestBadInput(BlameCommon):
    """By the method that the web client and RPC call, as the specialist who has the case."""

    # The case, and which step it is.
    BEFORE = r"\S+"

    def _call(self, model, method, *args, user="specialist", **kwargs):
        return call_kw(self.env[model].with_user(self.users[user]), method, list(args), kwargs)

    def _refuse(self, error, words, *call, **kwargs):
        with self.assertRefused(error, words), at("2026-03-02 11:00"):
            self._call(*call, **kwargs)
            self.env.flush_all()
        self.env.invalidate_all()

    def test_shares_that_do_not_sum(self):
        case = self._quality_case()
        self._losses(case)
        for department, share in ((self.manufacturing, 70), (self.quality, 20)):
            self._call(
                "crm.policy.responsibility",
                "create",
                {"ticket_id": case.id, "department_id": department.id, "share": share},
            )
        words = "are 90 percent together; they have to be 100"
        self._refuse(UserError, words, case._name, "action_policy_decide", case.ids)
        self._call("crm.policy.responsibility", "create",
                   {"ticket_id": case.id, "party": "customer", "partner_id": self.partner.id,
                    "share": 20})  # fmt: skip
        words = "are 110 percent together"
        self._refuse(UserError, words, case._name, "action_policy_decide", case.ids)
        self.assertFalse(case.policy_decided_at)
        self.assertEqual(sum(case.policy_responsibility_ids.mapped("share")), 110)

    def test_quantities_above_the_delivery(self):
        case = self._quality_case()
        for vals, words in (
            ({"policy_defective_quantity": 2000.01}, "defective quantity exceeds"),
            ({"policy_cleared_quantity": 2000.01}, "cleared quantity exceeds"),
            ({"policy_quantity": 149}, "defective quantity exceeds"),
            ({"policy_quantity": -1}, "cannot be meant"),
            ({"policy_quantity": "viele"}, "cannot be meant"),
        ):
            with self.subTest(vals):
                self._refuse(ValidationError, words, case._name, "write", case.ids, vals)
        self.assertEqual((case.policy_quantity, case.policy_defective_quantity), (2000, 150))
        for model, vals, words in (
            (
                "crm.policy.remedy",
                {"kind": "return", "quantity": 2001, "price_unit": 85, "tax_percent": 13},
                "remedies for 2001 pieces; 2000 were delivered",
            ),
            (
                "crm.policy.loss",
                {"kind": "return", "quantity": 2001, "unit_cost": 60},
                "2001 returned pieces are more than the 2000",
            ),
        ):
            with self.subTest(model):
                vals = {"ticket_id": case.id, **vals}
                self._refuse(ValidationError, words, model, "create", vals)
        self.assertFalse(case.policy_remedy_ids or case.policy_loss_ids)
        remedy = self._call(
            "crm.policy.remedy",
            "create",
            {"ticket_id": case.id, "kind": "return", "quantity": 2000, "price_unit": 85,
             "tax_percent": 13},
        )  # fmt: skip
        self._refuse(ValidationError, "2000 were delivered",
                     "crm.policy.remedy", "write", [remedy], {"quantity": 2000.01})  # fmt: skip
        self._refuse(ValidationError, "1999 were delivered",
                     case._name, "write", case.ids, {"policy_quantity": 1999})  # fmt: skip

    def test_dates_before_the_order(self):
        ordered = {"policy_ordered_on": "2026-02-10"}
        case = self._quality_case(**ordered)
        early = (
            ({"policy_shipped_on": "2026-02-09"}, "Nothing is shipped before it is ordered"),
            ({"policy_occurred_on": "2026-02-09"}, "2026-02-09 lies before the order"),
            ({"policy_shipped_on": "2026-03-03"}, "lies in the past"),
            ({"policy_occurred_on": "2026-03-03"}, "lies in the past"),
            ({"policy_shipped_on": "1026-02-11"}, "cannot be meant"),
        )
        for vals, words in early:
            with self.subTest(vals):
                self._refuse(ValidationError, words, case._name, "write", case.ids, vals)
        vals = {"policy_shipped_on": "2026-02-10", "policy_occurred_on": "2026-02-10"}
        with at("2026-03-02 11:00"):
            self._call(case._name, "write", case.ids, vals)
        for name in vals:
            with self.subTest(name):
                later = {"policy_ordered_on": "2026-02-11", name: "2026-02-10"}
                self._refuse(ValidationError, "order", case._name, "write", case.ids, later)
        self.assertEqual(str(case.policy_ordered_on), "2026-02-10")

    def test_a_customer_of_another_company(self):
        other = self._new_company("杭州分公司")
        theirs = self.env["res.partner"].create({"name": "别家客户", "company_id": other.id})
        case = self._quality_case()
        words = "belongs to another company"
        self._refuse(
            ValidationError, words, case._name, "create",
            {"name": "x", "description": "x", "policy_kind": "complaint",
             "policy_complaint_type_id": self.quality_type.id, "partner_id": theirs.id,
             "channel_id": self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id},
        )  # fmt: skip
        self._refuse(UserError, words, case._name, "write", case.ids, {"partner_id": theirs.id})
        self._refuse(
            UserError, words, "crm.policy.responsibility", "create",
            {"ticket_id": case.id, "party": "customer", "partner_id": theirs.id, "share": 100},
        )  # fmt: skip
        self.assertEqual(case.partner_id, self.partner)
        self.assertFalse(case.policy_responsibility_ids)

    def test_a_forbidden_file_type(self):
        """Where a paper carries a signature or shows damage, a text of another name is none."""
        case = self._quality_case()
        file = self._call(
            "ir.attachment", "create", {"name": "签字.png", "datas": TEXT, "mimetype": "image/png"}
        )
        link = {"type": "url", "url": "https://example.com/x.png", "name": "x.png"}
        url = self._call("ir.attachment", "create", link)
        supplier = self.env["res.partner"].create({"name": "昆山铜箔"})
        self.env["crm.policy.responsibility"].create(
            {"ticket_id": case.id, "party": "supplier", "partner_id": supplier.id,
             "share": 100}
        )  # fmt: skip
        self.env["crm.policy.loss"].create(
            {"ticket_id": case.id, "kind": "freight", "amount": 1000}
        )
        claim = {"ticket_id": case.id, "partner_id": supplier.id, "basis": "x",
                 "amount": 10, "text": "x"}  # fmt: skip
        for attachment in (file, url):
            files = {"attachment_ids": [Command.link(attachment)]}
            with self.subTest(attachment):
                self._refuse(ValidationError, "neither a picture nor a PDF",
                             "crm.policy.claim", "create", {**claim, **files})  # fmt: skip
        self.assertFalse(case.policy_claim_ids)

    def test_steps_out_of_order(self):
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_complaint_type_id=self.quality_type.id)
        for step, args in (
            ("register", ()),
            ("propose", ("退货",)),
            ("decide", ()),
            ("settle", ()),
            ("reply", ("同意", "phone")),
            ("callback", (4, "满意")),
            ("recheck", ("无误",)),
            ("close", ()),
        ):
            user = "supervisor" if step == "recheck" else "specialist"
            with self.subTest(step):
                self._refuse(
                    UserError,
                    self.BEFORE,
                    case._name,
                    f"action_policy_{step}",
                    case.ids,
                    *args,
                    user=user,
                )
        for name in ("policy_decided_at", "policy_closed_at", "policy_number"):
            with self.subTest(name):
                forged = {name: "2026-03-02 02:00:00"}
                self._refuse(
                    AccessError, "cannot be written", case._name, "write", case.ids, forged
                )
        facts = ("policy_accepted_at", "policy_decided_at", "policy_settled_at", "policy_closed_at")
        self.assertFalse(any(case[name] for name in facts))
        # Twice is out of order too.
        with at("2026-03-02 10:30"):
            self._call(case._name, "action_policy_accept", case.ids)
        self._refuse(UserError, self.BEFORE, case._name, "action_policy_accept", case.ids)
        self.assertTrue(case.policy_accepted_at)
