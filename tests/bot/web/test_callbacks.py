"""Callbacks: what is believed, what is refused, and with which status."""

import asyncio
import base64
import gzip
import hashlib
import json
import logging
import urllib.parse
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.web.callbacks import RESULTS, CallbackLimits, status_of
from jobs.errors import CallbackError, StorageError
from jobs.ports import Attempt
from jobs.services import CallbackNote
from tests.bot.web.serving import BODY, KEY, NOW_SECONDS, TASK, TOKEN, Receiver, raw_status, serve, sha256, signed

PATH = f"/callbacks/kie/{TOKEN}"


def head(*lines: str, method: str = "POST", path: str = PATH) -> bytes:
    start = (f"{method} {path} HTTP/1.1", "Host: bot.example", *(f"{k}: {v}" for k, v in signed().items()), *lines)
    return "\r\n".join(start).encode() + b"\r\n\r\n"


async def test_a_good_callback_is_taken_once_and_answered_with_ok() -> None:
    receiver = Receiver()
    async with serve(receiver) as site, site.client.post(site.url + PATH, data=BODY, headers=signed()) as response:
        assert (response.status, await response.json()) == (200, {"ok": True})
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "aiohttp" not in response.headers["Server"]
    assert receiver.taken == [(receiver.attempts[sha256(TOKEN)], CallbackNote(TASK))]
    assert receiver.results == ["ok"]


async def test_the_same_callback_a_hundred_times_is_always_acknowledged() -> None:
    receiver = Receiver()
    async with serve(receiver) as site:
        statuses = [await site.post() for _ in range(50)]
        statuses += await asyncio.gather(*(site.post() for _ in range(50)))
    assert statuses == [200] * 100
    assert len(receiver.taken) == 100  # the store makes one effect of them


