"""Speak Ace Data Cloud's wire format for Luma: https://docs.acedata.cloud/en/guides/luma

A submit is asynchronous, whether or not there is an address to call back, unless the operator wants to wait for the
finished video.
"""

from collections.abc import Mapping, Sequence

import aiohttp

from jobs.errors import OutcomeUnknownError, ProviderError, ProviderUnavailableError
from jobs.job import Kind
from jobs.ports import Clock
from jobs.service_settings import ServiceSetting, SettingKind, usual_settings
from jobs.services import Abilities, Accepted, CallbackNote, Order, Progress, Status
from providers.account import Account
from providers.answers import Answer, as_links, as_object, as_time_ms, first_task_id, first_text, safe_code, safe_text
from providers.callbacks import read_body, read_task_id
from providers.faults import UNKNOWN_STATE, UNKNOWN_TASK, Fault, Purpose, failure, http_fault, unreadable, without_video
from providers.settings import ServiceSettings

NAME = "acedata"
TITLE = "Ace Data Cloud"
API_URL = "https://api.acedata.cloud"
BATCH = 50

ASYNCHRONOUS, SYNCHRONOUS = "asynchronous", "synchronous"
TIMEOUT_SECONDS = 300
# Of a synchronous submit: its own word that it took too long must come before we hang up.
ANSWER_MARGIN_SECONDS = 15.0
NO_TASK = "00000000-0000-0000-0000-000000000000"

# No document lists them; these are what the vendor's own clients offer.
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")

# https://docs.acedata.cloud/en/concepts/responses: the code decides before the HTTP status, which for one code varies.
FAULTS = {
    "bad_request": Fault.REFUSED,
    "forbidden": Fault.REFUSED,  # moderation
    "no_token": Fault.AUTH,
    "token_mismatched": Fault.AUTH,
    "invalid_token": Fault.AUTH,
    "token_expired": Fault.AUTH,
    "disabled": Fault.AUTH,
    "used_up": Fault.CREDIT,
    "api_not_implemented": Fault.GONE,
    "no_api": Fault.GONE,
    "too_many_requests": Fault.RATE,
    "api_error": Fault.UNCLEAR,
    "timeout": Fault.UNCLEAR,
}

_DONE = frozenset({"succeed", "succeeded", "success", "completed", "complete", "finished"})
_FAILED = frozenset({"failed", "failure", "error", "canceled", "cancelled", "rejected"})
_RUNNING = frozenset({"pending", "processing"})

_TEXTS = ("aspect_ratio", "start_image_url", "end_image_url", "video_id", "video_url")


def build_submit(order: Order, *, waits: bool = False, timeout_seconds: int = TIMEOUT_SECONDS) -> dict[str, object]:
    """Return the body of a submit: https://docs.acedata.cloud/en/guides/luma/luma_videos_generation_api

    `enhancement` is always sent, for its pages disagree on its meaning. Of `video_id` and `video_url` the id wins.
    `async` and `callback_url` each make it asynchronous: neither goes along where one `waits` for the video.
    """
    options, extends = order.request.options, order.request.kind is Kind.EXTEND
    body: dict[str, object] = {
        "action": "extend" if extends else "generate",
        "prompt": order.request.prompt,
        "enhancement": _is_on(options.get("enhancement", "true")),
        "loop": _is_on(options.get("loop", "false")),
        "timeout": timeout_seconds,
    }
    left_out = {"start_image_url", "aspect_ratio"} if extends else {"video_id", "video_url"}
    if options.get("video_id"):
        left_out.add("video_url")
    body |= {name: options[name] for name in _TEXTS if options.get(name) and name not in left_out}
    if not waits:
        body["async"] = True
        if order.callback_url:
            body["callback_url"] = order.callback_url
    return body


def read_submit(answer: Answer, now_ms: int) -> Accepted:
    """Read a submit's task id, and its result where the answer is one already: same page as `build_submit`.

    An error that leaves the outcome open but names the task is an acceptance: its status will tell.
    """
    body = answer.read()
    if body is None:
        raise unreadable(NAME, answer, Purpose.SUBMIT)
    data = as_object(body.get("data"))
    task_id = first_task_id(body.get("task_id"), data.get("task_id"), body.get("id"), data.get("id"))
    if not task_id or answer.status >= 300:
        try:
            _raise_error(answer, body, Purpose.SUBMIT)
        except OutcomeUnknownError:
            if named := first_task_id(body.get("task_id"), data.get("task_id")):
                return Accepted(named)
            raise
        raise OutcomeUnknownError(NAME, "accepted without a task id", code=str(answer.status))
    if not (body.get("error") or body.get("success") is False or _video_urls(body) or _video_urls(data)):
        return Accepted(task_id)
    status = _read_one(answer, {"response": {**data, **body}, "finished_at": now_ms}, now_ms)
    return Accepted(task_id, status if isinstance(status, Status) else None)


