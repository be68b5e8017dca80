from . import test_rotation
