"""Limits changed for a test, proposed cases, and rates of currencies."""

from ..common import PolicyCommon


class AuthorityCommon(PolicyCommon):
    """A policy that asks for no receipts: what is decided is carried out at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for kind in ("compensation", "gift"):
            cls._set_parameter(f"receipt_{kind}", 0)

    @classmethod
    def _line(cls, code, version=None):
        return cls.env["crm.policy.authority"].search(
            [("code", "=", code), ("version_id", "=", (version or cls.version).id)]
        )

    @classmethod
    def _set(cls, line, **vals):
        """Change a line of the version in force, as a later version would."""
        line._policy_guarded_write(vals)
        cls.env.flush_all()
        cls.env.registry.clear_cache()

    @classmethod
    def _add_line(cls, code, role, **vals):
        """Give the version in force one more line, as a later version would."""
        manager = cls._line("manager")
        values = {
            "code": code,
            "clause_id": manager.clause_id.id,
            "role_id": cls._role_of(role).id,
            "currency_id": cls.company.currency_id.id,
            **vals,
        }
        line = cls.env["crm.policy.authority"]._policy_guarded_create([values])
        cls.env.flush_all()
        cls.env.registry.clear_cache()
        return line

    def _let_route_fix(self, request):
        """Let the route of a request ask for signatures whatever the amount."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_route SET kind = 'sequence' WHERE id = %s", request.route_id.ids
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def _proposed_case(self, *amounts, **vals):
        """Return a case whose solution is proposed, and its remedies."""
        kinds = vals.pop("kinds", ["compensation"] * len(amounts))
        notes = {"note": vals.pop("note", False)}
        case = self._new_case(**vals)
        self._drive(case, "respond")
        remedies = [
            self._new_remedy(case, amount, kind=kind, **notes)
            for amount, kind in zip(amounts, kinds, strict=True)
        ]
        self._as("specialist", case).action_policy_propose("赔偿")
        return case, *remedies

    def _requested(self, amount, **vals):
        case, remedy = self._proposed_case(amount, **vals)
        self._as("specialist", case).action_policy_submit()
        return remedy

    @classmethod
    def _rate(cls, currency, rate, day, company=None):
        """Enter how much of ``currency`` one unit of the company's currency is."""
        return cls.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "rate": rate,
                "name": day,
                "company_id": (company or cls.company).id,
            }
        )
