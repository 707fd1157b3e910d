"""Give every test a place to look at files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.media.benches import Benches


@pytest.fixture
async def benches(tmp_path: Path) -> AsyncIterator[Benches]:
    """Open a prober on an empty folder."""
    benches = Benches(tmp_path)
    yield benches
    await benches.workshop.close()
