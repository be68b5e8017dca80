from . import test_versions
from . import test_pack_loading
from . import test_parameters
from . import test_word_upload
