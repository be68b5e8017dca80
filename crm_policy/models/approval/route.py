from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import SUBJECTS
from ...tools.amounts import is_plausible


class CrmPolicyRoute(models.Model):
    """Who signs what, in which order, before it may be promised or done."""

    _name = "crm.policy.route"
    _description = "Approval Route"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, sequence, id"

    _pack_section = "routes"
    _pack_sequence = 40
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "model": (str, True),
        "subject": (tuple(code for code, _label in SUBJECTS), False),
        "kind": (("competent", "sequence"), True),
        "steps": (list, False),
    }

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    model_name = fields.Char(string="Model", required=True, index=True)
    subject = fields.Selection(
        SUBJECTS, string="Business Type", help="Empty: whatever is asked for."
    )
    kind = fields.Selection(
        [
            ("competent", "The lowest role whose limit covers the amount decides"),
            ("sequence", "Each step signs, one after the other"),
        ],
        required=True,
        default="competent",
    )
    step_ids = fields.One2many("crm.policy.route.step", "route_id", copy=True)

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each route code once."
    )

    @api.constrains("kind", "step_ids")
    def _check_steps(self):
        for route in self:
            if route.kind == "sequence" and not route.step_ids:
                raise ValidationError(
                    self.env._("Route %(route)s has no step.", route=route.display_name)
                )

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"routes ({row['code']})"
        steps = []
        for number, step in enumerate(row.pop("steps", None) or [], start=1):
            step = self._pack_check_step(f"{place} step {number}", step)
            role = self._pack_reference(
                "crm.policy.role", version, f"{place} step {number}", step.pop("role", None)
            )
            steps.append(fields.Command.create({**step, "role_id": role.id, "sequence": number}))
        vals = {"model_name": row.pop("model"), "step_ids": steps}
        return {**super()._pack_prepare(version, row, clauses), **vals}

    @api.model
    def _pack_check_step(self, place, step):
        """Return the fields of a step; unlike rows, they have no schema of their own."""
        step = dict(step) if isinstance(step, dict) else {"role": step}
        modes = dict(self.env["crm.policy.route.step"]._fields["mode"].selection)
        amount = step.get("amount_from", 0)
        sound = (
            step.keys() <= {"role", "mode", "amount_from"}
            and step.get("mode", "any") in modes
            and isinstance(amount, int | float)
            and is_plausible(amount)
        )
        if not sound:
            raise ValidationError(
                self.env._(
                    "Policy pack, %(place)s: a step is a role with mode (any, all, majority) and "
                    "amount_from.",
                    place=place,
                )
            )
        return step

    @api.model
    def _policy_route_for(self, version, model_name, subject):
        """Return the route of a version for a subject; its own before the general one."""
        routes = self.sudo().search(
            [
                ("version_id", "=", version.id),
                ("model_name", "=", model_name),
                ("subject", "in", [subject, False]),
            ]
        )
        return (routes.filtered("subject") or routes)[:1]

    # === LINTER === #

    @api.model
    def _policy_findings(self, versions):
        """Steps that nobody could sign today, and routes by amount without any limit."""
        findings = list(super()._policy_findings(versions))
        for route in self.search([("version_id", "in", versions.ids)]):
            findings += route._policy_find_resting()
            roles = route.step_ids.role_id
            if route.kind == "competent":
                lines = self.env["crm.policy.authority"]._policy_lines(
                    route.version_id, route.subject
                )
                roles = lines.filtered(lambda line: not line.own_cases).role_id
                if not roles:
                    findings.append(
                        self._policy_finding(
                            "route_without_limit",
                            "warning",
                            self.env._("%(route)s: no role has a limit.", route=route.name),
                            route,
                            route.clause_id,
                        )
                    )
            findings += route._policy_find_vacant(roles)
        return findings

    def _policy_find_resting(self):
        """A route for what nobody submits here.

        One for another app's documents rests and blocks no publication: a policy may speak of
        purchases where that app is not installed. A model of ours that is not there is a slip.
        """
        known = self.env.registry.descendants(["crm.policy.approvable"], "_inherit")
        words = {"route": self.name, "model": self.model_name}
        if self.env.get(self.model_name) is None and self.model_name.startswith("crm.policy."):
            severity = "error"
            text = self.env._("%(route)s: there is no model %(model)s.", **words)
        elif self.model_name not in known:
            severity = "warning"
            text = self.env._(
                "%(route)s: no app that is installed here asks for the approval of %(model)s. The "
                "route rests.",
                **words,
            )
        else:
            return
        yield self._policy_finding("rule_not_running", severity, text, self, self.clause_id)

    def _policy_find_vacant(self, roles):
        """Roles whose holders are known without a document, and of whom nobody is there."""
        for role in roles:
            if role._policy_is_on_record():
                continue
            if not role._users_for(self)[self.id]:
                yield self._policy_finding(
                    "step_without_approver",
                    "warning",
                    self.env._(
                        "%(route)s: nobody can sign as %(role)s today.",
                        route=self.name,
                        role=role.name,
                    ),
                    role,
                    self.clause_id,
                )
