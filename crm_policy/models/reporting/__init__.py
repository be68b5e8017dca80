from . import register
from . import report_monthly
from . import approval_ranking
