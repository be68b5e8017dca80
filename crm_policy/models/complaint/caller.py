from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import phone_number

# The last digits of a number without its extension; look-up and index say it in the same words.
TAIL_OF = rf"""right(regexp_replace(regexp_replace(regexp_replace(%s,
    '\s*(转|轉|分机|分機|ext|x|#|,|;|\*).*$', '', 'i'),
    '(\d{{7,}})\s*-\s*\d{{1,6}}$', '\1'), '\D', '', 'g'), {phone_number.TAIL})"""


class CrmPolicyCaller(models.AbstractModel):
    """Whom one finds by the number he calls from, or by his name."""

    _name = "crm.policy.caller"
    _description = "Caller"

    _policy_phone_idx = models.Index(f"(({TAIL_OF % 'phone'})) WHERE phone IS NOT NULL")

    @api.model
    def _policy_find_callers(self, text, company, limit):
        """Return who may be meant by what was typed, as far as the user may read them.

        A number is compared in its national form, an extension and a missing area code do not
        matter; anything else is a name.

        :param str text: number or name.
        :param company: ``res.company`` that takes the call; contacts of others do not count.
        """
        domain = Domain("company_id", "in", [False, company.id])
        number = phone_number.normalise(text)
        if not number:
            names = self.name_search((text or "").strip(), domain, limit=limit) if text else []
            return self.browse([partner_id for partner_id, _name in names])
        tail = phone_number.tail(number)
        if not tail:
            return self.browse()
        same_tail = Domain("phone", "!=", False) & Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = %s",
                SQL(TAIL_OF, model._field_to_sql(alias, "phone", query)),
                tail,
            )
        )
        found = self.search_fetch(domain & same_tail, ["phone"], order="is_company DESC, id")
        return found.filtered(
            lambda partner: phone_number.is_same(phone_number.normalise(partner.phone), number)
        )[:limit]
