from . import purchase_document
from . import purchase_gate
from . import purchase_hold
from . import purchase_order
from . import purchase_order_line
from . import route
