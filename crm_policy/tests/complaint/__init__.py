from . import test_close_guard
from . import test_case_steps
from . import test_case_numbers
from . import test_ungoverned_tickets
from . import test_case_wizards
from . import test_case_sight
from . import test_case_reopen
