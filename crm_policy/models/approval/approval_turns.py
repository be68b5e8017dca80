from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...exceptions import PolicyRefusal
from ...words import list_words

# How long a reminder is enough; a parameter of the policy, in hours.
REMIND_HOURS = "remind_hours"


class CrmPolicyApprovalTurns(models.AbstractModel):
    """What else is done with a request than to sign it: returned, recalled, forwarded, copied.

    Nothing of it rewrites what was signed: a step that has its turn again is a new step.
    """

    _name = "crm.policy.approval.turns"
    _description = "Turns of a Request"

    # === RETURN AND RECALL === #

    def _policy_return(self, step_id, comment):
        """Return to an earlier step that was signed, or to the requester."""
        user, comment = self.env.user, self._policy_comment(comment)
        if step_id and (len(self) != 1 or not self._policy_is_id(step_id)):
            raise ValidationError(self.env._("Name one step of the request to return it to."))
        if not comment:
            raise UserError(
                self.env._("Say why you return %(request)s.", request=self[:1].sudo().name)
            )
        for approval, (step, seats) in self.sudo()._policy_take().items():
            approval._policy_check_seat(user, seats)
            target = approval._policy_return_target(step_id)
            approval._policy_note_decisions(
                [(approval, step, seats[user])], user, "returned", comment
            )
            if not target:
                step._policy_update({"state": "returned", "decided_at": fields.Datetime.now()})
                approval._policy_end("returned")
            else:
                approval._policy_go_back(step, target)
            approval._policy_tell(
                "returned",
                approval.eligible_user_ids if target else approval.requester_id,
                comment,
            )

    def _policy_return_target(self, step_id):
        """Return the step that has its turn again; empty for the requester."""
        target = self.step_ids.filtered(lambda line: line.id == step_id)
        if step_id and target.state != "approved":
            raise UserError(
                self.env._(
                    "%(request)s can be returned to a step that was signed before, or to the "
                    "requester.",
                    request=self.name,
                )
            )
        return target

    def _policy_go_back(self, step, target):
        """Close the steps from ``target`` to ``step`` as returned; fresh copies follow them."""
        closed = self.step_ids.filtered(
            lambda line: (
                target.sequence <= line.sequence <= step.sequence
                and line.state in ("approved", "pending")
            )
        )
        copies = [
            line._policy_copy_values(sequence=step.sequence + number, replaced_id=line.id)
            for number, line in enumerate(closed, start=1)
        ]
        closed.filtered(lambda line: line.state == "approved")._policy_update({"state": "returned"})
        step._policy_update({"state": "returned", "decided_at": fields.Datetime.now()})
        self._policy_make_room(len(copies))
        self._policy_insert_steps(copies)
        self._policy_open_steps()

    def _policy_recall(self):
        """Take requests back; who has asked, and nobody else."""
        user = self.env.user
        for approval in self.sudo():
            if approval.requester_id != user:
                raise AccessError(
                    self.env._(
                        "%(request)s is taken back by who has asked for it: %(requester)s.",
                        request=approval.name,
                        requester=approval.requester_id.name,
                    )
                )
        self.sudo()._policy_take()
        self.sudo()._policy_end("recalled")
        self.sudo()._policy_log_requests("approval.recalled", {id_: None for id_ in self.ids})

    # === ADD AND FORWARD === #

    def _policy_add_signer(self, user_id, before, comment):
        """Have another person sign as well; whoever may decide now asks for it."""
        user, comment = self.env.user, self._policy_comment(comment)
        if not isinstance(before, bool):
            raise ValidationError(self.env._("Before or after: say true or false."))
        for approval, (step, seats) in self.sudo()._policy_take().items():
            approval._policy_check_seat(user, seats)
            person = approval._policy_person(user_id)
            if person == user or step.person_id == person:
                raise UserError(
                    self.env._("%(person)s signs this step already.", person=person.name)
                )
            approval._policy_note_decisions(
                [(approval, step, seats[user])], user, "added", comment, person
            )
            lines = [
                step._policy_copy_values(
                    sequence=step.sequence + 1,
                    role_id=False,
                    team_id=False,
                    person_id=person.id,
                    origin="added",
                    mode="any",
                )
            ]
            if before:
                approval._policy_check_unsigned(step)
                lines.append(
                    step._policy_copy_values(sequence=step.sequence + 2, replaced_id=step.id)
                )
                step._policy_update({"state": "skipped"})
            approval._policy_make_room(len(lines))
            approval._policy_insert_steps(lines)
            if before:
                approval._policy_open_steps()
            approval._policy_tell("added", person, comment)

    def _policy_forward(self, user_id, comment):
        """Hand the open step over; to somebody who could decide it, or above oneself."""
        user, comment = self.env.user, self._policy_comment(comment)
        for approval, (step, seats) in self.sudo()._policy_take().items():
            approval._policy_check_seat(user, seats)
            if step.mode != "any":
                raise UserError(
                    self.env._(
                        "%(request)s is decided by several together: nobody hands his voice over.",
                        request=approval.name,
                    )
                )
            person = approval._policy_person(user_id)
            approval._policy_check_forward(step, seats, user, person)
            approval._policy_note_decisions(
                [(approval, step, seats[user])], user, "forwarded", comment, person
            )
            approval._policy_hand_over(step, person)
            approval._policy_tell("forwarded", person, comment)

    def _policy_hand_over(self, step, person):
        """Let the open step wait for ``person`` alone."""
        step._policy_update({"state": "skipped"})
        self._policy_make_room(1)
        self._policy_insert_steps(
            [
                step._policy_copy_values(
                    sequence=step.sequence + 1,
                    role_id=False,
                    team_id=False,
                    person_id=person.id,
                    origin="added" if step.origin == "added" else "forwarded",
                    replaced_id=step.id,
                )
            ]
        )
        self._policy_open_steps()

    def _policy_check_forward(self, step, seats, user, person):
        """Refuse to forward to somebody who could not decide himself."""
        if person in self._policy_forward_to(step, seats, user):
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(person)s cannot decide %(request)s. It is forwarded to somebody who "
                "could decide it, or who stands above you.",
                clause=self.clause_id._policy_citation(),
                person=person.name,
                request=self.name,
            )
        )

    def _policy_forward_to(self, step, seats, user):
        """Return those to whom ``user`` may hand the open step over, as superuser.

        Those who could decide it, who stand above them, or above him.
        """
        place = self._policy_place(step)
        able = self._policy_can_now(seats)
        if place.instead:
            able |= self._policy_can_now(self._policy_seats([place.instead])[0])
        above = self._policy_above([place], [0], [able])[0]
        # A delegate hands over what is his principal's.
        rung = ((seats[user].principal or user).id, False)
        chain, _circle = self.env["crm.policy.ladder"]._policy_chains([rung], self.company_id)[rung]
        managers = self.env["res.users"].sudo().browse(filter(None, chain)) - place.signed
        if place.by_amount and managers:
            managers &= self._policy_authorised(place)
        return able.sudo() - user | above.sudo() | managers

    def _policy_offer(self, turn):
        """Return whom the current user is offered for a turn, as ``res.users``.

        None whom the turn would refuse; who has signed already is not offered to sign once more.

        :param str turn: forward | add | copy.
        """
        self.ensure_one()
        user, approval = self.env.user, self.sudo()
        nobody = self.env["res.users"]
        if approval.state != "pending":
            return nobody
        [document] = approval._policy_documents().values()
        named = Domain("share", "=", False) & Domain("company_ids", "in", self.company_id.id)
        barred = document._policy_nondeciders() | approval.requester_id | user
        named &= Domain("id", "not in", barred.ids)
        if turn == "copy":
            if user not in approval._policy_parties():
                return nobody
            return nobody.search(named & Domain("id", "not in", approval.copy_user_ids.ids))
        [(step, seats)] = approval._policy_opened().values()
        if user not in seats or seats[user].away:
            return nobody
        if turn == "add":
            signed = approval._policy_place(step).signed | step.person_id
            return nobody.search(named & Domain("id", "not in", signed.ids))
        if step.mode != "any":
            return nobody
        found = approval._policy_forward_to(step, seats, user)
        return nobody.search(named & Domain("id", "in", found.ids))

    def _policy_check_unsigned(self, step):
        """Refuse to put somebody before those who have signed already."""
        approve, reject = step._policy_voices()
        if approve | reject:
            raise UserError(
                self.env._(
                    "%(people)s signed this step already: let the other person sign afterwards.",
                    people=list_words(self.env, (approve | reject).mapped("name")),
                )
            )

    # === COPY AND REMIND === #

    def _policy_copy(self, user_ids):
        """Let others read the requests: by who has asked, may decide or has decided."""
        user = self.env.user
        if not isinstance(user_ids, list | tuple) or not user_ids:
            raise ValidationError(self.env._("Name the persons to whom it is copied."))
        for approval in self.sudo():
            people = self.env["res.users"].sudo()
            for user_id in user_ids:
                people |= approval._policy_person(user_id)
            if user not in approval._policy_parties():
                raise AccessError(
                    self.env._(
                        "%(request)s is copied to others by who has asked for it or decides on it.",
                        request=approval.name,
                    )
                )
            approval._policy_give_copies(people)

    def _policy_parties(self):
        """Return who has asked for the request, may decide or has decided."""
        return self.requester_id | self.eligible_user_ids | self.decision_ids.user_id

    def _policy_copy_route(self):
        """Give the copies that the route asks for."""
        for approval in self.sudo().filtered("route_id.copy_role_ids"):
            [document] = approval._policy_documents().values()
            people = self.env["res.users"].sudo()
            for role in approval.route_id.copy_role_ids:
                people |= role._users_for(document)[document.id].sudo()
            barred = document._policy_approval_barred_users().sudo()
            approval._policy_give_copies(people - barred - approval.requester_id)

    def _policy_give_copies(self, people):
        """Store to whom a request is copied and tell those who are new."""
        fresh = people - self.copy_user_ids
        if fresh:
            self._policy_update({"copy_user_ids": [(4, user.id) for user in fresh]})
            self._policy_log_requests("approval.copied", {self.id: {"users": fresh.ids}})
            self._policy_tell("copied", fresh)

    def _policy_remind(self):
        """Remind those who may decide; not again within the hours of the policy."""
        user, now = self.env.user, fields.Datetime.now()
        for approval in self.sudo():
            if approval.requester_id != user:
                raise AccessError(
                    self.env._(
                        "%(requester)s has asked for %(request)s and reminds of it.",
                        request=approval.name,
                        requester=approval.requester_id.name,
                    )
                )
        for approval, (step, seats) in self.sudo()._policy_take().items():
            hours = self.env["crm.policy.parameter"]._policy_value(
                approval.company_id.id, REMIND_HOURS
            )
            again = step.reminded_at and step.reminded_at + timedelta(hours=hours)
            if again and again > now:
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: a reminder of %(request)s went out less than %(hours)g hours "
                        "ago.",
                        clause=approval.clause_id._policy_citation(),
                        request=approval.name,
                        hours=hours,
                    )
                )
            step._policy_update({"reminded_at": now})
            users = approval._policy_can_now(seats)
            approval._policy_log_requests("approval.reminded", {approval.id: {"users": users.ids}})
            approval._policy_tell("reminded", users)

    # === WHO IS NAMED === #

    @staticmethod
    def _policy_is_id(value):
        return isinstance(value, int) and not isinstance(value, bool) and value > 0

    def _policy_person(self, user_id):
        """Return a user whom a caller names: an employee of the company who may have to do with it.

        :raises ValidationError: there is no such user, archived, of the portal, of another company.
        :raises PolicyRefusal: it is the requester, or the document bars him.
        """
        self.ensure_one()
        person = self.env["res.users"].sudo()
        if self._policy_is_id(user_id):
            person = person.browse(user_id).exists()
        company = self.company_id
        if not person or not person.active or person.share or company not in person.company_ids:
            raise ValidationError(
                self.env._("Name an active employee of %(company)s.", company=company.sudo().name)
            )
        [document] = self._policy_documents().values()
        if person in document._policy_nondeciders() | self.requester_id:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(person)s has asked for it or is concerned by it and has no part "
                    "in the decision.",
                    clause=self.clause_id._policy_citation(),
                    person=person.name,
                )
            )
        return person

    # === STEPS THAT COME IN BETWEEN === #

    def _policy_make_room(self, count):
        """Move the steps that have not had their turn back by ``count`` places."""
        for step in self.step_ids.filtered(lambda line: line.state == "waiting"):
            step._policy_update({"sequence": step.sequence + count})
