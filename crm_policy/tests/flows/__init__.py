from . import test_flow_complaint
