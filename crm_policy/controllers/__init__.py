from . import posted
from . import uploads
from . import ticket_portal
from . import case_portal
from . import intake_page
from . import case_answer
from . import ledger_export
from . import policy_portal
