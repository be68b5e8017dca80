from . import register
from . import report_monthly
