from . import test_attack_methods
from . import test_attack_evidence
from . import test_attack_reading
