"""Carrying out what was decided: goods come back, certificates are sealed, all is booked."""

import base64

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"


class CarryOut:
    """For flows with ``people`` for the posts and ``users`` for the groups."""

    def _scan(self):
        Attachment = self.env["ir.attachment"].with_user(self.users["specialist"])
        return Attachment.create({"name": "证明.pdf", "datas": base64.b64encode(PDF)})

    def _issue(self, model, remedy, signers, **vals):
        """Have a paper issued and signed; return it as the clerk's."""
        clerk = self.env[model].with_user(self.users["specialist"])
        paper = clerk.create({"remedy_id": remedy.id, "reason": "分层", **vals})
        paper.action_policy_submit()
        for signer in signers:
            paper.with_user(self.people[signer]).action_policy_approve("同意")
        return paper

    def _bring_back(self, remedy):
        """Let all the goods of a return come back, with their proof, and book them."""
        note = self._issue("crm.policy.return.note", remedy, ["manager_office"], basis="交涉结果")
        note.action_policy_send()
        note.with_user(self.people["warehouse"]).action_policy_receive(note.quantity)
        quantity, price = note.sudo().quantity, remedy.price_unit
        figures = {"quantity": quantity, "price": price, "amount": quantity * price}
        self.env["crm.policy.proof"].with_user(self.users["specialist"]).create(
            {
                "return_id": note.id,
                "type": "annotated_copy",
                "invoice_ref": "25322000000012345678",
                "invoice_date": "2026-02-26",
                "sealed": True,
                "attachment_ids": [(4, self._scan().id)],
                **{f"returned_{name}": value for name, value in figures.items()},
                **{f"received_{name}": value for name, value in figures.items()},
            }
        )
        note.action_policy_hand_over()
        note.with_user(self.users["finance"]).action_policy_book("记-2026-03-018")

    def _certify(self, remedy):
        """Have an allowance certificate signed and sealed, and book it."""
        paper = self._issue(
            "crm.policy.allowance",
            remedy,
            ["manager_office", "deputy_gm"],
            invoice_ref="25322000000012345678",
        )
        paper.seal_attachment_ids = [(4, self._scan().id)]
        paper.action_policy_seal()
        paper.action_policy_hand_over()
        paper.with_user(self.users["finance"]).action_policy_book("记-2026-03-019")

    def _carry_out(self, case):
        for remedy in case.policy_remedy_ids.filtered(lambda remedy: not remedy.executed_at):
            (self._bring_back if remedy.kind == "return" else self._certify)(remedy)
