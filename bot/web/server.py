"""Listen for HTTP: callbacks, files, health, metrics."""

import asyncio
import logging

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.web import callbacks, files
from bot.web.callbacks import CallbackDesk
from bot.web.entrance import CONNECTIONS, Entrance
from bot.web.files import FileCounter
from bot.web.health import HealthBoard

log = logging.getLogger(__name__)
wire_log = logging.getLogger(f"{__name__}.wire")

HEADER_SECONDS = 10.0  # for the whole head of a request, and between two of them
LINGER_SECONDS = 1.0  # to read what still comes after an early answer, so that the sender sees it
STOP_SECONDS = 5.0
WAITING_CONNECTIONS = 512  # one that finds no room is tried again by its sender's kernel, a second later


def _is_ours(record: logging.LogRecord) -> bool:
    """Leave out requests that are not HTTP: anybody can send them, and the traceback quotes them."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


wire_log.addFilter(_is_ours)


class WebServer:
    """Serve one address until stopped; `port` 0 takes any free one."""

    def __init__(
        self,
        desk: CallbackDesk,
        counter: FileCounter,
        board: HealthBoard,
        *,
        host: str,
        port: int,
        connections: int = CONNECTIONS,
        header_seconds: float = HEADER_SECONDS,
        linger_seconds: float = LINGER_SECONDS,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._host = host
        self._wanted_port = port
        self._connections = connections
        self._listener: asyncio.Server | None = None
        self._stop_seconds = stop_seconds
        self._runner = web.AppRunner(
            _build_app(desk, counter, board),
            access_log=None,  # its lines hold the callbacks' tokens
            logger=wire_log,
            auto_decompress=False,  # a broken gzip body would end as 500
            keepalive_timeout=header_seconds,
            lingering_time=linger_seconds,
            shutdown_timeout=stop_seconds * 0.4,  # waited for twice: for the answer, then for the end of its task
        )

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        sockets = self._listener.sockets if self._listener else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._wanted_port

    async def start(self) -> None:
        """Begin to listen; raises OSError when the address is taken."""
        await self._runner.setup()
        assert self._runner.server is not None, "it was set up"
        entrance = Entrance(self._runner.server, self._connections)
        self._listener = await asyncio.get_running_loop().create_server(
            entrance.admit, self._host, self._wanted_port, backlog=WAITING_CONNECTIONS
        )
        log.info("listening on port %d", self.port)

    async def stop(self) -> None:
        """Take no new connections, let open requests end, close; never takes longer than `stop_seconds`."""
        if self._listener is not None:
            self._listener.close()
        try:
            async with asyncio.timeout(self._stop_seconds):
                await self._runner.cleanup()
        except TimeoutError:
            log.warning("some requests did not end in time")


def _build_app(desk: CallbackDesk, counter: FileCounter, board: HealthBoard) -> web.Application:
    app = web.Application()
    app.router.add_post(callbacks.ROUTE, desk.answer, expect_handler=_continue)
    app.router.add_get(files.ROUTE, counter.answer)
    app.router.add_get("/healthz", board.answer_alive)
    app.router.add_get("/readyz", board.answer_ready)
    app.router.add_get("/metrics", board.answer_metrics)
    app.on_response_prepare.append(_harden)
    return app


async def _continue(request: web.Request) -> None:
    """Ask for the body where the sender waits for that; any other expectation is ignored, as RFC 9110 10.1.1 allows."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


async def _harden(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "luma-bot"
