"""Where a fetch may lead: names, redirects, proxies, reused hosts; no socket for an inner address, ever."""

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp.abc import ResolveResult

from jobs.errors import LumaBotError, UnusableClipError
from media.addresses import is_public
from media.guard import AddressRefusedError, Guard
from media.links import REFUSED_TEXT, HostPort
from tests.media.certificates import open_authority
from tests.media.wires import PUBLIC, WrittenResolver, WrittenSockets, open_fetcher, open_server

NOT_FOUND = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
# What DNS may answer, one list after the other, and whether anything may be dialled at all.
DNS: dict[str, tuple[list[list[str] | Exception], bool]] = {
    "private": ([["10.0.0.1"]], False),
    "flip to private": ([[PUBLIC], ["127.0.0.1"]], True),
    "public and private": ([[PUBLIC, "192.168.0.1"]], False),
    "private and public": ([["192.168.0.1", PUBLIC]], False),
    "mapped": ([["::ffff:127.0.0.1"], ["::ffff:8.8.8.8"]], False),
    "nat64": ([["64:ff9b::7f00:1"], ["64:ff9b::808:808"]], False),
    "unique local": ([["fd00::1"]], False),
    "scoped": ([["fe80::1%eth0"], ["2606:4700::1%lo"]], False),
    "empty": ([[]], False),
    "no such name": ([NOT_FOUND], False),
    "chain to metadata": ([["169.254.169.254"]], False),
    "fifty answers, the last one private": ([[f"1.1.1.{n}" for n in range(1, 50)] + ["127.0.0.1"]], False),
}
CODES = (300, 301, 302, 303, 305, 307, 308)


@pytest.mark.parametrize("case", DNS)
async def test_dns_never_leads_inside(case: str, tmp_path: Path) -> None:
    answers, may_dial = DNS[case]
    resolver, sockets = WrittenResolver(*answers), WrittenSockets()
    texts = []
    async with open_fetcher(resolver, sockets) as fetcher:
        for _ in range(4):
            with pytest.raises(LumaBotError) as failed:
                await fetcher.fetch("https://clips.example/clip.mp4", tmp_path / "clip", limit_bytes=1000)
            texts.append(str(failed.value))
    assert bool(sockets.dialled) == may_dial
    assert all(is_public(address) for address in sockets.dialled)
    # Also a name that does not exist gets the one text: which names exist inside is nobody's business.
    assert set(texts[1:]) == {REFUSED_TEXT}


async def test_a_slow_dns_ends_at_the_deadline(tmp_path: Path) -> None:
    class Slow(WrittenResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            await asyncio.Event().wait()
            return []

    sockets = WrittenSockets()
    async with open_fetcher(Slow(), sockets) as fetcher:
        with pytest.raises(LumaBotError):
            await fetcher.fetch("https://clips.example/clip.mp4", tmp_path / "clip", limit_bytes=1000)
    assert sockets.dialled == []


def _targets(port: int) -> dict[str, str]:
    return {
        "private literal": "https://127.0.0.1/clip.mp4",
        "private name": "https://inside.example/clip.mp4",
        "file": "file:///etc/passwd",
        "ftp": "ftp://clips.example/clip.mp4",
        "http downgrade": "http://clips.example/clip.mp4",
        "userinfo": "https://a:b@clips.example/clip.mp4",
        "port 22": "https://clips.example:22/clip.mp4",
        "our own callbacks": "http://127.0.0.1:8080/kie/cb/a/1/b",
        "itself": f"http://127.0.0.1:{port}/start",
        "four hops": "/hop/1",
        "nowhere": "",
        "a long way": "https://clips.example/" + "a" * 8_000,
    }


async def test_redirects_never_lead_inside(tmp_path: Path) -> None:
    state = {"code": 300, "target": ""}

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split()[1].decode()
        target = f"/hop/{int(path[5:]) + 1}" if path.startswith("/hop/") else state["target"]
        location = f"Location: {target}\r\n" if target else ""
        writer.write(f"HTTP/1.1 {state['code']} Moved\r\n{location}Content-Length: 0\r\n\r\n".encode())

    resolver = WrittenResolver(["10.0.0.1"])
    async with open_server(talk) as port:
        sockets = WrittenSockets(port)
        async with open_fetcher(resolver, sockets, trusted=(f"127.0.0.1:{port}",)) as fetcher:
            checked = 0
            for state["code"] in CODES:
                for name, state["target"] in _targets(port).items():
                    with pytest.raises(UnusableClipError) as refused:
                        await fetcher.fetch(f"http://127.0.0.1:{port}/start", tmp_path / "clip", limit_bytes=1000)
                    followed = state["code"] not in {300, 305}
                    assert (refused.value.text == REFUSED_TEXT) == followed, name
                    checked += 1
    assert checked == 84
    assert set(sockets.dialled) == {"127.0.0.1"}
    # Each of the five followed codes: four hops dial once more than three; the origin is all that was dialled.
    assert len(sockets.dialled) == 2 * 12 + 5 * (10 + 4 + 4)


async def test_proxies_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(head: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(head)

    asked: list[bytes] = []
    async with open_server(proxy) as port:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "clips.example")
        sockets = WrittenSockets()
        async with open_fetcher(sockets=sockets) as fetcher:
            with pytest.raises(LumaBotError):
                await fetcher.fetch("https://other.example/clip.mp4", tmp_path / "clip", limit_bytes=1000)
    assert asked == []
    assert sockets.dialled == [PUBLIC]


async def test_a_host_that_was_good_is_checked_again(tmp_path: Path) -> None:
    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nclip")

    authority = open_authority(tmp_path)
    resolver = WrittenResolver([PUBLIC], ["127.0.0.1"])
    async with open_server(talk, authority.server("clips.example")) as port:
        sockets = WrittenSockets(port)
        async with open_fetcher(resolver, sockets, tls=authority.client()) as fetcher:
            await fetcher.fetch("https://clips.example/clip.mp4", tmp_path / "clip", limit_bytes=1000)
            with pytest.raises(UnusableClipError, match="can't be used"):
                await fetcher.fetch("https://clips.example/clip.mp4", tmp_path / "clip", limit_bytes=1000)
    assert sockets.dialled == [PUBLIC]


async def test_a_trusted_name_may_lead_inside_on_its_own_port_only() -> None:
    resolver, sockets = WrittenResolver(["10.0.0.7"]), WrittenSockets()
    guard = Guard(frozenset({HostPort("studio.local", 8000)}), resolver, sockets.make)
    assert [found["host"] for found in await guard.resolve("studio.local", 8000)] == ["10.0.0.7"]
    guard.make_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.7", 8000))).close()
    for host, port in (("studio.local", 8001), ("other.local", 8000)):
        with pytest.raises(AddressRefusedError):
            await guard.resolve(host, port)
    for address in (("10.0.0.7", 8001), ("10.0.0.8", 8000)):
        with pytest.raises(AddressRefusedError):
            guard.make_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", address))
    with pytest.raises(AddressRefusedError):
        guard.make_socket((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("2606:4700::1", 443, 0, 3)))
    guard.make_socket((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("2606:4700::1", 443, 0, 0))).close()
    assert sockets.dialled == ["10.0.0.7", "2606:4700::1"]


async def test_dns_that_moves_the_port_is_refused() -> None:
    class Moving(WrittenResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return await super().resolve(host, 22, family)

    with pytest.raises(AddressRefusedError):
        await Guard(frozenset(), Moving()).resolve("clips.example", 443)
