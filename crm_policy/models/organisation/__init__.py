from . import role
from . import case_access
from . import viewer
from . import viewer_source
from . import authority
