"""Speak KIE's wire format for Luma Modify: https://docs.kie.ai/luma-api/quickstart

KIE puts its verdict in the JSON body (`code`), usually with HTTP 200; both are looked at.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import aiohttp

from jobs.errors import OutcomeUnknownError, ProviderError, ProviderProtocolError, ProviderUnavailableError
from jobs.job import Kind
from jobs.ports import Clock
from jobs.service_settings import ServiceSetting, SettingKind, secret_setting, usual_settings
from jobs.services import Abilities, Accepted, CallbackNote, Order, Progress, Status, TemporaryLink
from providers import answers
from providers.account import Account
from providers.answers import Answer, as_link, as_number, as_object, first_text, first_time_ms, safe_code, safe_text
from providers.callbacks import read_body, read_task_id
from providers.faults import UNKNOWN_STATE, UNKNOWN_TASK, Fault, Purpose, failure, http_fault, unreadable, without_video
from providers.settings import ServiceSettings
from providers.signing import verify_task

NAME = "kie"
TITLE = "KIE"
API_URL = "https://api.kie.ai"
UPLOAD_URL = "https://kieai.redpandaai.co"

MINUTE_MS = 60_000
UPLOAD_LIFE_MS = 3 * 24 * 60 * MINUTE_MS
LINK_LIFE_MS = 20 * MINUTE_MS
SUFFIXES = frozenset({".mp4", ".mov", ".avi"})

# https://docs.kie.ai/luma-api/generate-luma-modify-video; 433 and 451 are on the pages of KIE's other models.
FAULTS = {
    400: Fault.REFUSED,
    401: Fault.AUTH,
    402: Fault.CREDIT,
    403: Fault.REFUSED,
    404: Fault.GONE,
    405: Fault.GONE,
    422: Fault.REFUSED,
    429: Fault.RATE,
    433: Fault.AUTH,
    451: Fault.REFUSED,
    455: Fault.MAINTENANCE,
    505: Fault.GONE,
}

# successFlag, and the words KIE's other models use for it. 4: the video was made, only our callback was not reached.
STATES = {
    "0": Progress.RUNNING,
    "1": Progress.DONE,
    "2": Progress.FAILED,
    "3": Progress.FAILED,
    "4": Progress.DONE,
    **dict.fromkeys(("GENERATING", "WAITING", "QUEUING"), Progress.RUNNING),
    **dict.fromkeys(("SUCCESS", "CALLBACK_FAILED"), Progress.DONE),
    **dict.fromkeys(("CREATE_TASK_FAILED", "GENERATE_FAILED", "FAIL"), Progress.FAILED),
}


def build_submit(order: Order) -> dict[str, object]:
    """Return the body of a submit: https://docs.kie.ai/luma-api/generate-luma-modify-video"""
    body: dict[str, object] = {"prompt": order.request.prompt, "videoUrl": order.clip_url}
    if order.callback_url:
        body["callBackUrl"] = order.callback_url
    if order.request.options.get("watermark"):
        body["watermark"] = order.request.options["watermark"]
    return body


def read_submit(answer: Answer) -> Accepted:
    """Read the task id of a submit: https://docs.kie.ai/luma-api/generate-luma-modify-video"""
    body = _envelope(answer, Purpose.SUBMIT)
    data = as_object(body.get("data"))
    task_id = answers.first_task_id(data.get("taskId"), data.get("task_id"), body.get("taskId"))
    if not task_id:
        raise OutcomeUnknownError(NAME, "accepted without a task id", code="200")
    return Accepted(task_id)


def read_status(answer: Answer, task_id: str, now_ms: int) -> Status:
    """Read a task: https://docs.kie.ai/luma-api/get-luma-modify-details

    Raises ProviderUnavailableError with the code `unknown_task` when KIE does not know the task (yet), and
    ProviderProtocolError when the answer speaks of another one or names no video soon after its success.
    """
    body = answer.read()
    if body is None:
        raise unreadable(NAME, answer, Purpose.READ)
    code, message = _code(answer, body), safe_text(body.get("msg"))
    data = as_object(body.get("data")) or (body if "taskId" in body else {})
    if code in (404, 422) or (code == 200 and not data and body.get("data") in (None, "", {})):
        raise ProviderUnavailableError(NAME, message or "does not know the task", code=UNKNOWN_TASK)
    if code != 200 and safe_code(body.get("code")) != "501":
        raise _failure(answer, code, message, Purpose.READ)
    if code == 200 and not data:
        raise ProviderProtocolError(NAME, "a task that is no object", excerpt=answer.excerpt())
    if answers.first_task_id(data.get("taskId")) not in ("", task_id):
        raise ProviderProtocolError(NAME, "a status of another task", excerpt=answer.excerpt())
    status = _read_state(data, message)
    if status.progress is Progress.DONE and not status.urls:
        finished_ms = first_time_ms(data.get("completeTime"), data.get("completedAt"))
        return without_video(NAME, answer, finished_ms, now_ms)
    if status.progress is Progress.RUNNING and code == 501:  # "generation failed"
        return Status(Progress.FAILED, reason=message, code="501")
    return status


