"""Hold the archive of a member to all tables, the files that fit, and a list of those that do not."""

import json
import zipfile
from pathlib import Path

from jobs.admin import MemberRecords
from jobs.archive import write_archive

RECORDS = MemberRecords(20, {"jobs": [{"prompt": "make it 暖"}], "blocks": []}, ("a.mp4", "b.mp4", "c.mp4", "gone.mp4"))


def make_files(folder: Path) -> dict[str, Path]:
    """Write files of different sizes; one is missing."""
    for name, size in (("a.mp4", 60_000), ("b.mp4", 10), ("c.mp4", 20_000)):
        (folder / name).write_bytes(b"v" * size)
    return {name: folder / name for name in RECORDS.files}


def test_everything_goes_in_that_fits_the_smallest_first(tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    with target.open("w+b") as file:
        report = write_archive(file, RECORDS, make_files(tmp_path), room_bytes=50_000)
    assert report.left_out == ("a.mp4", "gone.mp4")
    assert report.size_bytes == target.stat().st_size <= 50_000
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == {"jobs.json", "blocks.json", "files/b.mp4", "files/c.mp4", "left_out.json"}
        assert json.loads(archive.read("jobs.json")) == [{"prompt": "make it 暖"}]
        assert archive.read("files/c.mp4") == b"v" * 20_000
        assert json.loads(archive.read("left_out.json")) == ["a.mp4", "gone.mp4"]


def test_the_tables_go_in_without_any_room(tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    with target.open("w+b") as file:
        report = write_archive(file, RECORDS, {}, room_bytes=0)
    assert report.left_out == ()
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == {"jobs.json", "blocks.json"}
