from . import counter
from . import complaint_type
from . import complaint_fields
from . import complaint_mixin
from . import remedy
from . import case_workload
from . import case_sight
from . import case_reopen
