# Rooms from the ground up (architecture, section 3): a room knows only those above its line.
from . import evidence
from . import policy
from . import worktime
from . import organisation
from . import deadline
from . import approval
from . import customer
from . import complaint
from . import governance
from . import reporting
from . import inherit
