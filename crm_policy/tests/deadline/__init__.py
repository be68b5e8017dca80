from . import test_clocks
from . import test_sweep
from . import test_rules
from . import test_overdue
from . import test_queries
from . import test_backdating
from . import test_windows
from . import test_explain
