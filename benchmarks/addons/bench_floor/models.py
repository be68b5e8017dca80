"""The rows that an approval leaves with us, as wide, with as many links, and without any code."""

from odoo import fields, models


class BenchFloorDocument(models.Model):
    _name = "bench.floor.document"
    _description = "Document"

    name = fields.Char()
    amount = fields.Float()
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    state = fields.Char()
    request_id = fields.Many2one("bench.floor.request", index=True)


class BenchFloorRequest(models.Model):
    _name = "bench.floor.request"
    _description = "Request"

    name = fields.Char(required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True, index=True)
    subject = fields.Char()
    route_id = fields.Many2one("res.groups", required=True, index=True)
    clause_id = fields.Many2one("res.groups", index=True)
    amount = fields.Float()
    currency_id = fields.Many2one("res.currency")
    requester_id = fields.Many2one("res.users", required=True, index=True)
    requested_at = fields.Datetime(required=True)
    fingerprint = fields.Char()
    state = fields.Char(required=True)
    emergency = fields.Boolean()
    decided_at = fields.Datetime()
    user_ids = fields.Many2many("res.users")


class BenchFloorStep(models.Model):
    _name = "bench.floor.step"
    _description = "Step"

    request_id = fields.Many2one("bench.floor.request", required=True, index=True)
    company_id = fields.Many2one("res.company", index=True)
    version_id = fields.Many2one("res.groups", index=True)
    sequence = fields.Integer()
    role_id = fields.Many2one("res.groups", index=True)
    origin = fields.Char(required=True)
    mode = fields.Char(required=True)
    on_timeout = fields.Char(required=True)
    state = fields.Char(required=True)
    opened_at = fields.Datetime()
    decided_at = fields.Datetime()
    user_id = fields.Many2one("res.users", index="btree_not_null")


class BenchFloorSignature(models.Model):
    _name = "bench.floor.signature"
    _description = "Signature"

    request_id = fields.Many2one("bench.floor.request", required=True, index=True)
    step_id = fields.Many2one("bench.floor.step", required=True, index=True)
    company_id = fields.Many2one("res.company", index=True)
    user_id = fields.Many2one("res.users", required=True, index=True)
    outcome = fields.Char(required=True)
    comment = fields.Text()
    decided_at = fields.Datetime(required=True)


class BenchFloorClock(models.Model):
    _name = "bench.floor.clock"
    _description = "Clock"

    rule_id = fields.Many2one("res.groups", required=True, index=True)
    rule_code = fields.Char()
    clause_id = fields.Many2one("res.groups", index=True)
    clause_number = fields.Char()
    version_label = fields.Char()
    company_id = fields.Many2one("res.company", index=True)
    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True, index=True)
    user_id = fields.Many2one("res.users", index=True)
    start_at = fields.Datetime(required=True)
    due_at = fields.Datetime(required=True, index=True)
    factor = fields.Float()
    done_at = fields.Datetime()
    state = fields.Char(required=True)
    lateness_seconds = fields.Integer()
    next_alert_at = fields.Datetime(index=True)


class BenchFloorEvent(models.Model):
    _name = "bench.floor.event"
    _description = "Event"
    _log_access = False

    at = fields.Datetime(required=True, index=True)
    type = fields.Char(required=True, index=True)
    company_id = fields.Integer(index=True)
    res_model = fields.Char()
    res_id = fields.Integer(index=True)
    actor_id = fields.Integer()
    payload = fields.Json()
    policy = fields.Char()
    version = fields.Char()
    clause = fields.Char()
