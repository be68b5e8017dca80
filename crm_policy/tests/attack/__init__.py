from . import test_attack
