from . import test_register_sheet, test_report_monthly
from . import test_approval_ranking
