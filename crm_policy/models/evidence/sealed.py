import hashlib
import re
import secrets

from odoo import api, fields, models

CODE = re.compile(r"[\w.:-]{1,40}", re.ASCII)


def seal_of(salt, text):
    """Return the hash of a text that nobody can find by trying texts without the salt."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


class CrmPolicySealed(models.Model):
    """A text that must be provable and yet can be destroyed: the ledger holds its salted hash only.

    As long as text and salt are here, anybody can compare them with the event. Once they are
    destroyed the chain still verifies, and nobody can prove or guess what the text was.
    """

    _name = "crm.policy.sealed"
    _description = "Sealed Text"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _order = "id desc"
    _rec_name = "name"
    _log_access = False

    sealed_at = fields.Datetime(required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    name = fields.Char(string="Sealed For", required=True, readonly=True)
    text = fields.Text(readonly=True)
    salt = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    hash = fields.Char(required=True, readonly=True, help="As it stands in the ledger.")
    destroyed_at = fields.Datetime(readonly=True)

    _document_idx = models.Index("(res_model, res_id, id)")

    def _policy_document_models(self):
        rows = self.sudo()._read_group([], ["res_model"])
        return [name for [name] in rows if name in self.env]

    # === BUSINESS METHODS === #

    @api.model
    def _policy_seal(self, records, name, text):
        """Keep a text about each of ``records``; the caller puts the hashes into his payloads.

        :param str name: code of what the text is, "backdating".
        :return: {id of the record: hash}.
        """
        companies = (
            {record.id: record["company_id"].id for record in records}
            if "company_id" in records
            else {}
        )
        now = fields.Datetime.now()
        vals_list = []
        for record in records:
            salt = secrets.token_hex(32)
            vals_list.append(
                {
                    "sealed_at": now,
                    "company_id": companies.get(record.id, False),
                    "res_model": record._name,
                    "res_id": record.id,
                    "name": name,
                    "text": text,
                    "salt": salt,
                    "hash": seal_of(salt, text),
                }
            )
        self.sudo()._policy_insert(vals_list)
        return {vals["res_id"]: vals["hash"] for vals in vals_list}

    def _policy_matches(self, text):
        """Return whether this is the text that was sealed; False once it is destroyed.

        The caller has checked that the user may know.
        """
        self.ensure_one()
        stored = self.sudo()
        return bool(stored.salt) and seal_of(stored.salt, text) == stored.hash

    def _policy_destroy(self, reason):
        """Erase texts and salts for good, and leave the events that they were.

        :param str reason: a code, such as the article that asks for it; never words about anybody.
        """
        if not CODE.fullmatch(reason or ""):
            raise ValueError(f"{reason!r} is no code")
        sealed = self.sudo().filtered(lambda text: not text.destroyed_at)
        sealed._policy_update({"text": False, "salt": False, "destroyed_at": fields.Datetime.now()})
        self.env["crm.policy.event"]._policy_log(
            "sealed.destroyed",
            sealed,
            payloads={text.id: {"hash": text.hash, "reason": reason} for text in sealed},
        )
