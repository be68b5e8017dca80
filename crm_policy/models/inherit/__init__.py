from . import res_company
from . import resource_calendar
from . import resource_calendar_attendance
from . import resource_calendar_leaves
from . import helpdesk_ticket_stage
from . import helpdesk_ticket
from . import mail_message
