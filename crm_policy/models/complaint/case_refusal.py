from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import clean_context

from .case_form import FORM_REPORT
from .complaint_mixin import WINDOW

REFUSED = "not_accepted"
# The parameters of the clause on a new form: whether there is one, and from which refusal on a
# superior is told.
NEW_CASE, TOLD_FROM = "new_case_on_refusal", "refusals_told_from"
POSITIONS = ("partial", "reject")


class CrmPolicyCaseRefusal(models.AbstractModel):
    """A case whose conclusion the customer does not accept (CMP-FLOW-10).

    Where the policy says so it ends, and a new one goes on with its data and the old form, a number
    and clocks of its own; else the case begins anew. There is one way, whoever takes it: the
    customer in the portal, or who talks with him.
    """

    _name = "crm.policy.case.refusal"
    _description = "Case That the Customer Does Not Accept"

    policy_refusals = fields.Integer(
        string="Not Accepted Before",
        compute="_compute_policy_refusals",
        groups="base.group_user",
        help="How many conclusions the customer has refused before this case.",
    )

    @api.depends("policy_origin_id")
    def _compute_policy_refusals(self):
        for case in self:
            case.policy_refusals = len(case.sudo()._policy_refused_before())

    # === ACTION METHODS === #

    def action_policy_not_accept(self, position=None, at=None, text=None):
        """Take down that the customer does not accept what he was told (CMP-FLOW-10).

        :param str position: "partial" or "reject", as in a negotiation.
        :param datetime at: when he said so; now by default, never before he was told.
        :param str text: what he said.
        :return: the action that opens the case in which it goes on; it may be the same.
        :raises UserError: he was not told yet, has said so already, or the case has ended.
        """
        self.ensure_one()
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        text = self._policy_text(text, self.env._("Write down what the customer says."))
        if position not in POSITIONS:
            raise ValidationError(self.env._("Say whether he accepts in part, or rejects."))
        self.sudo()._policy_hold_rows()
        moment = self._policy_moment("policy_replied_at", at, fields.Datetime.now())
        problem = self._policy_refusal_problem(moment)
        if problem:
            raise UserError(problem)
        with self.env.cr.savepoint():
            self.env["crm.policy.interaction"]._policy_record(
                self,
                "answer",
                moment,
                clause=self.sudo()._policy_refusal_clause(),
                outcome="refused",
                user_id=self.env.uid,
                text=text,
            )
            successor = self._policy_refused(position, text)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": successor.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _policy_refusal_problem(self, moment):
        """Return why nobody can say now that the customer refuses, or None."""
        case = self.sudo()
        if not case.policy_replied_at or moment < case.policy_replied_at:
            return self.env._(
                "%(clause)s: %(case)s: the customer refuses what he was told, not before that.",
                clause=case._policy_refusal_clause()._policy_citation(),
                case=self.display_name,
            )
        if case.policy_closed_at or case.policy_outcome:
            return self.env._("%(case)s is ended.", case=self.display_name)
        said = case._policy_customer_words().filtered(
            lambda word: word.kind == "answer" and word.cycle == case.policy_cycle
        )
        if said:
            return self.env._(
                "%(case)s: the customer has said already what he thinks of it.",
                case=self.display_name,
            )
        return None

    def _policy_refusal_clause(self):
        """Return the clause on refusals; without one the clause by which he is told."""
        parameter = self.env["crm.policy.parameter"]._policy_of(self.policy_version_id, NEW_CASE)
        return parameter.clause_id or self._policy_fact_clause("policy_replied_at")

    def _policy_customer_refused(self):
        self._policy_refused("reject")
        return None

    def _policy_refused(self, position, text=None):
        """Let the case go on where the policy says; return the case in which it does.

        The caller has checked the person, or that it is the customer himself.
        """
        self.ensure_one()
        case = self.sudo()
        if not case._policy_parameter(NEW_CASE):
            case._policy_reopen(
                self.env._("The customer refuses the solution. %(text)s", text=text or "").strip()
            )
            return self
        try:
            with self.env.cr.savepoint():
                return self._policy_refuse_into_new(position, text)
        except UserError as error:  # no policy is in force, or its type is out of use
            if self.env.user._is_internal() and not self.env.su:
                raise
            case._policy_let_sort(str(error))
            return self

    def _policy_refuse_into_new(self, position, text):
        """End the case as not accepted; return the new one, with the old form attached."""
        old = self.sudo()
        form = old._policy_form_file()
        kind = old.policy_complaint_type_id
        successor = self.create(
            [
                {
                    **old._policy_carried_vals(),
                    "policy_kind": old.policy_kind,
                    "policy_complaint_type_id": kind.id if kind.active else False,
                }
            ]
        )
        new = successor.sudo()
        new._policy_guarded_write({"policy_origin_id": old.id})
        old._policy_copy_files(new)
        old._policy_lapse_rulings()
        old._policy_continue_in(new, REFUSED)
        words = {
            "case": old.display_name,
            "into": new.display_name,
            "text": text or "",
            "clause": old._policy_refusal_clause()._policy_citation(),
        }
        # Nothing that the caller's context says of attachments holds for the form.
        clean = clean_context(self.env.context)
        # pylint: disable=context-overridden
        File = self.env["ir.attachment"].with_context(clean).sudo()
        file = File.create({**form, "res_model": new._name, "res_id": new.id})
        new._message_log(
            body=self.env._(
                "%(clause)s: the customer did not accept %(case)s; its form is attached. %(text)s",
                **words,
            ),
            attachment_ids=file.ids,
        )
        old._message_log(
            body=self.env._("Not accepted by the customer; goes on in %(into)s. %(text)s", **words)
        )
        refusals = new.policy_refusals
        self.env["crm.policy.event"]._policy_log(
            "case.not_accepted",
            old,
            {"position": position, "into": new.id, "refusals": refusals},
            clause=old._policy_refusal_clause(),
        )
        told_from = old._policy_parameter(TOLD_FROM)
        if told_from and refusals >= told_from:
            new._policy_tell_refusals(refusals)
        return successor

    def _policy_refused_before(self):
        """Return the cases of the chain before this one that were not accepted."""
        chain, case = self.browse(), self.policy_origin_id
        while case and case.policy_outcome == REFUSED and case not in chain:
            chain |= case
            case = case.policy_origin_id
        return chain

    def _policy_form_file(self):
        """Return the values of an attachment with the form as it is now.

        Made by the system: the customer himself may have set it off. A server that cannot make
        PDFs must not keep the customer from refusing.
        """
        report = self.env["ir.actions.report"].with_user(SUPERUSER_ID)
        try:
            content, kind = report._render_qweb_pdf(FORM_REPORT, self.ids)
        except UserError:
            content, kind = report._render_qweb_html(FORM_REPORT, self.ids)
        return {"name": f"{self.policy_handle}.{kind}", "raw": content}

    def _policy_tell_refusals(self, refusals):
        """Tell whoever stands above the handler that the customer refuses again and again."""
        place = (self.user_id.id, self.policy_department_id.id)
        chains = self.env["crm.policy.ladder"]._policy_chains([place], self.company_id)
        boss_id = next(filter(None, chains[place][0]), None)
        boss = self.env["res.users"].sudo().browse(boss_id or ())
        boss = boss.filtered("active") - self.policy_accused_user_ids
        if not boss:
            return
        self._policy_open_for(boss)
        words = self.with_context(lang=boss.lang)
        parameter = self.env["crm.policy.parameter"]._policy_of(self.policy_version_id, TOLD_FROM)
        self.env["crm.policy.escalation"]._policy_remind_quietly(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": self.id,
                    "user_id": boss.id,
                    "summary": words.env._(
                        "%(clause)s: not accepted %(count)s times: %(case)s",
                        clause=parameter.clause_id._policy_citation(),
                        count=refusals,
                        case=words.display_name,
                    ),
                }
            ]
        )

    # === WHAT THE CUSTOMER SEES === #

    def _policy_customer_status(self):
        if self.policy_outcome == REFUSED and not self.policy_closed_at:
            return "continued", self.env._("Goes on in a new case")
        return super()._policy_customer_status()

    def _policy_customer_next(self):
        if self._policy_customer_status()[0] == "continued":
            return self.env._("You did not accept the solution. We look for another one.")
        return super()._policy_customer_next()
