from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize
from odoo.tools.mail import html_to_inner_content

from ...const import ENDED_OUTCOMES, SEVERITIES
from ...tools import matching

SEVERITY_RANK = {code: rank for rank, (code, _label) in enumerate(SEVERITIES)}


class Routed(int):
    """The id of the rule that took a case, 0 for none, on its way from the door to ``create``.

    ``policy_intake_rule_id`` is guarded. No client can send an object of this class, so that its
    presence proves that the rules of the company have decided.
    """

    # Under which ``crm.policy.delegation`` the case goes to the handler instead of his principal.
    delegation = None


class CrmPolicyIntake(models.AbstractModel):
    """How a case that comes in is recognised and given to somebody (SLA-05, SLA-06)."""

    _name = "crm.policy.intake"
    _description = "Intake of a Governed Case"

    # The field that says by which way a case came; the ticket model names it.
    _policy_channel_name = None
    # Whose change by hand is a re-routing; all but the kind point to records.
    _policy_routed_names = (
        "policy_kind",
        "policy_complaint_type_id",
        "policy_department_id",
        "user_id",
    )
    # What a rule fills with a record: field of the case -> field of the rule.
    _policy_target_names = {
        "policy_complaint_type_id": "type",
        "policy_source_id": "source",
        "policy_department_id": "department",
    }

    policy_intake_rule_id = fields.Many2one(
        "crm.policy.intake.rule",
        string="Routed By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The rule that recognised the case when it came in and gave it to its handler.",
    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_intake_rule_id"}

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        rule_ids = [
            vals.pop("policy_intake_rule_id")
            if isinstance(vals.get("policy_intake_rule_id"), Routed)
            else None
            for vals in vals_list
        ]
        cases = super().create(vals_list)
        routed = {
            case.id: rule_id
            for case, rule_id in zip(cases, rule_ids, strict=True)
            if rule_id is not None and case.policy_kind
        }
        cases.browse(routed)._policy_log_routed(routed)
        return cases

    def write(self, vals):
        names = [name for name in self._policy_routed_names if name in vals]
        if not names:
            return super().write(vals)
        # A team may take the handler along: all are compared.
        before = {
            case.id: case._policy_routing() for case in self.sudo().filtered("policy_intake_at")
        }
        result = super().write(vals)
        self.browse(before)._policy_log_rerouted(before)
        return result

    def _policy_routing(self):
        return {
            name: self[name] if name == "policy_kind" else self[name].id
            for name in self._policy_routed_names
        }

    def _policy_log_routed(self, rule_ids):
        """Keep the rule that took each case, and tell the ledger what it made of it."""
        Rule = self.env["crm.policy.intake.rule"].sudo()
        for rule_id, cases in self.sudo().grouped(lambda case: int(rule_ids[case.id])).items():
            rule = Rule.browse(rule_id) if rule_id else Rule
            if rule:
                cases._policy_guarded_write({"policy_intake_rule_id": rule.id})
            traces = cases._policy_trace_deputies(rule_ids)
            self.env["crm.policy.event"]._policy_log(
                "case.routed",
                cases,
                payloads={
                    case.id: {
                        "rule": rule.code or False,
                        **traces.get(case.id, {}),
                        **case._policy_routing(),
                    }
                    for case in cases
                },
                clause=rule.clause_id,
            )

    def _policy_trace_deputies(self, rule_ids):
        """Say on each case that went to a deputy for whom he handles it (ORG-DELEG-01).

        :return: {id: what the ledger keeps of it}.
        """
        delegations = {}
        for case in self:
            line = rule_ids[case.id].delegation
            if line and case.user_id == line.to_user_id:
                delegations[case.id] = line
        if delegations:
            self.browse(delegations)._message_log_batch(
                bodies={case_id: line._policy_words() for case_id, line in delegations.items()}
            )
        return {
            case_id: {"delegation": line.id, "on_behalf": line.from_user_id.id}
            for case_id, line in delegations.items()
        }

    def _policy_log_rerouted(self, before):
        """Tell the ledger what a person has changed of where the case goes: {field: [old, new]}."""
        payloads = {}
        for case in self.sudo():
            old, new = before[case.id], case._policy_routing()
            changed = {name: [old[name], new[name]] for name in old if old[name] != new[name]}
            if changed:
                payloads[case.id] = changed
        cases = self.browse(payloads)
        for rule, group in cases.sudo().grouped("policy_intake_rule_id").items():
            self.env["crm.policy.event"]._policy_log(
                "case.rerouted", group, payloads=payloads, clause=rule.clause_id
            )

    # === BUSINESS METHODS - THE CHANNEL === #

    def _policy_check_accepted(self):
        if self.policy_kind not in ("complaint", "conflict"):
            self._policy_check_channel()

    def _policy_check_registered(self):
        result = super()._policy_check_registered()
        self._policy_check_channel()
        return result

    def _policy_check_channel(self):
        """Refuse to go on with a case of which nobody has said how it came (SLA-05)."""
        name = self._policy_channel_name
        if name and not self[name]:
            raise ValidationError(
                self.env._(
                    "%(case)s: say by which way it came. Fill in %(field)s.",
                    case=self.display_name,
                    field=self._policy_label(name),
                )
            )

    # === BUSINESS METHODS - RECOGNISING === #

    @api.model
    def _policy_prepare_intake(self, vals_list):
        """Complete the create values by the intake rules of their companies.

        What the door or a person has said stays; the severity is only raised. Values that a rule
        has taken carry ``policy_intake_rule_id``, to be handed to ``create`` as it is; it is 0
        where no rule fits.

        :param list[dict] vals_list: create values, as for ``create``.
        :return: new dicts in the same order.
        """
        vals_list = super()._policy_prepare_intake(vals_list)
        by_company = {}
        for vals in vals_list:
            company_id = vals.get("company_id") or self.env.company.id
            by_company.setdefault(company_id, []).append(vals)
        for company_id, group in by_company.items():
            self.sudo()._policy_route(self.env["res.company"].sudo().browse(company_id), group)
        return vals_list

    @api.model
    def _policy_route(self, company, vals_list, look_only=False):
        """Complete ``vals_list`` in place by the rules in force in a company.

        :param bool look_only: keep nothing, whose turn it is neither; for a trial.
        :return: for each of them its rule, or None.
        :rtype: list[IntakeRule | None]
        """
        rules = self.env["crm.policy.intake.rule"]._policy_in_force(company.id)
        signals = self._policy_intake_signals(vals_list, rules)
        taken = [
            next((rule for rule in rules if matching.fits(rule.condition, signal)), None)
            for signal in signals
        ]
        alive = self._policy_intake_alive([rule for rule in taken if rule])
        for vals, rule in zip(vals_list, taken, strict=True):
            if rule:
                self._policy_apply_rule(vals, rule, alive)
            else:
                self._policy_apply_default(vals, company)
            vals["policy_intake_rule_id"] = Routed(rule.id if rule else 0)
        self._policy_assign(company, vals_list, taken, look_only)
        return taken

    @api.model
    def _policy_intake_signals(self, vals_list, rules):
        """Return what the rules look at, for each of ``vals_list``.

        :rtype: list[matching.Signals]
        """
        categories = {}
        if any(rule.condition.categories for rule in rules):
            categories = self._policy_categories({vals.get("partner_id") for vals in vals_list})
        return [
            matching.Signals(
                text=self._policy_intake_text(vals),
                channel=vals.get(self._policy_channel_name) or 0,
                domain=matching.domain_of(self._policy_intake_sender(vals)),
                categories=categories.get(vals.get("partner_id"), frozenset()),
                item=matching.fold(vals.get("policy_item_ref")),
                kind=vals.get("policy_kind") or "",
                type=vals.get("policy_complaint_type_id") or 0,
            )
            for vals in vals_list
        ]

    @api.model
    def _policy_intake_text(self, vals):
        text = html_to_inner_content(vals.get("description") or "")
        return matching.fold(f"{vals.get('name') or ''}\n{text}")

    @api.model
    def _policy_intake_sender(self, vals):
        """Return the plain address of who has written; the ticket model knows the field."""
        return email_normalize(vals.get("email") or "") or ""

    @api.model
    def _policy_categories(self, partner_ids):
        """Return {partner id: ids of his tags and his company's, with those above them}."""
        partners = self.env["res.partner"].sudo().browse(filter(None, partner_ids)).exists()
        found = {}
        for partner in partners:
            tags = partner.category_id | partner.commercial_partner_id.category_id
            found[partner.id] = frozenset(
                int(tag_id) for tag in tags for tag_id in tag.parent_path.split("/") if tag_id
            )
        return found

    @api.model
    def _policy_intake_alive(self, rules):
        """Return {field: ids in use of the records that the rules would put there}.

        What was archived since the version was published is left out, not an error: nothing that
        comes in is lost for it.
        """
        alive = {}
        for field_name, name in self._policy_target_names.items():
            wanted = list({getattr(rule, name) for rule in rules} - {0})
            model = self.env[self._fields[field_name].comodel_name].sudo()
            alive[field_name] = set(model.search([("id", "in", wanted)]).ids) if wanted else set()
        return alive

    @api.model
    def _policy_apply_rule(self, vals, rule, alive):
        """Fill what a rule knows and nobody has said."""
        given = {"policy_kind": rule.kind, "policy_urgency": rule.urgency}
        for field_name, name in self._policy_target_names.items():
            if getattr(rule, name) in alive[field_name]:
                given[field_name] = getattr(rule, name)
        for field_name, value in given.items():
            if value and not vals.get(field_name):
                vals[field_name] = value
        self._policy_raise_severity(vals, rule.severity)

    @api.model
    def _policy_raise_severity(self, vals, severity):
        """Raise the severity in ``vals`` to ``severity``, "" for nothing; it is never lowered."""
        if severity and SEVERITY_RANK[severity] > SEVERITY_RANK.get(
            vals.get("policy_severity") or "general", 0
        ):
            vals["policy_severity"] = severity

    @api.model
    def _policy_apply_default(self, vals, company):
        """Send what no rule has recognised to the company's default department."""
        if not vals.get("policy_department_id") and company.policy_default_department_id:
            vals["policy_department_id"] = company.policy_default_department_id.id

    # === BUSINESS METHODS - GIVING IT TO SOMEBODY === #

    @api.model
    def _policy_assign(self, company, vals_list, rules, look_only):
        """Fill the handler where a rule gives cases out and nobody was named."""
        todo = [
            (vals, rule)
            for vals, rule in zip(vals_list, rules, strict=True)
            if rule and rule.method != "none" and not vals.get("user_id")
        ]
        if not todo:
            return
        seats = self._policy_intake_seats(
            company, self._policy_intake_pools([vals for vals, _rule in todo])
        )
        Turn = self.env["crm.policy.intake.turn"].sudo()
        codes = {rule.code for _vals, rule in todo if rule.method == "round_robin"}
        turns = (Turn._policy_look if look_only else Turn._policy_lock)(company, codes)
        loads = {}
        if any(rule.method == "balanced" for _vals, rule in todo):
            handlers = {handler for pool in seats for handler, _line in pool.values()}
            loads = self._policy_loads(handlers)
        for number, ((vals, rule), pool) in enumerate(zip(todo, seats, strict=True)):
            if not pool:
                continue
            if rule.method == "round_robin":
                last = turns.get(rule.code) or 0
                member = next((member for member in pool if member > last), min(pool))
                turns[rule.code] = member
            else:
                member = min(pool, key=lambda member: (*loads[pool[member][0]], member))
            user_id, delegation = pool[member]
            if rule.method != "round_robin":
                loads[user_id] = (loads[user_id][0] + 1, datetime.max, number)
            vals["user_id"] = user_id
            vals["policy_intake_rule_id"].delegation = delegation
        if not look_only:
            Turn._policy_store(company, turns)

    @api.model
    def _policy_intake_pools(self, vals_list):
        """Return for each of ``vals_list`` the ids of the users among whom one is chosen."""
        ids = {vals.get("policy_department_id") for vals in vals_list}
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search([("department_id", "in", list(filter(None, ids))), ("user_id", "!=", False)])
        )
        members = {
            department.id: group.user_id.ids
            for department, group in employees.grouped("department_id").items()
        }
        return [members.get(vals.get("policy_department_id"), []) for vals in vals_list]

    @api.model
    def _policy_intake_seats(self, company, pools):
        """Return for each pool {id of a member: (id of who handles it now, delegation or None)}.

        Who has delegated keeps his turn, and his deputy gets the case where he works in the same
        pool; helpdesk would take anybody else off it. In the order of the members' ids.
        """
        users = self.env["res.users"].sudo().browse({user_id for pool in pools for user_id in pool})
        stand_ins = {
            user.id: line
            for user, line in self.env["crm.policy.delegation"]
            ._policy_stand_ins(users, company)
            .items()
        }
        available = set(self._policy_available(users, company).ids)
        seats = []
        for pool in pools:
            seats.append({})
            for user_id in sorted(pool):
                line = stand_ins.get(user_id)
                deputy_id = line.to_user_id.id if line else None
                if deputy_id in available.intersection(pool):
                    seats[-1][user_id] = (deputy_id, line)
                elif user_id in available:
                    seats[-1][user_id] = (user_id, None)
        return seats

    @api.model
    def _policy_available(self, users, company):
        """Return who of ``users`` may get a case of a company now.

        Nobody archived or of another company, nobody without a role in the policy, nobody who is
        absent at this moment.
        """
        window = self.env.ref("crm_policy.group_specialist").sudo().all_user_ids
        able = (users & window).filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )
        now = fields.Datetime.now()
        absences = (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search(
                [
                    ("resource_id.user_id", "in", able.ids),
                    ("time_type", "=", "leave"),
                    ("date_from", "<=", now),
                    ("date_to", ">=", now),
                ]
            )
        )
        return able - absences.resource_id.user_id

    @api.model
    def _policy_loads(self, user_ids):
        """Return {user id: (open cases, when he last got one, 0)}; the least of them is next."""
        mine = Domain("user_id", "in", list(user_ids)) & Domain("policy_kind", "!=", False)
        running = Domain("policy_closed_at", "=", False) & Domain(
            "policy_outcome", "not in", ENDED_OUTCOMES
        )
        cases = self.sudo()
        counts = dict(cases._read_group(mine & running, ["user_id"], ["__count"]))
        lasts = dict(cases._read_group(mine, ["user_id"], ["policy_intake_at:max"]))
        return {
            user.id: (counts.get(user, 0), lasts.get(user) or datetime.min, 0)
            for user in self.env["res.users"].sudo().browse(user_ids)
        }
