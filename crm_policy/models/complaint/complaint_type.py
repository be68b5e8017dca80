from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import KINDS, codes_of
from ...tools import numbering


class CrmPolicyComplaintType(models.Model):
    """A type of case: the policy that governs it and how it is numbered."""

    _name = "crm.policy.complaint.type"
    _description = "Complaint Type"
    _inherit = ["crm.policy.pack.section"]
    _order = "sequence, id"
    _check_company_auto = True

    _pack_section = "complaint_types"
    _pack_sequence = 60
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "number_pattern": (str, True),
        "number_reset": (numbering.RESETS, True),
        "number_event": (("intake", "registration"), False),
        "data_leak": (bool, False),
        "anomaly": (bool, False),
        "kind": (codes_of(KINDS), False),
    }

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    policy_id = fields.Many2one(
        "crm.policy", required=True, index=True, ondelete="restrict", check_company=True
    )
    number_pattern = fields.Char(
        required=True,
        default="YYMMNN",
        help="YYMMNN: year, month, serial of the month. YYMMDDNNN: date, serial of the year.",
    )
    number_reset = fields.Selection(
        [("month", "Each Month"), ("year", "Each Year"), ("never", "Never")],
        required=True,
        default="month",
        string="Serial Starts Again",
    )
    number_event = fields.Selection(
        [("intake", "Intake"), ("registration", "Registration")],
        required=True,
        default="registration",
        string="Numbered At",
    )

    kind = fields.Selection(
        KINDS, help="Cases of this kind are of this type unless somebody says otherwise."
    )
    is_data_leak = fields.Boolean(
        string="Leak of Personal Data", help="A case of this type may be an emergency."
    )
    is_anomaly = fields.Boolean(
        string="Anomaly without Loss",
        help="A case of this type has an anomaly sheet. As soon as it has cost something it is "
        "converted into a complaint.",
    )

    _code_uniq = models.Constraint(
        "UNIQUE(company_id, code)", "A company has each complaint type code once."
    )

    @api.constrains("number_pattern", "number_reset")
    def _check_number_pattern(self):
        for kind in self:
            problem = numbering.check_pattern(kind.number_pattern, kind.number_reset)
            if problem:
                raise ValidationError(
                    self.env._(
                        "Complaint type %(type)s: number pattern %(pattern)s cannot be used: "
                        "%(problem)s.",
                        type=kind.name,
                        pattern=kind.number_pattern,
                        problem=problem,
                    )
                )

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        row["is_data_leak"] = row.pop("data_leak", False)
        row["is_anomaly"] = row.pop("anomaly", False)
        return {**super()._pack_prepare(version, row, clauses), "policy_id": version.policy_id.id}
