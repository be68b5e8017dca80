"""The attack suite: one world full of evidence, and all that is tried on it.

One class, as the world takes longer to build than most attacks; ``-k`` selects among them.
"""

from odoo.tests import HttpCase

from .attack_common import AttackCommon
from .attack_decisions import DecisionAttacks
from .attack_doors import DoorAttacks
from .attack_evidence import EvidenceAttacks
from .attack_methods import MethodAttacks
from .attack_portal import PortalAttacks
from .attack_reading import ReadingAttacks
from .attack_wire import WireAttacks


class TestAttack(
    MethodAttacks,
    EvidenceAttacks,
    ReadingAttacks,
    DoorAttacks,
    DecisionAttacks,
    WireAttacks,
    PortalAttacks,
    AttackCommon,
    HttpCase,
):
    allow_inherited_tests_method = True
