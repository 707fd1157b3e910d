"""Listen to the log in every test of the web server: no secret may come through, at any level."""

import io
import logging
from collections.abc import Iterator

import pytest

from bot.logs import CleanFormatter, Redactor
from tests.bot.web.serving import KEY, TOKEN, signed


@pytest.fixture(autouse=True)
def _no_secret_in_the_log() -> Iterator[None]:
    stream, bare = io.StringIO(), io.StringIO()
    everything = logging.StreamHandler(stream)
    everything.setFormatter(CleanFormatter("text", Redactor([KEY])))
    ours = logging.StreamHandler(bare)  # our own lines must be clean before anything cleans them
    root, room = logging.getLogger(), logging.getLogger("bot")
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(everything)
    room.addHandler(ours)
    yield
    room.removeHandler(ours)
    root.removeHandler(everything)
    root.setLevel(before)
    for written in (stream.getvalue(), bare.getvalue()):
        for secret in (TOKEN, KEY, signed()["X-Webhook-Signature"]):
            assert secret not in written
    assert "Traceback" not in stream.getvalue()
