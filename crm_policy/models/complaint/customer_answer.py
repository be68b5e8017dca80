from odoo import fields, models

from ...const import ENDED_OUTCOMES, SCORES, codes_of
from ...tools.elapsed_time import days_after
from ...tools.zones import company_zone
from ..customer.interaction import LIKELIHOODS, OWN_WORDS

LONGEST_WORDS = 10_000  # characters
# What he may say, and as which word of the case it is kept.
SAYINGS = {"confirm": "answer", "refuse": "answer", "rate": "rating", "appeal": "appeal"}
NEEDS_WORDS = frozenset({"refuse", "appeal"})


class CrmPolicyCustomerAnswer(models.AbstractModel):
    """What the customer himself says to what was done: in the portal, or by his private link.

    He confirms or refuses the solution that he was told, rates, and appeals against the closing;
    each once in each round of his case (POR-03, CMP-RPL-02). Whoever calls these methods has
    checked that he speaks for the customer.
    """

    _name = "crm.policy.customer.answer"
    _description = "Answers of the Customer"

    # === WHAT HE MAY SAY === #

    def _policy_customer_offers(self):
        """Return what the customer may say now.

        :return: set of "answer", "rating" and "appeal".
        """
        self.ensure_one()
        if not self.policy_kind or self.policy_outcome in ENDED_OUTCOMES:
            return set()
        light = self.policy_kind not in ("complaint", "conflict")
        # Feedback is answered by a reply as well, though it is no complaint.
        told = self.policy_replied_at or (light and self.policy_responded_at)
        offers = set()
        if told and not (light or self.policy_closed_at):
            offers.add("answer")
        if told and self._policy_within_days(self._policy_number_of("rating_days")):
            offers.add("rating")
        if self.policy_closed_at and self._policy_within_days(self._policy_reopen_days()):
            offers.add("appeal")
        said = self._policy_customer_words().filtered(lambda word: word.cycle == self.policy_cycle)
        return offers - set(said.mapped("kind"))

    def _policy_within_days(self, days):
        """Return whether the case is open, or was closed no more than ``days`` ago."""
        if not self.policy_closed_at:
            return True
        latest = days_after(self.policy_closed_at, days, company_zone(self.company_id))
        return bool(days) and fields.Datetime.now() <= latest

    def _policy_reopen_days(self):
        rule = self.env["crm.policy.fact.rule"]._policy_for_fact(self, "policy_reopened_at")
        return rule.reopen_days

    def _policy_customer_words(self):
        """Return what the customer has said so, the newest first, as superuser."""
        return (
            self.env["crm.policy.interaction"]
            .sudo()
            .search([("ticket_id", "=", self.id), ("kind", "in", OWN_WORDS)])
        )

    def _policy_customer_said(self):
        """Return what he has said, in words to himself.

        :return: dicts ``words``, ``text`` and ``at`` (naive UTC), the newest first.
        """
        return [
            {"words": self._policy_said_words(word), "text": word.text, "at": word.at}
            for word in self._policy_customer_words()
        ]

    def _policy_said_words(self, word):
        if word.kind != "rating":
            return {
                "confirmed": self.env._("You accepted the solution."),
                "refused": self.env._("You refused the solution."),
                "appeal": self.env._("You appealed."),
            }[word.outcome or word.kind]
        if word.nps:
            return self.env._(
                "You rated us: satisfaction %(score)s of 5, recommendation %(nps)s of 10.",
                score=word.score,
                nps=word.nps,
            )
        return self.env._("You rated us: satisfaction %(score)s of 5.", score=word.score)

    # === WHAT HE SAYS === #

    def _policy_customer_answers(self, form, channel, author=None, link=None):
        """Take what a customer has sent; a second time changes nothing.

        :param dict form: texts ``saying`` (see :data:`SAYINGS`), ``words``, ``score``, ``nps``.
        :param str channel: "portal" or "link".
        :param author: ``res.partner`` who speaks; none if we only know the case.
        :param link: ``crm.policy.follow.link`` by which he has come, if by one.
        :return: sentences for him on what cannot be taken.
        :rtype: list[str]
        """
        self.ensure_one()
        case = self.sudo()
        saying = form.get("saying")
        kind = SAYINGS.get(saying)
        if not kind:
            return [self.env._("Choose what you would like to say.")]
        # Of two at once the second waits, and finds what the first has said.
        case._policy_hold_rows()
        if kind not in case._policy_customer_offers():
            said = case._policy_customer_words().filtered(lambda word: word.kind == kind)
            # He has pressed twice; unless one of ours was faster: then his words are not lost.
            if said and not said.user_id:
                return []
            return [self.env._("This cannot be answered any more. Write to us below.")]
        words = (form.get("words") or "").strip()
        problems = self._policy_customer_problems(saying, words, form)
        if problems:
            return problems
        vals = {"channel": channel, "text": words or False, "link": link}
        if kind == "rating":
            vals |= {"score": int(form["score"]), "nps": form.get("nps") or False}
        elif kind == "answer":
            vals["outcome"] = "confirmed" if saying == "confirm" else "refused"
        case._policy_take_answer(kind, vals, author)
        return []

    def _policy_customer_problems(self, saying, words, form):
        problems = []
        if len(words) > LONGEST_WORDS:
            problems.append(self.env._("The text is too long. Shorten it, please."))
        if saying in NEEDS_WORDS and not words:
            problems.append(self.env._("Tell us why, please."))
        if saying == "rate":
            if form.get("score") not in codes_of(SCORES):
                problems.append(self.env._("Choose how satisfied you are, from 1 to 5."))
            if form.get("nps") and form["nps"] not in LIKELIHOODS:
                problems.append(self.env._("Choose from 0 to 10 whether you would recommend us."))
        return problems

    def _policy_take_answer(self, kind, vals, author):
        """Keep what was said and do what follows from it."""
        self.env["crm.policy.interaction"]._policy_record(
            self,
            kind,
            clause=self.policy_version_id,
            author_id=author.id if author else False,
            **vals,
        )
        author = author or self.partner_id
        if vals.get("outcome") == "refused":
            self._policy_customer_says(vals["text"], author=author)
            self._policy_customer_refused()
        elif kind == "appeal":
            # As each of his words after the closing: it reopens the case, or becomes one.
            self._policy_customer_says(vals["text"], author=author)
        else:
            sender = {"author_id": author.id} if author else {}
            self._message_log(body=self._policy_answer_note(kind, vals), **sender)
        if kind == "rating":
            self._policy_heed_rating(vals["score"])

    def _policy_customer_refused(self):
        """Look for another solution: the case begins a new cycle."""
        self._policy_reopen(self.env._("The customer refuses the solution."))

    def _policy_heed_rating(self, score):
        """Take the case up again if its customer is dissatisfied, by what its policy says.

        What was closed too long ago for that is put before a person.
        """
        if self._policy_within_days(self._policy_reopen_days()):
            self._policy_heed_score(score)
        elif score <= self._policy_number_of("low_score"):
            self._policy_let_sort(self.env._("The customer is dissatisfied with a closed case."))

    def _policy_answer_note(self, kind, vals):
        if kind == "answer":
            note = self.env._("The customer confirms the solution.")
        elif vals["nps"]:
            note = self.env._(
                "The customer rates: satisfaction %(score)s of 5, would recommend us %(nps)s of "
                "10.",
                score=vals["score"],
                nps=vals["nps"],
            )
        else:
            note = self.env._(
                "The customer rates: satisfaction %(score)s of 5.", score=vals["score"]
            )
        return "\n".join(filter(None, [note, vals["text"]]))
