from . import test_grades
from . import test_customer_merge
