from . import purchase_approval
