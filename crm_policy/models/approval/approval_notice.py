import logging
from collections import defaultdict

from odoo import api, fields, models

from ...tools.zones import company_zone, day_start, moment_words, named_zone, to_local

_logger = logging.getLogger(__name__)

LISTED = 20  # requests that one message lists; the others are counted
NOTICES = "crm.policy.approval.notices"
COUNTERS = "crm.policy.approval.counters"


class CrmPolicyApprovalNotice(models.AbstractModel):
    """Who is told of a request: one message per person and transaction, whatever their number.

    A message links to the form of the request, behind the login. Nothing is decided by a link.
    """

    _name = "crm.policy.approval.notice"
    _description = "Messages of Requests"

    reminded_on = fields.Date(
        readonly=True, help="The day on which those who decide were last reminded by themselves."
    )

    # === WHEN PEOPLE ARE TOLD === #

    @api.model
    def _policy_announce(self, people):
        result = super()._policy_announce(people)
        for approval, users in people.items():
            approval._policy_tell("asked", users)
        return result

    @api.model
    def _policy_write_changes(self, changes):
        users = super()._policy_write_changes(changes)
        self._policy_count_anew(users)
        return users

    def _policy_ended(self, state):
        result = super()._policy_ended(state)
        if state in ("approved", "rejected"):
            for requester, approvals in self.sudo().grouped("requester_id").items():
                approvals._policy_tell(state, requester)
        return result

    # === TELLING === #

    def _policy_tell(self, kind, users, comment=None):
        """Let users know of these requests once the transaction is about to be committed.

        :param str kind: asked | added | forwarded | waiting | reminded | copied | approved |
            rejected | returned | lapsed | withdrawn.
        :param str comment: what the person said who causes the message.
        """
        notices = self._policy_at_commit(NOTICES, lambda: defaultdict(dict))
        for user in users:
            notices[kind, user.id].update(dict.fromkeys(self.ids, comment or ""))
        self._policy_count_anew(users)

    @api.model
    def _policy_count_anew(self, users):
        """Let the open screens of these users count what waits for them, after the commit."""
        self._policy_at_commit(COUNTERS, set).update(users.ids)

    @api.model
    def _policy_at_commit(self, key, make):
        """Return what this transaction has gathered under ``key``; it is sent before the commit."""
        precommit = self.env.cr.precommit
        if key not in precommit.data:
            if not precommit.data.keys() & {NOTICES, COUNTERS}:
                precommit.add(self.sudo()._policy_send_notices)
            precommit.data[key] = make()
        return precommit.data[key]

    @api.model
    def _policy_send_notices(self):
        """Send what was gathered: people who are told the same get the same message."""
        data = self.env.cr.precommit.data
        notices, counters = data.pop(NOTICES, {}), data.pop(COUNTERS, set())
        # Who is told why he of all people is asked is not told a second time that he is.
        for kind, user_id in list(notices):
            if kind in ("added", "forwarded"):
                asked = notices.get(("asked", user_id), {})
                for approval_id in notices[kind, user_id]:
                    asked.pop(approval_id, None)
        told = counters.union(user_id for _kind, user_id in notices)
        requests = self.browse({id_ for comments in notices.values() for id_ in comments})
        people = self._policy_read_people(told, requests)
        groups = defaultdict(self.env["res.users"].browse)
        for (kind, user_id), comments in notices.items():
            if user := people.get(user_id):
                groups[kind, user.lang, user.tz, tuple(sorted(comments.items()))] |= user
        for (kind, lang, tz, comments), users in groups.items():
            comments = dict(comments)
            approvals = self.with_context(lang=lang or None, tz=tz or None).browse(comments)
            if kind in ("asked", "added", "forwarded", "waiting", "reminded"):
                # Signed or taken back again before anybody was told.
                approvals = approvals.filtered(lambda one: one.state == "pending")
            if approvals:
                approvals._policy_notify(kind, users, comments)
        for user_id in sorted(counters & people.keys()):
            people[user_id]._bus_send("crm.policy.approval", {})

    @api.model
    def _policy_read_people(self, user_ids, requests):
        """Return {id: user} of those who are still there.

        Read together with everybody who is named in a message about ``requests``.
        """
        Users = self.env["res.users"].with_context(active_test=False).sudo()
        ids = {*user_ids, *requests.requester_id.ids, self.env.uid}
        users = Users.search_fetch([("id", "in", sorted(ids))], ["partner_id"], order="id")
        (users.partner_id | self.env.company.partner_id).mapped("lang")
        return {user.id: user for user in users.with_env(self.env)}

    def _policy_notify(self, kind, users, comments):
        """Write one message about these requests to ``users``, all of one language."""
        one, several, intro = self._policy_notice_words(kind)
        body = self.env["ir.qweb"]._render(
            "crm_policy.approval_notice",
            {
                "intro": intro,
                "approvals": self[:LISTED],
                "comments": comments,
                "more": len(self) - LISTED,
            },
        )
        self.env["mail.thread"].with_context(lang=self.env.lang).message_notify(
            partner_ids=users.partner_id.ids,
            subject=one if len(self) == 1 else several,
            body=body,
            # A click on the message leads to the request; several are listed in it.
            model=self._name if len(self) == 1 else False,
            res_id=self.id if len(self) == 1 else False,
            # What it would look for otherwise.
            model_description=len(self) == 1 and self.env._("Approval Request"),
            tracking_value_ids=[],
        )

    def _policy_notice_line(self):
        """Return the second line of a request in a message: type, requester, since when."""
        subject = dict(self._fields["subject"]._description_selection(self.env)).get(self.subject)
        # On the wall clock of those who read it.
        zone = named_zone(self.env.context.get("tz")) or company_zone(self.company_id)
        parts = (subject, self.requester_id.name, moment_words(self.requested_at, zone))
        return " · ".join(filter(None, parts))

    def _policy_notice_words(self, kind):
        """Return (subject for one request, subject for several, first line) of a message."""
        values = {"name": self[:1].name, "count": len(self)}
        texts = {
            "asked": (
                self.env._("To decide: %(name)s", **values),
                self.env._("%(count)s requests to decide", **values),
                self.env._("You are asked to decide. Open the request, read it and sign."),
            ),
            "added": (
                self.env._("Your signature is asked for: %(name)s", **values),
                self.env._("%(count)s requests to decide", **values),
                self.env._("You were added as a signer. Open the request, read it and sign."),
            ),
            "forwarded": (
                self.env._("Handed on to you: %(name)s", **values),
                self.env._("%(count)s requests to decide", **values),
                self.env._("The decision was handed on to you. Open the request and sign."),
            ),
            "waiting": (
                self.env._("Still to decide: %(name)s", **values),
                self.env._("%(count)s requests still wait for you", **values),
                self.env._("These requests have been waiting for you since before today."),
            ),
            "reminded": (
                self.env._("Reminder: %(name)s", **values),
                self.env._("Reminder: %(count)s requests to decide", **values),
                self.env._("The requester reminds you: your decision is awaited."),
            ),
            "copied": (
                self.env._("For your information: %(name)s", **values),
                self.env._("For your information: %(count)s requests", **values),
                self.env._("You get a copy. There is nothing for you to decide."),
            ),
            "approved": (
                self.env._("Approved: %(name)s", **values),
                self.env._("%(count)s requests were approved", **values),
                self.env._("What you asked for is approved."),
            ),
            "rejected": (
                self.env._("Rejected: %(name)s", **values),
                self.env._("%(count)s requests were rejected", **values),
                self.env._("What you asked for is rejected; the comment says why."),
            ),
            "returned": (
                self.env._("Sent back: %(name)s", **values),
                self.env._("%(count)s requests were sent back", **values),
                self.env._("Change what the comment asks for and submit it again."),
            ),
            "lapsed": (
                self.env._("Submit again: %(name)s", **values),
                self.env._("%(count)s requests to submit again", **values),
                self.env._("The company compares amounts in another way now: submit it again."),
            ),
            "withdrawn": (
                self.env._("Withdrawn: %(name)s", **values),
                self.env._("%(count)s requests were withdrawn", **values),
                self.env._(
                    "The add-on that had it signed is uninstalled: nothing is left to decide."
                ),
            ),
        }
        return texts[kind]

    # === REMINDERS === #

    @api.model
    def _cron_remind_deciders(self):
        """Remind everybody once a working day of what waits for him since before that day."""
        pending = self.sudo()._read_group([("state", "=", "pending")], ["company_id"])
        self.env["ir.cron"]._commit_progress(remaining=len(pending))
        for [company] in pending:
            self._policy_try_remind_company(company)
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _policy_try_remind_company(self, company):
        """Remind those of one company; whatever is wrong there, the others are told all the same.

        What was gathered is sent here and not with the commit, where one message that cannot be
        written would stop the whole run; undoing the savepoint drops what was not sent.
        """
        company_id = company.id
        try:
            with self.env.cr.savepoint():
                self._policy_remind_company(company)
                self._policy_send_notices()
        except Exception:
            _logger.exception("The deciders of company %s cannot be reminded", company_id)

    @api.model
    def _policy_remind_company(self, company):
        zone = company_zone(company)
        today = to_local(fields.Datetime.now(), zone).date()
        calendar = company.resource_calendar_id.with_company(company)
        if not calendar or not calendar._works_on_date(today):
            return
        waiting = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "pending"),
                ("waiting_since", "<", day_start(today, zone)),
                "|",
                ("reminded_on", "=", False),
                ("reminded_on", "<", today),
            ]
        )
        if not waiting:  # saves work
            return
        waiting._policy_update({"reminded_on": today})
        for users, approvals in waiting.grouped("eligible_user_ids").items():
            approvals._policy_tell("waiting", users)
