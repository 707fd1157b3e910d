"""KIE's file uploads, and the addresses they end at."""

import base64
import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.video import draw_clip
from tests.sandbox.video_client import Client, open_client


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_clip(tmp_path_factory.mktemp("upload") / "clip.mp4", 1, 320, 180)


async def stream(client: Client, data: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    if data:
        form.add_field("file", io.BytesIO(data), filename="../my clip.mp4")
    async with client.session.post(client.server.upload_url + "/api/file-stream-upload", data=form) as response:
        return response.status, await response.json()


async def test_a_stream_upload_can_be_edited(clip: Path) -> None:
    async with open_client(clip) as client:
        status, answer = await stream(client, clip.read_bytes(), uploadPath="luma/job", fileName="a.mp4")
        assert (status, answer["success"], answer["code"]) == (200, True, 200)
        data = answer["data"]
        assert set(data) == {"fileName", "filePath", "downloadUrl", "fileSize", "mimeType", "uploadedAt"}
        assert (data["fileName"], data["filePath"], data["mimeType"]) == ("a.mp4", "luma/job/a.mp4", "video/mp4")
        assert data["fileSize"] == clip.stat().st_size
        assert await client.download(data["downloadUrl"]) == (200, clip.read_bytes())
        record = await client.ended(await client.submitted(videoUrl=data["downloadUrl"]))
        assert record["successFlag"] == 1


async def test_a_large_upload_passes_in_pieces(clip: Path) -> None:
    async with open_client(clip) as client:
        data = bytes(40_000_000)
        _, answer = await stream(client, data, uploadPath="luma")
        assert answer["data"]["fileSize"] == len(data)
        assert answer["data"]["fileName"] == "my_clip.mp4"


async def test_uploads_by_address_and_as_base64(clip: Path) -> None:
    async with open_client(clip) as client:
        _, answer = await client.post("/api/file-url-upload", {"fileUrl": client.clip_url, "uploadPath": "in"})
        assert (await client.download(answer["data"]["downloadUrl"]))[1] == clip.read_bytes()
        text = base64.b64encode(clip.read_bytes()).decode()
        for form in (text, f"data:video/mp4;base64,{text}"):
            body = {"base64Data": form, "uploadPath": "in", "fileName": "b.mp4"}
            _, answer = await client.post("/api/file-base64-upload", body)
            assert (await client.download(answer["data"]["downloadUrl"]))[1] == clip.read_bytes()


async def test_uploads_that_lack_something_are_refused(clip: Path) -> None:
    async with open_client(clip) as client:
        assert (await stream(client, b"x"))[0] == 400
        assert (await stream(client, b"x", uploadPath="/in"))[0] == 400
        assert (await stream(client, b"x", uploadPath="in/"))[0] == 400
        assert (await stream(client, b"", uploadPath="in"))[0] == 400
        assert (await client.post("/api/file-stream-upload", {}))[0] == 400
        for body in ({}, {"fileUrl": "file:///etc/passwd"}, {"fileUrl": client.clip_url + "x", "uploadPath": "in"}):
            assert (await client.post("/api/file-url-upload", body))[0] == 400
        for text in ("", "***", "data:,"):
            assert (await client.post("/api/file-base64-upload", {"base64Data": text, "uploadPath": "in"}))[0] == 400


async def test_uploads_need_the_key_and_a_decent_agent(clip: Path) -> None:
    async with open_client(clip) as client:
        for path in ("stream", "url", "base64"):
            address = f"{client.server.upload_url}/api/file-{path}-upload"
            async with client.session.post(address, json={}, headers={"Authorization": "Bearer x"}) as response:
                assert response.status == 401
            async with client.session.post(address, json={}, headers={"User-Agent": "Python-urllib/3.11"}) as response:
                assert (response.status, await response.text()) == (403, "error code: 1010")


async def test_uploads_are_kept_three_days(clip: Path) -> None:
    now = 1_800_000_000.0
    async with open_client(clip, clock=lambda: now) as client:
        _, answer = await stream(client, b"abc", uploadPath="in")
        now += 3 * 86_400 - 1
        assert (await client.download(answer["data"]["downloadUrl"]))[0] == 200
        now += 1
        assert (await client.download(answer["data"]["downloadUrl"]))[0] == 403
