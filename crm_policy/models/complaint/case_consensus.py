import contextlib

from psycopg2.errors import UniqueViolation

from odoo import models

from ...const import ENDED_OUTCOMES
from .customer_answer import LONGEST_WORDS

# What he may say to the findings.
DECISIONS = frozenset({"agree", "object"})


class CrmPolicyCaseConsensus(models.AbstractModel):
    """The customer reads what the committee has found and agrees or objects, on the page of his
    case (CMP-RTE-07).

    He sees what his sales manager has written for him, the delivery and what he bears himself:
    nothing of what the house bears, of its budget or of who has signed.
    """

    _name = "crm.policy.case.consensus"
    _description = "Case Whose Customer Answers Its Findings"

    # === WHAT HE SEES === #

    def _policy_customer_verdict(self):
        """Return the findings that the customer has before him, or none; as superuser."""
        self.ensure_one()
        if self.policy_outcome in ENDED_OUTCOMES:
            return self.env["crm.policy.verdict"].sudo()
        shown = self._policy_verdicts()[-1:].filtered("presented_at")
        return shown.filtered(lambda verdict: verdict.state in ("signed", "agreed"))

    def _policy_customer_decides_on(self):
        """Return the findings that wait for his word, or none; as superuser."""
        return self._policy_customer_verdict().filtered(
            lambda verdict: (
                verdict.state == "signed"
                and not verdict.confirmed_at
                and not verdict._policy_lock_problem(verdict.ticket_id)
            )
        )

    def _policy_customer_findings(self):
        """Return the findings as he reads them.

        :return: dict ``round``, ``text``, ``memo``, ``delivery_date``, ``amount`` (formatted),
            ``percent``, ``waits`` (for his word); None where he has none before him.
        """
        verdict = self._policy_customer_verdict()
        if not verdict:
            return None
        return {
            "round": verdict.round,
            "text": verdict.customer_text,
            "memo": verdict.memo,
            "delivery_date": verdict.delivery_date,
            "amount": verdict.currency_id.format(verdict.customer_amount),
            "percent": f"{verdict.customer_percent:g}",
            "waits": bool(self._policy_customer_decides_on()),
        }

    def _policy_customer_status(self):
        code, words = super()._policy_customer_status()
        if code in ("received", "examined") and self._policy_customer_decides_on():
            words = self.env._("Waiting for your answer")
        return code, words

    def _policy_customer_next(self):
        if self._policy_customer_decides_on():
            return self.env._("Read what we found out and tell us whether you agree.")
        verdict = self._policy_verdicts()[-1:]
        if not self.policy_decided_at and verdict.presented_at:
            if verdict.state == "objected":
                return self.env._("We discuss your objection and come back to you.")
            if verdict.confirmed_at or verdict.state == "agreed":
                return self.env._("You have agreed. We prepare the solution and tell you of it.")
        return super()._policy_customer_next()

    def _policy_said_words(self, word):
        if word.kind != "opinion":
            return super()._policy_said_words(word)
        if word.outcome == "confirmed":
            return self.env._("You agreed to our findings.")
        return self.env._("You objected to our findings.")

    # === WHAT HE SAYS === #

    def _policy_customer_answers(self, form, channel, author=None, link=None):
        if form.get("saying") not in DECISIONS:
            return super()._policy_customer_answers(form, channel, author, link)
        self.ensure_one()
        case = self.sudo()
        given = form.get("round") or ""
        if case._policy_has_decided(given):
            return []
        verdict = case._policy_customer_decides_on()
        if not verdict:
            return [case._policy_why_not_decided()]
        if given != str(verdict.round):
            return [self.env._("We have looked at it once more. Read what is new and answer that.")]
        agrees = form["saying"] == "agree"
        words = (form.get("words") or "").strip()
        if len(words) > LONGEST_WORDS:
            return [self.env._("The text is too long. Shorten it, please.")]
        if not agrees and not words:
            return [self.env._("Tell us what you do not agree with, please.")]
        # He may have pressed twice, and the other one was first.
        with contextlib.suppress(UniqueViolation), self.env.cr.savepoint():
            case._policy_take_decision(verdict, agrees, words, channel, author, link)
        return []

    def _policy_has_decided(self, given):
        """Return whether the customer has answered the findings of this round himself."""
        return given in {
            str(word.round)
            for word in self._policy_customer_words()
            if word.kind == "opinion" and word.cycle == self.policy_cycle
        }

    def _policy_why_not_decided(self):
        """Return why nothing waits for his word, in words to him."""
        verdict = self._policy_verdicts()[-1:]
        if self.policy_closed_at or self.policy_outcome in ENDED_OUTCOMES:
            return self.env._("Your case is closed: this is not answered any more.")
        if self.policy_decided_at:
            return self.env._("This is decided already. Write to us below if it is not right.")
        if verdict.agreed_at or verdict.objected_at:
            return self.env._(
                "This was settled with you already. Write to us below if it is not right."
            )
        return self.env._("There is nothing to answer now. Write to us below.")

    def _policy_take_decision(self, verdict, agrees, words, channel, author, link):
        """Keep what was said and do what follows from it; as superuser."""
        self.env["crm.policy.interaction"]._policy_record(
            self,
            "opinion",
            clause=verdict.team_id.clause_id or self.policy_version_id,
            round=verdict.round,
            outcome="confirmed" if agrees else "refused",
            channel=channel,
            link=link,
            text=words or False,
            author_id=author.id if author else False,
        )
        speaker = author or self.partner_id
        if agrees:
            note = self.env._("The customer agrees to %(verdict)s.", verdict=verdict.display_name)
            sender = {"author_id": speaker.id} if speaker else {}
            self._message_log(body="\n".join(filter(None, [note, words])), **sender)
        else:
            self._policy_customer_says(words, author=speaker)
        verdict._policy_customer_decides(agrees, words, author)
