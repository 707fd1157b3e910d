"""Speak KIE's wire format: modify/generate, record-info, credit, download-url and the callback.

Sources: docs.kie.ai/luma-api (generate, details, callbacks), docs.kie.ai/common-api (credits, download-url).
The verdict stands in the body's `code`, normally under HTTP 200; 429 and 500 come as HTTP statuses too.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.video.callbacks import Letter
from sandbox.video.kie_shapes import callback_body, odd_callback, odd_record, record, sign
from sandbox.video.ledger import Task
from sandbox.video.studio import MAX_SECONDS, Extras, FetchError, UnreadableClipError
from sandbox.video.workshop import Order, Work, Workshop

SERVICE = "kie"
DOWNLOAD_LINK_SECONDS = 20 * 60
MAX_PROMPT = 800
# containers add a fraction of a frame and of an audio block to what was cut to ten seconds
_TOLERANCE_SECONDS = 0.1

MESSAGES = {
    400: "Bad request",
    401: "You do not have access permissions",
    402: "The current credits are insufficient. Please top up.",
    404: "Not found",
    422: "Validation error",
    429: "Your call frequency is too high. Please try again later.",
    451: "Failed to fetch the video. Verify any access limits set by you or your service provider.",
    455: "The system is under maintenance. Please try again later.",
    500: "Server exception, please try again later or contact customer service",
    501: "Generation failed",
    505: "This feature is currently disabled",
}
_HTTP_STATUS = {429: 429, 500: 500}


def envelope(code: int, msg: str = "", data: Any = None, *, status: int | None = None) -> web.Response:
    """Build KIE's answer; `status` is the HTTP status where it differs from the usual one."""
    body = {"code": code, "msg": msg or MESSAGES.get(code, "error"), "data": data}
    return web.json_response(body, status=status or _HTTP_STATUS.get(code, 200))


