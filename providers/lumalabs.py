"""Speak Luma Labs' own wire format, Dream Machine: https://docs.lumalabs.ai/docs/modify-video"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import aiohttp

from jobs.errors import OutcomeUnknownError, ProviderError, ProviderProtocolError, ProviderUnavailableError
from jobs.job import Kind
from jobs.ports import Clock
from jobs.service_settings import ServiceSetting, SettingKind, usual_settings
from jobs.services import (
    Abilities,
    Accepted,
    CallbackNote,
    Order,
    Progress,
    Status,
)
from providers.account import Account
from providers.answers import (
    Answer,
    as_links,
    as_number,
    as_object,
    as_text,
    as_time_ms,
    first_task_id,
    safe_code,
    safe_text,
)
from providers.callbacks import read_body, read_task_id
from providers.faults import UNKNOWN_STATE, UNKNOWN_TASK, Fault, Purpose, failure, http_fault, unreadable, without_video
from providers.settings import ServiceSettings

NAME = "lumalabs"
TITLE = "Luma Labs"
API_URL = "https://api.lumalabs.ai/dream-machine/v1"

# The longest clip of each model, in seconds; all take 100 MB.
MODELS = {"ray-2": 10.0, "ray-flash-2": 15.0}
MODEL = "ray-2"
MAX_BYTES = 100_000_000
STRENGTHS = tuple(f"{mode}_{step}" for mode in ("adhere", "flex", "reimagine") for step in (1, 2, 3))
STRENGTH = "flex_2"

STATES = {
    "queued": Progress.RUNNING,
    "dreaming": Progress.RUNNING,
    "completed": Progress.DONE,
    "failed": Progress.FAILED,
}


def build_submit(order: Order, model: str) -> dict[str, object]:
    """Return the body of a submit: https://docs.lumalabs.ai/docs/modify-video

    The option `strength` is their `mode`, how closely the source is kept; `model` is the one the order does not name.
    """
    options = order.request.options
    body: dict[str, object] = {
        "generation_type": "modify_video",
        "media": {"url": order.clip_url},
        "model": options.get("model") or model,
        "mode": (options.get("strength") or STRENGTH).lower().replace(" ", "_"),
        "prompt": order.request.prompt,
    }
    if options.get("first_frame_url"):
        body["first_frame"] = {"url": options["first_frame_url"]}
    if order.callback_url:
        body["callback_url"] = order.callback_url
    return body


def read_submit(answer: Answer, now_ms: int) -> Accepted:
    """Read the generation a submit made: openapi.yaml of github.com/lumalabs/lumaai-api"""
    body = _body(answer, Purpose.SUBMIT)
    task_id = first_task_id(body.get("id"))
    if not task_id:
        raise OutcomeUnknownError(NAME, "accepted without an id", code=str(answer.status))
    try:
        status = _read_generation(answer, body, now_ms)
    except ProviderProtocolError:
        status = Status(Progress.RUNNING)
    return Accepted(task_id, status if status.progress is not Progress.RUNNING else None)


def read_status(answer: Answer, task_id: str, now_ms: int) -> Status:
    """Read a generation: openapi.yaml of github.com/lumalabs/lumaai-api

    Raises ProviderUnavailableError with the code `unknown_task` when it is not known.
    """
    body = _body(answer, Purpose.READ)
    if as_text(body.get("id")) not in ("", task_id):
        raise ProviderProtocolError(NAME, "a status of another task", excerpt=answer.excerpt())
    return _read_generation(answer, body, now_ms)


def _read_generation(answer: Answer, body: Mapping[str, object], now_ms: int) -> Status:
    state = safe_code(body.get("state")).lower()
    match STATES.get(state):
        case Progress.DONE:
            urls = as_links(as_object(body.get("assets")).get("video"))
            created_ms = as_time_ms(body.get("created_at"))
            return Status(Progress.DONE, urls) if urls else without_video(NAME, answer, created_ms, now_ms)
        case Progress.FAILED:
            return Status(Progress.FAILED, reason=safe_text(body.get("failure_reason")), code=state)
        case Progress.RUNNING:
            return Status(Progress.RUNNING)
    return Status(Progress.RUNNING, reason=state or "none", code=UNKNOWN_STATE)


def read_callback(headers: Mapping[str, str], body: bytes) -> CallbackNote:  # noqa: ARG001 - nothing is signed
    """Read which generation a callback shows: https://docs.lumalabs.ai/changelog/callbacks-and-credits-balance

    Raises CallbackError. It comes on every change of state, unsigned; the secret is in the address.
    """
    return CallbackNote(read_task_id(read_body(body), ("id",)))


def read_balance(answer: Answer) -> float | None:
    """Read the credit in US cents: https://docs.lumalabs.ai/changelog/callbacks-and-credits-balance"""
    return as_number(_body(answer, Purpose.READ).get("credit_balance"))


