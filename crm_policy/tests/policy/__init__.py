from . import test_versions
from . import test_pack_loading
from . import test_parameters
from . import test_acknowledgements
from . import test_coverage
from . import test_findings
from . import test_interpretations
from . import test_revisions
