from . import counter
from . import complaint_type
from . import complaint_fields
from . import complaint_mixin
from . import call_record
from . import caller
from . import remedy