async def test_every_flipped_bit_of_the_signature_is_refused() -> None:
    receiver = Receiver()
    mac = base64.b64decode(signed()["X-Webhook-Signature"])
    async with serve(receiver) as site:
        for bit in range(256):
            flipped = bytearray(mac)
            flipped[bit // 8] ^= 1 << bit % 8
            signature = base64.b64encode(flipped).decode()
            assert await site.post(X_Webhook_Timestamp=str(NOW_SECONDS), X_Webhook_Signature=signature) == 401
    assert receiver.taken == []
    assert receiver.results == ["bad_signature"] * 256


async def test_signatures_of_a_wrong_shape_are_refused() -> None:
    receiver = Receiver()
    good = signed()["X-Webhook-Signature"]
    mac = base64.b64decode(good)
    shapes = [
        "", mac.hex(), base64.urlsafe_b64encode(mac).decode().replace("=", ""), good.rstrip("="), good + good,
        f"{good},{good}", f"v1,{good}", good[::-1], good.lower(), "é" * 44, "=" * 44, f'"{good}"', "A" * 8000,
        *(base64.b64encode(mac[:length]).decode() for length in range(1, 32)),
    ]  # fmt: skip
    async with serve(receiver) as site:
        for shape in shapes:
            status = await site.post(X_Webhook_Timestamp=str(NOW_SECONDS), X_Webhook_Signature=shape)
            assert status == 401, shape
        assert await site.post(X_Webhook_Timestamp=str(NOW_SECONDS)) == 401
        assert await site.post(X_Webhook_Signature=good) == 401
        twice = [("X-Webhook-Timestamp", str(NOW_SECONDS)), *[("X-Webhook-Signature", good)] * 2]
        async with site.client.post(site.url + PATH, data=BODY, headers=twice) as response:
            assert response.status == 401
        assert raw_status(await site.raw(head(f"Content-Length: {len(BODY)}", f"X-Big: {'x' * 9000}") + BODY)) == 400
    assert receiver.taken == []


async def test_timestamps_are_taken_within_300_seconds_both_ways() -> None:
    receiver = Receiver()
    async with serve(receiver) as site:
        for offset, status in ((-301, 401), (-300, 200), (-299, 200), (0, 200), (299, 200), (300, 200), (301, 401)):
            headers = signed(at=NOW_SECONDS + offset)
            async with site.client.post(site.url + PATH, data=BODY, headers=headers) as response:
                assert response.status == status, offset


async def test_timestamps_that_are_no_unix_seconds_are_refused_though_signed() -> None:
    receiver = Receiver()
    arabic = "".join(chr(0x660 + int(digit)) for digit in str(NOW_SECONDS))
    stamps = (
        "nan", "inf", "1e9", "-1", "+1", "1.5", "0x10", "", "9" * 400, arabic, str(NOW_SECONDS * 1000),
        f"{NOW_SECONDS}.0", f"0{NOW_SECONDS}", "1_755_075_000",
    )  # fmt: skip
    async with serve(receiver) as site:
        for stamp in stamps:
            async with site.client.post(site.url + PATH, data=BODY, headers=signed(at=stamp)) as response:
                assert response.status == 401, stamp
    assert receiver.taken == []


async def test_task_ids_that_cannot_be_are_refused_though_signed() -> None:
    receiver = Receiver()
    ids = (None, 7, [TASK], {"a": TASK}, "", "a" * 7, "a" * 65, "aaaaaaaa.1", "a\r\nbbbbbbb", "../../../etc", "é" * 9)
    async with serve(receiver) as site:
        for task in ids:
            body = json.dumps({"code": 200, "data": {"taskId": task}}).encode()
            # a value with a line break cannot be signed on the wire at all
            headers = signed(task if isinstance(task, str) and "\r" not in task else TASK)
            async with site.client.post(site.url + PATH, data=body, headers=headers) as response:
                assert response.status == 400, task
        for body in (b'{"code":200}', b'{"data":null}', b'{"data":{"taskId":"aaaaaaaa","task_id":"bbbbbbbb"}}', b"[]"):
            assert await site.post(body=body) == 400, body
    assert receiver.taken == []


async def test_the_bodies_verdict_and_links_go_nowhere() -> None:
    receiver = Receiver()
    async with serve(receiver) as site:
        for extra in (
            {"code": 500}, {"msg": "<@everyone>"}, {"data": {"taskId": TASK, "resultUrls": ["https://evil.example/"]}},
        ):  # fmt: skip
            body = json.dumps({"code": 200, "data": {"taskId": TASK}} | extra).encode()
            assert await site.post(body=body) == 200
    assert {note for _, note in receiver.taken} == {CallbackNote(TASK)}


async def test_keys_rotate() -> None:
    old, new = "canary-old-key-1", KEY
    for keys, good in (((new,), [new]), ((new, old), [new, old]), ((old,), [old])):
        receiver = Receiver(keys=keys)
        async with serve(receiver) as site:
            for key in (old, new):
                async with site.client.post(site.url + PATH, data=BODY, headers=signed(key=key)) as response:
                    assert response.status == (200 if key in good else 401)


async def test_without_a_key_the_token_alone_lets_in() -> None:
    receiver = Receiver(keys=())
    async with serve(receiver) as site, site.client.post(site.url + PATH, data=b'{"code":400,"data":null}') as response:
        assert response.status == 200
    assert receiver.taken[0][1] == CallbackNote(None)


def padded(size: int) -> bytes:
    return BODY[:-1] + b',"pad":"' + b"x" * (size - len(BODY) - 9) + b'"}'


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 7000):
        yield body[start : start + 7000]


async def test_bodies_are_read_up_to_64_kib() -> None:
    receiver = Receiver()
    async with serve(receiver) as site:
        for size, status in ((65_535, 200), (65_536, 200), (65_537, 413), (300_000, 413)):
            assert len(padded(size)) == size
            assert await site.post(body=padded(size)) == status

        for size, status in ((1000, 200), (65_536, 200), (65_537, 413)):
            async with site.client.post(site.url + PATH, data=pieces(padded(size)), headers=signed()) as response:
                assert response.status == status
    assert len(receiver.taken) == 4


async def test_a_length_that_lies_costs_nothing() -> None:
    receiver = Receiver()
    async with serve(receiver, limits=CallbackLimits(read_seconds=0.2)) as site:
        assert raw_status(await site.raw(head("Content-Length: 10000000000"))) == 413
        assert raw_status(await site.raw(head("Content-Length: 65537") + BODY)) == 413
        assert raw_status(await site.raw(head(f"Content-Length: {len(BODY) + 5}") + BODY)) == 408
        # what comes after the stated length is another request, and a broken one
        short = await site.raw(head(f"Content-Length: {len(BODY) - 5}", "Connection: close") + BODY)
        assert raw_status(short) == 400
        assert raw_status(await site.raw(head("Connection: close"))) == 400
    assert receiver.taken == []


