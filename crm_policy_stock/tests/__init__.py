from . import test_return_guards
from . import test_return_transfer
