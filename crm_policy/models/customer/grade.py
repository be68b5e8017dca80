from odoo import api, fields, models


class CrmPolicyGrade(models.Model):
    """What a company calls its customers by their worth: A to D, or the layers of a bank."""

    _name = "crm.policy.grade"
    _description = "Customer Grade"
    _inherit = ["crm.policy.pack.section"]
    _order = "scheme, sequence, id"

    _pack_section = "grades"
    _pack_sequence = 15
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "scheme": (("grade", "segment"), False),
        "sequence": (int, False),
        "sla_factor": (float, False),
        "key": (bool, False),
        "clause": (str, False),
    }

    scheme = fields.Selection(
        [("grade", "Grade"), ("segment", "Segment")], required=True, default="grade"
    )
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for all companies of the group.",
    )
    sla_factor = fields.Float(
        string="Factor of Deadlines",
        required=True,
        default=1,
        digits=(6, 3),
        aggregator=None,
        help="By which the time to answer these customers is multiplied: 0.5 is half of it.",
    )
    is_key = fields.Boolean(
        string="Key Customers", help="A complaint of such a customer may be an emergency."
    )
    clause_id = fields.Many2one("crm.policy.clause", index="btree_not_null", ondelete="restrict")

    _code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), scheme, code)", "A company has each grade code once."
    )
    _factor_positive = models.Constraint(
        "CHECK(sla_factor > 0 AND sla_factor <= 100)",
        "The factor of deadlines is more than zero, at most 100.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "sla_factor" in vals:
            self.env["crm.policy.event"]._policy_log(
                "grade.factor",
                self,
                payloads={
                    grade.id: {"code": grade.code, "factor": grade.sla_factor} for grade in self
                },
            )
            # It may be that of every customer: the sweep finds them, in chunks.
            self.env.ref("crm_policy.cron_sweep_deadlines")._trigger()
        return result

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        if clause := row.pop("clause", None):
            row["clause_id"] = clauses[clause].id
        row["is_key"] = row.pop("key", False)
        return super()._pack_prepare(version, row, clauses)