async def test_bodies_that_are_not_strict_json_are_refused() -> None:
    receiver = Receiver()
    text = BODY.decode()
    bodies = (
        b"", b"null", b"{", b"[" * 65_000, b'{"a":' * 10_000, text.replace("200", "NaN").encode(),
        text.replace("200", "1e999").encode(), text.replace("200", "-Infinity").encode(), b"\xef\xbb\xbf" + BODY,
        text.encode("utf-16"), BODY[:-2] + b"\xff}", BODY.replace(b'"code":200', b'"code":200,"code":200'),
        urllib.parse.urlencode({"data": text}).encode(), b"taskId=" + TASK.encode(), b"'" + BODY + b"'", BODY + b"x",
        b"\x00" + BODY, b"9" * 60_000,
    )  # fmt: skip
    async with serve(receiver) as site:
        for body in bodies:
            assert await site.post(body=body) == 400, body[:40]
        # what the sender calls its body does not matter
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"):
            headers = {**signed(), "Content-Type": content_type}
            async with site.client.post(site.url + PATH, data=BODY, headers=headers) as response:
                assert response.status == 200
    assert len(receiver.taken) == 3


async def test_encoded_bodies_are_refused_unread() -> None:
    receiver = Receiver()
    bomb = gzip.compress(b"0" * 50_000_000)
    async with serve(receiver) as site:
        for encoding, body in (
            ("gzip", gzip.compress(BODY)),
            ("gzip", b"no gzip"),
            ("gzip", bomb),
            ("br", BODY),
            ("", BODY),
        ):
            lines = (f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}", "Connection: close")
            assert raw_status(await site.raw(head(*lines) + body)) == 415
    assert receiver.taken == []


async def test_other_methods_are_refused() -> None:
    async with serve() as site:
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"):
            async with site.client.request(method, site.url + PATH) as response:
                assert response.status == 405, method
                assert response.headers["Allow"] == "POST"


async def test_other_paths_and_tokens_are_not_known() -> None:
    receiver = Receiver()
    last = "A" if TOKEN[-1] != "A" else "B"
    paths = (
        PATH + "/", PATH[:-1] + last, PATH[:-1], PATH + "A", f"/callbacks/kie//{TOKEN}", f"//callbacks/kie/{TOKEN}",
        f"/callbacks/none/{TOKEN}", f"/callbacks/other/{TOKEN}", f"/callbacks/KIE/{TOKEN}", f"/callbacks/{TOKEN}",
        f"/callbacks/kie/{TOKEN}/x", f"/callbacks/kie/%2e%2e/{TOKEN}", f"/callbacks/kie/{sha256(TOKEN)}",
        f"/callbacks/kie/{TOKEN[:-1]}%00", f"/callbacks/kie%2F{TOKEN}", "/", "/callbacks", "/callbacks/kie/",
        f"/callbacks/kie/{TOKEN.swapcase()}",
    )  # fmt: skip
    async with serve(receiver) as site:
        for path in paths:
            lines = (f"Content-Length: {len(BODY)}", "Connection: close")
            assert raw_status(await site.raw(head(*lines, path=path) + BODY)) == 404, path
    assert receiver.taken == []


async def test_strangers_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serve(Receiver()) as site:
        for _ in range(50):
            assert await site.post(f"/callbacks/kie/{'b' * 43}") == 404
        assert [line for line in caplog.messages if "refused" in line] == []
        assert await site.post(PATH, X_Nothing="1") == 401
    assert [line for line in caplog.messages if "refused" in line] == ["callback of kie refused: bad_signature"]


async def test_a_token_of_another_service_is_not_known() -> None:
    receiver = Receiver()
    receiver.attempts[sha256("b" * 43)] = Attempt("job2", 1, "other", sha256("b" * 43), 0)
    async with serve(receiver) as site:
        assert await site.post(f"/callbacks/kie/{'b' * 43}") == 404
        assert await site.post(f"/callbacks/other/{'b' * 43}") == 400  # 500 is never a provider's to say
    assert receiver.taken == []


