from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import shares
from ...tools.amounts import is_plausible

# Who bears a share, and the field that names him.
PARTIES = [
    ("department", "Department"),
    ("employee", "Employee"),
    ("supplier", "Supplier"),
    ("carrier", "Carrier"),
    ("customer", "Customer"),
    ("other", "Other"),
]
NAMED_BY = {
    "department": "department_id",
    "employee": "employee_id",
    "supplier": "partner_id",
    "carrier": "partner_id",
    "customer": "partner_id",
    "other": "name",
}
# Who works for us: nobody else is sanctioned (RWD-ADM-02).
OWN_PARTIES = ("department", "employee")


class CrmPolicyResponsibility(models.Model):
    """Whose share of the fault it was, in percent, and what part of the loss that makes.

    The shares are 100 percent together when the case is decided; the first party takes what
    rounding leaves (CMP-FLOW-08). The amounts stay as they were at the decision.
    """

    _name = "crm.policy.responsibility"
    _description = "Share of the Responsibility"
    _inherit = ["crm.policy.blame.signature", "crm.policy.blame.entry"]
    _policy_section = "responsibility"
    _order = "ticket_id, cycle, sequence, id"

    sequence = fields.Integer(default=10, help="The first party takes what rounding leaves.")
    party = fields.Selection(PARTIES, required=True, default="department")
    department_id = fields.Many2one("hr.department", index="btree_not_null", ondelete="restrict")
    employee_id = fields.Many2one(
        "hr.employee",
        string="Person",
        index="btree_not_null",
        ondelete="restrict",
        help="Of a department: whose fault it was, where it was one person's.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Third Party", index="btree_not_null", ondelete="restrict"
    )
    name = fields.Char(string="Remark", help="Of any other party: who it is.")
    fault_type = fields.Selection(
        [
            ("fault", "At Fault"),
            ("subjective", "Subjective Reasons"),
            ("objective", "Objective Reasons"),
        ],
        string="Kind of Responsibility",
        default="fault",
        required=True,
    )
    share = fields.Float(string="Share (%)", digits=(5, 2), required=True)
    amount = fields.Monetary(
        string="Part of the Loss",
        compute="_compute_amount",
        help="Worked out until the case is decided, then kept.",
    )
    decided_amount = fields.Monetary(
        string="Part at the Decision", readonly=True, copy=False, help="As it was decided."
    )
    is_decided = fields.Boolean(readonly=True, copy=False)

    _share_within = models.Constraint(
        "CHECK(share > 0 AND share <= 100)", "A share is more than 0 and at most 100 percent."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "share",
        "sequence",
        "decided_amount",
        "is_decided",
        "ticket_id.policy_loss_ids.amount",
        "ticket_id.policy_responsibility_ids.share",
    )
    def _compute_amount(self):
        expected = {}
        for case in self.ticket_id:
            lines = case._policy_present_shares().filtered(lambda line: not line.is_decided)
            expected |= lines._policy_split(case._policy_loss_to_split())
        for line in self:
            line.amount = line.decided_amount if line.is_decided else expected.get(line, 0.0)

    @api.depends("party", "department_id", "employee_id", "partner_id", "name", "share")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line._policy_party_name()} {line.share:g} %"

    # === CONSTRAINT METHODS === #

    @api.constrains("party", "department_id", "employee_id", "partner_id", "name", "ticket_id")
    def _check_party(self):
        for line in self.sudo():
            problem = line._policy_party_problem()
            if problem:
                raise ValidationError(problem)
        self._policy_check_parties_once()

    def _policy_party_problem(self):
        """Return what is wrong with who is named, or None."""
        labels = self.fields_get(["department_id", "employee_id", "partner_id", "name"], ["string"])
        parties = dict(self._fields["party"]._description_selection(self.env))
        words = {"case": self.ticket_id.display_name, "party": parties[self.party]}
        needed = NAMED_BY[self.party]
        if not self[needed]:
            return self.env._(
                "%(case)s, %(party)s: fill in %(field)s.", field=labels[needed]["string"], **words
            )
        allowed = {needed, "employee_id"} if self.party in OWN_PARTIES else {needed}
        for name in ("department_id", "employee_id", "partner_id"):
            linked = self[name]
            if linked and name not in allowed:
                return self.env._(
                    "%(case)s, %(party)s: %(record)s does not belong there. Only who works for the "
                    "company is named as a person, and can be sanctioned.",
                    record=linked.display_name,
                    **words,
                )
            if linked.company_id and linked.company_id != self.company_id:
                return self.env._(
                    "%(case)s, %(party)s: %(record)s belongs to another company.",
                    record=linked.display_name,
                    **words,
                )
        return None

    def _policy_check_parties_once(self):
        """Refuse the same party twice in a case: two shares of one are one share."""
        found = defaultdict(int)
        for line in self.sudo().ticket_id.policy_responsibility_ids:
            who = (line.name or "").strip() if line.party == "other" else ""
            key = (
                line.ticket_id,
                line.cycle,
                line.party,
                line.department_id,
                line.employee_id,
                line.partner_id,
                who,
            )
            found[key] += 1
            if found[key] > 1:
                raise ValidationError(
                    self.env._(
                        "%(case)s: %(party)s is there already. Put both shares together.",
                        case=line.ticket_id.display_name,
                        party=line._policy_party_name(),
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"decided_amount", "is_decided"}

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_named_parties(vals_list)
        self._policy_check_shares(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._policy_check_named_parties([vals])
        self._policy_check_shares([vals])
        return super().write(vals)

    def _policy_check_named_parties(self, vals_list):
        """Refuse a party that is none before the other checks stumble over it."""
        for vals in vals_list:
            party = vals.get("party", "other")
            if not isinstance(party, str) or party not in NAMED_BY:
                raise ValidationError(
                    self.env._(
                        "%(party)s is no party that bears a share.",
                        party=party or self.env._("Nobody"),
                    )
                )

    def _policy_check_shares(self, vals_list):
        """Refuse a share that cannot be one before rounding it and the database stumble over it."""
        for vals in vals_list:
            if "share" not in vals:
                continue
            share = vals["share"]
            sound = not isinstance(share, bool) and is_plausible(share)
            # A share that is rounded to nothing is none.
            if not sound or not 0.005 <= float(share or 0) <= 100:
                raise ValidationError(
                    self.env._(
                        "A share of %(share)s percent cannot be meant: it is more than 0 and at "
                        "most 100.",
                        share=share,
                    )
                )

    def _policy_entry_payload(self):
        return {
            "party": self.party,
            "department": self.department_id.id,
            "employee": self.employee_id.id,
            "partner": self.partner_id.id,
            "share": self.share,
        }

    # === BUSINESS METHODS === #

    def _policy_lock_problem(self, case):
        """Keep it, too, from whom it names: the person, the head of the department."""
        problem = super()._policy_lock_problem(case)
        responsible = self.employee_id.user_id | self.department_id.manager_id.user_id
        if problem or self.env.user not in responsible:
            return problem
        return self.env._(
            "%(case)s: %(entry)s is about yourself or your department; others say what share it "
            "is.",
            case=case.display_name,
            entry=self.display_name,
        )

    def _policy_party_name(self):
        self.ensure_one()
        name = self[NAMED_BY[self.party or "other"]]
        return (name.strip() if isinstance(name, str) else name and name.sudo().display_name) or ""

    def _policy_split(self, total):
        """Return {line: its part of ``total``}; together they are the total to the last coin.

        As long as the shares are not 100 percent each is what it would be, rounded.
        """
        lines = self.sorted(lambda line: (line.sequence, line._origin.id or line.id or 0))
        currency = lines.currency_id[:1]
        percents = [line.share for line in lines]
        if not shares.adds_up(percents):
            return {
                line: line.currency_id.round(total * line.share / 100) if line.currency_id else 0.0
                for line in lines
            }
        unit = f"{10**-currency.decimal_places:.{currency.decimal_places}f}" if currency else "0.01"
        parts = shares.split(total, percents, unit=unit)
        return {line: float(part) for line, part in zip(lines, parts, strict=True)}

    def _policy_keep_amounts(self):
        """Keep the amounts as they are at the decision; the caller decides the cases."""
        new = self.filtered(lambda line: not line.is_decided)
        for case, lines in self.grouped("ticket_id").items():
            parts = lines._policy_split(case._policy_loss_to_split())
            for line, amount in parts.items():
                line._policy_guarded_write({"decided_amount": amount, "is_decided": True})
        new._policy_ask_signers()

    # === INTO ANOTHER CASE === #

    def _policy_move_to(self, into):
        """Let the shares be those of ``into``, which has none; as superuser."""
        if not self:
            return
        self._policy_guarded_write({"ticket_id": into.id, "cycle": into.policy_cycle})
        self._policy_entry_written("written")
