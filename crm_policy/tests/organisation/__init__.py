from . import test_role_holders
