"""Sign and verify: known vectors, every flipped bit, hostile shapes, the window, rotation."""

import base64

import pytest
from multidict import CIMultiDict

from jobs.errors import CallbackError
from providers.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign, sign_task, verify_task

KEY = "test_webhook_hmac_key"
TASK = "774d9a7dd608a0e49293903095e45a4c"
STAMP = "1755075000"
NOW_MS = int(STAMP) * 1000
WINDOW_MS = 300_000


def check(
    *,
    task_id: str = TASK,
    timestamp: str | None = STAMP,
    signature: str | None = None,
    keys: tuple[str, ...] = (KEY,),
    now_ms: int = NOW_MS,
) -> int:
    """Return 200, or the status the callback is refused with."""
    given = sign_task(KEY, task_id, timestamp or "") if signature is None else signature
    headers = {SIGNATURE_HEADER: given} | ({} if timestamp is None else {TIMESTAMP_HEADER: timestamp})
    try:
        verify_task(headers, task_id, keys, now_ms=now_ms, window_ms=WINDOW_MS)
    except CallbackError as error:
        return error.status
    return 200


def test_the_known_vectors_come_out_exactly() -> None:
    assert sign_task(KEY, TASK, "1755075000") == "xr9liWKYoOWJRRtEGp0puRlvVuN7d5+zI2V9R7zChck="
    assert sign_task(KEY, TASK, "1755075001") == "UXjXi+cD8aloFA3LzQ0Gxsw/BlzI0MpNWrBlEww7dZ4="
    assert sign_task("unit-test-key", TASK, "1769670760") == "SFsx/anD4ju6ArVzqHAgxABbfwMqwzjdFL+Eb+L/q2w="
    github = sign(b"It's a Secret to Everybody", b"Hello, World!")
    assert github.hex() == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    standard = sign(key, b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')
    assert base64.b64encode(standard) == b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signature_with_any_bit_flipped_is_refused() -> None:
    right = base64.b64decode(sign_task(KEY, TASK, STAMP))
    assert check() == 200
    for bit in range(256):
        wrong = bytearray(right)
        wrong[bit // 8] ^= 1 << bit % 8
        assert check(signature=base64.b64encode(wrong).decode()) == 401


def test_signatures_of_other_shapes_are_refused() -> None:
    right = sign_task(KEY, TASK, STAMP)
    mac = base64.b64decode(right)
    shapes = [
        "",
        *(base64.b64encode(mac[:size]).decode() for size in range(1, 32)),
        mac.hex(),
        base64.urlsafe_b64encode(mac).decode().replace("+", "-"),
        right.rstrip("="),
        right + right,
        f"{right},{right}",
        " " + right,
        right + " ",
        right.replace("=", "é"),
        "\ud800" + right,
        right[:-2] + chr(ord(right[-2]) + 1) + "=",
        "A" * 1_000_000,
    ]
    shapes = [shape for shape in shapes if shape != right]
    assert [check(signature=shape) for shape in shapes] == [401] * len(shapes)


def test_a_header_that_stands_twice_or_not_at_all_is_refused() -> None:
    right = sign_task(KEY, TASK, STAMP)
    pairs = [(TIMESTAMP_HEADER, STAMP), (SIGNATURE_HEADER, right), (SIGNATURE_HEADER.lower(), right)]
    headers = CIMultiDict(pairs)
    with pytest.raises(CallbackError) as caught:
        verify_task(headers, TASK, [KEY], now_ms=NOW_MS, window_ms=WINDOW_MS)
    assert caught.value.status == 401
    assert check(timestamp=None) == 401


def test_headers_are_found_in_any_letter_case() -> None:
    headers = {TIMESTAMP_HEADER.lower(): STAMP, SIGNATURE_HEADER.upper(): sign_task(KEY, TASK, STAMP)}
    verify_task(headers, TASK, [KEY], now_ms=NOW_MS, window_ms=WINDOW_MS)


@pytest.mark.parametrize(
    ("seconds", "status"), [(-301, 401), (-300, 200), (-299, 200), (0, 200), (299, 200), (300, 200), (301, 401)]
)
def test_the_window_is_five_minutes_on_both_sides_and_holds_its_ends(seconds: int, status: int) -> None:
    assert check(now_ms=NOW_MS + seconds * 1000) == status


def test_the_window_ends_within_the_second() -> None:
    assert check(now_ms=NOW_MS + 300_001) == 401
    assert check(now_ms=NOW_MS - 300_001) == 401


def test_timestamps_that_are_no_seconds_are_refused() -> None:
    stamps = [
        "nan",
        "inf",
        "1e9",
        "-1",
        "+1",
        "1.5",
        "0x10",
        "",
        "9" * 400,
        "".join(chr(0x660 + int(digit)) for digit in STAMP),
        f"{STAMP}000",
        f" {STAMP}",
    ]
    stamps += [f"{STAMP}\n", STAMP[:9]]
    assert [check(timestamp=stamp) for stamp in stamps] == [401] * len(stamps)


def test_task_ids_that_could_be_read_two_ways_are_refused() -> None:
    assert sign_task(KEY, "a.1", "2") == sign_task(KEY, "a", "1.2")
    shapes = ["", "a" * 7, "a" * 65, "a.17550750", "aaaaaaaa\r\n", "../../etc", "é" * 8, "a" * 1_000_000]
    assert [check(task_id=shape) for shape in shapes] == [400] * len(shapes)
    assert check(task_id="a" * 8) == check(task_id="a" * 64) == 200


@pytest.mark.parametrize(
    ("keys", "status"),
    [((KEY,), 200), (("new-key", KEY), 200), ((KEY, "new-key"), 200), (("new-key",), 401), ((), 401)],
)
def test_keys_rotate(keys: tuple[str, ...], status: int) -> None:
    assert check(keys=keys) == status
