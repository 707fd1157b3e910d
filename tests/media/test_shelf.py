"""What the shelf keeps, for how long, and who may fetch it."""

import asyncio
import os
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.errors import DiskFullError, MediaError
from media.shelf import Shelf, ShelfKind, ShelfLimits
from tests.fakes import FakeClock

DAY_MS = 86_400_000
LIMITS = ShelfLimits(max_bytes=1000, free_bytes=100, result_seconds=14 * 86_400, other_seconds=2 * 86_400)


async def open_shelf(folder: Path, clock: FakeClock, free: int = 1 << 40) -> Shelf:
    """Open a shelf on a folder."""
    shelf = Shelf(folder / "shelf", clock, limits=LIMITS, public_url="https://bot.example/", free=lambda _: free)
    await shelf.open()
    return shelf


async def put(shelf: Shelf, job_id: str, kind: ShelfKind = ShelfKind.RESULT, size: int = 100) -> str:
    """Place a file of some bytes; return its name."""
    path = shelf.new_incoming(job_id, kind)
    path.write_bytes(bytes(size))
    return (await shelf.place(job_id, kind, path)).name


def _read(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return parts.path.rpartition("/")[2], query["exp"][0], query["sig"][0]


async def test_a_placed_file_is_found_by_its_signed_address_only(tmp_path: Path) -> None:
    clock = FakeClock()
    shelf = await open_shelf(tmp_path, clock)
    name = await put(shelf, "job1")
    url = shelf.signed_url(name)
    assert url is not None
    assert url.startswith("https://bot.example/files/result-job1-")
    assert url == shelf.signed_url(name)
    asked, expires, signature = _read(url)
    assert shelf.find_signed(asked, expires, signature) == shelf.path(name)
    other = await put(shelf, "job2")
    swapped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for wrong in (
        (other, expires, signature),
        (name, str(int(expires) + 3600), signature),
        (name, expires, swapped),
        (name, expires, signature[:-1]),
        (name, expires, ""),
        (name, "", signature),
        (name, f"+{expires}", signature),
        (name, f"{expires}.0", signature),
        (name, "9" * 5000, signature),
        (name, expires, "é" * 43),
        (f"../result/{name}", expires, signature),
        (f"{name}\0", expires, signature),
    ):
        assert shelf.find_signed(*wrong) is None, wrong
    clock.advance(15 * DAY_MS)
    assert shelf.find_signed(asked, expires, signature) is None


async def test_no_name_leads_out_of_the_shelf(tmp_path: Path) -> None:
    shelf = await open_shelf(tmp_path, FakeClock())
    for name in (
        "",
        ".",
        "..",
        "key",
        "../key",
        "result",
        "result/../key",
        "/etc/passwd",
        "result-a-0123456789abcdef.mp4/x",
    ):
        with pytest.raises(ValueError, match="shelf"):
            shelf.path(name)
        assert shelf.find_signed(name, "1", "1") is None
    for job_id in ("", "..", "a/b", "a" * 65, "a\n", "ä"):
        with pytest.raises(ValueError, match="id"):
            shelf.new_incoming(job_id, ShelfKind.CLIP)
        with pytest.raises(ValueError, match="id"):
            await shelf.place(job_id, ShelfKind.CLIP, tmp_path)


async def test_the_key_is_kept_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    clock = FakeClock()
    shelf = await open_shelf(tmp_path, clock)
    name = await put(shelf, "job1")
    url = shelf.signed_url(name)
    assert url is not None
    again = await open_shelf(tmp_path, clock)
    assert again.find_signed(*_read(url)) == shelf.path(name)
    key = tmp_path / "shelf" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().hex() not in repr(vars(shelf))
    key.unlink()
    changed = await open_shelf(tmp_path, clock)
    assert changed.find_signed(*_read(url)) is None
    key.write_bytes(b"short")
    with pytest.raises(MediaError, match="key"):
        await open_shelf(tmp_path, clock)


async def test_a_key_that_a_full_disk_cut_off_is_made_anew(tmp_path: Path) -> None:
    for left in ("key", "key.part"):
        (tmp_path / "shelf").mkdir(exist_ok=True)
        (tmp_path / "shelf" / left).write_bytes(b"")
        shelf = await open_shelf(tmp_path, FakeClock())
        url = shelf.signed_url(await put(shelf, "job1"))
        assert url is not None
        assert shelf.find_signed(*_read(url)) is not None
        assert not (tmp_path / "shelf" / "key.part").exists()
        (tmp_path / "shelf" / "key").unlink()


async def test_without_a_public_address_nothing_is_signed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", FakeClock(), limits=LIMITS)
    await shelf.open()
    assert shelf.signed_url(await put(shelf, "job1")) is None


async def test_a_sweep_removes_the_old_and_never_an_open_jobs_file(tmp_path: Path) -> None:
    clock = FakeClock()
    shelf = await open_shelf(tmp_path, clock)
    made, kept_made = await put(shelf, "a", ShelfKind.COMPARE), await put(shelf, "b", ShelfKind.COMPARE)
    result = await put(shelf, "a")
    clock.advance(3 * DAY_MS)
    swept = await shelf.sweep({kept_made})
    assert (swept.removed, swept.left_bytes) == (1, 200)
    assert [shelf.path(name).exists() for name in (made, kept_made, result)] == [False, True, True]
    clock.advance(12 * DAY_MS)
    await shelf.sweep({kept_made})
    assert [shelf.path(name).exists() for name in (kept_made, result)] == [True, False]


async def test_a_sweep_takes_the_oldest_first_when_there_is_too_much(tmp_path: Path) -> None:
    clock = FakeClock()
    shelf = await open_shelf(tmp_path, clock)
    names = []
    for number in range(12):
        names.append(await put(shelf, f"job{number}"))
        clock.advance(60_000)
    clock.advance(3_600_000)
    fresh = await put(shelf, "fresh", size=500)
    swept = await shelf.sweep({names[0]})
    assert swept.left_bytes <= 1000
    assert [shelf.path(name).exists() for name in names] == [True] + [False] * 7 + [True] * 4
    assert shelf.path(fresh).exists()
    # A file that was placed a moment ago stays even when it is alone too large: its job may not have written it down.
    large = await put(shelf, "large", size=5000)
    await shelf.sweep(set())
    assert shelf.path(large).exists()


async def test_a_start_throws_away_what_a_crash_left(tmp_path: Path) -> None:
    clock = FakeClock()
    shelf = await open_shelf(tmp_path, clock)
    now = clock.now_ms() / 1000
    for name, age in {"clip-a": 0, "clip-b.part": 0, "clip-b.part-tag": 0, "clip-c.part": 3 * 3600}.items():
        (shelf.incoming / name).write_bytes(b"half")
        os.utime(shelf.incoming / name, (now - age, now - age))
    (shelf.incoming / "folder").mkdir()
    await open_shelf(tmp_path, clock)
    assert sorted(path.name for path in shelf.incoming.iterdir()) == ["clip-b.part", "clip-b.part-tag"]


async def test_a_sweep_forgets_broken_downloads_nobody_went_on_with(tmp_path: Path) -> None:
    shelf = await open_shelf(tmp_path, FakeClock())
    for name in ("clip-left", "clip-fresh"):
        (shelf.incoming / f"{name}.part").write_bytes(b"half")
        (shelf.incoming / f"{name}.part-tag").write_text('"a"')
    os.utime(shelf.incoming / "clip-left.part", (1, 1))
    await shelf.sweep(())
    assert sorted(path.name for path in shelf.incoming.iterdir()) == ["clip-fresh.part", "clip-fresh.part-tag"]


async def test_a_full_disk_is_told_before_work_begins(tmp_path: Path) -> None:
    shelf = await open_shelf(tmp_path, FakeClock(), free=150)
    await shelf.ensure_room(50)
    with pytest.raises(DiskFullError):
        await shelf.ensure_room(51)


async def test_discarding_twice_is_fine(tmp_path: Path) -> None:
    shelf = await open_shelf(tmp_path, FakeClock())
    name = await put(shelf, "job1")
    await asyncio.gather(shelf.discard(name), shelf.discard(name))
    assert not shelf.path(name).exists()


async def test_all_files_of_a_job_go_and_no_others(tmp_path: Path) -> None:
    shelf = await open_shelf(tmp_path, FakeClock())
    gone = [await put(shelf, "job1", kind) for kind in ShelfKind] + [await put(shelf, "job1-abc", ShelfKind.SMALL)]
    stays = [await put(shelf, "job11"), await put(shelf, "job2")]
    await shelf.discard_all("job1")
    assert not any(shelf.path(name).exists() for name in gone)
    assert all(shelf.path(name).exists() for name in stays)
    with pytest.raises(ValueError, match="not an id"):
        await shelf.discard_all("../*")
