from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import ValidationError

from ...const import codes_of
from ...tools.zones import local_day, moment_words, reader_zone
from ...words import list_words
from ..customer.interaction import likelihoods
from .complaint_mixin import WINDOW

CALLED_BACK = "policy_callback_at"
# How a call ends that asks nobody anything.
IN_VAIN = [("unreachable", "Not Reached"), ("declined", "Does Not Want to Talk")]


class CrmPolicyCaseCallback(models.AbstractModel):
    """Asking the customer whether his case is solved: on its day, or often enough in vain.

    Each call is kept (``crm.policy.interaction``). One before the first instant of its rule is an
    attempt and no more: the callback is still to be made (correction 2). Calls in vain on so many
    days as the policy says make it done (C.1). Who is not satisfied has his case taken up again
    (CBK-OTH-01).
    """

    _name = "crm.policy.case.callback"
    _description = "Callback of a Case"

    policy_callback_outcome = fields.Selection(
        [("reached", "Reached"), *IN_VAIN],
        string="Callback Result",
        readonly=True,
        copy=False,
    )
    policy_callback_nps = fields.Selection(
        lambda self: likelihoods(),
        string="Would Recommend Us",
        readonly=True,
        copy=False,
        help="From 0, not at all, to 10.",
    )

    # === ACTION METHODS === #

    def action_policy_callback(self, score=None, text=None, at=None, reason=None, nps=None):
        """Record that the customer was called back and what he said (CBK-OTH-01, CBK-QLT-01).

        Before the first instant of its rule the call is kept, but does not count. With a low score
        the case is taken up again.

        :param int score: satisfaction, 1 to 5.
        :param str text: what the customer said.
        :param int nps: would he recommend us, 0 to 10; None where he was not asked.
        :return: a notification for the client where the call does not count, else True.
        """
        Interaction = self.env["crm.policy.interaction"]
        said = {
            "score": Interaction._policy_check_score(score),
            "nps": Interaction._policy_check_nps(nps),
            "outcome": "reached",
            "text": text,
        }
        self._policy_require("policy_callback_text", text)
        cases, moment, early = self._policy_call(at, reason)
        counted = cases.filtered(lambda case: case.id not in early)
        with self.env.cr.savepoint():
            if counted:
                vals = {f"policy_callback_{name}": value for name, value in said.items()}
                counted.with_env(self.env)._policy_act(CALLED_BACK, WINDOW, at, reason, vals)
            cases._policy_keep_calls(moment, early, said)
            cases._policy_heed_score(score)
        return self._policy_tell_early(early) or True

    def action_policy_callback_attempt(
        self, outcome="unreachable", text=None, at=None, reason=None
    ):
        """Record a call by which nobody could be asked.

        On the last of the days that the policy asks for, the callback is done: without a score.

        :param str outcome: "unreachable" or "declined".
        :param str text: who was called and what happened.
        :return: a notification for the client where the call does not count, else True.
        """
        if outcome not in codes_of(IN_VAIN):
            raise ValidationError(
                self.env._("A call in vain does not end with %(outcome)s.", outcome=outcome)
            )
        self._policy_require("policy_callback_text", text)
        cases, moment, early = self._policy_call(at, reason)
        said = {"outcome": outcome, "text": text}
        with self.env.cr.savepoint():
            cases._policy_keep_calls(moment, early, said)
            enough = cases._policy_called_enough()
            if enough:
                vals = {"policy_callback_outcome": outcome, "policy_callback_text": text}
                enough.with_env(self.env)._policy_act(CALLED_BACK, WINDOW, at, reason, vals)
        return self._policy_tell_early(early) or True

    # === BUSINESS METHODS === #

    def _policy_call(self, at, reason):
        """Check that the user may record a call now, of whatever result.

        :return: the cases as superuser, the instant, and {id: the instant from which it would
            count} of those where it comes too early.
        """
        self._policy_check_doer(CALLED_BACK, WINDOW)
        self._policy_check_governed()
        now = fields.Datetime.now()
        moment = self._policy_moment(CALLED_BACK, at, now)
        cases = self.sudo()
        for case in cases:
            case._policy_check_fact(CALLED_BACK, moment)
            if moment < now:
                case._policy_check_backdating(CALLED_BACK, moment, now, reason)
        return cases, moment, cases._policy_too_early(moment)

    def _policy_too_early(self, moment):
        """Return {id: the instant from which a callback counts} of cases where that is to come."""
        clocks = self.env["crm.policy.deadline"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "=", "open"),
                ("rule_id.done_path", "=", CALLED_BACK),
                ("earliest_at", ">", moment),
            ],
            order="earliest_at",
        )
        return {clock.res_id: clock.earliest_at for clock in clocks}

    def _policy_keep_calls(self, moment, early, said):
        Interaction = self.env["crm.policy.interaction"]
        for case in self:
            Interaction._policy_record(
                case,
                "callback",
                moment,
                clause=case._policy_fact_clause(CALLED_BACK) or case.policy_version_id,
                channel="phone",
                counts_from=early.get(case.id, False),
                **said,
            )

    def _policy_called_enough(self):
        """Return the cases that were called in vain on so many days as their policy asks for.

        Calls of one day count once, those before the first instant not at all.
        """
        calls = self.env["crm.policy.interaction"].search(
            [
                ("ticket_id", "in", self.ids),
                ("kind", "=", "callback"),
                ("outcome", "in", codes_of(IN_VAIN)),
                ("counts_from", "=", False),
            ]
        )
        days = defaultdict(set)
        for call in calls:
            days[call.ticket_id.id, call.cycle].add(local_day(call.at, call.company_id))
        return self.filtered(
            lambda case: (
                0
                < case._policy_number_of("callback_attempts")
                <= len(days[case.id, case.policy_cycle])
            )
        )

    def _policy_number_of(self, code):
        """Return what the version of the case says under ``code``, 0 where it says nothing."""
        return self.env["crm.policy.parameter"]._policy_value_under(self.policy_version_id.id, code)

    def _policy_heed_score(self, score):
        """Take up again the cases whose customers are dissatisfied, by what their policies say."""
        for version, cases in self.grouped("policy_version_id").items():
            low = self.env["crm.policy.parameter"]._policy_of(version, "low_score")
            if score <= low.value:
                cases._policy_reopen(
                    self.env._(
                        "%(clause)s: satisfaction %(score)s of 5.",
                        clause=low.clause_id._policy_citation(),
                        score=score,
                    )
                )

    def _policy_tell_early(self, early):
        """Return what tells the user that calls do not count, or None."""
        if not early:
            return None
        zone = reader_zone(self.env.user, self.env.company)
        days = [moment_words(moment, zone) for moment in sorted(set(early.values()))]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": self.env._(
                    "The call is kept, but it comes too early to be the callback, which counts "
                    "from %(moments)s.",
                    moments=list_words(self.env, days),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
