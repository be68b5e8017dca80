from . import test_working_calendar
from . import test_calendar_days
from . import test_worktime_properties
from . import test_calendar_load
