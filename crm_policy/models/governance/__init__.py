from . import rotation
