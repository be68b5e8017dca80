from . import test_blame_route
from . import test_flow_complaint
from . import test_demo_company
from . import test_rulings
from . import test_shipped_packs
from . import test_department_route
from . import test_improvement_flow
from . import test_notices
