from . import test_register_sheet, test_report_monthly