def _read_state(data: Mapping[str, object], message: str) -> Status:
    state = _state(data)
    progress = STATES.get(state)
    code = next((text for key in ("errorCode", "failCode") if (text := safe_code(data.get(key))) not in ("", "0")), "")
    reason = first_text(data.get("errorMessage"), data.get("failMsg"))
    if progress is Progress.RUNNING and data.get("completeTime") is not None and (reason or code):
        progress = Progress.FAILED  # a sibling API's page has 0 for "failed or in progress"
    match progress:
        case Progress.DONE:
            return Status(Progress.DONE, _result_urls(data))
        case Progress.FAILED:
            outer = "" if message.lower() == "success" else message
            return Status(Progress.FAILED, reason=reason or outer, code=code or state)
        case Progress.RUNNING:
            return Status(Progress.RUNNING)
    return Status(Progress.RUNNING, reason=state or "none", code=UNKNOWN_STATE)


def _state(data: Mapping[str, object]) -> str:
    """Return what stands for the state: `successFlag`, in other documents `status` or `state`."""
    value = next((data[key] for key in ("successFlag", "status", "state") if data.get(key) is not None), None)
    number = as_number(value)
    return safe_code(value).upper() if number is None else f"{number:g}"


def _result_urls(data: Mapping[str, object]) -> tuple[str, ...]:
    """Return the finished video from the first place that has one; `originUrls` is the clip that was sent."""
    response, result = as_object(data.get("response")), as_object(data.get("resultJson"))
    places = (
        response.get("resultUrls"),
        data.get("resultUrls"),
        response.get("resultUrl"),
        response.get("videoUrl"),
        response.get("video_url"),
        data.get("videoUrl"),
        result.get("resultUrls"),
    )
    return next((links for links in map(answers.as_links, places) if links), ())


def read_callback(
    headers: Mapping[str, str], body: bytes, keys: Sequence[str], *, now_ms: int, window_ms: int
) -> CallbackNote:
    """Read which task a callback speaks of: https://docs.kie.ai/luma-api/generate-luma-modify-video-callbacks

    The page has `data.taskId`; its siblings have `data.task_id` and, on failure, a top-level `taskId`. With keys the
    callback must be signed, and so must name its task. Raises CallbackError.
    """
    places = (("data", "taskId"), ("data", "task_id"), ("taskId",), ("task_id",))
    task_id = read_task_id(read_body(body), *places)
    if keys:
        verify_task(headers, task_id or "", keys, now_ms=now_ms, window_ms=window_ms)
    return CallbackNote(task_id)


def read_balance(answer: Answer) -> float | None:
    """Read the remaining credits: https://docs.kie.ai/common-api/get-account-credits"""
    return as_number(_envelope(answer, Purpose.READ).get("data"))


def read_upload(answer: Answer, now_ms: int) -> TemporaryLink:
    """Read where an uploaded file lies: https://docs.kie.ai/file-upload-api/upload-file-stream"""
    data = as_object(_envelope(answer, Purpose.UPLOAD).get("data"))
    url = as_link(data.get("downloadUrl")) or as_link(data.get("fileUrl"))
    if not url:
        raise ProviderProtocolError(NAME, "an upload without an address", excerpt=answer.excerpt())
    expires_at_ms = answers.as_time_ms(data.get("expiresAt"))
    return TemporaryLink(url, expires_at_ms if (expires_at_ms or 0) > now_ms else now_ms + UPLOAD_LIFE_MS)


def read_link(answer: Answer, now_ms: int) -> TemporaryLink:
    """Read a download link, valid 20 minutes: https://docs.kie.ai/common-api/download-url"""
    url = as_link(_envelope(answer, Purpose.READ).get("data"))
    if not url:
        raise ProviderProtocolError(NAME, "a download link that is none", excerpt=answer.excerpt())
    return TemporaryLink(url, now_ms + LINK_LIFE_MS)


