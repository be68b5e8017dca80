from . import test_working_calendar
from . import test_calendar_days
