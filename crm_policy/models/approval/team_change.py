import hashlib
import json
from contextlib import closing

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from ...words import list_words

# What a seat is made of; who sits there for a role is settled by its roster.
SEAT = frozenset({"user_id", "role_id", "substitute_id", "vote", "sequence"})


class CrmPolicyTeamChange(models.AbstractModel):
    """A change of a team that one person wants and another one confirms, having read it.

    Whose changes wait, and who confirms them, the team itself says.
    """

    _name = "crm.policy.team.change"
    _description = "Change of a Team"

    change_vals = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    change_by_id = fields.Many2one(
        "res.users",
        string="Change Wanted By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    change_at = fields.Datetime(string="Change Wanted At", readonly=True, copy=False)
    change_words = fields.Text(string="Change That Waits", compute="_compute_change")
    can_confirm_change = fields.Boolean(compute="_compute_change")
    can_drop_change = fields.Boolean(compute="_compute_change")

    # === COMPUTE METHODS === #

    @api.depends("change_by_id", "change_at", "member_ids")
    @api.depends_context("uid", "lang")
    def _compute_change(self):
        for team in self:
            change = team.sudo().change_vals or {}
            team.change_words = "\n".join(team._policy_change_lines(change))
            team.can_confirm_change = bool(change) and self.env.user in team._policy_confirmers()
            team.can_drop_change = bool(team.change_by_id) and self.env.user in (
                team.change_by_id | team._policy_electorate()
            )

    def _policy_change_lines(self, vals):
        """Return in words what a change does, a line for each part of it."""
        lines = []
        for name, value in vals.items():
            if name != "member_ids":
                shown = value
                if name == "must_cover_role_ids":
                    shown = list_words(self.env, self._policy_covered_after(value).mapped("name"))
                label = self._fields[name]._description_string(self.env)
                lines.append(f"{label}: {shown or '–'}")
        for code, member_id, seat in vals.get("member_ids", ()):
            member = self.env["crm.policy.team.member"].sudo().browse(member_id or ()).exists()
            if code == Command.DELETE:
                lines.append(f"− {member.display_name}")
            else:
                sign = "+" if code == Command.CREATE else "→"
                old = f"{member.display_name}: " if member else ""
                words = [*self._policy_seat_words(seat), *member._policy_roster_words(seat)]
                lines.append(f"{sign} {old}{list_words(self.env, words)}")
        return lines

    def _policy_seat_words(self, seat):
        Member = self.env["crm.policy.team.member"]
        for name, value in seat.items():
            if name not in SEAT:
                continue
            field = Member._fields[name]
            if name == "sequence":
                yield f"{field._description_string(self.env)} {value}"
            elif field.type == "selection":
                yield dict(field._description_selection(self.env)).get(value, "")
            elif value:
                record = self.env[field.comodel_name].sudo().browse(value).exists()
                yield f"{field._description_string(self.env)} {record.display_name}"

    # === ACTION METHODS === #

    def action_policy_read_change(self):
        """Open the window that shows the change that waits, and confirms that one and no other."""
        self.ensure_one()
        self.check_access("read")
        self._policy_check_confirmer()
        window = (
            self.env["crm.policy.team.confirm"]
            .sudo()
            .create(
                {
                    "team_id": self.id,
                    "wisher_id": self.change_by_id.id,
                    "change_words": self.change_words,
                    "wish": self._policy_wish(),
                }
            )
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Confirm the Change"),
            "res_model": window._name,
            "res_id": window.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_policy_confirm_change(self, wish=None):
        """Let the change count that somebody else wants; a member who votes, or who may appoint.

        :param str wish: which change has been read: who wants it may have put another in its place.
        """
        self.ensure_one()
        self.check_access("read")
        self._policy_check_confirmer()
        team = self.sudo()
        if not isinstance(wish, str) or wish != self._policy_wish():
            raise UserError(
                self.env._(
                    "%(team)s: read first which change waits now: %(change)s",
                    team=team.name,
                    change="; ".join(self._policy_change_lines(team.change_vals)),
                )
            )
        change = team.change_vals
        team._policy_forget_change("team.change_confirmed")
        team._policy_make_change(change)
        return True

    def action_policy_drop_change(self):
        """Let a change not count: who wants it withdraws it, who has a say in it refuses it.

        Also whom it gives a seat: nobody is seated against his will.
        """
        self.check_access("read")
        for team in self:
            team._policy_lock_change()
            people = team._policy_electorate()
            if self.env.user not in team.change_by_id | people:
                raise AccessError(
                    self.env._(
                        "%(team)s: who wants this change drops it, or one of these: %(people)s.",
                        team=team.name,
                        people=list_words(self.env, people.sudo().mapped("name"))
                        or self.env._("nobody yet"),
                    )
                )
            team.sudo()._policy_forget_change("team.change_dropped")
        return True

    def _policy_lock_change(self):
        """Refuse a team that nobody wants to change; two who decide do so one after the other."""
        team = self.sudo()
        team.flush_recordset()
        self.env.cr.execute(SQL("SELECT 1 FROM crm_policy_team WHERE id = %s FOR UPDATE", team.id))
        if not team.change_by_id:
            raise UserError(self.env._("%(team)s: no change waits.", team=team.name))

    def _policy_check_confirmer(self):
        """Refuse who may not confirm the change, and a team that nobody wants to change."""
        self._policy_lock_change()
        team = self.sudo()
        confirmers = team._policy_confirmers()
        if self.env.user not in confirmers:
            raise AccessError(
                self.env._(
                    "%(team)s: %(user)s wants this change, and another person confirms it, who "
                    "gets no seat by it. May confirm: %(people)s.",
                    team=team.name,
                    user=team.change_by_id.name,
                    people=list_words(self.env, confirmers.mapped("name"))
                    or self.env._("nobody yet"),
                )
            )

    # === BUSINESS METHODS === #

    def _policy_want(self, change):
        """Keep a change until somebody confirms it; one that could not be made is refused.

        :param dict change: as :meth:`_policy_plain_change` returns it.
        """
        if self.change_by_id and self.change_by_id != self.env.user:
            raise UserError(
                self.env._(
                    "%(team)s: a change that %(user)s wants waits already. Let it be confirmed or "
                    "dropped first.",
                    team=self.name,
                    user=self.change_by_id.sudo().name,
                )
            )
        if not change:
            return
        if not self._policy_confirmers(self.env.user, change):
            raise UserError(
                self.env._(
                    "%(team)s: nobody could confirm this change, because it gives a seat to all "
                    "who might. Give the seat to somebody else, or let one of them want it: "
                    "%(people)s.",
                    team=self.name,
                    people=list_words(
                        self.env, (self._policy_electorate() - self.env.user).sudo().mapped("name")
                    ),
                )
            )
        # A flushing one: it writes first what is to be told at the commit, and at its end also
        # forgets what the trial has gathered for the ledger and for the people.
        with closing(self.env.cr.savepoint()):
            self._policy_make_change(change)
            self.env.flush_all()
        self.sudo()._policy_guarded_write(
            {
                "change_vals": change,
                "change_by_id": self.env.uid,
                "change_at": fields.Datetime.now(),
            }
        )
        self._policy_log_wish("team.change_wanted", change)
        self._policy_tell_confirmers()

    def _policy_plain_change(self, vals):
        """Return a change as it is stored: without what stays as it is; seats one by one.

        :rtype: dict
        """
        change = {}
        for name, value in vals.items():
            field = self._fields[name]
            if name == "member_ids":
                value = self._policy_plain_seats(value)
            elif name == "must_cover_role_ids":
                value = [Command.set(self._policy_covered_after(value).ids)]
                if set(value[0][2]) == set(self.must_cover_role_ids.ids):
                    continue
            else:
                value = field.convert_to_cache(value, self)
                if value == field.convert_to_cache(self[name], self):
                    continue
                value = fields.Date.to_string(value) if field.type == "date" else value
            if value:
                change[name] = value
            elif name != "member_ids":
                change[name] = value or False
        return change

    def _policy_covered_after(self, commands):
        roles = self.must_cover_role_ids
        for command in commands or ():
            code, role_id, ids = (*command, 0, 0)[:3]
            if code == Command.SET:
                roles = roles.browse(ids)
            elif code == Command.CLEAR:
                roles = roles.browse()
            elif code == Command.LINK:
                roles |= roles.browse(role_id)
            else:
                roles -= roles.browse(role_id)
        return roles

    def _policy_plain_seats(self, commands):
        """Return commands that give, change and take seats of this team, and nothing else."""
        seats = []
        for command in commands or ():
            code, member_id, values = (*command, 0, 0)[:3]
            own = code == Command.CREATE or member_id in self.member_ids.ids
            if code == Command.CLEAR:
                seats += [[Command.DELETE, member_id, 0] for member_id in self.member_ids.ids]
            elif code == Command.LINK and own:
                continue
            elif code not in (Command.CREATE, Command.UPDATE, Command.DELETE) or not own:
                raise UserError(
                    self.env._("%(team)s: seats are given, changed and taken.", team=self.name)
                )
            else:
                values = {name: (values or {})[name] for name in SEAT.intersection(values or {})}
                if values.get("role_id"):
                    values |= self._policy_roster_of(values["role_id"])
                if code != Command.UPDATE or values:
                    seats.append([code, member_id, values])
        return seats

    def _policy_wish(self):
        """Return what tells the change that waits from any other that was wanted here."""
        team = self.sudo()
        wish = [team.id, team.change_by_id.id, str(team.change_at), team.change_vals]
        return hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()

    def _policy_forget_change(self, event_type):
        self._policy_log_wish(event_type, {"wanted_by": self.change_by_id.id})
        self._policy_guarded_write(
            {"change_vals": False, "change_by_id": False, "change_at": False}
        )

    def _policy_log_wish(self, event_type, payload):
        self.env["crm.policy.event"]._policy_log(event_type, self, payload, clause=self.clause_id)

    def _policy_tell_confirmers(self):
        """Tell who may confirm it that a change waits."""
        for lang, users in self._policy_confirmers().grouped("lang").items():
            team = self.with_context(lang=lang)
            self.env["mail.thread"].sudo().message_notify(
                partner_ids=users.partner_id.ids,
                subject=team.env._("To confirm: the seats of %(team)s", team=team.name),
                body=team.env._(
                    "%(user)s wants to change who decides in %(team)s. It counts once another "
                    "person confirms it under Organisation, Teams: %(change)s",
                    user=self.env.user.name,
                    team=team.name,
                    change="; ".join(team._policy_change_lines(team.sudo().change_vals)),
                ),
            )
