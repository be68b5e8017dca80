import hashlib
import re
import secrets
from datetime import timedelta

from odoo import api, fields, models

TOKEN_BYTES = 24  # 192 bits
TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_-]{32}")


def new_token():
    """Return a random token for a link, 192 bits in 32 characters that need no quoting."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text):
    """Return whether ``text`` has the shape of what :func:`new_token` returns."""
    return isinstance(text, str) and bool(TOKEN_SHAPE.fullmatch(text))


class CrmPolicyFollowLink(models.Model):
    """A private link by which somebody without an account follows the case he reported.

    Only the hash of its token is kept: who reads the database cannot open the page.
    """

    _name = "crm.policy.follow.link"
    _description = "Link to Follow a Case"
    _inherit = ["crm.policy.protected"]
    _order = "id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="cascade")
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    given_with = fields.Selection(
        [("page", "After Reporting"), ("findings", "Mail about Findings")],
        readonly=True,
        help="How the customer came by it: what is said by the link is told apart by this.",
    )
    expires_at = fields.Datetime(readonly=True, help="Empty: never.")

    _token_uniq = models.Constraint("UNIQUE(token_hash)", "A token opens one case.")

    @api.model
    def _policy_issue(self, ticket, days, given_with=False):
        """Return the token of a new link to ``ticket`` that works for ``days``.

        :param str given_with: a value of the field, where one of them fits.
        """
        token = new_token()
        self.sudo()._policy_insert(
            [
                {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "given_with": given_with,
                    "token_hash": self._policy_hash(token),
                    "expires_at": fields.Datetime.now() + timedelta(days=days),
                }
            ]
        )
        return token

    def _policy_payload(self):
        """Return what an event says of what was done by this link; empty without one."""
        return {"link": self.id, "given_with": self.given_with} if self else {}

    @api.model
    def _policy_find(self, token):
        """Return the link of a token, as superuser; none if it is unknown or expired."""
        if not is_token(token):
            return self.sudo().browse()
        link = self.sudo().search([("token_hash", "=", self._policy_hash(token))], limit=1)
        expired = link.expires_at and link.expires_at <= fields.Datetime.now()
        return link.browse() if expired else link

    @staticmethod
    def _policy_hash(token):
        # The token is random enough: nothing is gained by a slow or a salted hash.
        return hashlib.sha256(token.encode()).hexdigest()
