from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...const import CONDITIONS, MILESTONES, SECTIONS, codes_of
from ...words import codes_in


class CrmPolicyCountersignStep(models.Model):
    """A department whose opinion a policy asks for, and after whom (CMP-FLOW-02, CMP-RSP-04)."""

    _name = "crm.policy.countersign.step"
    _description = "Step of a Department"
    _inherit = ["crm.policy.accident.linter", "crm.policy.rule.mixin", "crm.policy.linter"]
    _order = "version_id, sequence, id"

    _pack_section = "countersign_steps"
    _pack_sequence = 65
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "role": (str, True),
        "complaint_type": (str, False),
        "after": ("texts", False),
        "optional": (bool, False),
        "starts": (codes_of(MILESTONES), False),
        "condition": (codes_of(CONDITIONS), False),
        "fills": ("texts", False),
    }

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    role_id = fields.Many2one("crm.policy.role", required=True, index=True, ondelete="restrict")
    complaint_type_id = fields.Many2one(
        "crm.policy.complaint.type",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: cases of every type.",
    )
    after = fields.Char(help="Codes of the steps that are answered before, with commas.")
    optional = fields.Boolean(help="Asked only where the case needs it; nobody waits for it else.")

    starts = fields.Selection(
        MILESTONES,
        string="Asked By Itself When",
        help="Empty: a supervisor asks, or the answers of the departments before do.",
    )

    condition = fields.Selection(
        CONDITIONS, string="Only If", help="Empty: in every case that comes to this step."
    )

    fills = fields.Char(
        help="What the department writes down along with its opinion, codes with commas: "
        "negotiation."
    )

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each step of a department once."
    )

    @api.constrains("after", "code", "sequence")
    def _check_after(self):
        for version, steps in self.grouped("version_id").items():
            known = self.sudo().search([("version_id", "=", version.id)])
            order = {step.code: (step.sequence, step.id) for step in known}
            for step in steps:
                # Only what stands before it: so nobody ever waits for himself.
                late = [
                    code
                    for code in step._policy_after()
                    if code not in order or order[code] >= (step.sequence, step.id)
                ]
                if late:
                    raise ValidationError(
                        self.env._(
                            "Step %(step)s comes after %(codes)s, which does not stand before it.",
                            step=step.code,
                            codes=", ".join(late),
                        )
                    )

    @api.constrains("fills")
    def _check_fills(self):
        for step in self:
            unknown = [code for code in step._policy_fills() if code not in codes_of(SECTIONS)]
            if unknown:
                raise ValidationError(
                    self.env._(
                        "Step %(step)s: there is no section %(codes)s; there are: %(known)s.",
                        step=step.code,
                        codes=", ".join(unknown),
                        known=", ".join(codes_of(SECTIONS)),
                    )
                )

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"countersign_steps ({row['code']})"
        for name in ("after", "fills"):
            row[name] = ", ".join(row.get(name) or [])
        role = self._pack_reference("crm.policy.role", version, place, row.pop("role"))
        row["role_id"] = role.id
        kind = row.pop("complaint_type", None)
        if kind:
            row["complaint_type_id"] = self._pack_reference(
                "crm.policy.complaint.type", version, place, kind
            ).id
        return super()._pack_prepare(version, row, clauses)

    @api.model
    def _pack_upsert(self, version, vals_list):
        return super()._pack_upsert(version, self._pack_in_order(vals_list))

    # === LINTER === #

    @api.model
    def _policy_findings(self, versions):
        """Steps that wait for what does not come before them, and steps that nobody answers."""
        findings = list(super()._policy_findings(versions))
        steps = self.search([("version_id", "in", versions.ids)])
        for _version, group in steps.grouped("version_id").items():
            passed = set()
            for step in group:  # in their order
                late = [code for code in step._policy_after() if code not in passed]
                passed.add(step.code)
                if late:
                    findings.append(
                        self._policy_finding(
                            "step_out_of_order",
                            "error",
                            self.env._(
                                "%(step)s waits for %(codes)s, which does not stand before it: "
                                "nobody would ever be asked in this order.",
                                step=step.name,
                                codes=", ".join(late),
                            ),
                            step,
                            step.clause_id,
                        )
                    )
                if step.role_id._policy_is_vacant():
                    findings.append(
                        self._policy_finding(
                            "step_without_holder",
                            "warning",
                            self.env._(
                                "%(step)s: nobody holds the role %(role)s, so nobody can be asked.",
                                step=step.name,
                                role=step.role_id.name,
                            ),
                            step.role_id,
                            step.clause_id,
                        )
                    )
        return findings

    # === BUSINESS METHODS === #

    def _policy_after(self):
        """Return the codes of the steps that are answered before this one."""
        return codes_in(self.after)

    def _policy_fills(self):
        """Return the codes of the sections that the department fills before it answers."""
        return codes_in(self.fills)

    @api.model
    def _policy_steps_of(self, case):
        """Return the steps of a case under its version, in their order; as superuser."""
        return self.sudo().search(
            [
                ("version_id", "=", case.policy_version_id.id),
                ("complaint_type_id", "in", [case.policy_complaint_type_id.id, False]),
            ]
        )

    @api.model
    @tools.ormcache("version_id", "type_id")
    def _policy_asks_for(self, version_id, type_id):
        """Return whether anybody is asked about such cases, and the sections that he fills."""
        steps = self.sudo().search(
            [("version_id", "=", version_id), ("complaint_type_id", "in", [type_id, False])]
        )
        return bool(steps), frozenset(code for step in steps for code in step._policy_fills())

    @api.model
    @tools.ormcache("version_id")
    def _policy_starting_facts(self, version_id):
        """Return the facts of a case with which a department is asked by itself."""
        starting = self.search([("version_id", "=", version_id), ("starts", "!=", False)])
        return frozenset(starting.mapped("starts"))
