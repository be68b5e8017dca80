import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ...words import list_words

_logger = logging.getLogger(__name__)

BATCH = 100


class CrmPolicyDelegationCourse(models.AbstractModel):
    """How a delegation begins and ends: what the delegate sees, and what both are told.

    Whether somebody may decide follows from the instants alone, whenever this runs.
    """

    _name = "crm.policy.delegation.course"
    _description = "Course of Delegations"

    opened_at = fields.Datetime(
        string="Begun At",
        readonly=True,
        copy=False,
        help="Since when the delegate sees what waits.",
    )
    closed_at = fields.Datetime(
        string="Ended At", readonly=True, copy=False, help="When what he saw by it was taken back."
    )

    # === BEGIN AND END === #

    def _policy_plan(self):
        """Have the cron run at the first and the last instant of each."""
        cron = self.env.ref("crm_policy.cron_keep_delegations", raise_if_not_found=False)
        if cron:
            moments = {*self.mapped("starts_at"), *self.mapped("ends_at")}
            cron.sudo()._trigger(at=sorted(moments))

    @api.model
    def _policy_due_domain(self, moment):
        """Return what begins or is over at ``moment`` and was not opened or closed yet."""
        over = Domain("ends_at", "<=", moment) | Domain("revoked_at", "!=", False)
        begins = Domain("opened_at", "=", False) & Domain("starts_at", "<=", moment)
        return Domain("closed_at", "=", False) & (over | begins)

    @api.model
    def _cron_keep(self):
        """Open what begins and close what is over; a second run finds nothing left."""
        self = self.sudo()
        failed = self.browse()
        while True:
            due = self.search(
                self._policy_due_domain(fields.Datetime.now()) & Domain("id", "not in", failed.ids),
                limit=BATCH,
                order="id",
            )
            for line in due:
                try:
                    with self.env.cr.savepoint():
                        line._policy_keep()
                except Exception:
                    # One that cannot be kept must not hold up the others.
                    _logger.exception("Delegation %s could not be kept", line.id)
                    failed += line
            if not self.env["ir.cron"]._commit_progress(len(due)) or len(due) < BATCH:
                return

    def _policy_keep(self):
        """Open those of ``self`` that are in force, close those that are over."""
        now = fields.Datetime.now()
        due = self.filtered_domain(self._policy_due_domain(now))
        over = due.filtered(lambda line: line.revoked_at or line.ends_at <= now)
        fresh = due - over
        if fresh:
            fresh._policy_guarded_write({"opened_at": now})
        if over:
            over._policy_guarded_write({"closed_at": now})
            self.env["crm.policy.case.access"]._policy_withdraw(over)
            ended = over.filtered(lambda line: not line.revoked_at)
            ended._policy_log_state("delegation.ended")
            ended._policy_tell("ended")
        roles = self.env["crm.policy.role"].union(*(line._policy_roles() for line in due))
        if roles:
            roles._policy_holders_changed()
            # What another delegation opens to the same person was taken back with the rest.
            still = self._policy_in_force_for(over.to_user_id) | fresh
            still._policy_open_sight()

    def _policy_in_force_for(self, deputies):
        return self.search(
            self._policy_active_domain(fields.Datetime.now())
            & Domain("to_user_id", "in", deputies.ids)
        )

    def _policy_open_sight(self):
        """Let the delegates see what waits for their principals; rooms above know what that is."""

    # === TELLING BOTH === #

    def _policy_tell(self, what):
        """Write to principal and delegate, each in his language.

        :param str what: "created", "revoked" or "ended".
        """
        for line in self.sudo():
            people = line.from_user_id | line.to_user_id
            for lang, users in people.grouped("lang").items():
                there = line.with_context(lang=lang or None)
                subject, body = there._policy_news(what)
                self.env["mail.thread"].with_company(line.company_id).message_notify(
                    model=line._name,
                    res_id=line.id,
                    partner_ids=users.partner_id.ids,
                    subject=subject,
                    body=body,
                    notify_author=True,
                )

    def _policy_news(self, what):
        """Return subject and sentence of what is told, in the language of the environment."""
        values = {
            "number": self.number,
            "delegate": self.to_user_id.name,
            "principal": self.from_user_id.name,
            "author": self.env.user.name,
        }
        if what == "revoked":
            subject = self.env._("Delegation %(number)s was revoked", **values)
            body = self.env._(
                "%(author)s has revoked delegation %(number)s: %(delegate)s no longer acts for "
                "%(principal)s.",
                **values,
            )
        elif what == "ended":
            subject = self.env._("Delegation %(number)s has ended", **values)
            body = self.env._(
                "Delegation %(number)s is over: %(delegate)s no longer acts for %(principal)s.",
                **values,
            )
        else:
            subject = self.env._(
                "Delegation %(number)s: %(delegate)s acts for %(principal)s", **values
            )
            body = self.env._(
                "%(delegate)s decides for %(principal)s from %(start)s to %(stop)s, both days "
                "included. Roles: %(roles)s. Up to: %(cap)s. Entered by %(author)s.",
                start=format_date(self.env, self.date_from),
                stop=format_date(self.env, self.date_to),
                roles=list_words(self.env, self.role_ids.mapped("name"))
                or self.env._("all that he holds"),
                cap=format_amount(self.env, self.max_amount, self.currency_id)
                if self.max_amount
                else self.env._("his own limit"),
                **values,
            )
        return subject, body
