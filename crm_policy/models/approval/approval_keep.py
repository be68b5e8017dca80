import logging

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import split_every

from .approval_changes import Changes

_logger = logging.getLogger(__name__)

CHUNK = 100  # requests per transaction


class CrmPolicyApprovalKeep(models.AbstractModel):
    """Requests that wait, while people come and go: none is ever stuck."""

    _name = "crm.policy.approval.keep"
    _description = "Keeping of Requests"

    @api.model
    def _cron_keep_deciders(self):
        """Bring up to date who may decide what waits, in chunks; one bad request stops no other."""
        pending = self.sudo().search([("state", "=", "pending")], order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(pending))
        for chunk in split_every(CHUNK, pending.ids, self.sudo().browse):
            chunk.exists()._policy_keep_safely()
            if not self.env["ir.cron"]._commit_progress(len(chunk)):
                return

    def _policy_lapse_changed(self):
        """Let those lapse that are no longer what was asked for, and tell who has asked."""
        kept = self._policy_installed()
        documents = kept._policy_documents()
        changed = kept.filtered(lambda approval: not documents[approval]._policy_is_as_asked())
        changed._policy_lapse()
        for requester, approvals in changed.grouped("requester_id").items():
            approvals._policy_tell("lapsed", requester)

    def _policy_keep_safely(self):
        """Keep requests together, or one by one when one of them fails."""
        try:
            with self.env.cr.savepoint():
                self._policy_keep_deciders()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            if len(self) == 1:
                _logger.exception("Who decides request %s could not be found", self.ids)
                return
            for approval in self:
                approval._policy_keep_safely()

    def _policy_keep_deciders(self):
        """Store who may decide these requests now and let newcomers see what they ask about.

        A step for which everybody has signed who is still asked ends as they have signed it: who
        has left is not waited for.
        """
        pending = self.sudo().filtered(lambda line: line.state == "pending")
        kept = pending._policy_installed()
        # Of an add-on that was uninstalled without a word.
        (pending - kept)._policy_withdraw()
        waiting = kept._policy_steps()
        places = self._policy_places(waiting)
        changed, fresh, complete = {}, {}, []
        for (approval, step), seats in zip(
            waiting.items(), self._policy_seats(places), strict=True
        ):
            users = self._policy_can_now(seats)
            stored = approval.with_context(active_test=False).eligible_user_ids
            result = step.mode != "any" and step._policy_result_left(seats)
            if result:
                complete.append((approval, step, None, result))
            elif users != stored:
                changed[approval] = users
                fresh[approval] = users - stored
        changes = Changes(people=changed, requests={approval: {} for approval in changed})
        for approval, users in changed.items():
            changes.steps[waiting[approval]] = {"user_id": users.id if len(users) == 1 else False}
            # The clock's responsible are those who may decide.
            waiting[approval]._policy_keep_deadlines(["approval_id"])
        self._policy_write_changes(changes)
        self._policy_announce(fresh)
        for turn in complete:
            _approval, step, _seat, result = turn
            said = step._policy_said()
            last = said.filtered(lambda line, result=result: line.outcome == result)[-1:]
            self._policy_sign([turn], last.on_behalf_of_id or last.user_id, result, None)
