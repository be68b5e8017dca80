from . import dependent
from . import named_document
from . import guarded
from . import protected
from . import event
from . import ledger_anchor
from . import ledger_chain
from . import sealed
