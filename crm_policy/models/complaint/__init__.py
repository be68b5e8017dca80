from . import counter
from . import complaint_type
from . import complaint_fields
from . import complaint_mixin
from . import case_import_check
from . import case_import
from . import remedy
