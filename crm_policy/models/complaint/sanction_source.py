from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.models import BaseModel

from ...tools import shares
from ...tools.amounts import is_plausible
from ...tools.zones import local_day
from ...words import list_words

NUMBERS = "SC-YYYY-NNNN"
# What a person says who proposes one by hand; everything else is worked out.
HANDMADE = frozenset(
    {
        "kind", "amount", "fact", "reason_changed", "clause_id", "department_id", "employee_id",
        "ticket_id", "violation_id",
    }
)  # fmt: skip
# No row of the database has a number above it.
MAX_ID = 2**31 - 1


class Proposal(NamedTuple):
    """What a rule proposes.

    :ivar rule: ``crm.policy.sanction.rule``.
    :ivar whose: a department, an employee or a user.
    :ivar basis: the document that it is about.
    :ivar float base: the part of a loss that it was worked out from.
    :ivar float amount: what is proposed.
    :ivar str kind: what is proposed instead of the kind of the rule.
    :ivar str fact: what happened, in words; else the rule and the document say it.
    """

    rule: BaseModel
    whose: BaseModel
    basis: BaseModel
    base: float
    amount: float
    kind: str | None = None
    fact: str | None = None


class CrmPolicySanctionSource(models.AbstractModel):
    """How a sanction comes about: a rule of the policy proposes it, or a person does."""

    _name = "crm.policy.sanction.source"
    _description = "Source of Sanctions"

    # === BY A RULE === #

    @api.model
    def _policy_propose(self, rule, whose, basis, base=0.0, amount=None, kind=None, fact=None):
        """Propose what a rule says, once: whoever calls again gets what is there.

        A rule that takes the place of a lighter one (RWD-FIN-03) rewrites its proposal as long as
        that is not decided, and adds what is missing to one that is.

        :param rule: ``crm.policy.sanction.rule``.
        :param whose: ``hr.department``, ``hr.employee`` or ``res.users``; of the rule's company.
        :param basis: the document that it is about: a case, a violation, a notice.
        :param float base: the part of a loss for a percentage.
        :param float amount: instead of what the rule gives.
        :param str kind: instead of what the rule gives, where a team has decided on it.
        :param str fact: what happened, as the team has written it down.
        :return: the ``crm.policy.sanction`` as superuser; empty while the version is on trial.
        :raises ValidationError: person or document belong to another company, or nobody is named.
        """
        rule = rule.sudo()
        if amount is None:
            amount = rule._policy_amount_for(base)
        proposal = Proposal(rule, whose.sudo(), basis.sudo(), base, amount, kind, fact)
        if rule.version_id.enforcement == "trial":
            return self.sudo().browse()
        vals = self._policy_proposed_values(proposal)
        found = self._policy_known_sanction(vals)
        if not found:
            return self._policy_new_sanctions([vals])
        if found.rule_id == rule or found.proposed_amount >= amount:
            return found
        if found.state in ("proposed", "opinion"):
            return found._policy_make_heavier(vals)
        if found.state in ("approved", "executed"):
            return found._policy_supplement(vals)
        return found

    @api.model
    def _policy_proposed_values(self, proposal):
        rule, basis = proposal.rule, proposal.basis
        company = rule.company_id
        whose = self._policy_whose(proposal.whose, company)
        if basis.company_id != company:
            raise ValidationError(
                self.env._(
                    "%(document)s belongs to another company than %(rule)s.",
                    document=basis.display_name,
                    rule=rule.name,
                )
            )
        links = {"helpdesk.ticket": "ticket_id", "crm.policy.violation": "violation_id"}
        vals = {
            **whose,
            "company_id": company.id,
            "rule_id": rule.id,
            "family": rule._policy_family(),
            "kind": proposal.kind or rule.kind,
            "amount": proposal.amount,
            "proposed_kind": proposal.kind or rule.kind,
            "proposed_amount": proposal.amount,
            "base_amount": proposal.base,
            "clause_id": rule.clause_id.id,
            "res_model": basis._name,
            "res_id": basis.id,
            "cycle": basis.policy_cycle if "policy_cycle" in basis else 0,
            "fact": proposal.fact
            or self.env._("%(rule)s: %(document)s", rule=rule.name, document=basis.display_name),
        }
        if basis._name in links:
            vals[links[basis._name]] = basis.id
        return vals

    @api.model
    def _policy_whose(self, whose, company):
        """Return the values that say whose a sanction is."""
        if whose._name == "hr.department":
            department, employee, user = whose, self.env["hr.employee"], self.env["res.users"]
        elif whose._name == "hr.employee":
            department, employee, user = whose.department_id, whose, whose.user_id
        else:
            employee = whose.with_company(company).employee_id
            department, user = employee.department_id, whose
        right = (
            user and company in user.company_ids
            if whose._name == "res.users"
            else whose.company_id == company
        )
        if len(whose) != 1 or not right or user.share:
            raise ValidationError(
                self.env._(
                    "%(person)s does not work for %(company)s.",
                    person=whose.display_name or self.env._("Nobody"),
                    company=company.name,
                )
            )
        return {
            "department_id": whose.id if whose._name == "hr.department" else False,
            "employee_id": employee.id,
            "user_id": user.id,
            "policy_department_id": department.id,
        }

    @api.model
    def _policy_known_sanction(self, vals):
        """Return the sanction that somebody has for the same already, not its supplement."""
        names = ("family", "res_model", "res_id", "cycle", "department_id", "company_id")
        domain = [(name, "=", vals[name]) for name in names]
        if vals["user_id"]:
            domain.append(("user_id", "=", vals["user_id"]))
        else:
            domain.append(("employee_id", "=", vals["employee_id"]))
        return self.sudo().search(
            [*domain, ("rule_id", "!=", False), ("supplement_of_id", "=", False)]
        )

    def _policy_make_heavier(self, vals):
        """Rewrite a proposal that is not decided; a request for the lighter one lapses."""
        names = ("rule_id", "kind", "amount", "proposed_kind", "proposed_amount", "clause_id",
                 "base_amount", "fact")  # fmt: skip
        before = self.amount
        self._policy_guarded_write(
            {**{name: vals[name] for name in names}, "reason_changed": False}
        )
        self._policy_void_changed()
        self.env["crm.policy.event"]._policy_log(
            "sanction.replaced",
            self,
            {"number": self.number, "from": before, "to": self.amount},
            clause=self.clause_id,
        )
        return self

    def _policy_supplement(self, vals):
        """Propose what a decided one lacks; once."""
        known = self.sudo().search([("supplement_of_id", "=", self.id)])
        if known:
            return known
        missing = self.currency_id.round(vals["proposed_amount"] - self.amount)
        if missing <= 0:
            return self
        vals = {
            **vals,
            "amount": missing,
            "proposed_amount": missing,
            "supplement_of_id": self.id,
        }
        return self._policy_new_sanctions([vals])

    # === BY HAND === #

    @api.model_create_multi
    def create(self, vals_list):
        """Propose by hand: with a clause that is in force, a case or a violation, and a fact."""
        # pylint: disable=method-required-super; it is called with what this method has checked
        names = {name for vals in vals_list for name in vals}
        self._policy_refuse_guarded(names)
        self._policy_refuse_foreign(names)
        self._policy_check_amounts(vals_list)
        prepared = [self._policy_handmade_values(vals) for vals in vals_list]
        sanctions = self._policy_new_sanctions(prepared).with_env(self.env)
        sanctions.check_access("create")
        return sanctions

    @api.model
    def default_get(self, fields):
        """Take defaults for what a person says only: it is stored by the superuser."""
        own = HANDMADE | self._policy_guarded_fields()
        return super().default_get([name for name in fields if name in own])

    @api.model
    def _policy_refuse_foreign(self, names):
        """Refuse what the superuser would write on behalf of the caller: messages, activities."""
        foreign = sorted(names - HANDMADE)
        if foreign:
            labels = self.sudo().fields_get(sorted(HANDMADE), ["string"])
            raise ValidationError(
                self.env._(
                    "A sanction is proposed with %(fields)s alone, not with %(foreign)s.",
                    fields=list_words(self.env, [label["string"] for label in labels.values()]),
                    foreign=list_words(self.env, foreign),
                )
            )

    @api.model
    def _policy_named(self, vals, name):
        """Return the record that a caller names in ``vals``; empty where he names none.

        :raises ValidationError: it is not the number of a record.
        """
        records = self.env[self._fields[name].comodel_name]
        value = vals.get(name)
        if value is None or value is False:
            return records
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
            raise ValidationError(
                self.env._(
                    "%(field)s: %(value)s is no record.",
                    field=self._fields[name].get_description(self.env, ["string"])["string"],
                    value=value,
                )
            )
        return records.browse(value).exists()

    @api.model
    def _policy_handmade_values(self, vals):
        company = self.env.company
        clause = self._policy_named(vals, "clause_id")
        clause.check_access("read")
        company = clause.sudo().company_id or company
        if not clause or clause.sudo().version_id.state not in ("effective", "superseded"):
            raise ValidationError(self.env._("Name a clause that is in force."))
        if clause.sudo().version_id.enforcement == "trial":
            raise UserError(
                self.env._(
                    "%(clause)s runs on trial: nobody is sanctioned.",
                    clause=clause.sudo()._policy_citation(),
                )
            )
        named = {name: self._policy_named(vals, name) for name in ("department_id", "employee_id")}
        given = [name for name in named if vals.get(name)]
        if len(given) != 1:
            raise ValidationError(
                self.env._("A sanction is a department's or a person's: name one of the two.")
            )
        whose = self._policy_whose(named[given[0]].sudo(), company)
        if whose["user_id"] == self.env.uid:
            raise UserError(
                self.env._("Nobody proposes his own sanction or award: let your manager do it.")
            )
        basis = self._policy_handmade_basis(vals, company)
        fact = self._policy_text(vals.get("fact"), self.env._("Say what happened."))
        return {
            **vals,
            **whose,
            "fact": fact,
            "company_id": company.id,
            "res_model": basis._name,
            "res_id": basis.id,
            "cycle": basis.sudo().policy_cycle,
        }

    @api.model
    def _policy_handmade_basis(self, vals, company):
        """Return the violation or else the case; the user may read whichever of them is named."""
        given = [name for name in ("violation_id", "ticket_id") if vals.get(name)]
        found = [self._policy_named(vals, name) for name in given]
        for basis in found:
            basis.check_access("read")
        if not found or any(basis.sudo().company_id != company for basis in found):
            raise ValidationError(
                self.env._("Name the case or the violation of %(company)s that it is about.",
                           company=company.name)
            )  # fmt: skip
        return found[0]

    @api.model
    def _policy_check_amounts(self, vals_list):
        """Refuse an amount before rounding it and the database stumble over it."""
        for vals in vals_list:
            if not is_plausible(vals.get("amount")):
                raise ValidationError(
                    self.env._("An amount of %(amount)s cannot be meant.", amount=vals["amount"])
                )

    # === BOTH === #

    @api.model
    def _policy_new_sanctions(self, vals_list):
        """Number and store proposals whose values were checked; as superuser."""
        now = fields.Datetime.now()
        for vals in vals_list:
            company = self.env["res.company"].sudo().browse(vals["company_id"])
            clause = self.env["crm.policy.clause"].sudo().browse(vals["clause_id"])
            # Whoever proposes at the same time waits here, and finds what this one has written.
            [vals["number"]] = (
                self.env["crm.policy.counter"]
                .sudo()
                ._policy_reserve(company, NUMBERS, "year", local_day(now, company), 1)
            )
            vals.update(
                # Not by a default of whoever calls, either.
                ticket_id=vals.get("ticket_id") or False,
                violation_id=vals.get("violation_id") or False,
                proposed_at=now,
                clause_number=clause.number,
                policy_version_id=clause.version_id.id,
            )
        silent = self.sudo().with_context(tracking_disable=True)
        sanctions = silent._policy_guarded_create(vals_list).with_env(self.sudo().env)
        for sanction in sanctions:
            self.env["crm.policy.event"]._policy_log(
                "sanction.proposed",
                sanction,
                {
                    "number": sanction.number,
                    "kind": sanction.kind,
                    "amount": sanction.amount,
                    "department": sanction.department_id.id,
                    "employee": sanction.employee_id.id,
                    "user": sanction.user_id.id,
                    "res_model": sanction.res_model,
                    "res_id": sanction.res_id,
                },
                clause=sanction.clause_id,
            )
        return sanctions

    def _policy_note_writers(self, users):
        """Keep in mind who has made up the proposals: none of them decides on them."""
        links = [Command.link(user.id) for user in users]
        self.sudo().filtered(lambda sanction: not sanction.decided_at)._policy_guarded_write(
            {"writer_ids": links}
        )

    def _policy_send_round(self):
        """Submit what a rule has just proposed, in the name of whoever has brought it about.

        What hinders it does not undo what he has recorded: the sanction says it, and somebody
        submits by hand.
        """
        for sanction in self.sudo():
            if sanction.state != "proposed" or sanction.policy_approval_state != "none":
                continue
            try:
                with self.env.cr.savepoint():
                    sanction._policy_submit()
            except UserError as error:
                sanction._message_log(body=str(error))

    # === FOR A CASE === #

    @api.model
    def _policy_propose_for_case(self, case):
        """Propose what follows from the shares of a decided case (CMP-LOSS-02, RWD-ADM-02).

        :return: the sanctions, new and old, as superuser.
        """
        sanctions = self.sudo().browse()
        for whose, (rule, base, amount) in self._policy_due_for_case(case.sudo()).items():
            sanctions |= self._policy_propose(rule, whose, case.sudo(), base, amount)
        return sanctions

    @api.model
    def _policy_due_for_case(self, case):
        """Return {department or employee: (rule, its part, the amount)} by the shares of a case.

        A percentage of their part for departments, all of them under one cap; for persons what the
        band of their part says.
        """
        Rule = self.env["crm.policy.sanction.rule"]
        parts = {}
        for line in case._policy_present_shares().filtered("is_decided"):
            if line.party == "department":
                parts[line.department_id] = parts.get(line.department_id, 0) + line.amount
            # For a missing rule or a faulty process no person is punished (CFL-RSP-01).
            if line.employee_id and line.fault_type != "objective":
                parts[line.employee_id] = parts.get(line.employee_id, 0) + line.amount
        departments = {
            whose: base for whose, base in parts.items() if whose._name == "hr.department"
        }
        rules = Rule._policy_rules_of(case.policy_version_id, "department_share")
        due = dict(self._policy_capped(rules, departments))
        rules = Rule._policy_rules_of(case.policy_version_id, "person_share")
        for whose, base in parts.items():
            rule = rules._policy_band(base)
            if whose not in departments and rule and base:
                due[whose] = (rule, base, rule.sudo()._policy_amount_for(base))
        return due

    def _policy_follow_shares(self, case):
        """Let these proposals say what the shares of their case say now; superuser's.

        The caller has made sure that nobody has begun to sign them.
        """
        due = self._policy_due_for_case(case)
        for sanction in self:
            whose = sanction.department_id or sanction.employee_id
            if whose not in due:
                sanction._policy_revoke(self.env._("The shares of the case have changed."))
                continue
            rule, base, amount = due[whose]
            sanction._policy_guarded_write(
                {
                    "rule_id": rule.id,
                    "clause_id": rule.clause_id.id,
                    "kind": rule.kind,
                    "amount": amount,
                    "proposed_kind": rule.kind,
                    "proposed_amount": amount,
                    "base_amount": base,
                }
            )

    @api.model
    def _policy_capped(self, rules, parts):
        """Return {department: (rule, its part, the amount)}, cut in proportion to the cap."""
        found = {}
        for whose, base in parts.items():
            rule = rules._policy_band(base)
            if not rule:
                continue
            amount = rule.amount or rule.currency_id.round(base * rule.percent / 100)
            if amount:
                found[whose] = (rule, base, amount)
        cap = min((rule.cap for rule, _base, _amount in found.values() if rule.cap), default=0)
        amounts = [amount for _rule, _base, amount in found.values()]
        if not cap or sum(amounts) <= cap:
            return found
        cut = shares.split(cap, amounts)
        return {
            whose: (rule, base, float(part))
            for (whose, (rule, base, _amount)), part in zip(found.items(), cut, strict=True)
            if part
        }

    # === INTO ANOTHER CASE === #

    def _policy_move_to(self, into):
        """Let the open proposals be about ``into``; as superuser.

        What was signed of them was about the other case: they are asked for anew. Whoever is
        proposed for the same there already is not sanctioned twice.
        """
        for sanction in self:
            about = sanction.res_model == into._name
            vals = {"res_id": into.id, "cycle": into.policy_cycle} if about else {}
            known = about and sanction.rule_id and self._policy_known_sanction(
                {
                    "family": sanction.family,
                    "res_model": into._name,
                    "department_id": sanction.department_id.id,
                    "company_id": sanction.company_id.id,
                    "user_id": sanction.user_id.id,
                    "employee_id": sanction.employee_id.id,
                    **vals,
                }
            )  # fmt: skip
            if known:
                sanction._policy_revoke(
                    self.env._(
                        "Merged into %(case)s, where it is proposed already: %(sanction)s.",
                        case=into.display_name,
                        sanction=known[0].number,
                    )
                )
                continue
            was_asked = sanction.state == "opinion"
            sanction._policy_guarded_write({"ticket_id": into.id, **vals})
            sanction._policy_void_changed()
            self.env["crm.policy.event"]._policy_log(
                "sanction.moved",
                sanction,
                {"number": sanction.number, "into": into.id},
                clause=sanction.clause_id,
            )
            if was_asked:
                sanction._policy_send_round()