def read_statuses(answer: Answer, task_ids: Sequence[str], now_ms: int) -> dict[str, Status | Exception]:
    """Read one task or a batch: https://docs.acedata.cloud/en/guides/luma/luma_tasks_api

    A task the answer does not speak of has a ProviderUnavailableError with the code `unknown_task` in its place.
    """
    body = {} if answer.status < 300 and answer.body.strip() == b"null" else answer.read()
    if body is None:
        raise unreadable(NAME, answer, Purpose.READ)
    items = body.get("items")
    if not isinstance(items, list):
        if answer.status >= 300 or _task_id(body) not in task_ids:
            _raise_error(answer, body, Purpose.READ)
        items = [body]
    tasks: dict[str, Mapping[str, object]] = {}
    for item in map(as_object, items):
        tasks.setdefault(_task_id(item), item)
    if len(task_ids) == 1 and tasks.get(""):
        tasks.setdefault(task_ids[0], tasks[""])
    return {task_id: _read_one(answer, tasks.get(task_id), now_ms) for task_id in task_ids}


def _task_id(task: Mapping[str, object]) -> str:
    return first_task_id(task.get("id"), task.get("task_id"), as_object(task.get("response")).get("task_id"))


def _read_one(answer: Answer, task: Mapping[str, object] | None, now_ms: int) -> Status | Exception:
    if task is None:
        return ProviderUnavailableError(NAME, "does not know the task", code=UNKNOWN_TASK)
    try:
        return _read_task(answer, task, now_ms)
    except ProviderError as error:
        return error


def _read_task(answer: Answer, task: Mapping[str, object], now_ms: int) -> Status:
    """Decide by the state's word first, then by `success`, then by `finished_at`."""
    result = _result(task)
    finished_ms = as_time_ms(task.get("finished_at"))
    words = (result.get("state"), result.get("status"), task.get("state"), task.get("status"))
    word = safe_code(first_text(*words)).lower()
    if word in _RUNNING:
        return Status(Progress.RUNNING)
    code, reason = _error(result if "error" in result else task)
    success, urls = result.get("success"), _video_urls(result)
    if word in _FAILED or (success is False and (code or reason or finished_ms)):
        return Status(Progress.FAILED, reason=reason, code=code or word)
    if urls and (word in _DONE or success is True or finished_ms is not None):
        return Status(Progress.DONE, urls, video_id=safe_code(result.get("video_id")))
    if code or reason:
        return Status(Progress.FAILED, reason=reason, code=code)
    if word in _DONE or success is True or finished_ms is not None:
        return without_video(NAME, answer, finished_ms, now_ms)
    return Status(Progress.RUNNING, reason=word, code=UNKNOWN_STATE if word else "")


def _result(task: Mapping[str, object]) -> Mapping[str, object]:
    """Return what came of a task: under `response`, in other documents `data` (or its first item), else the task."""
    response, data = as_object(task.get("response")), task.get("data")
    first = data[0] if isinstance(data, list) and data else data
    return response or as_object(first) or task


def _video_urls(result: Mapping[str, object]) -> tuple[str, ...]:
    return as_links(result.get("video_url"))


def read_callback(headers: Mapping[str, str], body: bytes) -> CallbackNote:  # noqa: ARG001 - nothing is signed
    """Read which task a callback speaks of: https://docs.acedata.cloud/en/concepts/async-tasks

    Raises CallbackError. Ace signs nothing; the secret is in the address.
    """
    return CallbackNote(read_task_id(read_body(body), ("task_id",), ("data", "task_id")))


def _raise_error(answer: Answer, body: Mapping[str, object], purpose: Purpose) -> None:
    """Raise what an answer says: an error iff HTTP says so, or it has an `error`, or `success` is false."""
    code, words = _error(body)
    if answer.status < 300 and not code and not words and body.get("success") is not False:
        return
    trace_id = safe_code(body.get("trace_id"))
    reason = (words or f"HTTP {answer.status}") + (f" (trace {trace_id})" if trace_id else "")
    if purpose is Purpose.READ and (code == "not_found" or (answer.status == 404 and code != "no_api")):
        raise ProviderUnavailableError(NAME, reason, code=UNKNOWN_TASK)
    by_status = http_fault(answer.status) if answer.status >= 300 else Fault.UNCLEAR
    if answer.status == 403:
        by_status = Fault.REFUSED  # an empty account and a bad key have codes of their own
    raise failure(NAME, answer, purpose, FAULTS.get(code, by_status), reason, code)


