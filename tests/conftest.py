"""Make every run of the tests the same."""

from hypothesis import Phase, settings

settings.register_profile(
    "same-every-time",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    # No shrinking: the same failure comes with every run, and minutes of shrinking would outlast a test's time.
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("same-every-time")
