"""The page's server shows each person their own view and keeps other sites out."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.discord.page import Page
from sandbox.discord.page_panel import Panel
from sandbox.discord.server import DiscordServer


class Client:
    """A person's browser, without the browser."""

    def __init__(self, server: DiscordServer, panel: Panel, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.panel = panel
        self.session = session
        self.base = server.base_url

    def id_of(self, name: str) -> str:
        return str(self.server.world.find_user(name).id)

    def place(self, name: str) -> str:
        return str(self.server.world.find_channel(name).id)

    async def view(self, user: str, channel: str = "") -> dict[str, Any]:
        query = {"user": self.id_of(user), "channel": channel}
        async with self.session.get(f"{self.base}/page/view", params=query) as response:
            assert response.status == 200
            view: dict[str, Any] = await response.json()
            return view

    async def act(
        self, act: str, values: object, *, files: tuple[tuple[str, str, bytes], ...] = (), origin: str | None = None
    ) -> tuple[int, Any]:
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("values", json.dumps(values))
        for field, name, data in files:
            form.add_field(field, data, filename=name)
        headers = {"Origin": origin} if origin else {}
        async with self.session.post(f"{self.base}/page/{act}", data=form, headers=headers) as response:
            return response.status, await response.json()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    sample = tmp_path / "sample.mp4"
    sample.write_bytes(b"clip")
    server, panel = DiscordServer(), Panel()
    Page(server.world, server.actor, panel, sample).add_to(server.app)
    async with server, aiohttp.ClientSession() as session:
        yield Client(server, panel, session)


async def test_every_file_the_page_names_is_there(client: Client) -> None:
    names = [path.name for path in (Path("sandbox/discord/static")).iterdir() if path.name != "index.html"]
    for path in ["/", "/page/sample.mp4", *(f"/static/{name}" for name in names)]:
        async with client.session.get(client.base + path) as response:
            assert response.status == 200, path
            assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    async with client.session.get(f"{client.base}/static/none.js") as response:
        assert response.status == 404


async def test_a_stranger_is_shown_the_world_as_an_ordinary_member(client: Client) -> None:
    async with client.session.get(f"{client.base}/page/view", params={"user": "1", "channel": "x"}) as response:
        view = await response.json()
    assert view["user"] == client.id_of("Mia")
    assert view["channel"] == client.place("edits")


async def test_each_person_sees_their_own_channels(client: Client) -> None:
    mods = client.place("mods")
    member, moderator = await client.view("Mia", mods), await client.view("Robin", mods)
    assert mods not in [channel["id"] for channel in member["channels"]]
    assert member["channel"] != mods
    assert moderator["channel"] == mods
    assert (member["can_manage"], moderator["can_manage"]) == (False, True)


async def test_a_message_with_a_file_comes_back_in_the_view(client: Client) -> None:
    post = {"user": client.id_of("Mia"), "channel": client.place("edits"), "content": "Look"}
    status, made = await client.act("post", post, files=(("files", "notes.txt", b"hello"),))
    assert status == 200
    (seen,) = (await client.view("Noah"))["messages"]
    assert seen["id"] == made["id"]
    async with client.session.get(seen["attachments"][0]["url"]) as response:
        assert await response.read() == b"hello"


async def test_what_discord_forbids_is_told_in_words(client: Client) -> None:
    post = {"user": client.id_of("Mia"), "channel": client.place("edits"), "content": "Mine"}
    _, made = await client.act("post", post)
    status, answer = await client.act("delete", {"user": client.id_of("Noah"), "message": made["id"]})
    assert status == 409
    assert answer["error"]
    assert len((await client.view("Mia"))["messages"]) == 1


@pytest.mark.parametrize(
    ("act", "values", "status"),
    [
        ("nothing", {}, 404),
        ("post", {}, 404),
        ("post", {"user": "Mia"}, 404),
        ("post", [], 404),
        ("delete", {"user": "1", "message": "2"}, 404),
        ("locale", {"user": "1", "locale": "xx"}, 404),
        ("bot", {"action": "kill"}, 404),
    ],
)
async def test_nonsense_is_refused_without_harm(client: Client, act: str, values: object, status: int) -> None:
    got, answer = await client.act(act, values)
    assert got == status
    assert answer["error"]


async def test_a_body_that_is_no_form_is_refused(client: Client) -> None:
    for body, kind in ((b"{}", "application/json"), (b"--x\r\n\r\nbroken", "multipart/form-data; boundary=x")):
        async with client.session.post(
            f"{client.base}/page/post", data=body, headers={"Content-Type": kind}
        ) as response:
            assert response.status in (400, 404)


async def test_another_sites_page_may_do_nothing(client: Client) -> None:
    post = {"user": client.id_of("Mia"), "channel": client.place("edits"), "content": "Forged"}
    status, _ = await client.act("post", post, origin="https://evil.example")
    assert status == 403
    assert (await client.act("post", post, origin=client.base))[0] == 200
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.session.ws_connect(f"{client.base}/page/events", origin="https://evil.example")
    assert len((await client.view("Mia"))["messages"]) == 1


async def test_the_stream_tells_of_the_panel_and_of_changes(client: Client) -> None:
    client.panel.add_job_state("K7Q2M", "queued")
    async with client.session.ws_connect(f"{client.base}/page/events") as stream:
        first = await stream.receive_json()
        assert first["kind"] == "panel"
        assert first["jobs"] == [{"id": "K7Q2M", "states": [{"state": "queued"}], "note": ""}]
        client.panel.add_job_state("K7Q2M", "running", "accepted")
        news = await stream.receive_json()
        assert [state["state"] for state in news["job"]["states"]] == ["queued", "running"]
        await client.server.actor.post("Mia", "edits", "Hello")
        assert await stream.receive_json() == {"kind": "changed"}


async def test_a_control_of_the_panel_does_its_deed(client: Client) -> None:
    heard: list[str] = []

    async def deed(value: str) -> None:
        heard.append(value)

    client.panel.deeds["fault"] = deed
    assert (await client.act("bot", {"action": "fault", "value": "fail*1"}))[0] == 200
    assert heard == ["fail*1"]
