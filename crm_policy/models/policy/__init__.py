from . import pack_section
from . import policy
from . import policy_default
from . import version
from . import clause
from . import rule_mixin
