from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize

from ...const import COURSE_ORDER, ENDED_OUTCOMES, FACT_ORDER
from ...tools.elapsed_time import days_after
from ...tools.zones import company_zone
from .complaint_fields import STEP_TEXTS

# What stays when a case is taken up again: that it came in, and its place in the register.
KEPT_FACTS = frozenset({"policy_intake_at", "policy_accepted_at", "policy_registered_at"})


class CrmPolicyCaseReopen(models.AbstractModel):
    """What happens when the customer is not done with a case that we have closed (C.1, SLA-07).

    Reopening starts a new cycle: the clocks of the old one stay as they ended, breaches included,
    and those of the new one count from the reopening.
    """

    _name = "crm.policy.case.reopen"
    _description = "Reopening of Cases"

    policy_customer_wrote_at = fields.Datetime(
        string="Customer Wrote At",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Since then the customer waits for an answer to his message.",
    )

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"policy_reopened_at"}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_customer_wrote_at"}

    # === ACTION METHODS === #

    def action_policy_reopen(self, reason=None):
        """Take a closed case up again.

        :param str reason: why; required.
        """
        self._policy_check_actor(("crm_policy.group_supervisor",))
        self._policy_check_governed()
        if not (reason or "").strip():
            raise ValidationError(self.env._("Say why the case is reopened."))
        for case in self:
            if not case.policy_closed_at:
                raise UserError(self.env._("%(case)s is not closed.", case=case.display_name))
        self.sudo()._policy_reopen(reason)
        return True

    # === BUSINESS METHODS === #

    def _policy_reopen(self, reason):
        """Begin a new cycle of cases that are closed, or that cannot be closed as they are.

        Their numbers and what was decided are kept; the caller has checked the person.

        :param str reason: for the note; what led to it has an event of its own.
        """
        now = fields.Datetime.now()
        payloads = {
            case.id: {
                "cycle": case.policy_cycle + 1,
                "closed_at": str(case.policy_closed_at) if case.policy_closed_at else None,
                "score": case.policy_callback_score,
            }
            for case in self
        }
        self._message_log_batch(bodies={case.id: case._policy_reopen_note(reason) for case in self})
        for (kind, cycle), cases in self.grouped(
            lambda case: (case.policy_kind, case.policy_cycle)
        ).items():
            facts = {*FACT_ORDER[kind], *COURSE_ORDER} - KEPT_FACTS
            for case in cases:  # a course of its own may have more
                facts |= set(case._policy_own_order()) - KEPT_FACTS
            cases._policy_guarded_write(
                {
                    **dict.fromkeys((*facts, *STEP_TEXTS, "policy_outcome"), False),
                    "policy_reopened_at": now,
                    "policy_cycle": cycle + 1,
                    **self._policy_reopen_vals(),
                }
            )
        for case in self:
            self.env["crm.policy.event"]._policy_log(
                "case.reopened",
                case,
                payloads=payloads,
                clause=case._policy_fact_clause("policy_reopened_at") or case.policy_version_id,
            )

    def _policy_reopen_vals(self):
        """Return what else is written at a reopening; the ticket model adds its own fields."""
        return {}

    def _policy_reopen_note(self, reason):
        """Return the note that keeps what the former cycle ended with."""
        lines = [self.env._("Reopened: %(reason)s", reason=reason)]
        for name in ("policy_reply_text", "policy_callback_text", "policy_recheck_text"):
            if self[name]:
                lines.append(f"{self._policy_label(name)}: {self[name]}")
        return "\n".join(lines)

    # === THE CUSTOMER'S WORD === #

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if self.policy_kind:
            if self._policy_is_customer_word(message):
                self.sudo()._policy_customer_wrote(message)
            elif self.policy_customer_wrote_at and self._policy_is_our_answer(message):
                self.sudo()._policy_guarded_write({"policy_customer_wrote_at": False})
        return result

    def _policy_is_customer_word(self, message):
        """Return whether a message of the chatter was written by the customer of the case."""
        message = message.sudo()
        if message.message_type not in ("email", "comment") or message.is_internal:
            return False
        author = message.author_id
        if author.user_ids.filtered(lambda user: user._is_internal()):
            return False
        customer = self.sudo().partner_id.commercial_partner_id
        if customer and author.commercial_partner_id == customer:
            return True
        address = email_normalize(message.email_from)
        return bool(address) and address == email_normalize(self.sudo().partner_email)

    def _policy_is_our_answer(self, message):
        message = message.sudo()
        author = message.author_id.user_ids
        return (
            message.message_type == "comment"
            and not message.is_internal
            and not message.subtype_id.internal
            and any(user._is_internal() for user in author)
        )

    def _policy_customer_wrote(self, message):
        """Let nothing that the customer says be overlooked, whatever state his case is in.

        A closed case is reopened within the days of its clause; later his words become a case of
        their own that points at the old one. Where no clause says so a person sorts it out.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if self.policy_outcome == "not_accepted" and (follower := self._policy_followers()):
            follower._policy_hear(message)
            return
        self._policy_guarded_write({"policy_customer_wrote_at": now})
        if self.policy_closed_at:
            rule = self.env["crm.policy.fact.rule"]._policy_for_fact(self, "policy_reopened_at")
            zone = company_zone(self.company_id)
            if not rule.reopen_days:
                self._policy_let_sort(self.env._("The customer wrote after the case was closed."))
            elif now <= days_after(self.policy_closed_at, rule.reopen_days, zone):
                self._policy_reopen(
                    self.env._(
                        "%(clause)s: the customer wrote within %(days)g days of the closing.",
                        clause=rule.clause_id._policy_citation(),
                        days=rule.reopen_days,
                    )
                )
            else:
                self._policy_follow_up(message)
        elif self.policy_outcome in ENDED_OUTCOMES:
            self._policy_let_sort(self.env._("The customer wrote after the case was ended."))

    def _policy_followers(self):
        """Return the newest case that took the place of this one, or none."""
        return self.search([("policy_origin_id", "=", self.id)], order="id desc", limit=1)

    def _policy_hear(self, message):
        """Take what the customer wrote on the case that this one follows: it is about this one."""
        self.message_post(
            body=message.body,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            author_id=message.author_id.id,
            email_from=message.email_from,
            attachment_ids=message.attachment_ids.copy(
                {"res_model": "mail.compose.message", "res_id": 0}
            ).ids,
        )

    def _policy_let_sort(self, reason):
        """Put the case before a person."""
        self._policy_guarded_write({"policy_to_sort": True, "policy_sort_reason": reason})

    def _policy_follow_up(self, message):
        """Make the customer's late word a new case that points at this one."""
        reason = self.env._("The customer wrote about %(case)s.", case=self.display_name)
        try:
            with self.env.cr.savepoint():
                case = self.create([self._policy_follow_up_vals(message)])
                case._policy_guarded_write({"policy_origin_id": self.id})
        except UserError as error:  # no policy is in force, or its type is out of use
            self._policy_let_sort(f"{reason} {error}")
            return
        case._policy_let_sort(reason)
        self._message_log(body=self.env._("Followed by %(case)s.", case=case.display_name))

    def _policy_follow_up_vals(self, message):
        kind = self.policy_complaint_type_id
        return {
            "name": self.name,
            "description": message.body or self.name,
            "policy_kind": self.policy_kind,
            "policy_complaint_type_id": kind.id if kind.active else False,
            "partner_id": self.partner_id.id,
            "policy_order_ref": self.policy_order_ref,
            "company_id": self.company_id.id,
            "policy_department_id": self.policy_department_id.id,
            "user_id": self.user_id.id if self.user_id.active else False,
        }
