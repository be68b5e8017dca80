from . import rotation
from . import improvement_source
from . import improvement_course
from . import improvement
from . import improvement_entry
from . import improvement_goal
from . import improvement_action
from . import case_improvement
