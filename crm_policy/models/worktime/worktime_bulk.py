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

    def _policy_clock_sql(self, first, last):
        """Return a subselect of one row, ``clock``, which the expressions below read.

        :param int first, last: the years that it knows.
        """
        index = self._policy_work_index(first, last)
        days = working_time.working_days(index, ZoneInfo(self.tz))
        return SQL(
            "(SELECT %s::bigint[] AS starts, %s::bigint[] AS stops, %s::bigint[] AS done,"
            " %s::bigint[] AS day_begins, %s::bigint[] AS day_ends) AS clock",
            *map(list, (*index, *days)),
        )

    def _policy_add_work_sql(self, start, seconds):
        """Return :meth:`_policy_add_work` of a row, as a timestamp of UTC.

        It is null where the answer lies beyond the clock's last year.

        :param SQL start: a timestamp of UTC; ``seconds``: a bigint, more than zero.
        """
        at = SQL("FLOOR(date_part('epoch', %s))::bigint", start)
        position = SQL("width_bucket(%s, clock.starts)", at)
        worked = SQL(
            "CASE WHEN %(position)s = 0 THEN 0 ELSE clock.done[%(position)s]"
            " - GREATEST(0, clock.stops[%(position)s] - %(at)s) END",
            position=position,
            at=at,
        )
        target = SQL("(%s + %s)", worked, seconds)
        # The first interval by whose end so much is done.
        ended = SQL("width_bucket(%s - 1, clock.done) + 1", target)
        return SQL(
            "timestamp 'epoch' + interval '1 second'"
            " * (clock.stops[%(ended)s] - clock.done[%(ended)s] + %(target)s)",
            ended=ended,
            target=target,
        )

    def _policy_nth_day_end_sql(self, start, count, same_day=False):
        """Return :meth:`_policy_nth_day_end` of a row, as a timestamp of UTC; null as above.

        :param SQL start: a timestamp of UTC; ``count``: an integer, at least one.
        """
        at = SQL("FLOOR(date_part('epoch', %s))::bigint", start)
        position = SQL("width_bucket(%s, clock.day_begins)", at)
        number = SQL("%s + %s", position, count)
        if same_day:
            number = SQL("%s - COALESCE(clock.day_ends[%s] > %s, FALSE)::int", number, position, at)
        return SQL("timestamp 'epoch' + interval '1 second' * clock.day_ends[%s]", number)
