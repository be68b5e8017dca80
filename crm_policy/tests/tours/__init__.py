from . import test_tour_call
from . import test_tour_complaint
from . import test_tour_portal
from . import test_tour_word
from . import test_tour_deadline
from . import test_tour_signing
from . import test_tour_violation
from . import test_tour_approval
