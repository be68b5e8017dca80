from . import grade
from . import customer
from . import customer_facts
from . import customer_merge
from . import interaction
