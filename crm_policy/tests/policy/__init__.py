from . import test_versions
from . import test_pack_loading
from . import test_parameters
from . import test_pack_upgrade
from . import test_parameter_sheet
from . import test_proposed_values
from . import test_pack_fuzz
