import json
from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.zones import local_day
from ...words import list_words


class CrmPolicyEscalation(models.Model):
    """Who was told of which deadline, and when: each step of a rule once per deadline, for ever.

    The reminder that the person sees is an activity and goes away with the deadline; this row is
    what stays. It says the due date of then. A deadline that came back from being overdue begins
    anew: what was told before has turned out wrong, and is no reason to conceal what is so.
    """

    _name = "crm.policy.escalation"
    _description = "Escalation"
    _inherit = [
        "crm.policy.escalation.audience",
        "crm.policy.escalation.digest",
        "crm.policy.dependent",
        "crm.policy.protected",
    ]
    _policy_document_field = "deadline_id"
    _order = "at desc, id desc"
    _rec_name = "step_name"
    _log_access = False

    deadline_id = fields.Many2one(
        "crm.policy.deadline", required=True, readonly=True, index=True, ondelete="restrict"
    )
    step_id = fields.Many2one(
        "crm.policy.escalation.step",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(related="step_id.kind")
    step_name = fields.Char(related="step_id.display_name", string="What the Rule Says")
    at = fields.Datetime(string="Told At", required=True, readonly=True)
    since = fields.Datetime(
        string="After Coming Back",
        readonly=True,
        help="When the deadline had last come back from being overdue. Empty: it never had.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Told",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Nobody: the policy had no administrator either.",
    )
    how = fields.Selection(
        [
            ("substitute", "As Substitute"),
            ("higher", "Next Level"),
            ("top", "Top of the Chain"),
            ("circle", "Managers in a Circle"),
            ("nobody", "Nobody There"),
        ],
        string="Instead",
        readonly=True,
        help="Why another person than the step asks for was told.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    mailed_at = fields.Datetime(readonly=True)
    clause_id = fields.Many2one(related="deadline_id.clause_id")
    res_name = fields.Char(related="deadline_id.res_name", string="Document")
    due_at = fields.Datetime(string="Due", readonly=True, help="As it was told.")

    _once = models.UniqueIndex(
        "(deadline_id, step_id, COALESCE(user_id, 0), COALESCE(since, '-infinity'::timestamp))",
        "Each step of a deadline tells a person once.",
    )
    _unmailed_idx = models.Index("(id) WHERE mailed_at IS NULL")

    # === WHO SEES IT === #

    @api.model
    def _policy_own_domain(self):
        return Domain("user_id", "=", self.env.uid)

    # === BUSINESS METHODS === #

    @api.model
    def _policy_fire(self, deadlines):
        """Fire those steps of ``deadlines`` whose instant has come; work out their next alert.

        The caller holds the rows of the deadlines. The instants are worked out anew: what has
        moved since, fires when its new time comes. A warning of what is overdue by now is no
        warning any more.
        """
        now = fields.Datetime.now()
        deadlines = deadlines.sudo()
        fired = defaultdict(set)
        for row in self.sudo().search_fetch(
            [("deadline_id", "in", deadlines.ids)], ["deadline_id", "step_id", "since"]
        ):
            if row.since == row.deadline_id.retracted_at:
                fired[row.deadline_id.id].add(row.step_id.id)
        due_steps, following = [], {}
        for deadline in deadlines:
            silent = deadline.is_trial or deadline.accepted_overdue
            instants = (
                {}
                if silent
                else deadline.rule_id._policy_alert_instants(
                    deadline.start_at,
                    deadline.due_at,
                    deadline.company_id,
                    deadline.paused_seconds,
                    deadline.retracted_at,
                )
            )
            later = []
            for step, at in instants.items():
                if step.id in fired[deadline.id]:
                    continue
                if at > now:
                    later.append(at)
                elif step.kind == "escalation" or deadline.due_at >= now:
                    due_steps.append((deadline, step))
            following[deadline.id] = min(later, default=False)
        told = self._policy_tell(due_steps, now)
        deadlines._policy_write_alerts(
            {id_: at for id_, at in following.items() if id_ in told}, told_at=now
        )
        deadlines._policy_write_alerts(
            {id_: at for id_, at in following.items() if id_ not in told}
        )

    @api.model
    def _policy_tell(self, pairs, now):
        """Tell people of (deadline, step) pairs; return the ids of the deadlines."""
        rows = []
        for company, group in self._policy_by_company(pairs).items():
            people = self._policy_people(group, company)
            for deadline, step in group:
                users, how = people[deadline.id, step.id]
                rows += [(deadline, step, user, how) for user in users or [users]]
        if rows:
            self._policy_insert_rows(rows, now)
            self._policy_log_rows(rows)
            self._policy_open_documents(rows)
            self._policy_remind(rows)
            self._policy_note_rows(rows)
        return {deadline.id for deadline, _step, _user, _how in rows}

    @staticmethod
    def _policy_by_company(pairs):
        groups = defaultdict(list)
        for deadline, step in pairs:
            groups[deadline.company_id].append((deadline, step))
        return groups

    # === WHAT IS LEFT BEHIND === #

    @api.model
    def _policy_insert_rows(self, rows, now):
        """Store who was told, in one statement."""
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_policy_escalation
                            (deadline_id, step_id, user_id, how, company_id, due_at, since, at)
                     SELECT deadline_id, step_id, user_id, how, company_id, due_at, since, %s
                       FROM jsonb_populate_recordset(NULL::crm_policy_escalation, %s)
                  RETURNING id
                """,
                now,
                json.dumps(
                    [
                        {
                            "deadline_id": deadline.id,
                            "step_id": step.id,
                            "user_id": user.id or None,
                            "how": how or None,
                            "company_id": deadline.company_id.id,
                            "due_at": str(deadline.due_at),
                            "since": deadline.retracted_at and str(deadline.retracted_at) or None,
                        }
                        for deadline, step, user, how in rows
                    ]
                ),
            )
        )
        self.invalidate_model()
        self.env["crm.policy.deadline"].browse({row[0].id for row in rows}).invalidate_recordset(
            ["escalation_ids"], flush=False
        )

    @api.model
    def _policy_log_rows(self, rows):
        """Write one event for each deadline and step."""
        people = defaultdict(list)
        for deadline, step, user, how in rows:
            people[step.kind, deadline, step.id, how or ""].extend(user.ids)
        groups = defaultdict(list)
        for (kind, deadline, step_id, how), user_ids in people.items():
            payload = {
                "step": step_id,
                "users": user_ids,
                "res_model": deadline.res_model,
                "res_id": deadline.res_id,
                **({"how": how} if how else {}),
            }
            groups[kind, deadline.clause_id, step_id].append((deadline, payload))
        names = {"warning": "deadline.warned", "escalation": "deadline.escalated"}
        for (kind, clause, _step_id), pairs in groups.items():
            self.env["crm.policy.event"]._policy_log(
                names[kind],
                self.env["crm.policy.deadline"].sudo().browse(d.id for d, _payload in pairs),
                payloads={deadline.id: payload for deadline, payload in pairs},
                clause=clause,
            )

    @api.model
    def _policy_open_documents(self, rows):
        """Let those who are told read what they are told of."""
        wanted = defaultdict(set)
        for deadline, _step, user, _how in rows:
            wanted[deadline.res_model, user].add(deadline.res_id)
        for (model_name, user), ids in wanted.items():
            if not user:
                continue
            documents = self.env[model_name].sudo().browse(ids).exists()
            hidden = documents.browse(ids - self._policy_seen(user, documents)).exists()
            if hidden:
                hidden._policy_open_for(user)

    @api.model
    def _policy_remind(self, rows):
        """Leave an activity on the document for whoever was told; one per person and deadline.

        Nobody gets mail for it, nor for all that will happen on the document: mail goes out as one
        digest per run.
        """
        kind = self.env.ref("crm_policy.activity_deadline", raise_if_not_found=False)
        texts = {}
        for deadline, step, user, _how in rows:
            model = self.env[deadline.res_model]
            if user and ("activity_ids" in model._fields or model._policy_reminded_field):
                texts[deadline, user] = step
        open_ones = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [("policy_deadline_id", "in", list({deadline.id for deadline, _user in texts}))]
            )
        )
        known = {(a.policy_deadline_id.id, a.user_id.id): a for a in open_ones}
        places = self._policy_reminded_places({deadline for deadline, _user in texts})
        created = []
        for (deadline, user), step in texts.items():
            words = deadline.with_context(lang=user.lang)._policy_reminder(step.kind)
            activity = known.get((deadline.id, user.id))
            if activity:
                activity.summary = words
                continue
            if deadline not in places:
                continue
            document = places[deadline]
            created.append(
                {
                    "activity_type_id": kind.id if kind else False,
                    "res_model_id": self.env["ir.model"]._get_id(document._name),
                    "res_id": document.id,
                    "user_id": user.id,
                    "summary": words,
                    "date_deadline": local_day(deadline.due_at, deadline.company_id),
                    "policy_deadline_id": deadline.id,
                }
            )
        self._policy_remind_quietly(created)

    @api.model
    def _policy_reminded_places(self, deadlines):
        """Return {deadline: the record that carries its activities}; without what is gone."""
        by_model = defaultdict(list)
        for deadline in deadlines:
            by_model[deadline.res_model].append(deadline)
        places = {}
        for model_name, group in by_model.items():
            model = self.env[model_name].sudo()
            alive = model.browse({deadline.res_id for deadline in group}).exists()
            for deadline in group:
                document = model.browse(deadline.res_id) & alive
                if document:
                    field = model._policy_reminded_field
                    places[deadline] = document[field] if field else document
        return places

    @api.model
    def _policy_remind_quietly(self, vals_list):
        """Create activities without a mail for each and without making people followers."""
        if not vals_list:
            return
        Activity = self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True)
        partners = Activity.env["res.users"].browse({v["user_id"] for v in vals_list}).partner_id
        Follower = self.env["mail.followers"].sudo()
        by_model = defaultdict(set)
        for vals in vals_list:
            by_model[vals["res_model_id"]].add(vals["res_id"])
        domain = Domain("partner_id", "in", partners.ids) & Domain.OR(
            Domain("res_model", "=", self.env["ir.model"].browse(model_id).sudo().model)
            & Domain("res_id", "in", sorted(ids))
            for model_id, ids in by_model.items()
        )
        before = Follower.search(domain)
        Activity.create(vals_list)
        (Follower.search(domain) - before).unlink()

    @api.model
    def _policy_note_rows(self, rows):
        """Write into the chatter of the documents who was told of what."""
        groups = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for deadline, _step, user, _how in rows:
            documents = groups[deadline.res_model, deadline.company_id]
            documents[deadline.res_id][deadline].append(user.name or "")
        for (model_name, company), documents in groups.items():
            model = self.env[model_name].sudo()
            if not hasattr(model, "_message_log_batch"):
                continue
            alive = set(model.browse(documents).exists().ids)
            env = self.with_context(lang=company.partner_id.lang).env
            model.browse(alive)._message_log_batch(
                bodies={
                    res_id: Markup("<br/>").join(
                        env._(
                            "%(clause)s: %(rule)s, due %(due)s. Told: %(people)s.",
                            clause=deadline.with_env(env).clause_id._policy_citation(),
                            rule=deadline.with_env(env).name,
                            due=deadline._policy_due_words(),
                            people=list_words(
                                env, [name or env._("nobody") for name in dict.fromkeys(names)]
                            ),
                        )
                        for deadline, names in lines.items()
                    )
                    for res_id, lines in documents.items()
                    if res_id in alive
                }
            )

    # === DATABASE === #

    def init(self):
        result = super().init()
        # Mailing fills this one in, once.
        self._policy_build_wall("mailed_at")
        return result
