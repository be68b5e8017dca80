from odoo import api, fields, models
from odoo.tools import format_datetime

from ...tools.zones import company_zone
from ...words import list_words, with_note


class CrmPolicyExplain(models.AbstractModel):
    """How a deadline came about: which time counted, which did not and why (mixin of deadlines)."""

    _name = "crm.policy.explain"
    _description = "Explanation of a Deadline"

    explanation = fields.Json(compute="_compute_explanation", help="What explain() says.")

    # === COMPUTE METHODS === #

    @api.depends("due_at", "start_at", "state", "paused_at")
    @api.depends_context("lang", "tz")
    def _compute_explanation(self):
        for deadline in self:
            deadline.explanation = deadline.id and deadline.explain()

    # === ACTION METHODS === #

    def explain(self):
        """Return why this deadline is due when it is.

        :return: what can be sent as JSON. Instants are UTC "YYYY-MM-DD HH:MM:SS", lengths seconds:

            - ``start``, ``due``, ``done``, ``earliest``, ``paused_at`` (False: none);
            - ``clause`` (its number), ``version``, ``citation``, ``sentence``, ``name``,
              ``document``, ``state``;
            - ``duration``, ``unit``, ``factor``;
            - ``seconds``, ``days``: what counted; of a clock of minutes or hours duration times
              factor, of one of working days or days the number of days. A clock of days has its
              days in ``intervals``, and the seconds of them are those of whole days;
            - ``intervals``: {from, to, kind counted | closed | paused, seconds, days, reason} from
              start to due without a gap;
            - ``rows``: the same in few lines and in words for people: {kind, from, to, amount,
              reason}; ``facts``: pairs of words around them;
            - ``exact``: False when the calendar or a pause has changed since the clock ended, which
              no longer moves it.
        :raises AccessError: whoever may not see the document does not see this.
        """
        self.ensure_one()
        self.check_access("read")
        deadline = self.sudo()
        rule = deadline.rule_id
        account, exact = deadline._policy_explained()
        text = fields.Datetime.to_string
        return {
            "id": deadline.id,
            "name": rule.name,
            "document": self.res_name,
            "state": deadline.state,
            "clause": deadline.clause_number,
            "version": deadline.version_label,
            "citation": deadline.clause_id._policy_citation(),
            "sentence": rule.sentence,
            "is_trial": deadline.is_trial,
            "start": text(deadline.start_at),
            "due": text(deadline.due_at),
            "done": text(deadline.done_at),
            "earliest": text(deadline.earliest_at),
            "paused_at": text(deadline.paused_at),
            "duration": rule.duration,
            "unit": rule.unit,
            "factor": deadline.factor,
            "seconds": account["seconds"],
            "days": account["days"],
            "intervals": rule._policy_intervals(account["parts"]),
            "rows": rule._policy_account_rows(account["rows"], deadline.company_id),
            "total": rule._policy_total_words(account),
            "facts": deadline._policy_explained_facts(),
            "exact": exact,
        }

    def action_policy_print_explanation(self):
        """Print the explanation, on A4."""
        self.check_access("read")
        return self.env.ref("crm_policy.explain_report").report_action(self)

    # === BUSINESS METHODS === #

    def _policy_explanation_lines(self):
        """Return the explanation as lines of text, for whatever is not a screen.

        :rtype: list[str]
        """
        told = self.explain()
        lines = [told["document"], f"{told['name']}: {told['sentence']}", told["citation"]]
        lines += [f"{label}: {value}" for label, value in told["facts"]]
        for row in told["rows"]:
            words = f"{row['from']} - {row['to']}  {row['amount']}"
            lines.append(with_note(self.env, words, row["reason"]))
        return [*lines, told["total"]]

    def _policy_explained(self):
        """Return the account of the time, and whether it would be the same today."""
        rule, company = self.rule_id, self.company_id
        stops, due = [], self.due_at
        codes = rule._policy_pause_codes()
        if codes:
            record = self.env[self.res_model].browse(self.res_id).exists()
            log = record._policy_pause_log().get(record.id, ()) if record else ()
            own = [pause for pause in log if pause.code in codes]
            if own:
                due, counted = rule._policy_replay(self.start_at, company, self.factor, own)
                names = {reason.code: reason.name for reason in rule.pause_reason_ids}
                stops = [
                    (
                        stop.start,
                        stop.stop,
                        list_words(
                            self.env,
                            dict.fromkeys(
                                names[pause.code]
                                for pause in own
                                if pause.stop.start < stop.stop and pause.stop.stop > stop.start
                            ),
                        ),
                    )
                    for stop in counted
                ]
        if rule.unit != "given" and not stops:
            [due] = rule._policy_due([self.start_at], company, [self.factor])
        exact = due == self.due_at or bool(rule.due_path and self.due_at < due)
        account = rule._policy_account(self.start_at, self.due_at, company, self.factor, stops)
        return account, exact

    def _policy_explained_facts(self):
        """Return the instants of a deadline in words: pairs (label, value)."""
        zone = self.env.context.get("tz") or self.env.user.tz or company_zone(self.company_id).key
        shown = ["start_at", "due_at", "earliest_at", "done_at", "paused_at"]
        facts = [
            (self._fields[name].get_description(self.env, ["string"])["string"],
             format_datetime(self.env, self[name], tz=zone, dt_format="yyyy-MM-dd EEE HH:mm"))
            for name in shown
            if self[name]
        ]  # fmt: skip
        if self.cycle:
            facts.append((self.env._("Reopened"), self.env._("%s times", self.cycle)))
        if self.factor != 1:
            facts.append((self.env._("Factor"), f"{self.factor:g}"))
        if self.state == "late" and self.lateness_seconds:
            words = self.rule_id._policy_seconds_words(self.lateness_seconds)
            facts.append((self.env._("Late by"), words))
        return facts
