from itertools import pairwise

from odoo import api, models


class CrmPolicyAuthorityLinter(models.AbstractModel):
    """Finds bands of amounts that overlap, leave a gap, or end too early (AUT-MAT-01)."""

    _name = "crm.policy.authority.linter"
    _description = "Linter of Authority Limits"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        findings = list(super()._policy_findings(versions))
        lines = self.env["crm.policy.authority"].search([("version_id", "in", versions.ids)])
        for _version, group in lines.grouped("version_id").items():
            for _key, band in group.grouped(lambda line: (line.subject, line.currency_id)).items():
                findings += self._policy_find_twice(band)
                findings += self._policy_find_bands(band)
        return findings

    def _policy_line_finding(self, code, severity, text, line):
        return self._policy_finding(code, severity, text, line, line.clause_id)

    def _policy_find_twice(self, band):
        """A role that has two limits for the same."""
        seen = {}
        for line in band.sorted("id"):
            first = seen.setdefault((line.role_id, line.own_cases), line)
            if first != line:
                yield self._policy_line_finding(
                    "authority_twice",
                    "error",
                    self.env._(
                        "%(role)s has two limits for the same: %(one)s and %(other)s.",
                        role=line.role_id.name,
                        one=first.display_name,
                        other=line.display_name,
                    ),
                    line,
                )

    def _policy_find_bands(self, band):
        """Who decides for others: each amount is one role's to decide, and somebody's."""
        deciding = band.filtered(lambda line: not line.own_cases).sorted(
            lambda line: (line._policy_ceiling(), line.id)
        )
        if not deciding:
            # General lines decide beyond the own cases; without a subject there are none.
            if not band.filtered("subject"):
                yield self._policy_line_finding(
                    "authority_gap",
                    "warning",
                    self.env._("Nobody decides for others what goes beyond a person's own cases."),
                    band[:1],
                )
            return
        lowest, top = deciding[0], deciding[-1]
        if lowest.min_amount:
            yield self._policy_line_finding(
                "authority_hole",
                "error",
                self.env._(
                    "%(line)s begins above %(begin)s: nobody is in charge of less.",
                    line=lowest.display_name,
                    begin=self._policy_money(lowest),
                ),
                lowest,
            )
        for below, above in pairwise(deciding):
            yield from self._policy_find_border(below, above)
        if not top.unlimited:
            yield self._policy_line_finding(
                "authority_gap",
                "warning",
                self.env._(
                    "Beyond %(amount)s no line decides: %(role)s is asked all the same. Give a "
                    "role an unlimited line.",
                    amount=top.currency_id.format(top.max_amount),
                    role=top.role_id.name,
                ),
                top,
            )

    def _policy_find_border(self, below, above):
        """Between two bands: the upper one begins where the lower one ends."""
        ceiling = below._policy_ceiling()
        currency = above.currency_id
        if currency.compare_amounts(above._policy_ceiling(), ceiling) == 0:
            yield self._policy_line_finding(
                "authority_overlap",
                "error",
                self.env._(
                    "%(one)s and %(other)s decide up to the same amount. Give them different "
                    "limits, or one role.",
                    one=below.display_name,
                    other=above.display_name,
                ),
                above,
            )
            return
        order = currency.compare_amounts(above.min_amount, ceiling) if above.min_amount else 0
        if order > 0:
            yield self._policy_line_finding(
                "authority_hole",
                "error",
                self.env._(
                    "Between %(below)s and %(begin)s nobody is in charge: %(above)s begins later "
                    "than the band below ends.",
                    below=below.display_name,
                    begin=self._policy_money(above),
                    above=above.display_name,
                ),
                above,
            )
        elif order < 0:
            yield self._policy_line_finding(
                "authority_overlap",
                "error",
                self.env._(
                    "%(above)s begins above %(begin)s already, where %(below)s still decides.",
                    below=below.display_name,
                    begin=self._policy_money(above),
                    above=above.display_name,
                ),
                above,
            )

    @staticmethod
    def _policy_money(line):
        return line.currency_id.format(line.min_amount)
