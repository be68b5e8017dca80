from . import test_access_matrix
from . import test_role_holders
from . import test_viewers
