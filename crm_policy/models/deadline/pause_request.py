from collections import defaultdict

from odoo import fields, models

from ...tools.zones import local_day


class CrmPolicyPauseRequest(models.AbstractModel):
    """A pause that somebody has to allow waits in the activities of those who may."""

    _name = "crm.policy.pause.request"
    _description = "Request for a Pause"

    # === BUSINESS METHODS === #

    def _policy_update(self, vals):
        decided = self.browse()
        if vals.get("state") not in (None, "asked"):
            decided = self.filtered(lambda pause: pause.state == "asked")
        result = super()._policy_update(vals)
        if decided:
            self.env["mail.activity"].sudo().search(
                [("policy_pause_id", "in", decided.ids)]
            ).unlink()
        return result

    def _policy_ask_deciders(self):
        """Leave an activity on the documents for those who decide, and let them read these."""
        kind = self.env.ref("crm_policy.activity_pause", raise_if_not_found=False)
        vals_list, hidden = [], defaultdict(set)
        for (role, model_name), pauses in (
            self.sudo().grouped(lambda pause: (pause.role_id, pause.res_model)).items()
        ):
            asked = pauses._policy_whom_to_ask(role)
            people = self.env["res.users"].sudo().union(*asked.values())
            Audience = self.env["crm.policy.escalation"]
            documents = pauses._policy_document()
            sight = {user: Audience._policy_seen(user, documents) for user in people}
            for pause in pauses:
                for user in asked[pause]:
                    if pause.res_id not in sight[user]:
                        hidden[model_name, user].add(pause.res_id)
                    if "activity_ids" in documents:
                        vals_list.append(pause._policy_activity(kind, user))
        for (model_name, user), ids in hidden.items():
            self.env[model_name].sudo().browse(ids)._policy_open_for(user)
        self.env["crm.policy.escalation"]._policy_remind_quietly(vals_list)

    def _policy_whom_to_ask(self, role):
        """Return {pause: who decides on it and is there}, for pauses of one role and model.

        Of a group those whose highest one it is and who see the document; where there is nobody
        like that anybody who may decide, and where nobody may the administrators of the policy,
        who can appoint somebody. A request never waits unseen.
        """
        documents = self._policy_document()
        holders = role._users_for(documents)
        everybody = self.env["res.users"].sudo().union(*holders.values())
        present = role._policy_present(everybody)
        nearest = present
        if role.kind == "group":
            nearest &= role._policy_staff()
        Audience = self.env["crm.policy.escalation"]
        sight = {user: Audience._policy_seen(user, documents) for user in nearest}
        asked = {}
        for pause in self:
            deciders = holders[pause.res_id] - pause.requested_by
            close = deciders & nearest
            if role.kind == "group":
                close = close.filtered(lambda user, pause=pause: pause.res_id in sight[user])
            asked[pause] = (
                close
                or deciders & present
                or deciders
                or self.env["crm.policy.ladder"]._policy_administrators(pause.company_id)
            )
        return asked

    def _policy_activity(self, kind, user):
        words = self.with_context(lang=user.lang)
        return {
            "activity_type_id": kind.id if kind else False,
            "res_model_id": self.env["ir.model"]._get_id(self.res_model),
            "res_id": self.res_id,
            "user_id": user.id,
            "summary": words.env._(
                "Clause %(number)s: %(person)s asks for a pause: %(reason)s",
                number=self.clause_number,
                person=self.requested_by.name,
                reason=words.reason_id.name,
            ),
            "date_deadline": local_day(fields.Datetime.now(), self.company_id),
            "policy_pause_id": self.id,
        }
