from . import pack_load
from . import case_import_load
from . import case_step
from . import approval_sign
