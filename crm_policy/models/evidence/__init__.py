from . import dependent
from . import guarded
from . import protected
from . import event
