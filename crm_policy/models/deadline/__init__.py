from . import deadline_plan
from . import deadline_rule
from . import fact_rule
from . import deadline
from . import subject
