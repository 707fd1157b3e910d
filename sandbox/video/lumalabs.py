"""Speak Luma Labs' wire format: Dream Machine's modify video, generations, credits, callbacks on each state.

Sources: lumalabs/lumaai-api openapi.yaml, docs.lumalabs.ai modify-video and callbacks pages, PyPI lumaai.
Clips are fetched after acceptance; what is wrong with one shows as `failed` with a reason.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

import av
from aiohttp import web

from sandbox.video.callbacks import Letter
from sandbox.video.kie import read_json
from sandbox.video.ledger import Task
from sandbox.video.studio import Extras, FetchError, UnreadableClipError, UnreadableImageError
from sandbox.video.workshop import Order, Work, Workshop

SERVICE = "lumalabs"
BASE = "/dream-machine/v1"
MAX_SECONDS = {"ray-2": 10.0, "ray-flash-2": 15.0}
MAX_BYTES = 100_000_000
CALLBACK_RETRY_SECONDS = 0.1
_TOLERANCE_SECONDS = 0.1
MODES = {
    "adhere_1": 0.4, "adhere_2": 0.5, "adhere_3": 0.6, "flex_1": 0.75, "flex_2": 0.85, "flex_3": 0.95,
    "reimagine_1": 1.0, "reimagine_2": 1.0, "reimagine_3": 1.0,
}  # fmt: skip
_DETAILS = {401: "Invalid API key", 402: "Insufficient credits", 404: "Not found", 429: "Rate limit exceeded",
            500: "Internal server error", 503: "Service unavailable"}  # fmt: skip


class LumaLabs:
    """Answer Luma Labs' Dream Machine API over a workshop."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under the Dream Machine base."""
        return [
            web.post(f"{BASE}/generations/video/modify", self.modify),
            web.get(f"{BASE}/generations", self.listing),
            web.get(f"{BASE}/generations/{{id}}", self.show),
            web.delete(f"{BASE}/generations/{{id}}", self.delete),
            web.get(f"{BASE}/credits", self.credits),
        ]

    def _known(self, request: web.Request) -> bool:
        return self._shop.account.knows(request.headers.get("Authorization", ""))

    async def modify(self, request: web.Request) -> web.StreamResponse:
        """Create a generation that modifies a video; answered with 201."""
        if not self._known(request):
            return detail(401)
        body = await read_json(request)
        prompt = str(body.get("prompt") or "")
        if (broken := self._shop.submit_fault(request, SERVICE, prompt)) is not None:
            return broken
        for kind in ("submit", "submit-http"):
            if fault := self._shop.faults.take(kind, SERVICE, prompt):
                return detail(fault.code(500))
        if reason := _wrong(body):
            return detail(400, reason)
        if reason := self._shop.account.limit_reached(SERVICE):
            return detail(429, f"Rate limit exceeded: {reason}")
        if not self._shop.account.can_pay(SERVICE):
            return detail(400, "Insufficient credits")
        return await self._create(request, body)

    async def _create(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        kept = {"generation_type": "modify_video"} | {name: value for name, value in body.items() if value is not None}
        task = self._shop.ledger.create(SERVICE, "modify", kept, self._shop.options.price, str(uuid.uuid4()))
        answer = self._generation(task)
        await self._shop.start(Order(task, lambda: self._edit(task), self._notify, notify_start=True))
        if fault := self._shop.faults.take("error-after", SERVICE, task.prompt):
            return detail(fault.code(500))
        if self._shop.faults.take("no-id", SERVICE, task.prompt):
            answer.pop("id")
        return await self._shop.answer(request, task, web.json_response(answer, status=201))

    async def _edit(self, task: Task) -> Work:
        asked, studio = task.request, self._shop.studio
        try:
            clip = await studio.fetch(asked["media"]["url"], MAX_BYTES)
            facts = await studio.look(clip)
            first = await self._first_frame(asked)
        except FetchError as reason:
            raise RejectedError(f"The media could not be read: {reason}") from reason
        except UnreadableClipError as reason:
            raise RejectedError("The media is not a video that can be read") from reason
        except UnreadableImageError as reason:
            raise RejectedError("failed to moderate image") from reason
        longest = MAX_SECONDS[asked["model"]]
        if facts.seconds > longest + _TOLERANCE_SECONDS:
            studio.forget(clip)
            raise RejectedError(f"The video is {facts.seconds:.1f} s long, {asked['model']} takes {longest:.0f} s")
        prompt = task.prompt + (", painting" if asked["mode"] in {"reimagine_2", "reimagine_3"} else "")
        result, edited = await studio.edit(clip, prompt, Extras(MODES[asked["mode"]], first))
        made = {"width": edited.width, "height": edited.height, "seconds": round(edited.seconds, 3)}
        return Work(result, edited.applied, made)

    async def _first_frame(self, asked: dict[str, Any]) -> av.VideoFrame | None:
        frame = asked.get("first_frame")
        return await self._shop.studio.fetch_image(frame["url"]) if frame else None

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer one generation."""
        if (broken := await self._poll_fault(request)) is not None:
            return broken
        if not self._known(request):
            return detail(401)
        task = self._find(request)
        if task is None:
            return detail(404, "Generation not found")
        task.polls += 1
        if self._shop.faults.take("poll-null", SERVICE, task.prompt):
            return web.json_response(None)
        shown = self._generation(task)
        if self._shop.faults.take("odd-status", SERVICE, task.prompt):
            shown["state"] = "pondering"
        return web.json_response(shown)

    async def _poll_fault(self, request: web.Request) -> web.StreamResponse | None:
        prompt = self._shop.prompt_of(request.match_info["id"])
        if (broken := await self._shop.poll_fault(request, SERVICE, prompt)) is not None:
            return broken
        for kind in ("poll", "poll-http"):
            if fault := self._shop.faults.take(kind, SERVICE, prompt):
                return detail(fault.code(500))
        return None

    async def listing(self, request: web.Request) -> web.StreamResponse:
        """Answer all generations, newest first, by `limit` and `offset`."""
        if not self._known(request):
            return detail(401)
        tasks = [task for task in self._shop.ledger.tasks.values() if _is_ours(task)][::-1]
        try:
            limit, offset = int(request.query.get("limit", 10)), int(request.query.get("offset", 0))
        except ValueError:
            return detail(400, "limit and offset must be integers")
        shown = [self._generation(task) for task in tasks[offset : offset + limit]]
        more = offset + limit < len(tasks)
        body = {"has_more": more, "count": len(tasks), "limit": limit, "offset": offset, "generations": shown}
        return web.json_response(body)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a generation; one that still runs is cancelled and not billed."""
        if not self._known(request):
            return detail(401)
        task = self._find(request)
        if task is None:
            return detail(404, "Generation not found")
        task.facts["deleted"] = True
        if not task.ended.is_set():
            self._shop.cancel(task)
            self._shop.ledger.fail(task, "cancelled", "deleted by its owner")
        return web.Response(status=204)

    async def credits(self, request: web.Request) -> web.StreamResponse:
        """Answer the balance in US cents."""
        if not self._known(request):
            return detail(401)
        if fault := self._shop.faults.take("credit", SERVICE):
            return detail(fault.code(500))
        return web.json_response({"credit_balance": float(self._shop.account.balance(SERVICE))})

    def _find(self, request: web.Request) -> Task | None:
        task = self._shop.ledger.tasks.get(request.match_info["id"])
        return task if task is not None and _is_ours(task) else None

    def _generation(self, task: Task) -> dict[str, Any]:
        done = task.state == "done" and not self._shop.faults.take("no-url", SERVICE, task.prompt)
        states = {"waiting": "queued", "working": "dreaming", "done": "completed", "failed": "failed"}
        return {
            "id": task.task_id,
            "generation_type": "video",
            "state": states[task.state],
            "failure_reason": task.error or None,
            "created_at": datetime.fromtimestamp(task.created_ms / 1000, UTC).isoformat().replace("+00:00", "Z"),
            "assets": {"video": task.result_url, "image": None, "progress_video": None} if done else None,
            "model": task.request["model"],
            "request": task.request,
        }

    async def _notify(self, task: Task) -> None:
        url = task.request.get("callback_url")
        if url and not task.facts.get("deleted"):
            body = self._generation(task)
            letter = Letter(task, url, lambda: ({}, body), lambda status: status == 200, CALLBACK_RETRY_SECONDS)
            await self._shop.callbacks.deliver(letter)


class RejectedError(Exception):
    """Say why a generation failed, in words for its owner."""


def _is_ours(task: Task) -> bool:
    return task.service == SERVICE and not task.facts.get("deleted")


def _wrong(body: dict[str, Any]) -> str:
    """Return what is wrong with a request, or nothing."""
    media, first = body.get("media"), body.get("first_frame")
    if not isinstance(media, dict) or not str(media.get("url", "")).startswith(("http://", "https://")):
        return "media.url is required"
    if body.get("generation_type", "modify_video") != "modify_video":
        return "generation_type must be modify_video"
    if body.get("model") not in MAX_SECONDS:
        return f"model must be one of {', '.join(MAX_SECONDS)}"
    if body.get("mode") not in MODES:
        return f"mode must be one of {', '.join(MODES)}"
    if first is not None and not (isinstance(first, dict) and first.get("url")):
        return "first_frame.url is required"
    return ""


def detail(status: int, text: str = "") -> web.Response:
    """Build an error answer."""
    return web.json_response({"detail": text or _DETAILS.get(status, "Error")}, status=status)
