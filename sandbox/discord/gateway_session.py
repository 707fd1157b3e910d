"""Keep a gateway session beyond its connections, and write to one connection."""

import asyncio
import json
import secrets
import zlib
from collections import deque
from contextlib import suppress

from aiohttp import web

from sandbox.discord.model import Json

_DISPATCH = 0
_REPLAY_EVENTS = 10_000


class Session:
    """What survives a lost connection: the intents, the count and the events to replay."""

    def __init__(self, intents: int, shard: tuple[int, int]) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.shard = shard
        self.seq = 0
        self.replay: deque[Json] = deque(maxlen=_REPLAY_EVENTS)
        self.connection: Connection | None = None

    def dispatch(self, name: str, data: Json) -> None:
        """Count an event, keep it for a replay and send it if somebody is connected."""
        self.seq += 1
        payload = {"op": _DISPATCH, "t": name, "s": self.seq, "d": data}
        self.replay.append(payload)
        if self.connection is not None:
            self.connection.send(payload)


class Connection:
    """One WebSocket: an outgoing queue and, with zlib-stream, one compression context for all of it."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        gate: asyncio.Event,
        *,
        compress: bool,
    ) -> None:
        self.socket = socket
        self.transport = transport
        self.session: Session | None = None
        self._gate = gate
        self._queue: asyncio.Queue[Json] = asyncio.Queue()
        self._zlib = zlib.compressobj() if compress else None

    def send(self, payload: Json) -> None:
        """Queue a payload."""
        self._queue.put_nowait(payload)

    async def write(self) -> None:
        """Send queued payloads for ever, standing still while the gateway is paused."""
        while True:
            payload = await self._queue.get()
            await self._gate.wait()
            text = json.dumps(payload, ensure_ascii=False)
            with suppress(ConnectionError):
                if self._zlib:
                    raw = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(raw)
                else:
                    await self.socket.send_str(text)
