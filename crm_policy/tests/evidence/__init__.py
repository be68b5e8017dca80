from . import test_append_only
