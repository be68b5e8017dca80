from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import SEVERITIES_OF_BREACH
from ...tools.zones import local_day

NUMBERS = "VIO-YYYY-NNNN"
REPORTERS = "crm_policy.group_supervisor"


class CrmPolicyViolationSource(models.AbstractModel):
    """How a violation comes about: a deadline that is missed, or a supervisor's report."""

    _name = "crm.policy.violation.source"
    _description = "Source of Violations"

    # === BY HAND === #

    @api.model
    def action_policy_report(
        self, clause_id, res_model, res_id, description, user_id=None, severity="minor"
    ):
        """Record a violation by hand; supervisors and above, with a clause and a document.

        :param int clause_id: clause of a version that is or was in force in the document's company.
        :param str res_model: model of the document; a governed one.
        :param str description: what happened.
        :param int user_id: whose duty it was; None for a group's.
        :param str severity: minor, serious or grave.
        :return: the action that opens it.
        :raises AccessError: no supervisor, or the document is hidden from him.
        :raises UserError: somebody reports himself; the version runs on trial.
        :raises ValidationError: a clause, document, person or severity that there is not.
        """
        if not self.env.user.has_group(REPORTERS):
            raise AccessError(self.env._("Supervisors and above record violations."))
        description = self._policy_text(description, self.env._("Say what happened."))
        if severity not in dict(SEVERITIES_OF_BREACH):
            raise ValidationError(
                self.env._("There is no severity %(severity)s.", severity=severity)
            )
        document = self._policy_reported_document(res_model, res_id)
        company = document.company_id
        clause = self._policy_reported_clause(clause_id, company)
        person = self._policy_reported_person(user_id, company)
        department = person.with_company(company).employee_id.department_id
        if not department and "policy_department_id" in document:
            department = document.policy_department_id
        violation = self._policy_open(
            [
                {
                    "company_id": company.id,
                    "clause_id": clause.id,
                    "clause_number": clause.number,
                    "version_label": clause.version_id.display_name,
                    "policy_version_id": clause.version_id.id,
                    "severity": severity,
                    "res_model": document._name,
                    "res_id": document.id,
                    "user_id": person.id,
                    "department_id": department.id,
                    "reporter_id": self.env.uid,
                    "description": description,
                }
            ],
            fields.Datetime.now(),
        )
        return violation.with_env(self.env)._policy_form()

    @api.model
    def _policy_reported_document(self, res_model, res_id):
        """Return the document as superuser, after checking that the user may read it."""
        Model = self.env.get(res_model)
        governed = Model is not None and not Model._abstract and hasattr(Model, "_policy_set_fact")
        document = Model.browse(res_id).exists() if governed else None
        if not document or document._name == self._name:
            raise ValidationError(
                self.env._("Name the governed document that the violation is about.")
            )
        document.check_access("read")
        return document.sudo()

    @api.model
    def _policy_reported_clause(self, clause_id, company):
        clause = self.env["crm.policy.clause"].browse(clause_id).exists()
        clause.check_access("read")
        clause = clause.sudo()
        if not clause or clause.company_id != company:
            raise ValidationError(
                self.env._("Name the clause, one of %(company)s.", company=company.name)
            )
        if clause.version_id.state not in ("effective", "superseded"):
            raise ValidationError(
                self.env._("%(clause)s is not in force.", clause=clause._policy_citation())
            )
        if clause.version_id.enforcement == "trial":
            raise UserError(
                self.env._(
                    "%(clause)s runs on trial: a breach is no violation.",
                    clause=clause._policy_citation(),
                )
            )
        return clause

    @api.model
    def _policy_reported_person(self, user_id, company):
        person = self.env["res.users"].sudo().browse(user_id or ()).exists()
        if person == self.env.user:
            raise UserError(self.env._("Nobody reports himself: let your manager do it."))
        if person and (person.share or company not in person.company_ids):
            raise ValidationError(
                self.env._(
                    "%(person)s does not work for %(company)s.",
                    person=person.name,
                    company=company.name,
                )
            )
        return person

    def _policy_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    # === BY THE CLOCK === #

    @api.model
    def _policy_record_breaches(self, deadlines):
        """Record a violation for each breached deadline, once; the caller holds their rows.

        A violation that is not answered in time is overdue and escalates, but is no violation of
        its own: it would go on for ever. One that was taken back does not stand in the way of
        another; one that was decided does, even if the deadline came back meanwhile: nobody is
        judged twice for the same deadline.
        """
        deadlines = deadlines.sudo()
        now = fields.Datetime.now()
        standing = Domain("deadline_id", "in", deadlines.ids) & Domain("state", "!=", "withdrawn")
        known = self.sudo().search(standing).deadline_id
        breaches = (deadlines - known).filtered(
            lambda deadline: (
                deadline.res_model != self._name
                and not deadline.is_trial
                and not deadline.accepted_overdue
            )
        )
        vals_list = [
            {
                "deadline_id": deadline.id,
                "company_id": deadline.company_id.id,
                "clause_id": deadline.clause_id.id,
                "clause_number": deadline.clause_number,
                "version_label": deadline.version_label,
                "policy_version_id": deadline.rule_id.version_id.id,
                "severity": deadline.rule_id.severity,
                "res_model": deadline.res_model,
                "res_id": deadline.res_id,
                "user_id": deadline.user_id.id,
                "department_id": deadline.department_id.id,
            }
            for deadline in breaches
        ]
        violations = self._policy_open(vals_list, now)
        self.env.execute_query(
            SQL(
                "UPDATE crm_policy_deadline SET judged_at = %s WHERE id = ANY(%s) RETURNING id",
                now,
                deadlines.ids,
            )
        )
        deadlines.invalidate_recordset(["judged_at"], flush=False)
        return violations

    @api.model
    def _policy_open(self, vals_list, now):
        """Number and store new violations, tell the ledger and the persons; as superuser."""
        if not vals_list:
            return self.sudo()
        by_company = {}
        for vals in vals_list:
            by_company.setdefault(vals["company_id"], []).append(vals)
        for company_id, group in by_company.items():
            company = self.env["res.company"].sudo().browse(company_id)
            day = local_day(now, company)
            numbers = (
                self.env["crm.policy.counter"]
                .sudo()
                ._policy_reserve(company, NUMBERS, "year", day, len(group))
            )
            readers = self._policy_readers(group, company)
            for vals, number in zip(group, numbers, strict=True):
                vals["number"] = number
                vals["opened_at"] = now
                place = (vals["user_id"] or False, vals["department_id"] or False)
                vals["reader_ids"] = [(6, 0, sorted(readers[place]))]
        # "Created", by nobody, on each of thousands: the ledger says it.
        silent = self.sudo().with_context(tracking_disable=True)
        violations = silent._policy_insert(vals_list)
        for clause, group in violations.grouped("clause_id").items():
            self.env["crm.policy.event"]._policy_log(
                "violation.opened",
                group,
                payloads={
                    violation.id: {
                        "number": violation.number,
                        "person": violation.user_id.id,
                        "severity": violation.severity,
                        "deadline": violation.deadline_id.id,
                        "res_model": violation.res_model,
                        "res_id": violation.res_id,
                    }
                    for violation in group
                },
                clause=clause,
            )
        violations._policy_ask_for_explanation()
        return violations

    @api.model
    def _policy_readers(self, vals_list, company):
        """Return {(user id, department id): ids of who reads along}: managers and substitutes."""
        places = {(v["user_id"] or False, v["department_id"] or False) for v in vals_list}
        chains = self.env["crm.policy.ladder"]._policy_chains(places, company)
        posts = (
            self.env["crm.policy.post"]
            .sudo()
            .search(
                [
                    ("user_ids", "in", [user for user, _place in places if user]),
                    ("company_id", "=", company.id),
                ]
            )
        )
        readers = {}
        for place in places:
            substitutes = posts.filtered(
                lambda post, person=place[0]: person in post.user_ids.ids
            ).substitute_id
            readers[place] = {user for user in chains[place][0] if user} | set(substitutes.ids)
            readers[place].discard(place[0])
        return readers

    def _policy_ask_for_explanation(self):
        """Leave an activity for the persons: they have to explain themselves."""
        kind = self.env.ref("crm_policy.activity_violation", raise_if_not_found=False)
        vals_list = []
        for violation in self.filtered("user_id"):
            user = violation.user_id
            if not user.active:
                continue
            until = violation.policy_next_due_at or violation.opened_at
            vals_list.append(
                {
                    "activity_type_id": kind.id if kind else False,
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": violation.id,
                    "user_id": user.id,
                    "summary": violation.with_context(lang=user.lang).env._(
                        "Explain %(violation)s", violation=violation.display_name
                    ),
                    "date_deadline": local_day(until, violation.company_id),
                }
            )
        self.env["crm.policy.escalation"]._policy_remind_quietly(vals_list)
