from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...const import SCORES, codes_of
from ...score import Score

KINDS = [
    ("reply", "Decision Told"),
    ("callback", "Callback"),
    ("answer", "Word on the Solution"),
    ("rating", "Rating"),
    ("appeal", "Appeal"),
    ("opinion", "Word on the Findings"),
]
# What a customer says himself, once in each round of his case; on the findings once on each.
OWN_WORDS = ("answer", "rating", "appeal", "opinion")
OUTCOMES = [
    ("reached", "Reached"),
    ("unreachable", "Not Reached"),
    ("declined", "Does Not Want to Talk"),
    ("confirmed", "Confirms the Solution"),
    ("refused", "Refuses the Solution"),
]
CHANNELS = [
    ("phone", "Phone"),
    ("letter", "Letter"),
    ("email", "E-mail"),
    ("visit", "Visit"),
    ("portal", "Portal"),
    ("link", "Private Link"),
]
SCORE_CODES = codes_of(SCORES)
# Would he recommend us, from 0 to 10 (SAT-03): who says 9 or 10 promotes us, up to 6 he does not.
LIKELIHOODS = tuple(map(str, range(11)))
PROMOTERS, DETRACTORS = LIKELIHOODS[9:], LIKELIHOODS[:7]


def likelihoods():
    """Return the answers to "would you recommend us" as a selection."""
    return [(number, number) for number in LIKELIHOODS]


class CrmPolicyInteraction(models.Model):
    """What was said between us and a customer about his case: when, by whom, how satisfied he was.

    Calls that were tried in vain, or too early to count, are kept as well. Nothing of it is
    changed afterwards; when a case begins anew, what was said before stays.
    """

    _name = "crm.policy.interaction"
    _description = "Word with a Customer"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "ticket_id"
    _order = "at desc, id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    cycle = fields.Integer(
        readonly=True, help="How often the case had been reopened when it was said."
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    at = fields.Datetime(string="On", required=True, readonly=True, index=True)
    round = fields.Integer(readonly=True, help="On which findings he has given his word.")
    author_id = fields.Many2one(
        "res.partner",
        string="Spoken for the Customer By",
        readonly=True,
        index="btree_not_null",
        help="Who was logged in for the customer; empty: it came by his private link.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Spoken By",
        readonly=True,
        index="btree_not_null",
        help="Empty: the customer said it himself, in the portal or by his link.",
    )
    channel = fields.Selection(CHANNELS, readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    counts_from = fields.Datetime(
        string="Would Count From",
        readonly=True,
        help="The call came before its day: it is kept, but the callback is still to be made.",
    )
    score = Score(string="Satisfaction", readonly=True, aggregator="avg", help="From 1 to 5.")
    nps = fields.Selection(
        lambda self: likelihoods(),
        string="Would Recommend Us",
        readonly=True,
        help="From 0, not at all, to 10.",
    )
    nps_points = fields.Float(
        string="Net Promoter Score",
        compute="_compute_nps_points",
        aggregator="avg",
        help="The share of those who say 9 or 10 less the share of those who say up to 6, in "
        "percent of all who answered.",
    )
    text = fields.Text(string="What Was Talked About", readonly=True)

    _once_uniq = models.UniqueIndex(
        "(ticket_id, cycle, kind) WHERE kind IN ('answer', 'rating', 'appeal')",
        "The customer says it once in each round of his case.",
    )
    _opinion_uniq = models.UniqueIndex(
        "(ticket_id, cycle, round) WHERE kind = 'opinion'",
        "The customer answers each findings once.",
    )

    # === COMPUTE METHODS === #

    @api.depends("nps")
    def _compute_nps_points(self):
        """Return 100, 0 or -100 of one answer: the average of many is the Net Promoter Score."""
        for word in self:
            word.nps_points = 100 * (word.nps in PROMOTERS) - 100 * (word.nps in DETRACTORS)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "nps_points":
            return super()._field_to_sql(alias, field_expr, query)
        # Who was not asked is no answer of 0: null.
        return SQL(
            """
            CASE WHEN %(nps)s IN %(promoters)s THEN 100.0
                 WHEN %(nps)s IN %(detractors)s THEN -100.0
                 WHEN %(nps)s IS NOT NULL THEN 0.0 END""",
            nps=super()._field_to_sql(alias, "nps", query),
            promoters=PROMOTERS,
            detractors=DETRACTORS,
        )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_record(self, cases, kind, at=None, clause=None, link=None, **vals):
        """Keep what was said about each of ``cases``, with an event; as superuser.

        :param str kind: a value of the field ``kind``.
        :param datetime at: naive UTC; now by default.
        :param clause: ``crm.policy.clause`` or version that asked for it.
        :param link: ``crm.policy.follow.link`` by which it was said, if by one: the event tells it
            apart from the others of the case.
        :param vals: the other fields, the same for all.
        :return: the rows, in the order of ``cases``.
        """
        ours = kind not in OWN_WORDS
        rows = self.sudo()._policy_insert(
            [
                {
                    "ticket_id": case.id,
                    "company_id": case.company_id.id,
                    "partner_id": case.partner_id.id,
                    "cycle": case.policy_cycle,
                    "kind": kind,
                    "at": at or fields.Datetime.now(),
                    "user_id": self.env.uid if ours else False,
                    **vals,
                }
                for case in cases
            ]
        )
        told = ("outcome", "score", "nps", "channel")
        payload = {name: vals[name] for name in told if vals.get(name)}
        if vals.get("author_id"):
            payload["partner"] = vals["author_id"]
        if link:
            payload |= link._policy_payload()
        if vals.get("counts_from"):
            payload["counts_from"] = str(vals["counts_from"])
        self.env["crm.policy.event"]._policy_log(f"customer.{kind}", cases, payload, clause=clause)
        return rows

    @api.model
    def _policy_check_score(self, score):
        """Return ``score`` if it is a whole number from 1 to 5.

        :raises ValidationError: it is none.
        """
        if isinstance(score, bool) or not isinstance(score, int) or str(score) not in SCORE_CODES:
            raise ValidationError(
                self.env._(
                    "Satisfaction is a whole number from 1 to 5, not %(score)s.", score=score
                )
            )
        return score

    @api.model
    def _policy_check_nps(self, nps):
        """Return ``nps`` as it is kept: "0" to "10", or False for None.

        :raises ValidationError: it is neither None nor a whole number from 0 to 10.
        """
        if nps is None:
            return False
        if isinstance(nps, bool) or not isinstance(nps, int) or str(nps) not in LIKELIHOODS:
            raise ValidationError(
                self.env._("A recommendation is a whole number from 0 to 10, not %(nps)s.", nps=nps)
            )
        return str(nps)
