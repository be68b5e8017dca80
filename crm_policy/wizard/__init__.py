from . import pack_load
from . import call
from . import case_step
from . import approval_sign
