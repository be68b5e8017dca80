from . import test_confirm_gate
from . import test_purchase_chain
from . import test_purchase_emergency
from . import test_signed_values
from . import test_purchase_form
from . import test_purchase_guards
