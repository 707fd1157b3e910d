"""Make every run of the tests the same."""

from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("same-every-time")
