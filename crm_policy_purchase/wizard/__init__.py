from . import emergency_turn
