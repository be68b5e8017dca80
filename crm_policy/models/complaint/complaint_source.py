from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ...const import SEVERITIES, URGENCIES
from ...words import list_words

# What a source demands of the cases that came through it: not lifted while there are such cases.
DEMANDS = ("is_external", "blocks_deletion", "needs_reference")


class CrmPolicyComplaintSource(models.Model):
    """Who has brought a case to us: the customer himself, an authority, a platform, the press."""

    _name = "crm.policy.complaint.source"
    _description = "Source of Complaints"
    _inherit = ["crm.policy.cached", "crm.policy.pack.section"]
    _order = "rank desc, id"

    _pack_section = "sources"
    _pack_sequence = 55
    _pack_needs_clause = True
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "rank": (int, False),
        "is_external": (bool, False),
        "blocks_deletion": (bool, False),
        "needs_reference": (bool, False),
        "severity": (tuple(code for code, _label in SEVERITIES), False),
        "urgency": (tuple(code for code, _label in URGENCIES), False),
    }

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    rank = fields.Integer(help="The higher, the more is at stake.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    clause_number = fields.Char(
        string="Clause No.",
        required=True,
        help="The clause, in the version that governs a case, which says how such a case is kept.",
    )
    is_external = fields.Boolean(
        string="External", help="Somebody else watches: an answer to him belongs to the case."
    )
    blocks_deletion = fields.Boolean(
        string="Keep as Evidence",
        help="The case, its customer, its attachments and its messages are neither archived nor "
        "deleted, and only a manager cancels it.",
    )
    needs_reference = fields.Boolean(
        string="Reference Needed", help="The number that the case has there must be known."
    )
    severity = fields.Selection(SEVERITIES, string="Severity at Least")
    urgency = fields.Selection(URGENCIES, string="Urgency at Least")

    _code_uniq = models.Constraint(
        "UNIQUE(company_id, code)", "A company has each source code once."
    )

    # === CRUD METHODS === #

    def write(self, vals):
        for source in self:
            lifted = [name for name in DEMANDS if source[name] and not vals.get(name, True)]
            if lifted:
                source._policy_check_unused(lifted)
        return super().write(vals)

    def _policy_check_unused(self, lifted):
        """Refuse to lift a demand under which cases are kept."""
        case = (
            self.env["helpdesk.ticket"]
            .sudo()
            .with_context(active_test=False)
            .search([("policy_source_id", "=", self.id)], limit=1)
        )
        if case:
            raise UserError(
                self.env._(
                    "%(origin)s: there are cases that came through it. %(fields)s stays; archive "
                    "the source and make another one.",
                    origin=self.display_name,
                    fields=list_words(
                        self.env,
                        [
                            self._fields[name].get_description(self.env, ["string"])["string"]
                            for name in lifted
                        ],
                    ),
                )
            )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        return {
            "clause_number": row.pop("clause"),
            **super()._pack_prepare(version, row, clauses),
        }

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("company_id")
    def _policy_customer_id(self, company_id):
        """Return the id of the source of a company's ordinary cases: the customer himself."""
        sources = self.sudo().search([("company_id", "=", company_id), ("code", "=", "customer")])
        return sources.id

    def _policy_clause(self, version):
        """Return the clause that speaks of this source, in the version that governs a case."""
        return version.sudo().clause_ids.filtered(
            lambda clause: clause.number == self.clause_number
        )[:1]
