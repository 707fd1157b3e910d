"""A picture goes to a service only when it really is one, of a size and kind we take."""

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from jobs.errors import UnusableClipError
from jobs.job import ClipSource, Job, Kind, Picture, Request
from media.images import ShelfPictures
from media.inside.picture_size import read_claimed_size
from tests.fakes import abilities_of
from tests.jobs.making import make_job
from tests.media.benches import Benches
from tests.media.making import make_clip
from tests.media.test_clips import Studio, open_studio


def draw(path: Path, width: int = 320, height: int = 180) -> bytes:
    """Return a noisy picture in the format of the file's name."""
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, format="rgb24")
    if path.suffix == ".webp":
        with av.open(str(path), "w", format="webp") as container:
            stream = container.add_stream("libwebp", width=width, height=height, pix_fmt="yuv420p")
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    else:
        frame.save(str(path))
    return path.read_bytes()


def claim_png(width: int, height: int) -> bytes:
    """Return a PNG whose header claims a size that its data does not have."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    chunks = [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def pictures_of(benches: Benches, studio: Studio) -> ShelfPictures:
    """Return what is tested, fetching from a studio's server."""
    return ShelfPictures(studio.fetcher, benches.workshop, studio.shelf, studio.renew)


def job_on(studio: Studio, name: str, message_id: int | None = None) -> Job:
    """Return a job whose start image is a file of the server."""
    source = ClipSource(f"{studio.address}/{name}?hm=secret", name, message_id=message_id)
    return replace(make_job(), request=Request(Kind.GENERATE, "sea", images={"start_image": Picture(source)}))


async def verdict(benches: Benches, content: bytes) -> str:
    """Return the rule a file is refused by, or its format."""
    path = benches.file("picture", content)
    pictures = ShelfPictures(None, benches.workshop, None)  # type: ignore[arg-type]  # looking needs neither
    try:
        return (await pictures.look(path)).format
    except UnusableClipError as error:
        return error.rule if str(benches.folder) not in error.text else "a bad text"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
async def test_a_picture_is_fetched_looked_at_and_kept(benches: Benches, suffix: str) -> None:
    async with open_studio(benches) as studio:
        studio.files["a"] = content = draw(benches.folder / f"a.{suffix}")
        picture = await pictures_of(benches, studio).prepare(job_on(studio, "a"), "start_image", abilities_of())
        assert picture.file.startswith("image-")
        assert picture.file.endswith(f".{suffix}")
        assert studio.shelf.path(picture.file).read_bytes() == content
        link = studio.clips.public_link(picture.file)
        assert link is not None
        assert "/files/image-" in link.url
        assert list(studio.shelf.incoming.iterdir()) == []


async def test_what_is_no_picture_is_refused_by_its_rule(benches: Benches) -> None:
    png, jpg = draw(benches.folder / "a.png"), draw(benches.folder / "a.jpg")
    cases = {
        "picture_type": [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a" + bytes(100),
            b"BM" + bytes(100),
            b"%PDF-1.7",
            make_clip(benches.folder / "clip.mp4").read_bytes(),
            b"#EXTM3U\nhttp://127.0.0.1/secret",
        ],
        "picture_broken": [
            png[:8] + bytes(500),
            jpg[:3] + bytes(500),
            png[: len(png) // 2],
            jpg[:200],
            b"RIFF\x00\x00\x00\x00WEBP" + bytes(100),
        ],
        "picture_size": [draw(benches.folder / "b.png", 40, 40), claim_png(20_000, 20_000), claim_png(8000, 8000)],
    }
    for rule, files in cases.items():
        for number, content in enumerate(files):
            found = await verdict(benches, content)
            assert found == rule, (rule, number, found)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
@pytest.mark.parametrize("size", [(8200, 64), (64, 8200), (6400, 6400)])
async def test_a_whole_picture_that_is_too_large_is_not_called_broken(
    benches: Benches, kind: str, size: tuple[int, int]
) -> None:
    path = benches.folder / f"large.{kind}"
    with Image.new("L", size) as picture:
        picture.save(path, exif=bytes(70) if kind == "jpg" else b"", method=0)
    with pytest.raises(UnusableClipError, match=f"^This picture is {size[0]}x{size[1]} pixels large; the most"):
        await ShelfPictures(None, benches.workshop, None).look(path)  # type: ignore[arg-type]  # looking needs neither


@pytest.mark.parametrize("lossless", [False, True])
def test_every_kind_of_webp_says_its_size(tmp_path: Path, lossless: bool) -> None:
    for mode in ("RGB", "RGBA"):
        with Image.new(mode, (300, 200), 7) as picture:
            picture.save(tmp_path / "a.webp", lossless=lossless)
        assert read_claimed_size(tmp_path / "a.webp", "webp") == (300, 200)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_header_that_ends_early_claims_nothing(tmp_path: Path, kind: str) -> None:
    whole = tmp_path / f"whole.{kind}"
    with Image.new("RGB", (300, 200)) as picture:
        picture.save(whole)
    content = whole.read_bytes()
    for length in (0, 2, 3, 11, 15, 19, 23):
        (tmp_path / "cut").write_bytes(content[:length])
        assert read_claimed_size(tmp_path / "cut", kind) is None
    (tmp_path / "cut").write_bytes(content[:3] + b"\xff\xff\xfe\x00\x00" * 3000)
    assert read_claimed_size(tmp_path / "cut", kind) is None


async def test_a_picture_over_the_limit_of_bytes_is_not_read(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["a"] = draw(benches.folder / "a.png")
        with pytest.raises(UnusableClipError):
            await pictures_of(benches, studio).prepare(job_on(studio, "a"), "start_image", abilities_of(image_bytes=99))
        assert list(studio.shelf.incoming.iterdir()) == []


async def test_a_link_that_ended_is_asked_for_again(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["renewed.mp4"] = draw(benches.folder / "a.png")
        pictures = pictures_of(benches, studio)
        picture = await pictures.prepare(job_on(studio, "gone", message_id=7), "start_image", abilities_of())
        assert picture.file
        assert len(studio.renewed) == 1
        with pytest.raises(UnusableClipError):
            await pictures.prepare(job_on(studio, "gone"), "start_image", abilities_of())
