from . import pack_load
from . import case_import_load
from . import call
from . import case_step
from . import approval_sign
from . import external_step
from . import intake_try
from . import organisation_check