async def test_requests_that_could_be_read_two_ways_are_refused() -> None:
    receiver = Receiver()
    size = len(BODY)
    many = [f"X-{index}: 1" for index in range(200)]
    requests = (
        head(f"Content-Length: {size}", "Transfer-Encoding: chunked") + BODY,
        head(f"Content-Length: {size}", f"Content-Length: {size + 1}") + BODY,
        head(f"Content-Length: +{size}") + BODY,
        head("Transfer-Encoding: chunked, chunked") + BODY,
        head(f"Content-Length: {size}", *many) + BODY,
        head(f"Content-Length: {size}", f"X-Long: {'x' * 9000}") + BODY,
        head(f"Content-Length: {size}", path=PATH + "?" + "x" * 9000) + BODY,
        head(f"Content-Length: {size}", "X-Fold: a\r\n b") + BODY,
        head(f"Content-Length: {size}", "Bad Name: x") + BODY,
        head(f"Content-Length: {size}").replace(b"\r\n", b"\n") + BODY,
        head(f"Content-Length: {size}").replace(b"Host: bot.example\r\n", b"") + BODY,
        head(f"Content-Length: {size}").replace(b"Host: bot.example\r\n", b"Host: a\r\nHost: b\r\n") + BODY,
        head("Transfer-Encoding: chunked") + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"POST " + PATH.encode() + b"\r\n\r\n",
        b"POST " + PATH.encode() + b" HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS hello\r\n\r\n",
    )
    async with serve(receiver, header_seconds=0.5, limits=CallbackLimits(read_seconds=0.3)) as site:
        for request in requests:
            assert raw_status(await site.raw(request)) == 400, request[:300]
    assert receiver.taken == []


async def test_a_sender_that_waits_for_100_continue_is_told_to_go_on() -> None:
    receiver = Receiver()
    async with serve(receiver) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(head(f"Content-Length: {len(BODY)}", "Expect: 100-continue", "Connection: close"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert raw_status(await reader.read()) == 200
        writer.close()
        odd = head(f"Content-Length: {len(BODY)}", "Expect: miracles", "Connection: close") + BODY
        assert raw_status(await site.raw(odd)) == 200


async def test_when_the_store_cannot_commit_the_sender_is_asked_to_come_again() -> None:
    receiver = Receiver(error=StorageError("disk full"))
    async with serve(receiver) as site, site.client.post(site.url + PATH, data=BODY, headers=signed()) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert receiver.results == ["unavailable"]


async def test_when_the_store_is_slow_the_answer_comes_in_time_all_the_same() -> None:
    receiver = Receiver(gate=asyncio.Event())
    async with serve(receiver, limits=CallbackLimits(commit_seconds=0.1)) as site:
        assert await site.post() == 503
        assert receiver.gate is not None
        receiver.gate.set()
        assert await site.post() == 200


async def test_a_look_up_that_fails_is_answered_the_same_way() -> None:
    class Broken(Receiver):
        async def find_attempt(self, token_sha256: str) -> Attempt | None:
            raise StorageError("gone")

    async with serve(Broken()) as site:
        assert await site.post() == 503


async def test_a_sender_that_goes_away_leaves_no_trace() -> None:
    receiver = Receiver()
    async with serve(receiver) as site:
        _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(head(f"Content-Length: {len(BODY)}") + BODY[:20])
        await writer.drain()
        await receiver.looked.wait()
        writer.transport.abort()
        assert await site.post() == 200
    assert len(receiver.taken) == 1


def test_the_store_never_sees_a_token() -> None:
    assert sha256(TOKEN) == hashlib.sha256(TOKEN.encode()).hexdigest() != TOKEN


def test_every_error_has_a_status_of_the_contract() -> None:
    for status in RESULTS:
        assert status_of(CallbackError(status, "x")) == (status if status != 200 else 400)
    for status in (0, 100, 302, 418, 500, 504):
        assert status_of(CallbackError(status, "x")) == 400
    assert status_of(StorageError("x")) == status_of(TimeoutError()) == 503
    with pytest.raises(KeyError):
        status_of(KeyError("a bug stays a bug"))


async def test_stopping_lets_an_open_callback_end() -> None:
    receiver = Receiver(gate=asyncio.Event())
    async with serve(receiver) as site:
        asked = asyncio.create_task(site.post())
        await receiver.looked.wait()
        stopping = asyncio.create_task(site.server.stop())
        await asyncio.sleep(0)
        assert receiver.gate is not None
        receiver.gate.set()
        assert await asked == 200
        await stopping
        with pytest.raises(aiohttp.ClientConnectorError):
            await site.post()


async def test_stopping_never_waits_longer_than_it_may() -> None:
    receiver = Receiver(gate=asyncio.Event())
    async with serve(receiver, stop_seconds=0.3) as site:
        asked = asyncio.create_task(site.post())
        await receiver.looked.wait()
        started = asyncio.get_running_loop().time()
        await site.server.stop()
        assert asyncio.get_running_loop().time() - started < 2
        with pytest.raises(aiohttp.ClientError):
            await asked
    assert receiver.taken == []
