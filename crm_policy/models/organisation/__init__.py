from . import role
from . import authority
