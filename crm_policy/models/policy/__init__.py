from . import cached
from . import pack_section
from . import policy
from . import default
from . import version
from . import clause
from . import rule_mixin
from . import parameter