def _envelope(answer: Answer, purpose: Purpose) -> Mapping[str, object]:
    """Return the body of an answer that says 200; raises the error of what it says instead."""
    body = answer.read()
    if body is None:
        raise unreadable(NAME, answer, purpose)
    code = _code(answer, body)
    if code != 200 or body.get("success") is False:
        raise _failure(answer, code, safe_text(body.get("msg")), purpose)
    return body


def _code(answer: Answer, body: Mapping[str, object]) -> int:
    """Return the verdict: the body's `code`, or the HTTP status where the body has none or calls an error 200."""
    number = as_number(200 if body.get("code") is None else body["code"])
    code = int(number) if number is not None else 0
    return answer.status if code == 200 and answer.status >= 300 else code


def _failure(answer: Answer, code: int, message: str, purpose: Purpose) -> ProviderError:
    fault = FAULTS.get(code, http_fault(code) if code == answer.status else Fault.UNCLEAR)
    return failure(NAME, answer, purpose, fault, message or f"answered with code {code}", str(code))


class Kie(Account):
    """Modify clips through KIE."""

    SETTINGS = (
        *usual_settings(TITLE, API_URL, parallel=10, creates=20),
        ServiceSetting("upload_url", SettingKind.ADDRESS, UPLOAD_URL, f"{TITLE}'s file upload API"),
        secret_setting("webhook_key", f"{TITLE}'s webhook HMAC key; callbacks must then be signed with it"),
        secret_setting(
            "webhook_key_previous", "The HMAC key before it, still taken while keys change", needs="webhook_key"
        ),
    )

    def __init__(self, settings: ServiceSettings, session: aiohttp.ClientSession, clock: Clock) -> None:
        super().__init__(_abilities(settings), API_URL, settings, session, clock)
        self._upload_url = (settings.upload_url or UPLOAD_URL).rstrip("/")

    async def submit(self, order: Order) -> Accepted:
        """Send a paid request, once."""
        return read_submit(
            await self._ask(Purpose.SUBMIT, "POST", "/api/v1/modify/generate", content=build_submit(order))
        )

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Read the status of tasks, one request each."""
        return {task_id: await self._poll_one(task_id) for task_id in provider_job_ids}

    async def _poll_one(self, task_id: str) -> Status | Exception:
        try:
            answer = await self._ask(Purpose.READ, "GET", "/api/v1/modify/record-info", params={"taskId": task_id})
            return self._noted(read_status(answer, task_id, self._clock.now_ms()))
        except ProviderError as error:
            return error

    async def upload(self, path: Path, filename: str) -> TemporaryLink:
        """Hand over a file under a random name (a name used twice is served from a cache); it is kept for 3 days."""
        suffix = PurePath(filename).suffix.lower()
        name = secrets.token_hex(16) + (suffix if suffix in SUFFIXES else ".mp4")
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except OSError as error:
            raise ProviderUnavailableError(NAME, "the file to upload cannot be read", code="file") from error
        with file:
            form = aiohttp.FormData({"uploadPath": "luma-bot", "fileName": name})
            form.add_field("file", file, filename=name, content_type="application/octet-stream")
            answer = await self._ask(
                Purpose.UPLOAD, "POST", "/api/file-stream-upload", form=form, base_url=self._upload_url
            )
        return read_upload(answer, self._clock.now_ms())

    async def link(self, url: str) -> TemporaryLink:
        """Return a download link of 20 minutes, or the address itself where KIE gives none."""
        try:
            answer = await self._ask(Purpose.READ, "POST", "/api/v1/common/download-url", content={"url": url})
            return read_link(answer, self._clock.now_ms())
        except ProviderError:
            return TemporaryLink(url)

    async def balance(self) -> float | None:
        """Return the remaining credits."""
        return read_balance(await self._ask(Purpose.READ, "GET", "/api/v1/chat/credit"))

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Check and read a callback."""
        window_ms = int(self._settings.webhook_age_seconds * 1000)
        keys = self._settings.webhook_keys
        return read_callback(headers, body, keys, now_ms=self._clock.now_ms(), window_ms=window_ms)


def _abilities(settings: ServiceSettings) -> Abilities:
    return Abilities(
        name=NAME,
        title=TITLE,
        kinds=frozenset({Kind.MODIFY}),
        max_seconds=10.0,
        max_bytes=500_000_000,
        containers=frozenset({"mp4", "mov", "avi"}),
        codecs=frozenset({"h264", "hevc", "mpeg4", "mjpeg", "prores"}),
        prompt_chars=settings.prompt_chars or 800,
        parallel=settings.parallel or 10,
        creates_per_window=settings.creates_per_window or 20,
        window_seconds=settings.window_seconds or 10.0,
        submit_seconds=settings.submit_seconds,
        uploads=True,
        watermark=True,
    )