def _error(body: Mapping[str, object]) -> tuple[str, str]:
    """Return an error's code and words; it may be a bare string."""
    error = body.get("error")
    fields = as_object(error)
    return safe_code(fields.get("code")), safe_text(fields.get("message")) or ("" if fields else safe_text(error))


def _is_on(value: str) -> bool:
    return value.strip().lower() in ("true", "1", "yes", "on")


class AceData(Account):
    """Generate and extend videos through Ace Data Cloud."""

    SETTINGS = (
        *usual_settings(TITLE, API_URL, parallel=5),
        ServiceSetting(
            "mode",
            SettingKind.CHOICE,
            ASYNCHRONOUS,
            f"How {TITLE} answers: at once, or (synchronous) with the finished video",
            choices=(ASYNCHRONOUS, SYNCHRONOUS),
        ),
        ServiceSetting(
            "timeout_seconds",
            SettingKind.COUNT,
            TIMEOUT_SECONDS,
            f"How long {TITLE} may take to answer a synchronous request, 1 to 3600",
            least=1,
            most=3600,
        ),
    )

    def __init__(self, settings: ServiceSettings, session: aiohttp.ClientSession, clock: Clock) -> None:
        super().__init__(_abilities(settings), API_URL, settings, session, clock)
        self._waits, self._timeout_seconds = _waits(settings), _timeout_seconds(settings)

    async def submit(self, order: Order) -> Accepted:
        """Send a paid request, once."""
        content = build_submit(order, waits=self._waits, timeout_seconds=self._timeout_seconds)
        answer = await self._ask(Purpose.SUBMIT, "POST", "/luma/videos", content=content)
        return read_submit(answer, self._clock.now_ms())

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Read the status of tasks, up to 50 with one request."""
        statuses: dict[str, Status | Exception] = {}
        for start in range(0, len(provider_job_ids), BATCH):
            batch = list(provider_job_ids[start : start + BATCH])
            content: dict[str, object] = {"action": "retrieve", "id": batch[0]}
            if len(batch) > 1:
                content = {"action": "retrieve_batch", "ids": batch}
            try:
                answer = await self._ask(Purpose.READ, "POST", "/luma/tasks", content=content)
                statuses |= read_statuses(answer, batch, self._clock.now_ms())
            except ProviderError as error:
                statuses |= dict.fromkeys(batch, error)
        return {key: self._noted(each) if isinstance(each, Status) else each for key, each in statuses.items()}

    async def balance(self) -> float | None:
        """Prove the key by asking for a task of nobody's: Ace has no call for this key's credit, which is not known."""
        content = {"action": "retrieve", "id": NO_TASK}
        answer = await self._ask(Purpose.READ, "POST", "/luma/tasks", content=content)
        try:
            read_statuses(answer, [NO_TASK], self._clock.now_ms())
        except ProviderUnavailableError as error:
            if error.code not in (UNKNOWN_TASK, "bad_request"):
                raise
        return None

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Read a callback."""
        return read_callback(headers, body)


def _waits(settings: ServiceSettings) -> bool:
    return settings.more.get("mode") == SYNCHRONOUS


def _timeout_seconds(settings: ServiceSettings) -> int:
    return int(settings.more.get("timeout_seconds", TIMEOUT_SECONDS))


def _abilities(settings: ServiceSettings) -> Abilities:
    waits = _waits(settings)
    return Abilities(
        name=NAME,
        title=TITLE,
        kinds=frozenset({Kind.GENERATE, Kind.EXTEND}),
        max_seconds=10.0,
        max_bytes=100_000_000,
        containers=frozenset({"mp4"}),
        codecs=frozenset({"h264"}),
        prompt_chars=settings.prompt_chars or 800,
        parallel=settings.parallel or 5,
        creates_per_window=settings.creates_per_window or 10,
        window_seconds=settings.window_seconds or 10.0,
        poll_batch=BATCH,
        ratios=RATIOS,
        switches={"enhancement": True, "loop": False},
        images=frozenset({"start_image", "end_image"}),
        submit_seconds=_timeout_seconds(settings) + ANSWER_MARGIN_SECONDS if waits else settings.submit_seconds,
        calls_back=not waits,
    )
