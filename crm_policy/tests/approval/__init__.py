from . import test_authority_bands
from . import test_deciders
from . import test_deputies
from . import test_sequence_route
from . import test_forged_decisions
from . import test_sign_gate
