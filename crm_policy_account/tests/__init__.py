from . import test_collection_rate
from . import test_credit_note
from . import test_credit_note_guards
