from . import test_tour_complaint
