from .test_flow_complaint import *
