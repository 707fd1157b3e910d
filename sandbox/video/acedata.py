"""Speak Ace Data Cloud's wire format: /luma/videos (sync, async, callback) and /luma/tasks.

Sources: AceDataCloud/LumaAPI docs (videos and tasks guides), AceDataCloud/Docs responses and async-tasks pages.
Unconfirmed there, so chosen here: an unknown task id is a 404 `not_found`, and a batch leaves unknown ids out.
"""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

import av
from aiohttp import web

from sandbox.video.acedata_errors import RefusedError, error, fault_error
from sandbox.video.callbacks import Letter
from sandbox.video.drawing import Wish
from sandbox.video.kie import read_json
from sandbox.video.ledger import Task
from sandbox.video.studio import FetchError, UnreadableClipError, UnreadableImageError
from sandbox.video.workshop import Order, Work, Workshop

SERVICE = "acedata"
RATIOS = {
    "16:9": (16, 9),
    "9:16": (9, 16),
    "1:1": (1, 1),
    "4:3": (4, 3),
    "3:4": (3, 4),
    "21:9": (21, 9),
    "9:21": (9, 21),
}
_FIELDS = ("action", "prompt", "aspect_ratio", "start_image_url", "end_image_url", "enhancement", "loop", "video_id",
           "video_url", "timeout", "callback_url", "async")  # fmt: skip
_MAX_BATCH = 50


@dataclass(frozen=True, slots=True)
class _Frames:
    """Hold the pictures a video starts and ends with, and its size in pixels."""

    start: av.VideoFrame | None
    end: av.VideoFrame | None
    size: tuple[int, int]


