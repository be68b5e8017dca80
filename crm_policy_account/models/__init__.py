from . import account_move
from . import account_move_line
from . import allowance
from . import collection_rate
from . import goods_document
from . import helpdesk_ticket
from . import return_note
