import json
from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL


class CrmPolicyCreationNotice(models.AbstractModel):
    """Followers, creation note and notices of new governed cases, for a whole batch at once.

    mail.thread subscribes, posts and notifies record by record: thirty statements for a ticket.
    Governed cases are therefore created with its part of ``create`` switched off and get the same
    from here: the same followers and note at once; the same notices to the same people, by inbox
    or e-mail as each of them wants, from mail's own queue as soon as the transaction is committed.
    """

    _name = "crm.policy.creation.notice"
    _description = "Creation Notices in Batch"

    @api.model_create_multi
    def create(self, vals_list):
        governed = [bool(vals.get("policy_kind")) for vals in vals_list]
        if not any(governed):
            return super().create(vals_list)
        ours = [vals for vals, ruled in zip(vals_list, governed, strict=True) if ruled]
        theirs = [vals for vals, ruled in zip(vals_list, governed, strict=True) if not ruled]
        quiet = self.with_context(tracking_disable=True)
        cases = super(CrmPolicyCreationNotice, quiet).create(ours).with_env(self.env)
        cases._policy_tell_created(ours)
        tickets = super().create(theirs) if theirs else self.browse()
        ids = {True: iter(cases.ids), False: iter(tickets.ids)}
        return self.browse(next(ids[ruled]) for ruled in governed)

    def _policy_tell_created(self, vals_list):
        """Do what mail.thread's ``create`` does after the creation, with the same switches."""
        context = self.env.context
        if context.get("tracking_disable"):
            return
        defaults = {
            key.removeprefix("default_"): value
            for key, value in context.items()
            if key.startswith("default_")
        }
        values = [{**defaults, **vals} for vals in vals_list]
        followers, assigned = self._policy_find_followers(values)
        self._policy_insert_followers(followers)
        created = self.env["mail.message"]
        if not context.get("mail_create_nolog"):
            created = self._policy_note_created(followers)
        self._policy_notify_later(created, assigned)
        if not context.get("mail_notrack"):
            self._policy_track_created(values)

    # === FOLLOWERS === #

    def _policy_find_followers(self, values):
        """Return who follows each case and who is told that it is assigned to him.

        :param list[dict] values: of each case, in the order of ``self``.
        :return: {(case id, partner id): subtype ids}, [(case id, partner id, template)].
        """
        Subtype = self.env["mail.message.subtype"]
        _own, default_ids, internal_ids, parent, relation = Subtype._get_auto_subscription_subtypes(
            self._name
        )
        followed = self._policy_related_followers(values, relation)
        # Each user is read with the others, not alone.
        user_ids = {vals.get("user_id") for vals in values} - {None, False}
        self.env["res.users"].sudo().browse(user_ids).fetch(["active", "partner_id"])
        me = self._policy_creator()
        my_subtypes = set(Subtype.default_subtypes(self._name)[0].ids) if me else set()
        followers, assigned = {}, []
        for case, vals in zip(self, values, strict=True):
            mine = {}
            for key in [(model, name) for model, names in relation.items() for name in names]:
                for partner_id, subtype_ids, share in followed[key].get(vals.get(key[1]), ()):
                    told = {
                        parent.get(subtype_id, subtype_id)
                        for subtype_id in subtype_ids
                        if subtype_id in parent or subtype_id in _own
                    }
                    mine[partner_id] = told - set(internal_ids) if share else told
            for partner_id, subtype_ids, template in case._message_auto_subscribe_followers(
                vals, default_ids
            ):
                mine.setdefault(partner_id, set(subtype_ids))
                if template:
                    assigned.append((case.id, partner_id, template))
            if me:
                mine[me.id] = mine.get(me.id, set()) | my_subtypes
            followers.update({(case.id, partner): told for partner, told in mine.items()})
        return followers, assigned

    def _policy_creator(self):
        """Return the partner who follows what he creates, if mail.thread would subscribe him."""
        user = self.env.user
        follows = user.active and not user.share
        if self.env.context.get("mail_create_nosubscribe") or not follows:
            return self.env["res.partner"]
        return user.partner_id

    def _policy_related_followers(self, values, relation):
        """Return {(model, field): {id: [(partner id, subtype ids, share)]}} of the teams and such.

        Their followers follow the case too, as the parents of helpdesk's subtypes say.
        """
        found = defaultdict(dict)
        for model, names in relation.items():
            for name in names:
                ids = {vals.get(name) for vals in values} - {None, False}
                if not ids:
                    continue
                rows = self.env["mail.followers"]._get_subscription_data(
                    [(model, ids)], None, include_pshare=True, include_active=True
                )
                for _id, res_id, partner_id, subtype_ids, share, active in rows:
                    if partner_id and active:
                        known = found[model, name].setdefault(res_id, [])
                        known.append((partner_id, subtype_ids, share))
        return found

    def _policy_insert_followers(self, followers):
        """Insert them in one statement; who has subscribed meanwhile keeps his subscription."""
        rows = [
            (case_id, partner_id, subtype_id)
            for (case_id, partner_id), subtype_ids in followers.items()
            for subtype_id in sorted(subtype_ids) or [None]
        ]
        if not rows:
            return
        cases, partners, subtypes = map(list, zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """
                WITH wanted AS (
                    SELECT * FROM unnest(%s::int[], %s::int[], %s::int[])
                               AS row (res_id, partner_id, subtype_id)
                ), fresh AS (
                    INSERT INTO mail_followers (res_model, res_id, partner_id)
                         SELECT DISTINCT %s, res_id, partner_id FROM wanted
                    ON CONFLICT (res_model, res_id, partner_id) DO NOTHING
                      RETURNING id, res_id, partner_id
                )
                INSERT INTO mail_followers_mail_message_subtype_rel
                            (mail_followers_id, mail_message_subtype_id)
                     SELECT fresh.id, wanted.subtype_id
                       FROM fresh JOIN wanted USING (res_id, partner_id)
                      WHERE wanted.subtype_id IS NOT NULL
                """,
                cases,
                partners,
                subtypes,
                self._name,
            )
        )
        self.invalidate_recordset(
            ["message_follower_ids", "message_partner_ids", "message_is_follower"], flush=False
        )

    # === NOTE AND NOTICES === #

    def _policy_note_created(self, followers):
        """Write the creation note of each case; return the notes that somebody is told of."""
        subtype = self[:1]._creation_subtype()
        author_id, email_from = self._message_compute_author(self.env.user.partner_id.id)
        author = self._message_compute_real_author(author_id).id
        heard = self.browse(
            dict.fromkeys(
                case_id
                for (case_id, partner_id), subtype_ids in followers.items()
                if subtype.id in subtype_ids and partner_id != author
            )
        )
        addresses = heard._policy_addresses(author_id, email_from)
        nobody = {
            "record_alias_domain_id": False,
            "record_company_id": False,
            "reply_to": email_from,
        }
        body = Markup('<div summary="o_mail_notification"><p>%s</p></div>')
        notes = self.sudo()._message_create(
            [
                {
                    "author_id": author_id,
                    "email_from": email_from,
                    "model": self._name,
                    "res_id": case.id,
                    "body": body % case._creation_message(),
                    "message_type": "notification",
                    "subtype_id": subtype.id,
                    "email_add_signature": True,
                    **addresses.get(case.id, nobody),
                }
                for case in self
            ]
        )
        told = set(heard.ids)
        return notes.browse(
            note.id for note, case in zip(notes, self, strict=True) if case.id in told
        )

    def _policy_addresses(self, author_id, email_from):
        """Return {case id: from where its e-mails come and where the answers go}."""
        if not self:
            return {}
        companies = self._mail_get_companies(default=self.env.company)
        domains = self.sudo()._mail_get_alias_domains(default_company=self.env.company)
        replies = self._notify_get_reply_to(default=email_from, author_id=author_id)
        return {
            case_id: {
                "record_alias_domain_id": domains[case_id].id,
                "record_company_id": companies[case_id].id,
                "reply_to": replies[case_id],
            }
            for case_id in self.ids
        }

    def _policy_notify_later(self, created, assigned):
        """Keep the notices for the end of the transaction: one batch for all that it created."""
        if self.env.context.get("mail_auto_subscribe_no_notify") or not self.env.registry.ready:
            assigned = []
        if not created and not assigned:
            return
        precommit = self.env.cr.precommit
        key = f"crm_policy.creation.{self._name}.{self.env.uid}"
        if key not in precommit.data:
            precommit.data[key] = ([], [])
            precommit.add(lambda: self.browse()._policy_send_notices(*precommit.data.pop(key)))
        notes, people = precommit.data[key]
        notes.extend(created.ids)
        people.extend(assigned)

    @api.model
    def _policy_send_notices(self, note_ids, assigned):
        """Put the notices of new cases into mail's queue, whose job starts after the commit.

        :param note_ids: creation notes that followers are told of.
        :param assigned: (case id, partner id, QWeb template) of people to whom cases are assigned.
        """
        Message = self.env["mail.message"].sudo()
        notes = Message.browse(note_ids).exists()
        notices = [(note, {}) for note in notes]
        existing = set(self.browse(case_id for case_id, *_rest in assigned).exists().ids)
        groups = defaultdict(list)
        partners = self.env["res.partner"].sudo().browse(row[1] for row in assigned)
        for (case_id, partner_id, template), partner in zip(assigned, partners, strict=True):
            if case_id in existing:
                groups[template, partner.lang].append((case_id, partner_id))
        for (template, lang), pairs in groups.items():
            model = self.with_context(lang=lang or self.env.context.get("lang"))
            notices += model._policy_word_assignments(template, pairs)
        now = fields.Datetime.now()
        self.env["mail.message.schedule"].sudo().create(
            [
                {
                    "mail_message_id": message.id,
                    "scheduled_datetime": now,
                    "notification_parameters": json.dumps(parameters),
                }
                for message, parameters in notices
            ]
        )

    @api.model
    def _policy_word_assignments(self, template, pairs):
        """Write the messages that tell people of cases assigned to them, as mail.thread words it.

        :param pairs: (case id, partner id).
        :return: list of (message, parameters of its notification).
        """
        cases = self.browse(case_id for case_id, _partner_id in pairs)
        author_id, email_from = self._message_compute_author()
        addresses = cases._policy_addresses(author_id, email_from)
        description = self.env["ir.model"]._get(self._name).display_name
        vals_list = []
        for case, (_case_id, partner_id) in zip(cases, pairs, strict=True):
            body = self.env["ir.qweb"]._render(
                template,
                {
                    "access_link": case._notify_get_action_link("view"),
                    "company": case.company_id.sudo(),
                    "model_description": description,
                    "object": case,
                },
                minimal_qcontext=True,
            )
            vals_list.append(
                {
                    "author_id": author_id,
                    "email_from": email_from,
                    "model": self._name,
                    "res_id": case.id,
                    "body": self.env["mail.render.mixin"]._replace_local_links(body),
                    "is_internal": True,
                    "message_type": "user_notification",
                    "subject": self.env._(
                        "You have been assigned to %(case)s", case=case.display_name
                    ),
                    "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
                    "partner_ids": [partner_id],
                    "email_add_signature": True,
                    "email_layout_xmlid": "mail.mail_notification_layout",
                    **addresses[case.id],
                }
            )
        parameters = {"model_description": description, "notify_author_mention": True}
        return [(message, parameters) for message in self.sudo()._message_create(vals_list)]

    def _policy_track_created(self, values):
        """Have the templates of the stage and such sent at the commit, as mail.thread does."""
        tracked = self._track_get_fields()
        precommit = self.env.cr.precommit
        for case, vals in zip(self, values, strict=True):
            changes = [name for name in tracked if vals.get(name)]
            if changes:
                precommit.add(case._track_post_template_finalize)
                key = f"mail.tracking.create.{self._name}.{case.id}"
                precommit.data.setdefault(key, changes)
