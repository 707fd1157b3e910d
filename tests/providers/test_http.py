"""Break requests before they leave: names, certificates, cancellation; and bound what is read."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from jobs.errors import ProviderUnavailableError
from providers.faults import Purpose
from providers.http import MAX_ANSWER_BYTES, Call, request
from tests.providers.cases import API_KEY
from tests.providers.wire import Act, Reply, Wire


class NoNames(AbstractResolver):
    """Know no name at all."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Fail as a resolver does."""
        raise OSError(-2, "Name or service not known")

    async def close(self) -> None:
        """Hold nothing."""


def submit_to(url: str, *, seconds: float = 5.0) -> Call:
    """Return a paid request."""
    return Call(
        provider="kie",
        purpose=Purpose.SUBMIT,
        method="POST",
        url=url,
        bearer=API_KEY,
        user_agent="test",
        seconds=seconds,
        content={"prompt": "\ud800 lone", "count": 1},
    )


async def not_sent(session: ClientSession, url: str) -> ProviderUnavailableError:
    """Return the error of a submit that surely did not leave."""
    with pytest.raises(ProviderUnavailableError) as caught:
        await request(session, submit_to(url))
    assert caught.value.code == "not_sent"
    return caught.value


async def test_a_name_that_is_not_known_was_not_asked() -> None:
    async with ClientSession(connector=TCPConnector(resolver=NoNames())) as session:
        error = await not_sent(session, "https://api.example/v1/generate?secret=x")
    assert "secret" not in str(error)


@pytest.fixture
def strange_tls(tmp_path: Path) -> ssl.SSLContext:
    """Make a certificate that nobody vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_certificate_that_is_not_trusted_stops_the_request(strange_tls: ssl.SSLContext) -> None:
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=strange_tls)
    try:
        async with ClientSession() as session:
            await not_sent(session, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    finally:
        server.close()
        await server.wait_closed()
    assert received == []


async def test_an_address_that_is_none_was_not_asked() -> None:
    async with ClientSession() as session:
        for url in ("http://", "ftp://api.example/", "http://api.example:99999/"):
            error = await not_sent(session, url)
            assert "example" not in str(error)


async def test_a_connection_that_never_stands_was_not_sent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            async with ClientSession() as session:
                call = submit_to(f"http://127.0.0.1:{port}/")
                with pytest.raises(ProviderUnavailableError) as caught:
                    await request(session, call, connect_seconds=0.2)
        finally:
            for each in waiting:
                each.close()
    assert caught.value.code == "not_sent"


async def test_a_cancelled_request_stays_cancelled() -> None:
    async with Wire(Reply(act=Act.HANG)) as wire:
        task = asyncio.create_task(request(wire.session, submit_to(wire.url)))
        async with asyncio.timeout(5):
            await wire.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_redirect_is_answered_and_not_followed() -> None:
    async with Wire(Reply(302, b"", {"Location": "http://127.0.0.1:1/"})) as wire:
        answer = await request(wire.session, submit_to(wire.url))
    assert answer.status == 302
    assert len(wire.received) == 1


async def test_an_answer_is_read_up_to_its_limit() -> None:
    for size in (MAX_ANSWER_BYTES - 1, MAX_ANSWER_BYTES, MAX_ANSWER_BYTES + 1, 3 * MAX_ANSWER_BYTES):
        async with Wire(Reply(200, b"x" * size)) as wire:
            answer = await request(wire.session, submit_to(wire.url))
        assert len(answer.body) == min(size, MAX_ANSWER_BYTES)


async def test_the_key_is_taken_out_of_an_answer() -> None:
    async with Wire(Reply(200, f"your key {API_KEY} is fine".encode())) as wire:
        answer = await request(wire.session, submit_to(wire.url))
    assert answer.body == b"your key [key] is fine"
    assert API_KEY not in repr(submit_to(wire.url))
