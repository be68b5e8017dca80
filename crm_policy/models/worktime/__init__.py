from . import calendar_day
from . import worktime_bulk
from . import worktime
from . import worktime_source
