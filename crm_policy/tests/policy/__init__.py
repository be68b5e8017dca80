from . import test_versions
from . import test_pack_loading
