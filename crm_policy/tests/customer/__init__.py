from . import test_grades
