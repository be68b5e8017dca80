import logging

from odoo import models
from odoo.tools import email_normalize

from ...words import list_words

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_policy.mail_template_findings"
CASE_URL = "/policy/case"
EMAIL = "email"


class CrmPolicyVerdictMail(models.AbstractModel):
    """Tell the customer by mail that findings wait for his answer (CMP-RTE-07).

    Once a round, with a private link to the page of his case and nothing of the findings. The mail
    is not kept, as its link opens the case; the ledger says that there was one, or why not.
    """

    _name = "crm.policy.verdict.mail"
    _description = "Mail about the Verdict to the Customer"

    def action_policy_present(self, text=None):
        result = super().action_policy_present(text)
        for verdict in self.sudo():
            verdict._policy_mail_customer()
        return result

    def _policy_mail_customer(self):
        """Put the mail into the queue, or note why there is none; never raises. Superuser's."""
        self.ensure_one()
        problem = self._policy_mail_problem() or self._policy_queue_mail()
        case = self.ticket_id
        if problem:
            self._policy_log_step("not_mailed", {"round": self.round})
            case._message_log(
                body=self.env._(
                    "%(verdict)s: the customer was not told by mail. %(problem)s",
                    verdict=self.display_name,
                    problem=problem,
                )
            )
            return
        self._policy_log_step("mailed", {"round": self.round})
        case._message_log(
            body=self.env._(
                "%(verdict)s: the customer was asked by mail for his answer.",
                verdict=self.display_name,
            )
        )

    def _policy_mail_problem(self):
        """Return why he gets no mail, or None."""
        case = self.ticket_id
        milestone = case._policy_milestone("policy_replied_at")
        allowed = milestone._policy_channels()
        if allowed and EMAIL not in allowed:
            labels = dict(case._fields["policy_reply_channel"]._description_selection(self.env))
            return self.env._(
                "%(clause)s: the customer is told by %(channels)s, not by %(channel)s.",
                clause=milestone.clause_id._policy_citation(),
                channels=list_words(self.env, [labels[code] for code in allowed]),
                channel=labels[EMAIL],
            )
        if not self._policy_customer_address():
            return self.env._("No address of his is known.")
        return None

    def _policy_customer_address(self):
        """Return the address of who has complained, never one of our own people; or ""."""
        case = self.ticket_id
        partner = case.partner_id
        if partner.with_context(active_test=False).user_ids.filtered(lambda user: not user.share):
            return ""
        return email_normalize(partner.email or case.partner_email or "") or ""

    def _policy_queue_mail(self):
        """Make the mail in his language; return what went wrong, or None."""
        case = self.ticket_id
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        if not template:
            return self.env._("There is no template for it.")
        # The answer must come back to the mailbox; nobody's name stands before the address.
        reply_to = email_normalize(case._notify_get_reply_to()[case.id] or "")
        try:
            with self.env.cr.savepoint():
                days = self.env["crm.policy.intake.page"]._policy_limit("follow_days")
                token = self.env["crm.policy.follow.link"]._policy_issue(case, days, "findings")
                link = f"{case.get_base_url()}{CASE_URL}/{token}"
                mail_id = (
                    template.sudo()
                    .with_context(policy_link=link)
                    .send_mail(
                        case.id,
                        email_values={
                            "email_to": self._policy_customer_address(),
                            **({"reply_to": reply_to} if reply_to else {}),
                            "recipient_ids": [],
                            "auto_delete": True,
                        },
                    )
                )
                # Nobody who reads the case reads the link.
                mail = self.env["mail.mail"].sudo().browse(mail_id)
                mail.mail_message_id.write({"model": False, "res_id": False, "body": False})
        except Exception as problem:  # noqa: BLE001 - a broken template must not undo the showing
            _logger.warning("No mail about findings could be made: %s", problem, exc_info=True)
            return " ".join(str(problem).split())[:300]
        # Sent by the queue, after all of it is safely stored.
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return None