class RefusedError(Exception):
    """Carry the code and text a request is refused with."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Kie:
    """Answer KIE's API over a workshop; `clock` gives Unix seconds for the signature."""

    def __init__(self, workshop: Workshop, clock: Callable[[], float]) -> None:
        self._shop = workshop
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the API host."""
        return [
            web.post("/api/v1/modify/generate", self.generate),
            web.get("/api/v1/modify/record-info", self.record_info),
            web.get("/api/v1/chat/credit", self.credit),
            web.post("/api/v1/common/download-url", self.download_url),
        ]

    def _known(self, request: web.Request) -> bool:
        return self._shop.account.knows(request.headers.get("Authorization", ""))

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Create a modify task."""
        if not self._known(request):
            return envelope(401)
        body = await read_json(request)
        prompt = str(body.get("prompt") or "")
        if (broken := self._submit_fault(request, prompt)) is not None:
            return broken
        try:
            clip = await self._accept(body)
        except RefusedError as refused:
            return envelope(refused.code, refused.text)
        return await self._create(request, body, clip)

    def _submit_fault(self, request: web.Request, prompt: str) -> web.StreamResponse | None:
        faults = self._shop.faults
        if (broken := self._shop.submit_fault(request, SERVICE, prompt)) is not None:
            return broken
        if fault := faults.take("submit", SERVICE, prompt):
            return envelope(fault.code(500))
        if fault := faults.take("submit-http", SERVICE, prompt):
            return envelope(fault.code(500), status=fault.code(500))
        return None

    async def _accept(self, body: dict[str, Any]) -> Path:
        """Check a request as far as the real service does before it accepts; return the fetched clip."""
        prompt, url = body.get("prompt"), body.get("videoUrl")
        if not isinstance(prompt, str) or not prompt.strip():
            raise RefusedError(422, "prompt is required")
        if len(prompt) > MAX_PROMPT:
            raise RefusedError(422, f"prompt must not exceed {MAX_PROMPT} characters")
        if not isinstance(url, str) or not _is_http(url):
            raise RefusedError(422, "videoUrl must be a valid URL")
        callback = body.get("callBackUrl")
        if callback is not None and not (isinstance(callback, str) and _is_http(callback)):
            raise RefusedError(422, "callBackUrl must be a valid URL")
        if reason := self._shop.account.limit_reached(SERVICE):
            raise RefusedError(429, f"{MESSAGES[429]} ({reason})")
        if not self._shop.account.can_pay(SERVICE):
            raise RefusedError(402)
        return await self._fetch(url)

    async def _fetch(self, url: str) -> Path:
        try:
            clip = await self._shop.studio.fetch(url)
            facts = await self._shop.studio.look(clip)
        except FetchError as error:
            code = 422 if "larger" in str(error) else 451
            raise RefusedError(code, f"{MESSAGES[451]} ({error})") from error
        except UnreadableClipError as error:
            raise RefusedError(422, "The video format is not supported. Supported formats: MP4, MOV, AVI") from error
        if facts.seconds > MAX_SECONDS + _TOLERANCE_SECONDS:
            self._shop.studio.forget(clip)
            raise RefusedError(422, f"The video is {facts.seconds:.1f} seconds long, the maximum is 10 seconds")
        return clip

    async def _create(self, request: web.Request, body: dict[str, Any], clip: Path) -> web.StreamResponse:
        names = ("prompt", "videoUrl", "callBackUrl", "watermark", "model")
        kept = {name: body[name] for name in names if name in body}
        task = self._shop.ledger.create(SERVICE, "modify", kept, self._shop.options.price)
        await self._shop.start(Order(task, lambda: self._edit(task, clip), self._notify))
        if fault := self._shop.faults.take("error-after", SERVICE, task.prompt):
            return envelope(fault.code(500))
        no_id = self._shop.faults.take("no-id", SERVICE, task.prompt)
        answer = envelope(200, "success", None if no_id else {"taskId": task.task_id})
        return await self._shop.answer(request, task, answer)

    async def _edit(self, task: Task, clip: Path) -> Work:
        extras = Extras(watermark=str(task.request.get("watermark") or ""))
        result, edited = await self._shop.studio.edit(clip, task.prompt, extras)
        facts = {"width": edited.width, "height": edited.height, "seconds": round(edited.seconds, 3)}
        return Work(result, edited.applied, facts)

    async def record_info(self, request: web.Request) -> web.StreamResponse:
        """Answer a status request; successFlag 4 means made, but the callback was not accepted."""
        prompt = self._shop.prompt_of(request.query.get("taskId"))
        if (broken := await self._shop.poll_fault(request, SERVICE, prompt)) is not None:
            return broken
        if not self._known(request):
            return envelope(401)
        if fault := self._shop.faults.take("poll", SERVICE, prompt):
            return envelope(fault.code(500))
        if fault := self._shop.faults.take("poll-http", SERVICE, prompt):
            return envelope(fault.code(500), status=fault.code(500))
        task = self._shop.ledger.tasks.get(request.query.get("taskId", ""))
        if task is None or task.service != SERVICE:
            return envelope(422, "recordInfo is null")
        task.polls += 1
        if self._shop.faults.take("poll-null", SERVICE, task.prompt):
            return envelope(200, "success", None)
        return envelope(200, "success", self._record(task))

    def _record(self, task: Task) -> dict[str, Any]:
        urls = [] if self._shop.faults.take("no-url", SERVICE, task.prompt) else [task.result_url]
        plain = record(task, urls)
        if fault := self._shop.faults.take("odd-status", SERVICE, task.prompt):
            return odd_record(plain, fault.value, task)
        return plain

    async def credit(self, request: web.Request) -> web.StreamResponse:
        """Answer the remaining credits."""
        if not self._known(request):
            return envelope(401)
        if fault := self._shop.faults.take("credit", SERVICE):
            return envelope(fault.code(500))
        return envelope(200, "success", self._shop.account.balance(SERVICE))

    async def download_url(self, request: web.Request) -> web.StreamResponse:
        """Turn a result's address into one that is good for 20 minutes; foreign addresses are refused with 422."""
        if not self._known(request):
            return envelope(401)
        if fault := self._shop.faults.take("download-link", SERVICE):
            return envelope(fault.code(422))
        name = self._shop.shelf.name_of(str((await read_json(request)).get("url") or ""))
        if name is None:
            return envelope(422, "The url is invalid or was not generated by this service")
        return envelope(200, "success", self._shop.shelf.link(name, DOWNLOAD_LINK_SECONDS))

    async def _notify(self, task: Task) -> None:
        url = task.request.get("callBackUrl")
        if url:
            await self._shop.callbacks.deliver(
                Letter(task, url, lambda: self._letter(task), lambda status: status == 200)
            )

    def _letter(self, task: Task) -> tuple[dict[str, str], dict[str, Any]]:
        faults, key = self._shop.faults, self._shop.options.webhook_key
        body = callback_body(task)
        if fault := faults.take("odd-callback", SERVICE, task.prompt):
            body = odd_callback(body, fault.value, task)
        if not key or faults.take("unsigned", SERVICE, task.prompt):
            return {}, body
        if faults.take("bad-signature", SERVICE, task.prompt):
            key += "-wrong"
        return sign(key, task.task_id, int(self._clock())), body


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


async def read_json(request: web.Request) -> dict[str, Any]:
    """Return a request's JSON object, or an empty one when it is none."""
    try:
        body = await request.json()
    except (ValueError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}
