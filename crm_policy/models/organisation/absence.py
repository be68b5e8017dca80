from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.zones import moment_words, reader_zone
from ...words import list_words
from .role import can_act

# What says that a person is away, and when.
SPAN = frozenset({"resource_id", "date_from", "date_to", "time_type"})


class CrmPolicyAbsence(models.AbstractModel):
    """Time off, as posts see it: who is away, and that nobody goes without his substitute."""

    _name = "crm.policy.absence"
    _description = "Absence of Appointed Persons"
    _inherit = ["crm.policy.remembered"]

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._policy_check_substitutes()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        if SPAN.intersection(vals):
            self._policy_check_substitutes()
        return result

    @api.model
    def _policy_absent(self, users, company, start=None, stop=None):
        """Return those of ``users`` whom their employee's time off takes away from ``company``.

        :param start, stop: naive UTC; the moment of the call by default. Somebody is back at the
            very end of his time off.
        """
        if start is None and stop is None:
            leaves = self._policy_away_now(company)
        else:
            leaves = self.sudo().search(
                [
                    *self._policy_away_domain(company),
                    ("resource_id.user_id", "in", users.ids),
                    ("date_from", "<" if stop else "<=", stop or start),
                    ("date_to", ">", start or fields.Datetime.now()),
                ]
            )
        return users & leaves.resource_id.user_id if leaves else users.browse()

    @api.model
    def _policy_away_domain(self, company):
        return [
            ("resource_id.company_id", "in", [company.id, False]),
            ("resource_id", "!=", False),
            ("time_type", "=", "leave"),
        ]

    @api.model
    def _policy_away_now(self, company):
        """Return whose time off is running in ``company`` now; one query in a transaction."""
        now = fields.Datetime.now()
        around = self._policy_around(
            now,
            company,
            lambda first, last: [
                *self._policy_away_domain(company),
                ("date_from", "<", last),
                ("date_to", ">", first),
            ],
        )
        return around and around.filtered(lambda leave: leave.date_from <= now < leave.date_to)

    @api.model
    def _policy_present(self, users, company):
        """Return those of ``users`` who can act for ``company`` at this moment."""
        users = can_act(users, company)
        return users - self._policy_absent(users, company) if users else users

    def _policy_check_substitutes(self):
        """Refuse time off that leaves a post without anybody (ORG-DELEG-01).

        Only posts whose role demands a substitute ask; what is past is merely recorded.
        """
        now = fields.Datetime.now()
        leaves = self.sudo().filtered(
            lambda leave: (
                leave.time_type == "leave" and leave.resource_id.user_id and leave.date_to > now
            )
        )
        if not leaves:
            return
        posts = self.env["crm.policy.post"]._policy_never_empty(leaves.resource_id.user_id)
        for post in posts:
            for leave in leaves:
                if leave.resource_id.company_id in (post.company_id, self.env["res.company"]):
                    leave._policy_check_post(post)

    def _policy_check_post(self, post):
        user = self.resource_id.user_id
        if user in post.user_ids:
            start = max(self.date_from, fields.Datetime.now())
            if self.env["crm.policy.delegation"]._policy_bridges(
                user, post.role_id, post.company_id, start, self.date_to
            ):
                return
            problem = post._policy_substitute_problem(user)
            others = post.substitute_id
        elif user == post.substitute_id:
            problem, others = None, post.user_ids
        else:
            return
        if not problem:
            away = self._policy_absent(
                others, post.company_id, max(self.date_from, fields.Datetime.now()), self.date_to
            )
            if away:
                problem = self.env._(
                    "%(others)s is away at the same time.",
                    others=list_words(self.env, away.mapped("name")),
                )
        if problem:
            raise UserError(
                self.env._(
                    "%(rule)s: somebody stands in for %(post)s at any time, so %(person)s cannot "
                    "be away from %(start)s. %(problem)s",
                    rule=post.role_id._policy_rule_words(),
                    post=post.display_name,
                    person=user.name,
                    start=moment_words(self.date_from, reader_zone(self.env.user, self.company_id)),
                    problem=problem,
                )
            )
