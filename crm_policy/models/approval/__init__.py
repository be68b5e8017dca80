from . import route
from . import route_step
from . import approval
from . import approval_step
from . import decision
from . import approvable
from . import version
