from . import worktime_source
from . import worktime
