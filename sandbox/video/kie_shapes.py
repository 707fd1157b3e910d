"""Build KIE's records, callbacks and signatures from tasks.

Sources: docs.kie.ai/luma-api (details, callbacks), docs.kie.ai/common-api/webhook-verification.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from sandbox.video.ledger import Task


def record(task: Task, urls: list[str]) -> dict[str, Any]:
    """Return the `data` of record-info; `resultUrls` are made, `originUrls` was given."""
    flag = _flag(task)
    made = {"taskId": task.task_id, "resultUrls": urls, "originUrls": [task.request["videoUrl"]]}
    return {
        "taskId": task.task_id,
        "paramJson": _echo(task),
        "successFlag": flag,
        "response": made if flag in {1, 4} else None,
        "createTime": task.created_ms,
        "completeTime": task.finished_ms,
        "errorCode": _error_code(task),
        "errorMessage": task.error or None,
    }


def sign(key: str, task_id: str, timestamp: int) -> dict[str, str]:
    """Return the two headers that sign `taskId.timestamp` (Unix seconds) with HMAC-SHA256 in Base64."""
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return {"X-Webhook-Timestamp": str(timestamp), "X-Webhook-Signature": base64.b64encode(digest).decode()}


def callback_body(task: Task) -> dict[str, Any]:
    """Return the callback of an ended task as KIE documents it."""
    data = {"taskId": task.task_id, "promptJson": _echo(task)}
    if task.state == "done":
        return {"code": 200, "msg": "All generated successfully.", "data": data | {"resultUrls": [task.result_url]}}
    return {"code": 500, "msg": task.error, "data": data}


def odd_callback(body: dict[str, Any], shape: str, task: Task) -> dict[str, Any]:
    """Return the callback in a shape that sibling pages or other documents show."""
    if shape == "bare":
        return {"code": 400, "msg": task.error or "failed", "data": None, "taskId": task.task_id}
    if shape == "flat":
        return {"taskId": task.task_id, "status": _flag(task), "videoUrl": task.result_url, "duration": 3}
    if shape == "snake":
        return {"taskId": task.task_id, "code": body["code"], "msg": body["msg"],
                "data": {"task_id": task.task_id, "callbackType": "task_completed"}}  # fmt: skip
    return {"code": body["code"], "msg": body["msg"],
            "data": {"taskId": task.task_id, "info": {"resultUrls": [task.result_url]}}}  # fmt: skip


def odd_record(plain: dict[str, Any], shape: str, task: Task) -> dict[str, Any]:
    """Return a status in a shape that other documents show, or with a flag nobody knows."""
    if shape == "flat":
        return {"taskId": task.task_id, "status": plain["successFlag"], "videoUrl": task.result_url or None}
    if shape == "words":
        words = ("GENERATING", "SUCCESS", "CREATE_TASK_FAILED", "GENERATE_FAILED", "CALLBACK_FAILED")
        return plain | {"successFlag": words[plain["successFlag"]]}
    return plain | {"successFlag": 9, "response": None}


def _flag(task: Task) -> int:
    if task.state == "done":
        return 4 if task.callback_failed else 1
    if task.state == "failed":
        return 2 if task.failure == "create-failed" else 3
    return 0


def _error_code(task: Task) -> int | None:
    if task.state != "failed":
        return None
    return {"create-failed": 422, "moderate": 400}.get(task.failure, 501)


def _echo(task: Task) -> str:
    asked = {name: value for name, value in task.request.items() if name != "watermark"}
    return json.dumps(asked | {"waterMark": task.request.get("watermark", "")})
