from odoo import api, fields, models

from ...const import AMOUNT_CEILING, SUBJECTS


class CrmPolicyAuthority(models.Model):
    """Up to which amount a role decides (AUT-MAT-01; 篇一 第十一条, 000/004 四(一))."""

    _name = "crm.policy.authority"
    _description = "Authority Limit"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, subject, max_amount, id"

    _pack_section = "authorities"
    _pack_sequence = 20
    _pack_schema = {
        "code": (str, True),
        "subject": (tuple(code for code, _label in SUBJECTS), False),
        "role": (str, True),
        "max_amount": (float, False),
        "unlimited": (bool, False),
        "own_cases": (bool, False),
    }

    subject = fields.Selection(
        SUBJECTS, string="Business Type", help="Empty: whatever is asked for."
    )
    role_id = fields.Many2one("crm.policy.role", required=True, index=True, ondelete="restrict")
    max_amount = fields.Monetary(help="The limit itself is still within the authority.")
    unlimited = fields.Boolean()
    own_cases = fields.Boolean(
        string="Decides on His Own Cases",
        help="Front-line authority: within the limit the person signs without asking anyone.",
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )

    _amount_positive = models.Constraint(
        "CHECK(max_amount >= 0)", "An authority limit is not negative."
    )

    @api.depends("role_id.name", "max_amount", "unlimited", "clause_id.number")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for limit in self:
            amount = self.env._("any amount") if limit.unlimited else f"{limit.max_amount:,.2f}"
            limit.display_name = f"{limit.clause_id.number}: {limit.role_id.name} ≤ {amount}"

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"authorities ({row['code']})"
        role = self._pack_reference("crm.policy.role", version, place, row.pop("role"))
        currency = version.company_id.currency_id
        return {
            "role_id": role.id,
            "currency_id": currency.id,
            **super()._pack_prepare(version, row, clauses),
        }

    # === LINTER === #

    @api.model
    def _policy_findings(self, versions):
        """Gaps and overlaps in the bands of amounts, subject by subject."""
        findings = list(super()._policy_findings(versions))
        lines = self.search([("version_id", "in", versions.ids)])
        for _version, group in lines.grouped("version_id").items():
            for _subject, band in group.grouped("subject").items():
                findings += self._policy_find_bands(band)
        return findings

    def _policy_find_bands(self, band):
        deciding = band.filtered(lambda line: not line.own_cases)
        top = deciding.sorted(lambda line: (line.unlimited, line.max_amount))[-1:]
        if not top:
            # Lines of the subject come instead of the general ones, so these do not help.
            yield self._policy_finding(
                "authority_gap",
                "warning",
                self.env._("Nobody decides for others what goes beyond a person's own cases."),
                band[:1],
                band[:1].clause_id,
            )
        elif not top.unlimited:
            yield self._policy_finding(
                "authority_gap",
                "warning",
                self.env._(
                    "Nobody decides more than %(amount)s. Give a role an unlimited line.",
                    amount=top.currency_id.format(top.max_amount),
                ),
                top,
                top.clause_id,
            )
        seen = {}
        for line in band.sorted("id"):
            same_role = seen.setdefault(("role", line.role_id, line.own_cases), line)
            same_limit = seen.setdefault(("limit", line._policy_ceiling(), line.own_cases), line)
            if same_role != line:
                yield self._policy_finding(
                    "authority_twice",
                    "error",
                    self.env._(
                        "%(role)s has two limits for the same: %(one)s and %(other)s.",
                        role=line.role_id.name,
                        one=same_role.display_name,
                        other=line.display_name,
                    ),
                    line,
                    line.clause_id,
                )
            elif same_limit != line:
                yield self._policy_finding(
                    "authority_overlap",
                    "warning",
                    self.env._(
                        "%(one)s and %(other)s decide up to the same amount: the first is asked.",
                        one=same_limit.role_id.name,
                        other=line.role_id.name,
                    ),
                    line,
                    line.clause_id,
                )

    # === BUSINESS METHODS === #

    def _policy_ceiling(self):
        """Return the amount up to which this line decides, in its own currency."""
        return AMOUNT_CEILING if self.unlimited else self.max_amount

    def _policy_covers(self, amount, currency):
        """Return whether ``amount`` is within the limit; the limit itself is (AUT-MAT-03)."""
        own = currency._convert(amount, self.currency_id, self.company_id, fields.Date.today())
        return self.currency_id.compare_amounts(own, self._policy_ceiling()) <= 0

    @api.model
    def _policy_lines(self, version, subject):
        """Return the limits for a subject under a policy version, the lowest first.

        Lines of the subject itself come instead of the general ones.
        """
        lines = self.sudo().search(
            [("version_id", "=", version.id), ("subject", "in", [subject, False])]
        )
        own = lines.filtered("subject") or lines
        return own.sorted(lambda line: (line.unlimited, line.max_amount, line.id))
