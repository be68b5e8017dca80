from collections import defaultdict

from odoo import Command, api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ...words import list_words
from ..complaint.complaint_fields import CrmPolicyComplaintFields
from ..complaint.intake import CrmPolicyIntake

# What our actions write; for a governed case it follows from the facts.
PROJECTED_FIELDS = ("stage_id", "closed_date", "number")
# By these people write to us, and are called for the details (CMP-INT-05).
WRITTEN = (
    "helpdesk_mgmt.helpdesk_ticket_channel_email",
    "helpdesk_mgmt.helpdesk_ticket_channel_web",
    "crm_policy.channel_letter",
    "crm_policy.channel_fax",
    "crm_policy.channel_qr",
    "crm_policy.channel_app",
)
# What nobody looks for: how rules, boards and the portal work.
TECHNICAL_FIELDS = frozenset(
    {
        "access_token",
        "activity_exception_decoration",
        "activity_type_icon",
        "color",
        "duplicate_tracking_enabled",
        "is_governed",
        # Of a governed case the same as helpdesk's, which all tickets have.
        "policy_closed_at",
        "policy_is_feedback",
        "policy_opened",
        "sequence",
    }
)
# The conditions of the menus in the words of the ORM: PostgreSQL compares them with an index's.
OPEN = "WHERE active IS TRUE AND policy_closed_at IS NULL AND policy_kind IS NOT NULL"


def _team_id(vals):
    return vals.get("team_id") or False


