from . import test_role_holders
from . import test_posts
from . import test_substitutes
from . import test_teams
from . import test_staffing
from . import test_organisation_findings
from . import test_duties
from . import test_organisation_rights
