from . import counter
from . import number_block
from . import creation_notice
from . import complaint_type
from . import complaint_fields
from . import complaint_mixin
from . import remedy
