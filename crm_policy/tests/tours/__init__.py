from .test_tour_complaint import *
