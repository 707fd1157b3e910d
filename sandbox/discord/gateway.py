"""Speak Discord's gateway v10 over a WebSocket.

Source: https://discord.com/developers/docs/events/gateway: identify, resume with replay, heartbeat, zlib-stream.
"""

import asyncio
import hmac
import json
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.discord.events import Event
from sandbox.discord.gateway_events import (
    ALL_INTENTS,
    GUILD_MEMBERS,
    GUILD_PRESENCES,
    MESSAGE_CONTENT,
    Dispatch,
    is_on_shard,
    ready_payload,
    translate,
)
from sandbox.discord.gateway_session import Connection, Session
from sandbox.discord.model import Json
from sandbox.discord.parts import Parts

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
_SENDS_PER_MINUTE = 120


class Gateway:
    """All sessions of the bot, and the switches for what can go wrong with them."""

    def __init__(self, parts: Parts, *, heartbeat_ms: int = 41_250) -> None:
        self.url = ""
        self.heartbeat_ms = heartbeat_ms
        self.identify_count = 0
        self.resume_count = 0
        self._parts = parts
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._gate = asyncio.Event()
        self._gate.set()
        parts.world.hub.listen(self._hear)

    @property
    def connected(self) -> bool:
        """Tell whether an identified bot is connected."""
        return any(session.connection for session in self._sessions.values())

    # Switches

    def pause(self) -> None:
        """Hold back everything that would be sent, until `unpause`."""
        self._gate.clear()

    def unpause(self) -> None:
        """Send what was held back."""
        self._gate.set()

    def ask_reconnect(self) -> None:
        """Send op 7: the bot is to reconnect and resume."""
        for connection in self._connections:
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9; unless resumable the sessions are forgotten with all they would have replayed."""
        for connection in self._connections:
            connection.send({"op": INVALID_SESSION, "d": resumable})
            if not resumable and connection.session:
                self._sessions.pop(connection.session.id, None)
                connection.session.connection = None

    async def close(self, code: int = 4000) -> None:
        """Close every connection with a code."""
        for connection in list(self._connections):
            await connection.socket.close(code=code)

    def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in list(self._connections):
            self._detach(connection)
            if connection.transport is not None:
                connection.transport.abort()

    # Events

    def _hear(self, event: Event) -> None:
        for session in self._sessions.values():
            dispatch = translate(self._parts, event, session.intents)
            if dispatch is not None and is_on_shard(dispatch.guild_id, session.shard):
                self._send(session, dispatch)

    def _send(self, session: Session, dispatch: Dispatch) -> None:
        session.dispatch(dispatch.name, dispatch.data)

    # Connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Run one gateway connection to its end."""
        compress = request.query.get("compress")
        if compress not in (None, "zlib-stream") or request.query.get("encoding", "json") != "json":
            raise web.HTTPBadRequest(text="Only JSON, plain or zlib-stream, is spoken here.")
        socket = web.WebSocketResponse(max_msg_size=1 << 20, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, self._gate, compress=compress is not None)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        connection.send({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms, "_trace": []}})
        try:
            await self._listen(connection)
        finally:
            writer.cancel()
            self._detach(connection)
            self._connections.discard(connection)
        return socket

    def _detach(self, connection: Connection) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            self._announce("DISCONNECTED", session)
        connection.session = None

    def _announce(self, name: str, session: Session) -> None:
        self._parts.world.hub.publish(Event(name, session))

    async def _listen(self, connection: Connection) -> None:
        received: deque[float] = deque()
        loop = asyncio.get_running_loop()
        async for message in connection.socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            received.append(loop.time())
            while received[0] < received[-1] - 60:
                received.popleft()
            if len(received) > _SENDS_PER_MINUTE:
                await connection.socket.close(code=4008, message=b"You are being rate limited.")
                return
            code = self._receive(connection, message.data)
            if code:
                await connection.socket.close(code=code)
                return

    def _receive(self, connection: Connection, raw: str | bytes) -> int | None:
        """Handle one payload; return the close code for a bad one."""
        try:
            payload = json.loads(raw)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return 4002
        if op == HEARTBEAT:
            connection.send({"op": HEARTBEAT_ACK})
            return None
        if op == IDENTIFY:
            return 4005 if connection.session else self._identify(connection, data)
        if op == RESUME:
            return 4005 if connection.session else self._resume(connection, data)
        if op not in (PRESENCE, VOICE, REQUEST_MEMBERS):
            return 4001
        if connection.session is None:
            return 4003
        if op == REQUEST_MEMBERS:
            self._send_members(connection.session, data)
        return None

    def _token_is_good(self, data: Any) -> bool:
        token = str(data.get("token", "")).removeprefix("Bot ")
        return hmac.compare_digest(token.encode(), self._parts.world.application.token.encode())

    def _identify(self, connection: Connection, data: Any) -> int | None:
        if not isinstance(data, dict) or not self._token_is_good(data):
            return 4004
        shard = data.get("shard") or [0, 1]
        if not (0 <= shard[0] < shard[1]):
            return 4010
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            return 4013
        privileged = GUILD_PRESENCES | GUILD_MEMBERS | MESSAGE_CONTENT
        granted = MESSAGE_CONTENT if self._parts.world.application.message_content_granted else 0
        if intents & privileged & ~granted:
            return 4014
        self.identify_count += 1
        session = Session(intents, (shard[0], shard[1]))
        self._sessions[session.id] = session
        session.connection, connection.session = connection, session
        session.dispatch("READY", ready_payload(self._parts, session.id, self.url, session.shard))
        self._send_guilds(session)
        self._announce("CONNECTED", session)
        return None

    def _send_guilds(self, session: Session) -> None:
        world = self._parts.world
        if not session.intents & 1:
            return
        for guild in world.guilds.values():
            if world.bot_id in guild.members and is_on_shard(guild.id, session.shard):
                session.dispatch("GUILD_CREATE", self._parts.payloads.guild_create(guild))

    def _resume(self, connection: Connection, data: Any) -> int | None:
        if not isinstance(data, dict) or not self._token_is_good(data):
            return 4004
        session = self._sessions.get(str(data.get("session_id")))
        if session is None:
            connection.send({"op": INVALID_SESSION, "d": False})
            return None
        seq = data.get("seq")
        if not isinstance(seq, int) or seq > session.seq:
            return 4007
        self.resume_count += 1
        session.connection, connection.session = connection, session
        self._announce("CONNECTED", session)
        for payload in session.replay:
            if payload["s"] > seq:
                connection.send(payload)
        session.dispatch("RESUMED", {"_trace": []})
        return None

    def _send_members(self, session: Session, data: Any) -> None:
        guild = self._parts.world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        wanted = data.get("user_ids")
        wanted = [wanted] if isinstance(wanted, str | int) else wanted
        prefix = str(data.get("query") or "").lower()
        found = [
            member
            for member in guild.members.values()
            if (str(member.user.id) in map(str, wanted) if wanted else member.display_name.lower().startswith(prefix))
        ]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [self._parts.payloads.member(member) for member in found],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if data.get("nonce") else {}))
