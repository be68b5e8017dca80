from odoo import api, models
from odoo.exceptions import UserError, ValidationError

from .complaint_mixin import WINDOW

DEMOTERS = ("crm_policy.group_supervisor",)
HEAVY = ("complaint", "conflict")
# What was done for a complaint was done for what it becomes: no clock begins anew for it.
HANDED_ON = ("policy_accepted_at", "policy_responded_at")
# What a case does not take along: what it has become on its own way.
OWN_NAMES = frozenset(
    {
        "policy_kind",
        "policy_complaint_type_id",
        "policy_solution",
        "policy_to_sort",
        "policy_sort_reason",
    }
)


class CrmPolicyCaseConvert(models.AbstractModel):
    """A case that turns out to be of another kind or type (CMP-CLS-02, CMP-SCP-02, corr. 14).

    Until it is accepted it simply changes, its type until it is numbered. Later it ends as
    converted, and a new case goes on with its intake, its texts and its files: what counts from
    the acceptance counts from the acceptance as the new kind.
    """

    _name = "crm.policy.case.convert"
    _description = "Conversion of a Case"

    # === ACTION METHODS === #

    def action_policy_convert(self, kind=None, type_id=None, reason=None):
        """Make the case one of another kind or type.

        :param str kind: a code of KINDS.
        :param int type_id: id of a ``crm.policy.complaint.type``, or nothing.
        :param str reason: why.
        :return: the action that opens the case in which it goes on; it may be the same.
        :raises AccessError: no specialist; of a complaint or conflict, no supervisor.
        :raises UserError: it is that already, or too far on to become something else.
        """
        self.ensure_one()
        self._policy_check_actor(WINDOW)
        self._policy_check_governed()
        reason = self._policy_text(reason, self.env._("Say why it is something else."))
        if not kind or not isinstance(kind, str) or isinstance(type_id, bool) and type_id:
            raise ValidationError(
                self.env._("Fill in %(field)s.", field=self._policy_label("policy_kind"))
            )
        target = {"policy_kind": kind, "policy_complaint_type_id": type_id or False}
        self._policy_check_classification([target])
        if kind == "conflict" and not type_id:
            # As one that comes in as a conflict: its type numbers it and says its course.
            type_id = self._policy_conflict_type_id(self.company_id.id)
            target["policy_complaint_type_id"] = type_id
        if (kind, type_id or False) == (self.policy_kind, self.policy_complaint_type_id.id):
            raise UserError(
                self.env._(
                    "%(case)s is that already: %(kind)s.",
                    case=self.display_name,
                    kind=self._policy_kind_words(target),
                )
            )
        in_place = self._policy_converts_in_place(target)
        if self.policy_kind in HEAVY and not in_place:
            # Nobody ends the clocks of a complaint on his own.
            self._policy_check_actor(DEMOTERS)
        self.sudo()._policy_hold_rows()
        before = {"kind": self.policy_kind, "type": self.policy_complaint_type_id.id}
        if in_place:
            self.write(target)
            successor = self
        else:
            self._policy_check_continuable()
            successor = self._policy_convert_into(target)
        self._policy_tell_converted(successor, before, target, reason)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": successor.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _policy_converts_in_place(self, target):
        """Return whether the case simply changes: its number, policy and clocks stay right."""
        if self.policy_number or self.policy_registered_at:
            return False
        if not self.policy_accepted_at:
            return True
        policy = self.sudo().policy_version_id.policy_id
        complaint_type = self.env["crm.policy.complaint.type"].sudo()
        wanted = complaint_type.browse(target["policy_complaint_type_id"] or ()).policy_id
        return target["policy_kind"] == self.policy_kind and (wanted or policy) == policy

    def _policy_convert_into(self, target):
        """End the case as converted; return the new one, which the current user creates."""
        old = self.sudo()
        self.env["crm.policy.deadline"]._policy_notice_overdue(old)
        vals = {**old._policy_carried_vals(), **target}
        if target["policy_kind"] == "conflict" and not vals.get("policy_arose_from"):
            vals |= {"policy_arose_from": "complaint", "policy_arose_case_id": old.id}
        successor = self.create([vals])
        new = successor.sudo()
        new._policy_guarded_write(
            {"policy_intake_at": old.policy_intake_at, "policy_origin_id": old.id}
        )
        if old.policy_kind in HEAVY and target["policy_kind"] in HEAVY:
            old._policy_hand_on_facts(new)
        # What the former kind did not ask for is late at once; nobody has missed it. What it asked
        # for and was missed stays a violation of the former case.
        self.env["crm.policy.deadline"]._policy_accept_overdue(new)
        old._policy_copy_files(new)
        old._policy_continue_in(new, "converted")
        return successor

    def _policy_hand_on_facts(self, case):
        """Let what was done for a complaint count for what it becomes, at its own instants.

        A late complaint stays late: nobody gets new time by calling it something else. A request
        that becomes a complaint is accepted as one first (Correction 14) and does not come here.
        """
        order, handed_on = case._policy_fact_order(), []
        for name in HANDED_ON:
            before = [fact for fact in order.get(name, ()) if fact != "policy_intake_at"]
            ready = name in order and all(case[fact] for fact in before)
            if self[name] and ready and not case._policy_missing_needs(name):
                case._policy_guarded_write(case._policy_fact_vals(name, self[name]))
                handed_on.append(name)
        if "policy_responded_at" in handed_on:
            case._policy_guarded_write({"policy_response_text": self.policy_response_text})
        for name in handed_on:
            fact = name.removeprefix("policy_").removesuffix("_at")
            self.env["crm.policy.event"]._policy_log(
                f"fact.{fact}",
                case,
                {"at": str(case[name]), "from": self.id},
                clause=case._policy_fact_clause(name) or case.policy_version_id,
            )
            case._policy_ask_started(fact)
        if handed_on:
            case._policy_bring_about()

    def _policy_carried_vals(self):
        """Return the create values that a case takes along when it becomes another one."""
        self.ensure_one()
        return {
            **{
                name: self._fields[name].convert_to_write(self[name], self)
                for name in self._policy_carried_names()
            },
            "name": self.name,
            "description": self.description,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "user_id": self.user_id.id if self.user_id.active else False,
        }

    @api.model
    def _policy_carried_names(self):
        """Return our own fields that people fill in: what they have said of the case."""
        kept = self._policy_guarded_fields() | OWN_NAMES
        return [
            name
            for name, field in self._fields.items()
            if name.startswith("policy_")
            and name not in kept
            and field.store
            and not (field.compute or field.related or field.readonly)
            and field.type != "one2many"
        ]

    def _policy_copy_files(self, case):
        """Let the files of this case be files of ``case``, too; their content is stored once."""
        files = self.env["ir.attachment"].sudo().search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)]
        )  # fmt: skip
        for file in files:
            file.copy({"res_id": case.id})

    def _policy_kind_words(self, target):
        kinds = dict(self._fields["policy_kind"]._description_selection(self.env))
        complaint_type = self.policy_complaint_type_id.browse(target["policy_complaint_type_id"])
        return complaint_type.sudo().name or kinds.get(target["policy_kind"], "")

    def _policy_tell_converted(self, successor, before, target, reason):
        old = self.sudo()
        seals = self.env["crm.policy.sealed"]._policy_seal(old, "conversion", reason)
        self.env["crm.policy.event"]._policy_log(
            "case.converted",
            old,
            {
                "from": before,
                "to": {"kind": target["policy_kind"], "type": target["policy_complaint_type_id"]},
                "into": successor.id,
                "reason": seals[self.id],
            },
            clause=old.policy_version_id,
        )
        words = {
            "case": old.display_name,
            "into": successor.sudo().display_name,
            "kind": self._policy_kind_words(target),
            "reason": reason,
        }
        if successor == self:
            old._message_log(body=self.env._("It is now: %(kind)s. %(reason)s", **words))
            return
        old._message_log(body=self.env._("Converted into %(into)s: %(reason)s", **words))
        successor.sudo()._message_log(
            body=self.env._("Converted from %(case)s: %(reason)s", **words)
        )
