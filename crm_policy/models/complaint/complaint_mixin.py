from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Domain

from ...const import ENDED_OUTCOMES, FACT_ORDER, KINDS, STEP_FACTS
from ...exceptions import PolicyRefusal
from ...tools.amounts import is_plausible
from ...tools.zones import local_day
from ...words import list_words, with_note
from .complaint_fields import STEP_TEXTS

WINDOW = ("crm_policy.group_specialist",)
RECHECKERS = ("crm_policy.group_supervisor", "crm_policy.group_qc")
LOCKED_BY_NUMBER = ("policy_complaint_type_id", "company_id")
# Who gets it, what else counts with it, and by which policy: no part of what is signed itself.
RELIED_ON = ("partner_id", "policy_order_ref", "policy_kind", *LOCKED_BY_NUMBER)


class CrmPolicyComplaintMixin(models.AbstractModel):
    """A governed case (ISO 10002): the actions that move it, and what they check.

    It knows nothing of helpdesk's stages, teams and categories, so that another ticket model can
    take it over. A record without ``policy_kind`` is not governed and untouched.
    """

    _name = "crm.policy.complaint.mixin"
    _description = "Governed Case"
    _inherit = ["crm.policy.complaint.fields"]

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {
            "policy_intake_at",
            *FACT_ORDER["complaint"],
            *STEP_FACTS.values(),
        }

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_number",
            "policy_outcome",
            "policy_step",
            "policy_origin_id",
            *STEP_TEXTS,
        }

    @api.model_create_multi
    def create(self, vals_list):
        # pylint: disable=method-required-super; it is called with what this method has checked
        vals_list = [dict(vals) for vals in vals_list]
        self._policy_refuse_guarded({name for vals in vals_list for name in vals})
        self._policy_fill_in(vals_list, ["policy_kind"])
        self._policy_check_measures(vals_list)
        self._policy_check_classification(vals_list)
        moment = fields.Datetime.now()
        governed = [vals for vals in vals_list if vals.get("policy_kind")]
        if governed:
            self._policy_prepare_create(governed, moment)
        cases = self._policy_guarded_create(vals_list)
        cases.filtered("policy_kind")._policy_take_in(moment)
        return cases

    def write(self, vals):
        self._policy_check_measures([vals])
        self._policy_check_classification([vals])
        governed = self.filtered("policy_kind")
        if governed:
            governed._policy_check_reclassified(vals)
            governed._policy_check_relied_on(vals)
        result = super().write(vals)
        if any(vals.get(name) for name in ("policy_kind", *LOCKED_BY_NUMBER)):
            for case in self.filtered(
                lambda case: case.policy_kind and not case.policy_accepted_at
            ):
                intake = case.policy_intake_at or case.create_date.replace(microsecond=0)
                case._policy_take_in(intake)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_governed(self):
        if any(case.policy_kind for case in self):
            raise UserError(
                self.env._("A governed case is never deleted. Cancel it, with a reason.")
            )

    def _policy_check_measures(self, vals_list):
        """Refuse an amount before rounding it and the database stumble over it."""
        for vals in vals_list:
            for name in self._policy_measures():
                if not is_plausible(vals.get(name)):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(amount)s cannot be meant.",
                            field=self._policy_label(name),
                            amount=vals[name],
                        )
                    )

    def _policy_check_classification(self, vals_list):
        """Name an unknown kind or type instead of letting the database stumble over it."""
        kinds = [code for code, _label in KINDS]
        for kind in (vals.get("policy_kind") for vals in vals_list):
            if not kind or kind in kinds:
                continue
            raise ValidationError(
                self.env._(
                    "%(field)s: there is no kind %(kind)s.",
                    field=self._policy_label("policy_kind"),
                    kind=kind,
                )
            )
        values = [value for vals in vals_list if (value := vals.get("policy_complaint_type_id"))]
        types = self._policy_existing(
            self.env["crm.policy.complaint.type"].sudo(),
            {value for value in values if isinstance(value, int)},
        )
        known = types.ids
        for value in values:
            if value not in known:
                raise ValidationError(
                    self.env._(
                        "%(field)s: there is no complaint type %(value)s.",
                        field=self._policy_label("policy_complaint_type_id"),
                        value=value,
                    )
                )

    @staticmethod
    def _policy_existing(model, ids):
        """Return the records that exist; no query for what the transaction has read already."""
        records = model.browse(ids)
        try:
            records.mapped("display_name")
        except MissingError:
            return records.exists()
        return records

    def _policy_fill_in(self, vals_list, names):
        """Fill in the defaults that decide under which policy a case comes."""
        names = [name for name in names if any(name not in vals for vals in vals_list)]
        defaults = self.default_get(names) if names else {}
        for vals in vals_list:
            for name in defaults:
                vals.setdefault(name, defaults[name])

    def _policy_prepare_create(self, vals_list, moment):
        """Complete the values of governed cases with what the policy says of them at the intake.

        Written with the rows themselves they cost no statement of their own.
        """
        self._policy_fill_in(vals_list, ["policy_complaint_type_id", "company_id"])
        Type = self.env["crm.policy.complaint.type"].sudo()
        Company = self.env["res.company"]
        keys = [
            (
                vals["policy_kind"],
                Type.browse(vals.get("policy_complaint_type_id")),
                Company.browse(vals["company_id"]),
            )
            for vals in vals_list
        ]
        self._policy_fill_in_department(vals_list)
        versions = {key: self._policy_version_for(*key) for key in set(keys)}
        numbers = self._policy_numbers("intake", moment, [key[1:] for key in keys])
        for position, (vals, key) in enumerate(zip(vals_list, keys, strict=True)):
            vals.update(
                policy_intake_at=moment,
                policy_version_id=versions[key].id,
                policy_step="received",
            )
            if position in numbers:
                vals["policy_number"] = numbers[position]

    def _policy_fill_in_department(self, vals_list):
        """Take the user's department in the company of the case, not in the one he looks at."""
        user = self.env.user.sudo()
        for vals in vals_list:
            if "policy_department_id" not in vals and vals["company_id"] != self.env.company.id:
                there = user.with_company(vals["company_id"])
                vals["policy_department_id"] = there.employee_id.department_id.id

    def _policy_check_reclassified(self, vals):
        """Refuse to take a case out of its policy, or to re-sort it once it is under way."""
        for case in self:
            if "policy_kind" in vals and vals["policy_kind"] != case.policy_kind:
                if not vals["policy_kind"]:
                    raise UserError(
                        self.env._(
                            "%(case)s is governed by %(version)s and stays so.",
                            case=case.display_name,
                            version=case.policy_version_id.display_name,
                        )
                    )
                if case.policy_accepted_at:
                    raise UserError(
                        self.env._(
                            "%(case)s is accepted: its kind does not change any more.",
                            case=case.display_name,
                        )
                    )
            if case.policy_decided_at and vals.get("policy_solution", case.policy_solution) != (
                case.policy_solution
            ):
                raise UserError(
                    self.env._(
                        "%(case)s is decided: its solution stays as it was decided.",
                        case=case.display_name,
                    )
                )
            for name in LOCKED_BY_NUMBER:
                # Its version, its limits and its number are those of its company and type.
                settled = case.policy_registered_at or case.policy_number or (
                    name == "company_id" and case.policy_accepted_at
                )  # fmt: skip
                if name in vals and settled and vals[name] != case[name].id:
                    raise UserError(
                        self.env._(
                            "%(case)s is accepted or numbered: %(field)s does not change any more.",
                            case=case.display_name,
                            field=case._policy_label(name),
                        )
                    )

    def _policy_check_relied_on(self, vals):
        """Refuse to change what approvers of its remedies relied on; what was empty is filled in.

        Another contact of the same customer is the same customer; a colleague never becomes one.
        """
        names = [name for name in RELIED_ON if name in vals]
        for case in self.sudo() if names else ():
            live = case.policy_remedy_ids.filtered(
                lambda remedy, case=case: (
                    remedy.cycle == case.policy_cycle
                    and remedy.policy_approval_state in ("pending", "approved")
                )
            )
            for name in names if live else ():
                if not case._policy_is_other(name, vals[name] or False):
                    continue
                raise UserError(
                    self.env._(
                        "%(case)s has remedies that are approved or being approved: %(field)s "
                        "does not change any more.",
                        case=case.display_name,
                        field=case._policy_label(name),
                    )
                )

    def _policy_is_other(self, name, value):
        """Return whether ``value`` is another thing than what a field says, empty or not."""
        present = self[name]
        if name != "partner_id":
            present = present.id if self._fields[name].relational else present
            return bool(present) and value != present
        partner = present.browse(value)
        if partner == present:
            return False
        users = partner.with_context(active_test=False).user_ids
        if any(not user.share for user in users):
            return True
        return bool(present) and partner.commercial_partner_id != present.commercial_partner_id

    # === ACTION METHODS === #

    def action_policy_accept(self, at=None, reason=None):
        """Accept the case at the window: its clocks start (CMP-RSP-01)."""
        return self._policy_act("policy_accepted_at", WINDOW, at, reason)

    def action_policy_register(self, at=None, reason=None):
        """Enter the case in the register and give it its number (CMP-FLOW-01)."""
        return self._policy_act("policy_registered_at", WINDOW, at, reason)

    def action_policy_respond(self, text=None, at=None, reason=None):
        """Record the first answer that a person gave to the customer (SLA-02, SLA-03)."""
        return self._policy_act(
            "policy_responded_at", WINDOW, at, reason, {"policy_response_text": text or False}
        )

    def action_policy_propose(self, text=None, at=None, reason=None):
        """Record the solution that is proposed (CMP-RSP-02)."""
        vals = {"policy_solution": text} if text else {}
        return self._policy_act("policy_solution_at", WINDOW, at, reason, vals)

    def action_policy_decide(self, at=None, reason=None):
        """Decide on the solution: within one's own limit, or once the request is approved.

        :raises PolicyRefusal: the remedies exceed the limit of the user; names the clause, the
            limit and who can decide, and offers to submit.
        """
        return self._policy_act("policy_decided_at", WINDOW, at, reason)

    def action_policy_submit(self):
        """Submit the remedies of the case that are not decided yet."""
        self._policy_check_actor(WINDOW)
        for case in self:
            remedies = case._policy_undecided().filtered(
                lambda remedy: remedy.policy_approval_state == "none"
            )
            if not remedies:
                raise UserError(
                    self.env._("%(case)s has no remedy to submit.", case=case.display_name)
                )
            remedies.action_policy_submit()
        return True

    def action_policy_settle(self, at=None, reason=None):
        """Settle the case: the final decision is signed, the 15/20-day clock stops (CMP-SET-01)."""
        return self._policy_act("policy_settled_at", WINDOW, at, reason)

    def action_policy_close(self, at=None, reason=None):
        """Close the case: the only way there is (CMP-SET-02)."""
        # What was not established stays so.
        for outcome, cases in self.sudo().grouped("policy_outcome").items():
            vals = {"policy_outcome": outcome or "accepted"}
            cases.with_env(self.env)._policy_act("policy_closed_at", WINDOW, at, reason, vals)
        return True

    def action_policy_cancel(self, reason=None):
        """Cancel a case that was entered by mistake or withdrawn; its number is kept."""
        self._policy_check_actor(("crm_policy.group_supervisor",))
        if not (reason or "").strip():
            raise ValidationError(self.env._("Say why the case is cancelled."))
        self._policy_check_governed()
        for case in self:
            if case.policy_settled_at or case.policy_outcome:
                raise UserError(
                    self.env._(
                        "%(case)s is settled or ended: it is not cancelled any more.",
                        case=case.display_name,
                    )
                )
        self.sudo().policy_remedy_ids._policy_on_word()._policy_refuse_oral()
        self._policy_check_cancellable()
        self.sudo()._policy_guarded_write({"policy_outcome": "cancelled"})
        requests = self.sudo().policy_remedy_ids.policy_approval_id
        requests.filtered(lambda request: request.state == "pending")._policy_lapse()
        self._message_log_batch(
            bodies={case.id: self.env._("Cancelled: %(reason)s", reason=reason) for case in self}
        )
        self.env["crm.policy.event"]._policy_log("case.cancelled", self)
        return True

    def action_policy_open_deadlines(self):
        """Show the clocks of the case."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crm_policy.deadline_action"),
            "domain": [("res_model", "=", self._name), ("res_id", "=", self.id)],
            "context": {},
        }

    # === BUSINESS METHODS === #

    def _policy_act(self, fact, groups, at, reason, vals=None):
        """Check the person, write the texts of the step and record its fact."""
        self._policy_check_doer(fact, groups)
        self._policy_check_governed()
        cases = self.sudo()
        with self.env.cr.savepoint():
            if vals:
                for case in cases:
                    if case[fact]:
                        case._policy_check_fact(fact, at)
                cases._policy_guarded_write(vals)
            cases._policy_set_fact(fact, at, reason)
        return True

    def _policy_check_cancellable(self):
        """Refuse to cancel what has to go on; the caller has checked the person."""

    def _policy_check_governed(self):
        for case in self:
            if not case.policy_kind:
                raise UserError(
                    self.env._("%(case)s is not governed by a policy.", case=case.display_name)
                )

    def _policy_check_doer(self, fact, groups):
        """Refuse whoever may not record ``fact``: by default those outside ``groups``."""
        self._policy_check_actor(groups)

    def _policy_check_actor(self, groups):
        """Refuse whoever holds none of ``groups``; sudo() lends nobody a group."""
        user = self.env.user
        if not user._is_superuser() and not any(user.has_group(group) for group in groups):
            names = [self.env.ref(group).sudo().display_name for group in groups]
            raise AccessError(
                self.env._("This step is taken by: %(groups)s.", groups=list_words(self.env, names))
            )
        # A re-checker reads the case of others; everybody else works on what is his.
        self.check_access("read" if groups == RECHECKERS else "write")

    def _policy_require(self, name, value):
        field = self._fields[name]
        known = field.type != "selection" or value in field.get_values(self.env)
        if not isinstance(value, str) or not value.strip() or not known:
            raise ValidationError(self.env._("Fill in %(field)s.", field=self._policy_label(name)))

    @api.model
    def _policy_prepare_intake(self, vals_list):
        """Return the create values of what came in by a door, completed by what can be recognised.

        Each door (mail, portal, QR page, quick registration) calls it before ``create``; what the
        door or the person has said already stays.
        """
        return [dict(vals) for vals in vals_list]

    def _policy_take_in(self, moment):
        """Stamp new cases with their intake and the version that governs them; number them.

        Those that were created with the right stamp and number cost nothing more.
        """
        stale = defaultdict(self.browse)
        for case in self.sudo():
            kind = case.policy_complaint_type_id
            version = self._policy_version_for(case.policy_kind, kind, case.company_id)
            if (case.policy_version_id, case.policy_intake_at) != (version, moment):
                stale[version.id] += case
        for version_id, cases in stale.items():
            cases.sudo()._policy_guarded_write(
                {"policy_intake_at": moment, "policy_version_id": version_id}
            )
        self.env["crm.policy.event"]._policy_log("case.received", self)
        self.sudo()._policy_assign_numbers("intake", moment)

    @api.model
    def _policy_version_for(self, kind, complaint_type, company):
        """Return the version in force that governs a case of this kind and type.

        :raises UserError: the company has none.
        """
        policy = complaint_type.sudo().policy_id
        if not policy:
            policy = self.env["crm.policy.default"]._policy_for(kind, company)
        version = policy.sudo().active_in_company and policy.sudo().current_version_id
        if not version:
            raise UserError(
                self.env._(
                    "%(company)s has no policy in force for: %(kind)s.",
                    company=company.name,
                    kind=dict(self._fields["policy_kind"]._description_selection(self.env))[kind],
                )
            )
        return version

    def _policy_assign_numbers(self, event, moment):
        """Number the cases whose type is numbered at ``event``; one query per block."""
        todo = self.filtered(lambda case: not case.policy_number)
        pairs = [(case.policy_complaint_type_id, case.company_id) for case in todo]
        for position, number in self._policy_numbers(event, moment, pairs).items():
            todo[position]._policy_guarded_write({"policy_number": number})

    @api.model
    def _policy_numbers(self, event, moment, pairs):
        """Reserve the numbers that are due at ``event``, in one query per pattern.

        :param list pairs: complaint type and company of each case.
        :return: {position in ``pairs``: number}
        """
        blocks = defaultdict(list)
        for position, (kind, company) in enumerate(pairs):
            if kind.number_event == event:
                blocks[company, kind.number_pattern, kind.number_reset].append(position)
        numbers = {}
        for (company, pattern, reset), positions in blocks.items():
            day = local_day(moment, company)
            block = self._policy_free_numbers(company, pattern, reset, day, len(positions))
            numbers.update(zip(positions, block, strict=True))
        return numbers

    @api.model
    def _policy_free_numbers(self, company, pattern, reset, day, count):
        """Reserve ``count`` numbers that no case of the company has, imported ones included."""
        free = []
        while len(free) < count:
            numbers = self.env["crm.policy.counter"]._policy_reserve(
                company, pattern, reset, day, count - len(free)
            )
            taken = (
                self.sudo()
                .with_context(active_test=False)
                .search([("company_id", "=", company.id), ("policy_number", "in", numbers)])
                .mapped("policy_number")
            )
            free += [number for number in numbers if number not in taken]
        return free

    @api.model
    def _policy_running_domain(self):
        return Domain("policy_outcome", "not in", ENDED_OUTCOMES)

    def _policy_undecided(self):
        return self.policy_remedy_ids.filtered(
            lambda remedy: (
                remedy.policy_approval_state != "rejected" and not remedy._policy_may_execute()
            )
        )

    # === BUSINESS METHODS - GUARDS OF THE FACTS === #

    @api.model
    def _policy_fact_orders(self, version):
        return [FACT_ORDER["complaint"]]

    def _policy_fact_order(self):
        """Return {fact: the facts that must be there before it} of the case."""
        return self._policy_own_order()

    def _policy_missing_facts(self, name):
        """Return the facts that must be there before ``name`` and are not."""
        return [fact for fact in self._policy_fact_order().get(name, ()) if not self[fact]]

    def _policy_check_fact(self, name, moment):
        super()._policy_check_fact(name, moment)
        if name == "policy_intake_at":
            return
        if self.policy_closed_at or self.policy_outcome in ENDED_OUTCOMES:
            raise UserError(self.env._("%(case)s is ended.", case=self.display_name))
        order = self._policy_fact_order()
        if name not in order:
            raise UserError(
                self.env._(
                    "%(case)s: %(fact)s has no place in a case of its kind.",
                    case=self.display_name,
                    fact=self._policy_label(name),
                )
            )
        missing = self._policy_missing_facts(name)
        if missing:
            raise UserError(
                self.env._(
                    "%(clause)s: %(case)s, %(fact)s: missing first: %(missing)s.",
                    clause=self._policy_fact_citation(name),
                    case=self.display_name,
                    fact=self._policy_label(name),
                    missing=list_words(self.env, list(map(self._policy_fact_words, missing))),
                )
            )
        self._policy_check_after(name, moment, order[name])
        short = name.removeprefix("policy_").removesuffix("_at")
        check = getattr(self, f"_policy_check_{short}", None)
        if check:
            check()

    def _policy_fact_citation(self, name):
        """Return the clause that a refusal of a fact names; the version where there is none."""
        clause = self._policy_fact_clause(name)
        return (clause and clause._policy_citation()) or self.policy_version_id.display_name

    def _policy_fact_words(self, name):
        """Return the name of a fact with the number of the clause that demands it."""
        clause = self._policy_fact_clause(name)
        label = self._policy_label(name)
        return with_note(self.env, label, clause.number)

    def _policy_check_registered(self):
        names = ["policy_complaint_type_id", "partner_id"]
        if self.policy_kind not in ("complaint", "conflict"):
            return
        missing = [self._policy_label(name) for name in names if not self[name]]
        if missing:
            raise ValidationError(
                self.env._(
                    "%(clause)s: %(case)s cannot be registered without: %(fields)s.",
                    clause=self._policy_fact_citation("policy_registered_at"),
                    case=self.display_name,
                    fields=list_words(self.env, missing),
                )
            )

    def _policy_decide_problems(self):
        """Return what keeps the case from being decided, a sentence each.

        Every part of the room that has something to say about it adds its own.

        :rtype: list[str]
        """
        return []

    def _policy_close_problems(self):
        """Return what keeps the case from being closed beside missing facts, a sentence each.

        :rtype: list[str]
        """
        return []

    def _policy_unexecuted(self):
        """Return the names of what was decided for the customer and is still to be carried out.

        :rtype: list[str]
        """
        return []

    def _policy_refuse_problems(self, problems):
        if problems:
            raise UserError("\n".join([f"{self.display_name}:", *problems]))

    def _policy_check_closed(self):
        self._policy_refuse_problems(self._policy_close_problems())

    def _policy_check_solution(self):
        self._policy_require("policy_solution", self.policy_solution)

    def _policy_check_decided(self):
        """Refuse to decide beyond one's own limit or before the approval (AUT-MAT-05)."""
        self._policy_refuse_problems(self._policy_decide_problems())
        if self.policy_quantity_undetermined:
            raise UserError(
                self.env._(
                    "%(case)s: determine the quantity before the decision.",
                    case=self.display_name,
                )
            )
        undecided = self._policy_undecided()
        if not undecided:
            return
        if undecided.filtered(lambda remedy: remedy.policy_approval_state == "pending"):
            raise UserError(
                self.env._(
                    "%(case)s waits for: %(users)s.",
                    case=self.display_name,
                    users=list_words(
                        self.env, undecided.policy_approval_id.eligible_user_ids.mapped("name")
                    ),
                )
            )
        user = self.env.user
        for remedy in undecided:
            self._policy_check_beneficiary(remedy)
            try:
                line, amount = remedy._policy_sign_alone(user)
            except PolicyRefusal as refusal:
                raise PolicyRefusal(
                    str(refusal),
                    action=self._policy_submit_action(),
                    button=self.env._("Submit for Approval"),
                ) from refusal
            self.env["crm.policy.event"]._policy_log(
                "remedy.own_authority", remedy, {"amount": amount}, clause=line.clause_id
            )
        undecided._policy_guarded_write({"policy_approval_state": "approved"})

    def _policy_check_beneficiary(self, remedy):
        """Refuse to grant a remedy to oneself, or on a complaint about oneself."""
        if self.env.user not in remedy._policy_approval_barred_users():
            return
        own = remedy._policy_own_lines(self.env.user).filtered("own_cases")
        clause = (own or remedy._policy_authorities())[:1].clause_id
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: nobody grants a remedy to himself. Submit it.",
                clause=clause._policy_citation(),
            ),
            action=self._policy_submit_action(),
            button=self.env._("Submit for Approval"),
        )

    def _policy_submit_action(self):
        """Return the action behind the button of a refusal."""
        return {
            **self.env["ir.actions.actions"]._for_xml_id("crm_policy.case_submit_action"),
            "context": {"active_model": self._name, "active_id": self.id, "active_ids": self.ids},
        }

    def _policy_fact_vals(self, name, moment):
        vals = super()._policy_fact_vals(name, moment)
        if name == "policy_registered_at":
            self._policy_assign_numbers("registration", moment)
        return vals
