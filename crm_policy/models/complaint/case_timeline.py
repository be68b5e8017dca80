from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

PAGE = 40  # events that are shown at once
MOST = 200
# Rows that only open a case to somebody: nothing happened to them.
NO_DOCUMENTS = frozenset({"crm.policy.case.access", "crm.policy.follow.link", "crm.policy.sealed"})
# What tells of any document, by its model and id.
OF_DOCUMENTS = ("crm.policy.approval", "crm.policy.deadline", "crm.policy.pause")


class CrmPolicyCaseTimeline(models.AbstractModel):
    """What happened to a case and its papers, as the ledger has it: when, who, under which clause.

    Nothing of it is kept a second time. A reader sees the events of the papers that he may read:
    whom a sanction is hidden from does not learn of it here.
    """

    _name = "crm.policy.case.timeline"
    _description = "Timeline of a Case"

    def policy_timeline(self, limit=PAGE, before=None):
        """Return the latest events of the case, newest first.

        :param int limit: of how many; 200 at most.
        :param int before: the id of an event: only those that were written before it.
        :rtype: dict
        :return: ``{"events": [{"id", "at", "happened_at", "what", "type", "document", "actor",
            "on_behalf", "clause", "policy", "version"}], "more": bool}``; instants naive UTC.
        :raises AccessError: the user may not read the case, or is no employee.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(self.env._("The timeline of a case is for employees only."))
        for value in (limit, before or 1):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValidationError(self.env._("%(value)s is no number of events.", value=value))
        limit = min(limit, MOST)
        documents = self._policy_timeline_documents()
        events = self._policy_timeline_events(documents, limit + 1, before)
        return {
            "events": self._policy_timeline_lines(events[:limit], documents),
            "more": len(events) > limit,
        }

    # === BUSINESS METHODS === #

    def _policy_timeline_documents(self):
        """Return {model name: the records of the case in it that the user may read}."""
        documents = {self._name: self}
        for name in self._policy_timeline_models():
            model = self.env[name]
            if model.has_access("read"):
                documents[name] = model.with_context(active_test=False).search(
                    [("ticket_id", "=", self.id)]
                )
        for name in OF_DOCUMENTS:
            model = self.env[name]
            if model.has_access("read"):
                documents[name] = model.search(
                    Domain.OR(
                        Domain("res_model", "=", other) & Domain("res_id", "in", records.ids)
                        for other, records in documents.items()
                        if records
                    )
                )
        return {name: records for name, records in documents.items() if records}

    @api.model
    def _policy_timeline_models(self):
        """Return the names of the models whose records belong to one case."""
        names = []
        for name, model in self.env.items():
            field = model._fields.get("ticket_id")
            if (
                name.startswith("crm.policy.")
                and name not in NO_DOCUMENTS
                and not (model._abstract or model._transient)
                and field is not None
                and field.store
                and field.comodel_name == self._name
            ):
                names.append(name)
        return sorted(names)

    def _policy_timeline_events(self, documents, limit, before):
        """Return the events of these documents as superuser, newest first."""
        domain = Domain.OR(
            Domain("res_model", "=", name) & Domain("res_id", "in", records.ids)
            for name, records in documents.items()
        )
        if before:
            domain &= Domain("id", "<", before)
        return self.env["crm.policy.event"].sudo().search(domain, limit=limit, order="id desc")

    def _policy_timeline_lines(self, events, documents):
        """Return the events as dictionaries, in the user's language."""
        words = dict(events._fields["happened"]._description_selection(self.env))
        users = self.env["res.users"].sudo().with_context(active_test=False)
        people = users.browse(
            {user_id for event in events for user_id in (event.actor_id, event.on_behalf_id)} - {0}
        ).exists()
        names = {user.id: user.name for user in people}
        policies = {
            policy.code: policy.name
            for policy in self.env["crm.policy"]
            .sudo()
            .search(
                [("code", "in", list({*events.mapped("policy")} - {False})),
                 ("company_id", "=", self.company_id.id)]
            )
        }  # fmt: skip
        titles = {
            (name, record.id): record.display_name
            for name, records in documents.items()
            if name != self._name
            for record in records.browse(
                {event.res_id for event in events if event.res_model == name}
            )
        }
        return [
            {
                "id": event.id,
                "at": fields.Datetime.to_string(event.at),
                "happened_at": self._policy_happened_at(event),
                "type": event.type,
                "what": words.get(event.type, event.type),
                "document": titles.get((event.res_model, event.res_id), False),
                "actor": names.get(event.actor_id, str(event.actor_id)),
                "on_behalf": names.get(event.on_behalf_id, False),
                "clause": event.clause or self._policy_event_clause(event),
                "policy": policies.get(event.policy, event.policy),
                "version": event.version,
            }
            for event in events
        ]

    def _policy_event_clause(self, event):
        """Return the number of the clause that a step follows, which its event need not name."""
        version = self.sudo().policy_version_id
        if event.res_model != self._name or event.version != version.number:
            return False
        fact = event.type.removeprefix("fact.")
        return self.sudo()._policy_milestone(f"policy_{fact}_at").clause_id.number

    @api.model
    def _policy_happened_at(self, event):
        """Return when it really happened, where it was recorded later; else False."""
        payload = event.payload or {}
        at = payload.get("backdated") and fields.Datetime.to_datetime(payload.get("at"))
        return fields.Datetime.to_string(at) if at and at != event.at else False
