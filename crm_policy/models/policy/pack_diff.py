from odoo import api, models

from ...tools import pack_merge

# What may become of a row, and of a value of it.
NEW, CHANGED, REMOVED = "new", "changed", "removed"
KEPT, OWN, DROPPED = "kept", "own", "dropped"
OURS, THEIRS = "ours", "theirs"


class CrmPolicyPackDiff(models.AbstractModel):
    """How a version that a pack has just made differs from the one that the company has.

    A line of it is a dict: ``section``, ``code``, ``kind``, ``field`` (empty for the whole row),
    ``was``, ``ours``, ``theirs`` (plain values), ``choice`` ("ours" or "theirs" where somebody
    has to choose, else empty), ``shared`` (the record has no versions: what is taken over counts
    at once), ``record`` (ours) and ``made`` (the pack's).

    - new: the pack brings it. changed: the pack has changed it, the company has not.
    - kept: the company has changed it. own: the company has added it.
    - removed: the pack does not bring it any more. dropped: the company has deleted it.
    """

    _name = "crm.policy.pack.diff"
    _description = "Differences of a Policy Pack"

    @api.model
    def _policy_compare(self, made, version, base):
        """Return the lines of the difference.

        :param dict made: section -> (model, rows of ``_pack_load``); clauses under "clauses".
        :param version: draft ``crm.policy.version`` just made.
        :param base: version to compare with; empty where there is none.
        """
        lines = []
        for section, (model, rows) in made.items():
            lines += self._policy_compare_shared(section, rows)
            if "version_id" in model._fields:
                lines += self._policy_compare_section(section, model, rows, base)
        return lines

    @api.model
    def _policy_line(self, section, code, kind, **values):
        return {
            "section": section,
            "code": code,
            "kind": kind,
            "field": "",
            "was": None,
            "ours": None,
            "theirs": None,
            "choice": "",
            "shared": False,
            **values,
        }

    @api.model
    def _policy_compare_shared(self, section, rows):
        """Compare the records without versions that the company had before."""
        lines = []
        for code, record, _new, said in rows:
            if said is None:
                continue
            [ours] = record._pack_snapshots(list(said)).values()
            for change in pack_merge.changes(record.pack_values, ours, said):
                kind = CHANGED if change.by == pack_merge.PACK else KEPT
                lines.append(
                    self._policy_line(
                        section, code, kind, field=change.field, was=change.was, ours=change.ours,
                        theirs=change.theirs, choice=OURS, shared=True, record=record, made=record,
                    )
                )  # fmt: skip
        return lines

    @api.model
    def _policy_compare_section(self, section, model, rows, base):
        """Compare the rows of a version with those of its base, by their codes."""
        key = model._pack_key
        mine = model.search([("version_id", "=", base.id)], order="id") if base else model
        ours_of = {record[key]: record for record in mine}
        brought = set((base.pack_codes or {}).get(section, ())) if base else set()
        snapshots = mine._pack_snapshots()
        made = model.union(*(record for _code, record, _new, _said in rows))
        theirs_of = made._pack_snapshots()
        lines = []
        for code, record, _new, said in rows:
            if said is not None:
                continue
            ours = ours_of.pop(code, None)
            if ours is not None:
                lines += self._policy_compare_row(
                    section, code, ours, snapshots[ours.id], record, theirs_of[record.id]
                )
            elif code in brought:
                lines.append(self._policy_line(section, code, DROPPED, choice=OURS, made=record))
            else:
                lines.append(self._policy_line(section, code, NEW, made=record))
        for code, ours in ours_of.items():
            lines.append(self._policy_compare_gone(section, code, ours, snapshots[ours.id]))
        return lines

    @api.model
    def _policy_compare_row(self, section, code, ours, mine, record, theirs):
        lines = []
        for change in pack_merge.changes(ours.pack_values, mine, theirs):
            by_pack = change.by == pack_merge.PACK
            lines.append(
                self._policy_line(
                    section, code, CHANGED if by_pack else KEPT, field=change.field,
                    was=change.was, ours=change.ours, theirs=change.theirs,
                    choice="" if by_pack else OURS, record=ours, made=record,
                )
            )  # fmt: skip
        return lines

    @api.model
    def _policy_compare_gone(self, section, code, ours, mine):
        """Return the line of a row that the pack does not bring."""
        was = ours.pack_values
        if not was:
            return self._policy_line(section, code, OWN, choice=OURS, record=ours)
        touched = any(
            name in mine and not pack_merge.same(value, mine[name]) for name, value in was.items()
        )
        # What the company has made its own does not go without a word.
        return self._policy_line(
            section, code, REMOVED, choice=OURS if touched else THEIRS, record=ours
        )
