from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...const import EMERGENCY_TRIGGERS, ENDED_OUTCOMES
from ...exceptions import PolicyRefusal
from ...words import list_words
from .remedy import COUNTED

STARTERS = ("crm_policy.group_manager", "crm_policy.group_ceo")
LOSS_FROM = "emergency_loss_from"


class CrmPolicyCaseEmergency(models.AbstractModel):
    """A case that is an emergency: what makes it one, and what waits for its ratification (EMG-01).

    An emergency is not what somebody calls so: the loss, the customer, the severity or the type of
    the case must say it.
    """

    _name = "crm.policy.case.emergency"
    _description = "Case in an Emergency"

    policy_emergency_id = fields.Many2one(
        "crm.policy.emergency",
        string="Emergency Handling",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The last one of the case.",
    )
    policy_emergency_state = fields.Selection(
        related="policy_emergency_id.state", string="State of the Emergency"
    )
    policy_emergency_count = fields.Integer(
        string="Emergencies", compute="_compute_policy_emergency_count"
    )
    policy_in_emergency = fields.Boolean(
        string="In an Emergency",
        compute="_compute_policy_in_emergency",
        search="_search_policy_in_emergency",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_emergency_id.closed_at")
    def _compute_policy_in_emergency(self):
        for case in self:
            emergency = case.policy_emergency_id
            case.policy_in_emergency = bool(emergency) and not emergency.closed_at

    def _search_policy_in_emergency(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("policy_emergency_id", "any", [("closed_at", "=", False)])]

    def _compute_policy_emergency_count(self):
        rows = self.env["crm.policy.emergency"]._read_group(
            [("ticket_id", "in", self.ids)], ["ticket_id"], ["__count"]
        )
        counts = {case.id: count for case, count in rows}
        for case in self:
            case.policy_emergency_count = counts.get(case.id, 0)

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_emergency_id"}

    def _policy_counts(self):
        counted = ("crm.policy.emergency", "ticket_id")
        return {**super()._policy_counts(), "policy_emergency_count": counted}

    # === ACTION METHODS === #

    def action_policy_start_emergency(self, trigger=None, reason=None):
        """Send the emergency team: it may act before any approval (EMG-01).

        :param str trigger: major_loss, key_customer, crisis or data_leak.
        :param str reason: what has happened.
        :raises AccessError: the user is no manager.
        :raises ValidationError: the case is none of the kind; says what would make it one.
        :raises UserError: it has an emergency, there is no team, or it is ended.
        :raises PolicyRefusal: the right is suspended: an earlier emergency is not ratified in time.
        """
        if not any(self.env.user.has_group(group) for group in STARTERS):
            names = [self.env.ref(group).sudo().display_name for group in STARTERS]
            raise AccessError(
                self.env._("This step is taken by: %(groups)s.", groups=list_words(self.env, names))
            )
        self.check_access("read")
        self._policy_refuse_accused()
        self._policy_refuse_customer()
        self._policy_check_governed()
        if trigger not in dict(EMERGENCY_TRIGGERS):
            raise ValidationError(self.env._("Say what makes the case an emergency."))
        text = self._policy_text(reason, self.env._("Say what has happened."))
        for case in self.sudo():
            if case.policy_closed_at or case.policy_outcome in ENDED_OUTCOMES:
                raise UserError(self.env._("%(case)s is ended.", case=case.display_name))
            route = case._policy_emergency_route()
            problem = getattr(case, f"_policy_no_{trigger}")(route.version_id)
            if problem:
                raise ValidationError(
                    self.env._(
                        "%(clause)s: %(case)s is no such emergency. %(problem)s",
                        clause=route.clause_id._policy_citation(),
                        case=case.display_name,
                        problem=problem,
                    )
                )
            emergency = self.env["crm.policy.emergency"]._policy_start(case, route, trigger, text)
            case._policy_guarded_write({"policy_emergency_id": emergency.id})
            case._message_log(
                body=self.env._(
                    "Emergency %(number)s started: %(reason)s", number=emergency.number, reason=text
                )
            )
        return True

    def action_policy_open_emergencies(self):
        """Open the emergencies of the case."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.emergency_action")
        if self.policy_emergency_count == 1:
            action |= {"views": [(False, "form")], "res_id": self.policy_emergency_id.id}
        return {**action, "domain": [("ticket_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    def _policy_check_cancellable(self):
        for case in self.sudo():
            case._policy_check_emergency_over()
        return super()._policy_check_cancellable()

    def _policy_concerned_users(self):
        """Return whose own matter the case is: its customer's users and who is complained about.

        :rtype: res.users
        """
        partners = self.partner_id.with_context(active_test=False)
        return partners.user_ids | self.policy_accused_user_ids

    def _policy_emergency_spent(self, but=None):
        """Return what the emergencies of these cases have cost.

        :param str but: leaves out documents of this model, which the caller counts himself.
        """
        cases = self.sudo().filtered("policy_emergency_id")
        if not cases:
            return 0.0
        lines = self.env["crm.policy.emergency.action"].sudo().search(
            [("ticket_id", "in", cases.ids)]
        )  # fmt: skip
        return sum(line.amount for line in lines if not but or line.res_model != but)

    def _policy_ordinary_amount(self, kinds=None):
        """Return what was granted or asked for on these cases outside of any emergency.

        :param kinds: of these business types only.
        """
        remedies = self.sudo().policy_remedy_ids.filtered(
            lambda remedy: (
                remedy.policy_approval_state in COUNTED and not remedy.policy_emergency_id
            )
        )
        return remedies._policy_counted_amount(kinds)

    def _policy_refuse_customer(self):
        """Refuse whoever is the customer of the case himself."""
        for case in self.sudo():
            if self.env.user in case._policy_concerned_users():
                raise AccessError(
                    self.env._(
                        "%(case)s is your own matter: others act in its emergency.",
                        case=case.display_name,
                    )
                )

    def _policy_emergency_route(self):
        """Return the route by which an emergency of this case is ratified.

        That of its own policy; where it has none, that of another one in use: what happens in an
        emergency may be written once for the whole company.

        :raises UserError: no policy of the company knows emergencies.
        """
        Route = self.env["crm.policy.route"].sudo()
        model = self.env["crm.policy.emergency"]._name
        route = Route.search(
            [("model_name", "=", model), ("version_id", "=", self.policy_version_id.id)], limit=1
        ) or Route.search(
            [
                ("model_name", "=", model),
                ("company_id", "=", self.company_id.id),
                ("version_id.state", "=", "effective"),
                ("version_id.policy_id.active_in_company", "=", True),
            ],
            limit=1,
        )
        if not route:
            raise UserError(
                self.env._(
                    "No policy in force of %(company)s says who ratifies an emergency.",
                    company=self.company_id.name,
                )
            )
        return route

    def _policy_no_major_loss(self, version):
        """Return why the case is no major loss under a version, None where it is one."""
        limit = self.env["crm.policy.parameter"]._policy_of(version, LOSS_FROM)
        if not limit:
            return self.env._("The policy does not say from which loss on it is one.")
        currency = self.policy_currency_id
        amount = max(self.policy_claim_amount, self.policy_remedy_amount)
        if currency.compare_amounts(amount, limit.value) >= 0:
            return None
        return self.env._(
            "It would be one from a claim or remedies of %(limit)s on; they are %(amount)s.",
            limit=currency.format(limit.value),
            amount=currency.format(amount),
        )

    def _policy_no_key_customer(self, _version):
        if self.policy_kind not in ("complaint", "conflict"):
            return self.env._("It would be one as the complaint of a key customer.")
        grade = self.with_company(self.company_id).partner_id.policy_grade_id
        if grade.is_key:
            return None
        return self.env._(
            "It would be one for a customer of a key grade; this one has: %(grade)s.",
            grade=grade.name or self.env._("no grade"),
        )

    def _policy_no_crisis(self, _version):
        if self.policy_severity == "crisis":
            return None
        labels = dict(self._fields["policy_severity"]._description_selection(self.env))
        return self.env._(
            "It would be one with the severity %(crisis)s; its severity is %(severity)s.",
            crisis=labels["crisis"],
            severity=labels.get(self.policy_severity, "-"),
        )

    def _policy_no_data_leak(self, _version):
        if self.policy_complaint_type_id.is_data_leak:
            return None
        return self.env._(
            "It would be one with a type for leaks of personal data; its type is %(type)s.",
            type=self.policy_complaint_type_id.name or "-",
        )

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        if name == "policy_closed_at":
            self._policy_check_emergency_over()
        return result

    def _policy_check_emergency_over(self):
        """Refuse to end a case whose emergency nobody has ratified or refused (EMG-02)."""
        emergency = self.policy_emergency_id
        if not emergency or emergency.decided_at:
            return
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(case)s ends after the ratification of %(emergency)s. May ratify: "
                "%(deciders)s.",
                clause=emergency.clause_id._policy_citation(),
                case=self.display_name,
                emergency=emergency.number,
                deciders=list_words(self.env, emergency._policy_ratifiers().mapped("name"))
                or self.env._("nobody yet"),
            )
        )
