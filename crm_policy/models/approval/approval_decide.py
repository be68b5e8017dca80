from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ...words import list_words
from .approval_changes import Changes


class CrmPolicyApprovalDecide(models.AbstractModel):
    """Signing a request: who may, who may not and why, and what follows from it."""

    _name = "crm.policy.approval.decide"
    _description = "Decision on a Request"

    def _policy_decide(self, outcome, comment):
        """Write the signature of the current user on each request and move it on.

        :param str outcome: "approved" or "rejected".
        :raises PolicyRefusal: the user may not decide; names clause, limit and who may.
        """
        approvals, user = self.sudo(), self.env.user
        comment = self._policy_comment(comment)
        if outcome == "approved":
            approvals._policy_check_signed(user)
        turns, opened = [], approvals._policy_opened()
        for approval, (step, seats) in opened.items():
            approval._policy_check_seat(user, seats)
            voice = seats[user].principal or user
            said = step._policy_said()
            given, refused = step._policy_voices(said)
            # Each has one voice, for himself or for another.
            if voice in given or voice in refused or user in said.user_id:
                # The others of his step may have left since: then it stands as it is signed.
                stands = voice in given and step._policy_result(seats) == outcome
                if outcome != "approved" or not stands:
                    raise UserError(
                        self.env._("You have signed %(request)s.", request=approval.name)
                    )
                turns.append((approval, step, None, "approved"))
                continue
            if outcome == "rejected" and not comment:
                raise UserError(
                    self.env._("Say why you reject %(request)s.", request=approval.name)
                )
            if not comment and step.sequence == 1:
                approval._policy_check_opinion()
            result = step._policy_result(seats, voice, outcome)
            turns.append((approval, step, seats[user], result))
        approvals._policy_sign(turns, user, outcome, comment)

    def _policy_check_opinion(self):
        """Refuse a first signature without words where the opinion is wanted (RWD-FIN-04)."""
        if self.env[self.res_model]._policy_wants_opinion:
            raise UserError(
                self.env._(
                    "%(clause)s: %(request)s: write your opinion.",
                    clause=self.clause_id._policy_citation(),
                    request=self.name,
                )
            )

    def _policy_comment(self, comment):
        """Return a comment without blanks around it, False when there is none."""
        if comment and not isinstance(comment, str):
            raise ValidationError(self.env._("A comment is a text."))
        return (comment or "").strip() or False

    def _policy_take(self):
        """Hold the rows; return {request: (its open step, {user: Seat})} as superuser."""
        self._policy_write_changes(Changes(requests={approval: {} for approval in self}))
        return self._policy_opened()

    def _policy_opened(self):
        """Return {request: (its open step, {user: Seat})} as superuser; all of them are pending."""
        steps = self._policy_steps()
        for approval in self.sudo():
            if approval not in steps:
                state = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(request)s is %(state)s already.",
                        request=approval.name,
                        state=state[approval.state],
                    )
                )
        seats = self._policy_seats(self._policy_places(steps))
        return {
            approval: (step, found)
            for (approval, step), found in zip(steps.items(), seats, strict=True)
        }

    def _policy_check_seat(self, user, seats):
        """Refuse a user who has no place there now."""
        if user not in seats or seats[user].away:
            self._policy_refuse_decider(user, self._policy_can_now(seats))

    def _policy_sign(self, turns, user, outcome, comment):
        """Store the signatures, and move on the steps that are completed by them.

        :param turns: tuples (request, step, Seat or None for nothing new, result of the step).
        """
        claims, ended, completed = [], {}, {}
        now = fields.Datetime.now()
        changes = Changes(requests={approval: {} for approval, *_turn in turns})
        for approval, step, seat, result in turns:
            if not result:
                continue
            changes.steps[step] = {"state": result, "decided_at": now}
            if result == "approved" and approval._policy_has_further():
                completed[approval] = (step, seat and (user | seat.principal))
                continue
            ended[result] = ended.get(result, self.sudo().browse()) + approval
            if result == "approved":
                [document] = approval._policy_documents().values()
                signer = approval._policy_authority_of(step, seat) or user
                amount = approval._policy_amount_now(document)
                claims.append((document, signer, amount, approval))
        self.env["crm.policy.competence"]._policy_claim_all(claims)
        for state, approvals in ended.items():
            approvals._policy_close(changes, state)
        going = self.sudo().browse(approval.id for approval in completed)
        going._policy_open(changes, completed)
        fresh = [(approval, step, seat) for approval, step, seat, _result in turns if seat]
        self._policy_note_decisions(fresh, user, outcome, comment, changes=changes)
        for state, approvals in ended.items():
            approvals._policy_ended(state)
        self._policy_announce({one: changes.people[one] for one in completed})

    def _policy_has_further(self):
        return any(step.state == "waiting" for step in self.step_ids)

    def _policy_authority_of(self, step, seat):
        """Return by whose authority a signature completes the request; empty: the signer's own.

        Who was added signs on top of it: it stays that of who has decided before him. Where
        nothing new is signed it is that of who has signed last.
        """
        if step.origin != "added" and seat:
            return seat.principal
        last = self._policy_route_signatures().sorted("id")[-1:]
        if step.origin != "added":
            last = step._policy_said().filtered(lambda line: line.outcome == "approved")[-1:]
        return last.on_behalf_of_id or last.user_id

    def _policy_note_decisions(self, turns, user, outcome, comment, to=None, changes=None):
        """Store one decision and one event for each of the requests.

        :param turns: tuples (request, step, Seat).
        :param changes: what is to be written with them.
        """
        now, changes = fields.Datetime.now(), changes or Changes()
        changes.decisions = [
            {
                "approval_id": approval.id,
                "step_id": step.id,
                "company_id": approval.company_id.id,
                "user_id": user.id,
                "on_behalf_of_id": seat.principal.id,
                "delegation_id": seat.delegation.id,
                "outcome": outcome,
                "to_user_id": to and to.id,
                "comment": comment,
                "decided_at": now,
            }
            for approval, step, seat in turns
        ]
        self._policy_write_changes(changes)
        payloads, principals = {}, {}
        for approval, step, seat in turns:
            payload = {"step": step.sequence}
            if seat.principal:
                principals[approval.id] = seat.principal
                payload["delegation"] = seat.delegation.id
            if to:
                payload["to"] = to.id
            payloads[approval.id] = payload
        approvals = self.sudo().browse(payloads)
        approvals._policy_log_requests(f"approval.{outcome}", payloads, principals)

    def _policy_amount_now(self, document):
        """Return the amount that counts: what was asked, or what the document has grown to."""
        return max(self.amount, document._policy_approval_amount())

    def _policy_check_signed(self, user):
        """Refuse who was asked to sign the policy in force and has not, where the company says so.

        Who is not in its scope was never asked and decides as before.
        """
        gated = self.company_id.filtered("policy_sign_gate")
        if not gated:  # saves work
            return
        for approval in self.filtered(lambda approval: approval.company_id in gated):
            current = approval.clause_id.version_id.policy_id.current_version_id
            if not current._policy_unsigned_by(user):
                continue
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: who decides under %(version)s has signed it first. You were asked "
                    "to and have not.",
                    clause=approval.clause_id._policy_citation(),
                    version=current.display_name,
                ),
                action={
                    "type": "ir.actions.act_window",
                    "res_model": current._name,
                    "res_id": current.id,
                    "views": [(False, "form")],
                },
                button=self.env._("Read and sign"),
            )

    def _policy_refuse_decider(self, user, eligible):
        """Say why ``user`` may not decide, and who may."""
        document = self.env[self.res_model].browse(self.res_id).with_user(user)
        if user == self.requester_id:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: nobody decides on his own request. May decide: %(deciders)s.",
                    clause=self.clause_id._policy_citation(),
                    deciders=list_words(self.env, eligible.mapped("name"))
                    or self.env._("nobody yet"),
                )
            )
        if user in document.sudo()._policy_proposers():
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: nobody decides on what he has written himself. May decide: "
                    "%(deciders)s.",
                    clause=self.clause_id._policy_citation(),
                    deciders=list_words(self.env, eligible.mapped("name"))
                    or self.env._("nobody yet"),
                )
            )
        words = document._policy_beyond_words(user, self._policy_amount_now(document.sudo()))
        if words:
            raise PolicyRefusal(words)
        raise AccessError(
            self.env._(
                "%(clause)s: you are not asked to decide %(request)s. May decide: %(deciders)s.",
                clause=self.clause_id._policy_citation(),
                request=self.name,
                deciders=list_words(self.env, eligible.mapped("name")) or self.env._("nobody yet"),
            )
        )
