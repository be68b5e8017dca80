import ast

from odoo import Command, api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...const import SUBJECTS, codes_of
from ...tools.amounts import is_plausible
from ..policy.rule_mixin import check_companies
from .route_step import MODES, TIMEOUTS

STEP_KEYS = {"role", "team", "mode", "amount_from", "on_timeout"}


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
        "on_timeout": (codes_of(TIMEOUTS), False),
        "copy_to": ("texts", False),
        "domain": (list, False),
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
    on_timeout = fields.Selection(
        TIMEOUTS,
        string="When It Is Overdue",
        default="remind",
        required=True,
        help="Of a route by amount; steps say it themselves.",
    )
    domain = fields.Char(
        string="Applies to",
        default="[]",
        required=True,
        help="Which documents take this route; the general one is for the others.",
    )
    copy_role_ids = fields.Many2many(
        "crm.policy.role",
        relation="crm_policy_route_copy_rel",
        string="Copied To",
        copy=True,
        help="They read each request and are told of it.",
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

    @api.constrains("domain", "model_name", "copy_role_ids")
    def _check_domain(self):
        for route in self:
            for role in route.copy_role_ids:
                if role.company_id != route.company_id:
                    check_companies(route, ["copy_role_ids"], route.code)
            model = self.env.get(route.model_name)
            try:
                domain = route._policy_domain()
                if model is not None:
                    domain.validate(model)
            except (ValueError, SyntaxError, TypeError) as error:
                raise ValidationError(
                    self.env._(
                        "Route %(route)s: the condition %(domain)s cannot be used: %(error)s",
                        route=route.code,
                        domain=route.domain,
                        error=error,
                    )
                ) from error

    def _policy_domain(self):
        """Return the condition as a :class:`Domain`."""
        return Domain(ast.literal_eval(self.domain or "[]"))

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"routes ({row['code']})"
        steps = []
        for number, step in enumerate(row.pop("steps", None) or [], start=1):
            step = self._pack_check_step(f"{place} step {number}", step)
            vals = {"sequence": number}
            for key in ("role", "team"):
                code = step.pop(key, None)
                if code is not None:
                    vals[f"{key}_id"] = self._pack_reference(
                        f"crm.policy.{key}", version, f"{place} step {number}", code
                    ).id
            steps.append(fields.Command.create({**step, **vals}))
        copies = [
            self._pack_reference("crm.policy.role", version, f"{place} copy_to", code).id
            for code in row.pop("copy_to", None) or []
        ]
        vals = {
            "model_name": row.pop("model"),
            "domain": repr(row.pop("domain", None) or []),
            "copy_role_ids": [Command.set(copies)],
            "step_ids": steps,
        }
        return {**super()._pack_prepare(version, row, clauses), **vals}

    @api.model
    def _pack_check_step(self, place, step):
        """Return the fields of a step; unlike rows, they have no schema of their own."""
        step = dict(step) if isinstance(step, dict) else {"role": step}
        amount = step.get("amount_from", 0)
        sound = (
            step.keys() <= STEP_KEYS
            and ("role" in step) != ("team" in step)
            and step.get("mode", "any") in dict(MODES)
            and step.get("on_timeout", "remind") in dict(TIMEOUTS)
            and isinstance(amount, int | float)
            and is_plausible(amount)
        )
        if not sound:
            raise ValidationError(
                self.env._(
                    "Policy pack, %(place)s: a step is a role or a team, with mode (any, all, "
                    "majority, quorum), amount_from and on_timeout (remind, climb).",
                    place=place,
                )
            )
        return step

    # === WHICH ROUTE === #

    @api.model
    @tools.ormcache("version_id", "model_name")
    def _policy_route_ids(self, version_id, model_name):
        """Return the ids of the routes of a version for a model, in their order."""
        domain = [("version_id", "=", version_id), ("model_name", "=", model_name)]
        return tuple(self.sudo().search(domain).ids)

    @api.model
    @tools.ormcache("version_id", "model_name")
    def _policy_route_subjects(self, version_id, model_name):
        """Return the subjects of these routes in the order of their names."""
        routes = self.sudo().browse(self._policy_route_ids(version_id, model_name))
        return tuple(sorted(set(filter(None, routes.mapped("subject")))))

    @tools.ormcache("self.id")
    def _policy_is_by_amount(self):
        """Return whether only those sign within whose limits the amount is."""
        return self.sudo().kind == "competent"

    @api.model
    def _policy_route_for(self, version, model_name, subject, document=None):
        """Return the route of a version for a document; its own before the general one.

        :param document: whom the condition of a route must fit; None: conditions do not count.
        """
        routes = (
            self.sudo()
            .browse(self._policy_route_ids(version.id, model_name))
            .filtered(
                lambda route: (
                    route.subject in (subject, False)
                    and (
                        document is None
                        or route.domain == "[]"
                        or bool(document.sudo().filtered_domain(route._policy_domain()))
                    )
                )
            )
        )
        return routes.sorted(lambda route: (route.domain == "[]", not route.subject))[:1]

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