class HelpdeskTicket(models.Model):
    """The ticket as a governed case: here helpdesk's stage becomes a projection of the facts.

    The mixin comes first: its guards stand before helpdesk's own create and write.
    """

    _name = "helpdesk.ticket"
    # None of the parts inherits the complaint mixin itself: Python would put it behind the others.
    _inherit = [
        "crm.policy.plain.filters",
        "crm.policy.case.archive",
        "crm.policy.case.key",
        "crm.policy.case.conflict",
        "crm.policy.case.legal",
        "crm.policy.case.improvement",
        "crm.policy.case.plan",
        "crm.policy.case.first.call",
        "crm.policy.case.eightd",
        "crm.policy.case.form",
        "crm.policy.case.claim",
        "crm.policy.case.petition",
        "crm.policy.case.blame",
        "crm.policy.case.product",
        "crm.policy.case.production",
        "crm.policy.case.anomaly",
        "crm.policy.case.grievance",
        "crm.policy.case.suggestion",
        "crm.policy.case.receipt",
        "crm.policy.case.carriage",
        "crm.policy.case.repair",
        "crm.policy.case.feedback",
        "crm.policy.case.consensus",
        "crm.policy.case.remedy.receipt",
        "crm.policy.case.restricted",
        "crm.policy.case.accident",
        "crm.policy.case.verdict",
        "crm.policy.case.field.report",
        "crm.policy.case.transfer",
        "crm.policy.case.handover",
        "crm.policy.case.needs",
        "crm.policy.case.class",
        "crm.policy.case.convert",
        "crm.policy.case.duplicate.blame",
        "crm.policy.case.duplicate.costs",
        "crm.policy.case.duplicate",
        "crm.policy.case.successor",
        "crm.policy.intake",
        "crm.policy.external",
        "crm.policy.case.import",
        "crm.policy.call.record",
        "crm.policy.case.reporter",
        "crm.policy.case.refusal",
        "crm.policy.customer.view",
        "crm.policy.customer.answer",
        "crm.policy.mail.sorting",
        "crm.policy.case.sight",
        "crm.policy.case.reply",
        "crm.policy.case.callback",
        "crm.policy.case.draw",
        "crm.policy.case.recheck",
        "crm.policy.case.repeat",
        "crm.policy.case.ruling",
        "crm.policy.case.negotiation",
        "crm.policy.case.course",
        "crm.policy.case.merged.steps",
        "crm.policy.case.countersign",
        "crm.policy.case.reopen",
        "crm.policy.case.pause",
        "crm.policy.case.committee",
        "crm.policy.case.emergency",
        "crm.policy.case.accused",
        "crm.policy.case.matter",
        "crm.policy.breach",
        "crm.policy.case.reading",
        "crm.policy.case.steps",
        "crm.policy.case.pages",
        "crm.policy.case.standing",
        "crm.policy.case.timeline",
        "crm.policy.case.goods",
        "crm.policy.complaint.mixin",
        "crm.policy.creation.notice",
        "crm.policy.case.workload",
        "helpdesk.ticket",
    ]
    _rec_names_search = ["number", "policy_number", "name"]
    _policy_technical_fields = TECHNICAL_FIELDS
    _policy_channel_name = "channel_id"
    _policy_explained_before = "policy_closed_at"
    _policy_company_links = (
        *CrmPolicyComplaintFields._policy_company_links,
        "partner_id",
        "team_id",
    )
    _policy_routed_names = (*CrmPolicyIntake._policy_routed_names, "team_id")
    _policy_target_names = {**CrmPolicyIntake._policy_target_names, "team_id": "team"}

    # The same people as helpdesk's own, which reads the members of the team for every form.
    user_id = fields.Many2one(
        domain="[('share', '=', False)] + (team_id and [('helpdesk_team_ids', '=', team_id)] or [])"
    )
    # The rules on cases: for the portal; and helpdesk's own order, worded as the ORM asks for it.
    commercial_partner_id = fields.Many2one(index=True)
    # One2many of helpdesk's form without an index: each form read all tickets.
    duplicate_id = fields.Many2one(index="btree_not_null")
    # What people type into the search box, part of it or all.
    number = fields.Char(index="trigram")
    policy_number = fields.Char(index="trigram")
    name = fields.Char(index="trigram")
    _policy_order_idx = models.Index(
        "(priority DESC, sequence, number DESC, id DESC) WHERE active IS TRUE"
    )
    # What is open, as the menus ask for it. Counted for whoever sees all, and by steps, without a
    # look into the wide rows; for managers without one into those that are closed. None by teams:
    # both the menu and the rule name the team, PostgreSQL takes its cases for few and sorts them.
    _policy_open_idx = models.Index(f"(company_id, policy_step) {OPEN}")
    _policy_open_department_idx = models.Index(f"(policy_department_id) {OPEN}")

    @api.depends("team_id", "policy_kind", "policy_step")
    def _compute_stage_id(self):
        governed = self.filtered("policy_kind")
        result = super(HelpdeskTicket, self - governed)._compute_stage_id()
        for team, cases in governed.grouped("team_id").items():
            stages = team._get_applicable_stages()
            for group in cases.grouped("policy_step").values():
                group.stage_id = group[0]._policy_stage(stages)
        return result

    @api.depends("user_id")
    def _compute_team_id(self):
        result = super()._compute_team_id()
        for case in self.filtered("policy_kind"):
            # helpdesk takes the handler's first team, whatever its company.
            companies = (case.company_id, case.company_id.browse())
            if case.team_id.company_id not in companies:
                case.team_id = case.user_id.helpdesk_team_ids.filtered(
                    lambda team, companies=companies: team.company_id in companies
                )[:1]
        return result

    @api.depends("policy_kind", "policy_number")
    def _compute_display_name(self):
        governed = self.filtered("policy_kind")
        result = super(HelpdeskTicket, self - governed)._compute_display_name()
        for case in governed:
            handle = case.policy_handle if case.policy_handle != "/" else ""
            parts = [part for part in (handle, case.name) if part]
            case.display_name = " - ".join(parts) or self.env._("New Case")
        return result

    def _policy_stage(self, stages):
        """Return the stage among ``stages`` that shows where the case stands."""
        closed = stages.filtered("closed")
        if self.policy_closed_at:
            return (closed & self._policy_known_stage("done")) or closed[:1]
        if self.policy_step == "cancelled":
            return (closed & self._policy_known_stage("cancelled")) or closed[:1]
        active = stages - closed
        if self.policy_accepted_at:
            return (active & self._policy_known_stage("in_progress")) or active[-1:]
        return active[:1]

    def _policy_known_stage(self, name):
        """Return helpdesk's own stage, for a look whether it is among those that there are."""
        stage_id = self.env["ir.model.data"]._xmlid_to_res_id(
            f"helpdesk_mgmt.helpdesk_ticket_stage_{name}"
        )
        return self.env["helpdesk.ticket.stage"].browse(stage_id or ())

    def _policy_prepare_create(self, vals_list, moment):
        # In the order of helpdesk's own create: the number before the company of the team.
        self._policy_number_tickets(vals_list)
        self._policy_fill_in(vals_list, ["team_id"])
        Team = self.env["helpdesk.ticket.team"]
        teams = {team_id: Team.browse(team_id) for team_id in map(_team_id, vals_list)}
        for vals in vals_list:
            company = teams[_team_id(vals)].company_id
            if company:
                vals["company_id"] = company.id
        result = super()._policy_prepare_create(vals_list, moment)
        self._policy_fill_in(vals_list, ["partner_id"])
        Partner = self.env["res.partner"].sudo()
        partners = Partner.browse({vals.get("partner_id") for vals in vals_list} - {None, False})
        customers = {partner.id: partner.commercial_partner_id.id for partner in partners}
        company_id = self.env.company.id
        stages = {
            team_id: self._policy_first_stage(team_id, team.company_id.id, company_id)
            for team_id, team in teams.items()
        }
        for vals in vals_list:
            stage_id, unattended = stages[_team_id(vals)]
            # A stage or a date of closing that the caller or the board gives does not count.
            vals.update(stage_id=stage_id, unattended=unattended, closed_date=False)
            # What helpdesk would compute and write after the row is there.
            vals["commercial_partner_id"] = customers.get(vals.get("partner_id"))
        return result

    @api.model
    @tools.ormcache("team_id", "team_company_id", "company_id")
    def _policy_first_stage(self, team_id, team_company_id, company_id):
        """Return id and ``unattended`` of the stage in which the cases of a team begin.

        :param int team_company_id: what helpdesk's choice of stages reads of the team.
        :param int company_id: the current one, for cases without a team.
        """
        team = self.env["helpdesk.ticket.team"].sudo().browse(team_id)
        stage = self.browse()._policy_stage(team._get_applicable_stages())
        return stage.id, stage.unattended

    @api.model
    def _policy_number_tickets(self, vals_list):
        """Give helpdesk's numbers from its own sequence, one block for each company."""
        blocks = defaultdict(list)
        for vals in vals_list:
            if vals.get("number", "/") == "/":
                blocks[vals.get("company_id", self.env.company.id)].append(vals)
        for company_id, block in blocks.items():
            sequence = self.env["ir.sequence"].with_company(company_id)
            numbers = sequence._policy_next_block("helpdesk.ticket.sequence", len(block))
            for vals, number in zip(block, numbers, strict=False):
                vals["number"] = number

    def _policy_guarded_create(self, vals_list):
        tickets = super()._policy_guarded_create(vals_list)
        astray = tickets.browse(
            ticket.id
            for ticket, vals in zip(tickets, vals_list, strict=True)
            if vals.get("policy_kind")
            and (ticket.team_id.id, ticket.stage_id.id) != (_team_id(vals), vals.get("stage_id"))
        )
        # The team that follows from the handler has other stages.
        self.env.add_to_compute(self._fields["stage_id"], astray)
        return tickets

    @api.model
    def _policy_import_cases(self, rows):
        cases = super()._policy_import_cases(rows)
        governed = cases.sudo().with_context(tracking_disable=True)
        self.env.add_to_compute(self._fields["stage_id"], governed)
        # When somebody was put in charge is not in an old register; helpdesk would say now.
        governed._policy_guarded_write({"assigned_date": False})
        return cases

    def _policy_take_in(self, moment):
        result = super()._policy_take_in(moment)
        # Neither does a date of closing, the caller's or that of a ticket governed later.
        self.sudo().filtered("closed_date")._policy_guarded_write({"closed_date": False})
        return result

    def write(self, vals):
        refused = [name for name in PROJECTED_FIELDS if name in vals]
        if refused and any(ticket.policy_kind for ticket in self):
            raise UserError(
                self.env._(
                    "%(ticket)s is governed by its policy: %(fields)s follow the steps of the "
                    "case. Use its buttons.",
                    ticket=self.filtered("policy_kind")[0].display_name,
                    fields=list_words(self.env, [self._policy_label(name) for name in refused]),
                )
            )
        return super().write(vals)

    @api.model
    def _policy_prepare_call(self, vals):
        vals = super()._policy_prepare_call(vals)
        teams = self.env.user.helpdesk_team_ids.filtered(
            lambda team: team.company_id.id in (False, vals["company_id"])
        )
        channel = self.env.ref(
            "helpdesk_mgmt.helpdesk_ticket_channel_phone", raise_if_not_found=False
        )
        return {**vals, "team_id": teams[:1].id, "channel_id": channel and channel.id}

    @api.model
    @tools.ormcache()
    def _policy_written_channel_ids(self):
        ids = map(self.env["ir.model.data"]._xmlid_to_res_id, WRITTEN)
        return frozenset(filter(None, ids))

    def _policy_mail_channel(self):
        channel = self.env.ref(
            "helpdesk_mgmt.helpdesk_ticket_channel_email", raise_if_not_found=False
        )
        return {"channel_id": channel.id} if channel else {}

    def _policy_mailbox_vals(self, box):
        vals = super()._policy_mailbox_vals(box)
        return {**vals, "team_id": box.id} if box._name == "helpdesk.ticket.team" and box else vals

    def _policy_is_nobodys(self):
        return super()._policy_is_nobodys() and not self.team_id

    def _policy_close_ungoverned(self):
        for team, tickets in self.grouped("team_id").items():
            closed = team._get_applicable_stages().filtered("closed")
            stage = (closed & self._policy_known_stage("rejected")) or closed[-1:]
            tickets.write({"stage_id": stage.id} if stage else {"active": False})
        return super()._policy_close_ungoverned()

    def _policy_fact_vals(self, name, moment):
        vals = super()._policy_fact_vals(name, moment)
        if name == "policy_closed_at":
            vals["closed_date"] = moment
        return vals

    def _creation_subtype(self):
        # helpdesk asks the database each time whether the record is still there.
        subtype_id = self.env["ir.model.data"]._xmlid_to_res_id("helpdesk_mgmt.hlp_tck_created")
        return self.env["mail.message.subtype"].browse(subtype_id)

    def _policy_reopen_vals(self):
        return {**super()._policy_reopen_vals(), "closed_date": False}

    def _policy_follow_up_vals(self, message):
        return {**super()._policy_follow_up_vals(message), "team_id": self.team_id.id}

    def _policy_carried_vals(self):
        return {
            **super()._policy_carried_vals(),
            "team_id": self.team_id.id,
            "channel_id": self.channel_id.id,
            "partner_name": self.partner_name,
            "partner_email": self.partner_email,
            "tag_ids": [Command.set(self.tag_ids.ids)],
        }

    # === INTAKE === #

    @api.model
    def _policy_intake_sender(self, vals):
        return email_normalize(vals.get("partner_email") or "", strict=False) or ""

    @api.model
    def _policy_apply_default(self, vals, company):
        result = super()._policy_apply_default(vals, company)
        if not vals.get("team_id") and company.policy_default_team_id:
            vals["team_id"] = company.policy_default_team_id.id
        tag = self.env.ref("crm_policy.tag_unclassified", raise_if_not_found=False)
        if tag:
            vals["tag_ids"] = [*(vals.get("tag_ids") or ()), Command.link(tag.id)]
        return result

    @api.model
    def _policy_intake_pools(self, vals_list):
        # A case with a team is handled by a member: helpdesk takes anybody else off it.
        pools = super()._policy_intake_pools(vals_list)
        team_ids = {vals.get("team_id") for vals in vals_list}
        teams = self.env["helpdesk.ticket.team"].sudo().browse(filter(None, team_ids))
        members = {team.id: team.user_ids.ids for team in teams}
        return [
            members.get(vals.get("team_id"), pool)
            for vals, pool in zip(vals_list, pools, strict=True)
        ]
