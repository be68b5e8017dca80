from . import deadline_plan
from . import deadline_rule
from . import fact_rule
from . import pause_reason
from . import pause
from . import pausable
from . import deadline
from . import subject
