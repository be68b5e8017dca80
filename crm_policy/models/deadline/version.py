import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .deadline import CHUNK

_logger = logging.getLogger(__name__)


class CrmPolicyVersion(models.Model):
    """What becomes of open cases when a version takes effect: they keep theirs, or change to it.

    Large numbers change in chunks, in the background; until its turn comes a case stays under its
    former version, whose rules go on for it.
    """

    _name = "crm.policy.version"
    _inherit = ["crm.policy.version"]

    switch_pending = fields.Boolean(
        string="Cases Are Switching",
        readonly=True,
        copy=False,
        help="Open cases of former versions are being put under this one.",
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"switch_pending"}

    def _policy_on_effective(self, former):
        result = super()._policy_on_effective(former)
        switching = self.filtered(
            lambda version: version.transition == "switch" and version._policy_former()
        )
        if switching:
            switching._policy_guarded_write({"switch_pending": True})
            cron = self.env.ref("crm_policy.cron_switch_cases", raise_if_not_found=False)
            if cron:
                cron._trigger()
        return result

    def _policy_former(self):
        """Return the versions of the policy that were in force before this one."""
        self.ensure_one()
        ended = self.policy_id.version_ids.filtered(
            lambda version: version.state in ("superseded", "abolished")
        )
        if self.state == "effective":
            return ended
        place = (self.effective_from, self.id)
        return ended.filtered(lambda version: (version.effective_from, version.id) < place)

    @api.model
    def _cron_switch_cases(self):
        """Put open cases under the versions that they switch to; go on where a run stopped.

        What is done is seen in the cases themselves, so that a run that was killed loses nothing
        and repeats nothing.
        """
        for version in self.search([("switch_pending", "=", True)], order="effective_from, id"):
            if version._policy_switch_cases():
                version._policy_guarded_write({"switch_pending": False})
            if not self.env["ir.cron"]._commit_progress():
                return

    def _policy_switch_cases(self):
        """Switch chunk by chunk; return whether none is left.

        A case that somebody saves meanwhile is left for the next run.
        """
        self.ensure_one()
        Cron, left = self.env["ir.cron"], 0
        for name in self.env["crm.policy.deadline"]._policy_document_models():
            model = self.env[name].with_context(active_test=False)
            if model._abstract:
                continue
            waiting = (
                Domain("policy_version_id", "in", self._policy_former().ids)
                & model._policy_open_domain()
            )
            Cron._commit_progress(remaining=model.search_count(waiting))
            last = 0
            while records := model.search(
                waiting & Domain("id", ">", last), limit=CHUNK, order="id"
            ):
                last = records[-1].id
                self._policy_switch_chunk(records)
                if not Cron._commit_progress(len(records)):
                    return False
            left += model.search_count(waiting, limit=1)
        return not left

    def _policy_switch_chunk(self, records):
        """Switch records; one that cannot be switched stays as it is and does not stop the rest."""
        try:
            with self.env.cr.savepoint():
                records._policy_switch_to(self)
        except Exception as error:
            if len(records) == 1:
                if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                    _logger.info("%s %s is being saved: later", records._name, records.id)
                else:
                    _logger.exception("%s %s cannot be switched", records._name, records.id)
                return
            for record in records:
                self._policy_switch_chunk(record)
