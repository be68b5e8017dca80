from zoneinfo import ZoneInfo

from odoo import models
from odoo.tools import SQL

from ...tools import working_time


class CrmPolicyWorktimeBulk(models.AbstractModel):
    """The arithmetic of working time in SQL, for deadlines by the hundred thousand.

    A calendar's intervals go along with the statement as sorted arrays, in which PostgreSQL bisects
    (``width_bucket``) as Python does: no table has to follow the calendar, and none can be stale.
    """

    _name = "crm.policy.worktime.bulk"
    _description = "Working Time in SQL"

    def _policy_add_work_sql(self, rows, first, last):
        """Return ``rows`` with a column ``due``: :meth:`_policy_add_work` as a timestamp of UTC.

        It is null where the amount is null, or the answer lies beyond the last year.

        :param SQL rows: a SELECT with the columns ``at`` (bigint, seconds since the epoch) and
            ``amount`` (bigint, more than zero).
        :param int first, last: the years that are known.
        """
        index = self._policy_work_index(first, last)
        # Without OFFSET each bisection would be written out, and done, wherever its result is read.
        return SQL(
            """
            SELECT ended.*, timestamp 'epoch' + interval '1 second'
                   * (stops[place] - done[place] + target) AS due
              FROM (SELECT *, width_bucket(target - 1, done) + 1 AS place
                      FROM (SELECT *, amount + CASE WHEN begun = 0 THEN 0
                                   ELSE done[begun] - GREATEST(0, stops[begun] - at) END AS target
                              FROM (SELECT *, width_bucket(at, starts) AS begun
                                      FROM (%s) AS given,
                                           (SELECT %s::bigint[] AS starts, %s::bigint[] AS stops,
                                                   %s::bigint[] AS done) AS clock
                                    OFFSET 0) AS placed) AS meant
                    OFFSET 0) AS ended
            """,
            rows,
            *map(list, index),
        )

    def _policy_nth_day_end_sql(self, rows, first, last, same_day=False):
        """Return ``rows`` with a column ``due``: :meth:`_policy_nth_day_end`; null as above.

        :param SQL rows: as above; the amount is a number of days, at least one.
        """
        index = self._policy_work_index(first, last)
        days = working_time.working_days(index, ZoneInfo(self.tz))
        number = SQL("begun + amount")
        if same_day:
            number = SQL("%s - COALESCE(day_ends[begun] > at, FALSE)::int", number)
        return SQL(
            """
            SELECT placed.*, timestamp 'epoch' + interval '1 second' * day_ends[%s] AS due
              FROM (SELECT *, width_bucket(at, day_begins) AS begun
                      FROM (%s) AS given,
                           (SELECT %s::bigint[] AS day_begins, %s::bigint[] AS day_ends) AS clock
                    OFFSET 0) AS placed
            """,
            number,
            rows,
            *map(list, days),
        )