def _body(answer: Answer, purpose: Purpose) -> Mapping[str, object]:
    """Return the object of a good answer; raises the error of any other. An error is `{"detail": "..."}`."""
    body = answer.read()
    if body is None:
        raise unreadable(NAME, answer, purpose)
    if answer.status < 300 and not ("detail" in body and "id" not in body):
        return body
    reason = _detail(body) or f"HTTP {answer.status}"
    if answer.status == 404 and purpose is Purpose.READ:
        raise ProviderUnavailableError(NAME, reason, code=UNKNOWN_TASK)
    fault = http_fault(answer.status) if answer.status >= 300 else Fault.UNCLEAR
    if fault in (Fault.REFUSED, Fault.AUTH) and "insufficient credit" in reason.lower():
        fault = Fault.CREDIT
    raise failure(NAME, answer, purpose, fault, reason)


def _detail(body: Mapping[str, object]) -> str:
    """Return the words of an error; a validation error lists objects with `msg`."""
    detail = body.get("detail")
    if isinstance(detail, list):
        return safe_text("; ".join(safe_text(as_object(each).get("msg")) for each in detail[:3]))
    return safe_text(detail)


class LumaLabs(Account):
    """Modify clips at Luma Labs itself."""

    SETTINGS = (
        *usual_settings(TITLE, API_URL, parallel=10),
        ServiceSetting(
            "model", SettingKind.CHOICE, MODEL, "Model of Luma Labs where a member names none", choices=tuple(MODELS)
        ),
    )

    def __init__(self, settings: ServiceSettings, session: aiohttp.ClientSession, clock: Clock) -> None:
        super().__init__(_abilities(settings), API_URL, settings, session, clock)
        self._model = settings.model or MODEL

    async def submit(self, order: Order) -> Accepted:
        """Send a paid request, once."""
        content = build_submit(order, self._model)
        answer = await self._ask(Purpose.SUBMIT, "POST", "/generations/video/modify", content=content)
        return read_submit(answer, self._clock.now_ms())

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Read the status of generations, one request each."""
        return {task_id: await self._poll_one(task_id) for task_id in provider_job_ids}

    async def _poll_one(self, task_id: str) -> Status | Exception:
        try:
            answer = await self._ask(Purpose.READ, "GET", f"/generations/{quote(task_id, safe='')}")
            return self._noted(read_status(answer, task_id, self._clock.now_ms()))
        except ProviderError as error:
            return error

    async def balance(self) -> float | None:
        """Return the credit in US cents."""
        return read_balance(await self._ask(Purpose.READ, "GET", "/credits"))

    async def cancel(self, provider_job_id: str) -> bool:
        """Delete a generation; False where it was not found."""
        answer = await self._ask(Purpose.READ, "DELETE", f"/generations/{quote(provider_job_id, safe='')}")
        if answer.status == 404:
            return False
        if answer.status not in (200, 202, 204):
            _body(answer, Purpose.READ)
        return answer.status < 300

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Read a callback."""
        return read_callback(headers, body)


def _abilities(settings: ServiceSettings) -> Abilities:
    return Abilities(
        name=NAME,
        title=TITLE,
        kinds=frozenset({Kind.MODIFY}),
        max_seconds=MODELS.get(settings.model or MODEL, MODELS[MODEL]),
        max_bytes=MAX_BYTES,
        containers=frozenset({"mp4", "mov"}),
        codecs=frozenset({"h264", "hevc"}),
        prompt_chars=settings.prompt_chars or 800,
        parallel=settings.parallel or 10,
        creates_per_window=settings.creates_per_window or 10,
        window_seconds=settings.window_seconds or 10.0,
        submit_seconds=settings.submit_seconds,
        cancels=True,
        strengths=STRENGTHS,
        models=MODELS,
        images=frozenset({"first_frame"}),
    )
