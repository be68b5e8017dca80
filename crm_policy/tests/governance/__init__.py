from . import test_rotation
from . import test_improvement
from . import test_improvement_source
from . import test_eightd
from . import test_improvement_packs
