"""Give every test a place to look at files."""

from pathlib import Path

import pytest

from tests.media.benches import Benches


@pytest.fixture
def benches(tmp_path: Path) -> Benches:
    """Open a prober on an empty folder."""
    return Benches(tmp_path)
