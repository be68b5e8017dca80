from . import dependent
from . import named_document
from . import guarded
from . import protected
from . import event
