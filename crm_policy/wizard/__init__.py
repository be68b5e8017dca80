from . import pack_load
from . import case_step
from . import approval_sign
from . import intake_page_batch