class AceData:
    """Answer Ace Data Cloud's Luma API over a workshop."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    def routes(self) -> list[web.RouteDef]:
        """Return the two routes."""
        return [web.post("/luma/videos", self.videos), web.post("/luma/tasks", self.tasks)]

    def _unknown(self, request: web.Request) -> web.Response | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return error("no_token", "No token is specified.")
        return None if self._shop.account.knows(header) else error("invalid_token", "The token is invalid.")

    async def videos(self, request: web.Request) -> web.StreamResponse:
        """Create a generate or extend task; answer at once when asked to, else when the video is there."""
        if (refusal := self._unknown(request)) is not None:
            return refusal
        body = {name: value for name, value in (await read_json(request)).items() if value is not None}
        prompt = str(body.get("prompt") or "")
        if (broken := self._shop.submit_fault(request, SERVICE, prompt)) is not None:
            return broken
        for kind in ("submit", "submit-http"):
            if fault := self._shop.faults.take(kind, SERVICE, prompt):
                return fault_error(fault.value)
        try:
            frames = await self._accept(body)
        except RefusedError as refused:
            return error(refused.code, refused.text)
        return await self._create(request, body, frames)

    async def _accept(self, body: dict[str, Any]) -> _Frames:
        self._check(body)
        if reason := self._shop.account.limit_reached(SERVICE):
            raise RefusedError("too_many_requests", f"Too many requests: {reason}.")
        if not self._shop.account.can_pay(SERVICE):
            raise RefusedError("used_up", "The balance is used up.")
        start, size = await self._beginning(body)
        return _Frames(start, await self._image(body.get("end_image_url")), size)

    @staticmethod
    def _check(body: dict[str, Any]) -> None:
        if body.get("action", "generate") not in {"generate", "extend"}:
            raise RefusedError("bad_request", "action must be generate or extend")
        if not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
            raise RefusedError("bad_request", "prompt is required")
        if body.get("aspect_ratio", "16:9") not in RATIOS:
            raise RefusedError("bad_request", f"aspect_ratio must be one of {', '.join(RATIOS)}")
        for name in ("loop", "enhancement", "async"):
            if not isinstance(body.get(name, False), bool):
                raise RefusedError("bad_request", f"{name} must be true or false")
        if body.get("action") == "extend" and not (body.get("video_id") or body.get("video_url")):
            raise RefusedError("bad_request", "video_id or video_url is required to extend a video")

    async def _beginning(self, body: dict[str, Any]) -> tuple[av.VideoFrame | None, tuple[int, int]]:
        """Return what the video starts with, and its size; `video_id` wins over `video_url`."""
        if body.get("action") != "extend":
            return await self._image(body.get("start_image_url")), self.size(body.get("aspect_ratio", "16:9"))
        url = body.get("video_url")
        if video_id := body.get("video_id"):
            url = next((task.result_url for task in self._finished() if task.facts["video_id"] == video_id), None)
            if url is None:
                raise RefusedError("bad_request", "video_id is not a finished video of yours")
        elif url not in {task.result_url for task in self._finished()}:
            raise RefusedError("bad_request", "video_url must come from an earlier generation")
        try:
            path = await self._shop.studio.fetch(str(url))
            frame = await self._shop.studio.last_frame(path)
        except (FetchError, UnreadableClipError) as reason:
            raise RefusedError("bad_request", f"The video to extend could not be read: {reason}") from reason
        self._shop.studio.forget(path)
        return frame, (frame.width, frame.height)

    def _finished(self) -> list[Task]:
        tasks = self._shop.ledger.tasks.values()
        return [task for task in tasks if task.service == SERVICE and task.state == "done"]

    async def _image(self, url: object) -> av.VideoFrame | None:
        if not url:
            return None
        try:
            return await self._shop.studio.fetch_image(str(url))
        except (FetchError, UnreadableImageError) as reason:
            raise RefusedError("bad_request", f"The image could not be read: {reason}") from reason

    def size(self, ratio: str) -> tuple[int, int]:
        """Return a size of about equal area for each ratio, in whole blocks of 16 pixels."""
        across, down = RATIOS[ratio]
        side = self._shop.options.scene_side
        height = (side * side * 9 / 16 * down / across) ** 0.5
        return max(16, int(height * across / down + 0.5) // 16 * 16), max(16, int(height + 0.5) // 16 * 16)

    async def _create(self, request: web.Request, body: dict[str, Any], frames: _Frames) -> web.StreamResponse:
        kept = {name: body[name] for name in _FIELDS if name in body}
        kind = str(body.get("action", "generate"))
        task = self._shop.ledger.create(SERVICE, kind, kept, self._shop.options.price, str(uuid.uuid4()))
        task.facts |= {"video_id": str(uuid.uuid4()), "trace_id": str(uuid.uuid4())}
        await self._shop.start(Order(task, lambda: self._draw(task, frames), self._notify))
        faults = self._shop.faults
        if fault := faults.take("error-after", SERVICE, task.prompt):
            return fault_error(fault.value)
        if faults.take("no-id", SERVICE, task.prompt):
            return await self._shop.answer(request, task, web.json_response({"success": True}))
        if body.get("callback_url"):
            return await self._shop.answer(request, task, web.json_response({"task_id": task.task_id}))
        if body.get("async"):
            answer = web.json_response({"success": True, "task_id": task.task_id})
            return await self._shop.answer(request, task, answer)
        return await self._shop.answer(request, task, await self._wait(task, body))

    async def _wait(self, task: Task, body: dict[str, Any]) -> web.Response:
        """Hold the answer until the video is there; `timeout` is in seconds."""
        limit = body.get("timeout")
        try:
            async with asyncio.timeout(float(limit) if isinstance(limit, int | float) else 300.0):
                await task.ended.wait()
        except TimeoutError:
            return error("timeout", "The request took too long.")
        if task.state == "failed":
            code, text = _failure(task)
            return error(code, text, trace_id=task.facts["trace_id"])
        return web.json_response(self._result(task))

    async def _draw(self, task: Task, frames: _Frames) -> Work:
        asked, studio = task.request, self._shop.studio
        seconds, loop = self._shop.options.scene_seconds, bool(asked.get("loop"))
        wish = Wish(task.prompt, *frames.size, seconds, start=frames.start, end=frames.end, loop=loop)
        path, drawn = await studio.draw(wish)
        picture, width, height = await studio.save_first_frame(path)
        name = f"thumbnails/{task.task_id}.jpg"
        thumbnail = self._shop.shelf.put(name, picture, "image/jpeg", seconds=self._shop.options.result_seconds)
        facts = {"width": width, "height": height, "seconds": drawn.seconds, "thumbnail_url": thumbnail}
        return Work(path, drawn.applied, facts)

    def _result(self, task: Task) -> dict[str, Any]:
        facts = task.facts
        no_url = self._shop.faults.take("no-url", SERVICE, task.prompt)
        return {
            "success": True,
            "task_id": task.task_id,
            "video_id": facts["video_id"],
            "prompt": task.prompt,
            "video_url": None if no_url else task.result_url,
            "video_height": facts["height"],
            "video_width": facts["width"],
            "state": "completed",
            "thumbnail_url": facts["thumbnail_url"],
            "thumbnail_width": facts["width"],
            "thumbnail_height": facts["height"],
        }

    def _outcome(self, task: Task) -> dict[str, Any]:
        """Return what callback and task show of an ended task."""
        if task.state == "done":
            return self._result(task)
        code, text = _failure(task)
        return {"success": False, "task_id": task.task_id, "trace_id": task.facts["trace_id"],
                "error": {"code": code, "message": text}}  # fmt: skip

    async def _notify(self, task: Task) -> None:
        if url := task.request.get("callback_url"):
            await self._shop.callbacks.deliver(
                Letter(task, url, lambda: self._letter(task), lambda status: 200 <= status < 300)
            )

    def _letter(self, task: Task) -> tuple[dict[str, str], dict[str, Any]]:
        body = self._outcome(task)
        if self._shop.faults.take("odd-callback", SERVICE, task.prompt):
            body = body | {"error": task.error} if task.state == "failed" else {"task_id": task.task_id, "data": body}
        return {}, body

    async def tasks(self, request: web.Request) -> web.StreamResponse:
        """Answer one task, or those of a batch of at most 50 that are known."""
        body = await read_json(request)
        prompt = self._shop.prompt_of(body.get("id"))
        if (broken := await self._shop.poll_fault(request, SERVICE, prompt)) is not None:
            return broken
        if (refusal := self._unknown(request)) is not None:
            return refusal
        for kind in ("poll", "poll-http"):
            if fault := self._shop.faults.take(kind, SERVICE, prompt):
                return fault_error(fault.value)
        if body.get("action") == "retrieve_batch":
            return self._batch(body.get("ids"))
        if body.get("action", "retrieve") != "retrieve":
            return error("bad_request", "action must be retrieve or retrieve_batch")
        task = self._find(body.get("id"))
        return error("not_found", "The task does not exist.") if task is None else web.json_response(self._show(task))

    def _batch(self, ids: object) -> web.Response:
        if not isinstance(ids, list) or not ids or len(ids) > _MAX_BATCH:
            return error("bad_request", f"ids must be a list of 1 to {_MAX_BATCH} task ids")
        items = [self._show(task) for one in ids if (task := self._find(one)) is not None]
        return web.json_response({"items": items, "count": len(items)})

    def _find(self, task_id: object) -> Task | None:
        task = self._shop.ledger.tasks.get(str(task_id))
        return task if task is not None and task.service == SERVICE else None

    def _show(self, task: Task) -> dict[str, Any]:
        task.polls += 1
        shown: dict[str, Any] = {
            "_id": task.task_id.replace("-", "")[:24],
            "id": task.task_id,
            "api_id": "sandbox-api",
            "application_id": "sandbox-application",
            "credential_id": "sandbox-credential",
            "user_id": "sandbox-user",
            "trace_id": task.facts["trace_id"],
            "created_at": task.created_ms / 1000,
            "request": task.request,
        }
        odd = self._shop.faults.take("odd-status", SERVICE, task.prompt)
        if self._shop.faults.take("poll-null", SERVICE, task.prompt):
            return shown | {"response": None}
        if task.finished_ms is None:
            return shown | ({"response": {"task_id": task.task_id, "state": "processing"}} if odd else {})
        shown |= {"finished_at": task.finished_ms / 1000}
        return shown | {("data" if odd else "response"): self._outcome(task)}


def _failure(task: Task) -> tuple[str, str]:
    return ("forbidden" if task.failure == "moderate" else "api_error"), task.error
