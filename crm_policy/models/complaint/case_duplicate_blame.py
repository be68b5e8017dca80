from odoo import api, fields, models
from odoo.exceptions import UserError

from ...words import list_words


class CrmPolicyCaseDuplicateBlame(models.AbstractModel):
    """Whose fault a case was that was entered twice, and what is claimed from others for it, go on
    in the case that it is merged into (CMP-DUP-01).

    There the responsibility is 100 percent once: what the main case says of it stands, and the
    duplicate's shares are withdrawn; where it says nothing yet they move. A claim that was not sent
    moves; one that was sent stays with its evidence, is shown in the main case and counts there.
    """

    _name = "crm.policy.case.duplicate.blame"
    _description = "Responsibility and Claims of a Duplicate"

    policy_merged_claim_ids = fields.Many2many(
        "crm.policy.claim",
        string="Claims of Merged Cases",
        compute="_compute_policy_merged_claim_ids",
        groups="base.group_user",
        export_string_translation=False,
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_predecessor_ids.policy_claim_ids")
    @api.depends_context("uid")
    def _compute_policy_merged_claim_ids(self):
        for case in self:
            claims = case.sudo()._policy_merged_cases().policy_claim_ids
            case.policy_merged_claim_ids = claims.with_env(self.env)._filtered_access("read")

    # === BUSINESS METHODS === #

    def _policy_main_case(self):
        """Return the case in which a duplicate goes on in the end; any other case itself."""
        case = self
        while case.policy_outcome == "cancelled" and case.policy_successor_id:
            case = case.policy_successor_id
        return case

    def _policy_merged_cases(self):
        """Return the cases that were merged into this one, those merged into them included."""
        found, level = self.browse(), self
        while level:
            level = level.policy_predecessor_ids.filtered(
                lambda case: case.policy_outcome == "cancelled"
            )
            found |= level
        return found

    def _policy_check_mergeable(self, into):
        result = super()._policy_check_mergeable(into)
        lines = self._policy_present_shares()
        if not lines:  # saves work
            return result
        problem = None
        if into.policy_decided_at or not into._policy_present_shares():
            problems = (line._policy_merge_problem(into) for line in lines)
            problem = next(filter(None, problems), None)
        if problem:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s has shares of the responsibility, which go on in "
                    "%(into)s, and cannot now. %(problem)s A supervisor reopens %(into)s, or "
                    "somebody strikes the shares out.",
                    clause=self._policy_merge_words(into),
                    case=self.display_name,
                    into=into.display_name,
                    problem=problem,
                )
            )
        return result

    def _policy_merge(self, into, reason):
        lines = self._policy_present_shares()
        told = [line.display_name for line in lines]
        stands = bool(into._policy_present_shares())
        withdrawn = [{"id": line.id, **line._policy_entry_payload()} for line in lines if stands]
        if stands:
            lines.unlink()  # as long as the case is not ended
            lines = lines.browse()
        result = super()._policy_merge(into, reason)
        lines._policy_move_to(into)
        claims = self.policy_claim_ids
        drafts = claims.filtered(lambda claim: claim.state == "draft")
        sent = claims.filtered(lambda claim: claim.state in ("sent", "answered"))
        drafts._policy_move_to(into)
        if not (told or claims):
            return result
        into._policy_bring_about()
        self.env["crm.policy.event"]._policy_log(
            "case.blame_moved",
            self,
            {
                "into": into.id,
                "shares": lines.ids,
                "withdrawn": withdrawn,
                "claims": drafts.ids,
                "claims_kept": sent.ids,
            },
            clause=self._policy_duplicate_clause(),
        )
        words = self._policy_moved_words(into, told, stands, drafts, sent)
        for case in (self, into):
            case._message_log(body="\n".join(words))
        return result

    def _policy_moved_words(self, into, told, stands, drafts, sent):
        """Return what became of shares and claims, a sentence each."""
        words = []
        names = {"case": self.display_name, "into": into.display_name}
        if told and stands:
            words.append(
                self.env._(
                    "The responsibility is as %(into)s says; the shares of %(case)s are withdrawn: "
                    "%(shares)s.",
                    shares=list_words(self.env, told),
                    **names,
                )
            )
        elif told:
            words.append(
                self.env._(
                    "The shares of the responsibility move from %(case)s to %(into)s: %(shares)s.",
                    shares=list_words(self.env, told),
                    **names,
                )
            )
        if drafts:
            words.append(
                self.env._(
                    "Claims that were not sent move to %(into)s: %(claims)s.",
                    claims=list_words(self.env, drafts.mapped("number")),
                    **names,
                )
            )
        if sent:
            words.append(
                self.env._(
                    "Claims that were sent go on under %(case)s and count in %(into)s: %(claims)s.",
                    claims=list_words(self.env, sent.mapped("number")),
                    **names,
                )
            )
        return words
