"""Check requests and answers against Discord's own OpenAPI document, given by path.

Source: https://github.com/discord/discord-api-spec. The document is stricter in places and looser in others than
Discord itself; `schemas.py` evens that out.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jsonschema_rs

from sandbox.discord.errors import DiscordError
from sandbox.discord.model import Json
from sandbox.discord.schemas import SchemaShelf
from sandbox.discord.uploads import Body


@dataclass(frozen=True, slots=True)
class Violation:
    """A request or answer that does not fit the document: where in it, and what is wrong."""

    method: str
    template: str
    pointer: str
    message: str


class _Compiled(Protocol):
    def iter_errors(self, instance: Any) -> Any: ...


class Validator:
    """Compiled schemas, made when first needed."""

    def __init__(self, document: Path) -> None:
        raw: Json = json.loads(document.read_text(encoding="utf-8"))
        self._paths: Json = raw["paths"]
        self._by_shape = {_shape(path): path for path in self._paths}
        self._shelf = SchemaShelf(raw["components"])
        self._compiled: dict[tuple[str, str, str], _Compiled | None] = {}
        self.violations: list[Violation] = []
        self.answer_violations: list[Violation] = []

    def check_request(self, method: str, template: str, query: dict[str, str], body: Body) -> None:
        """Raise 50035 and keep the violation when a request does not fit."""
        operation = self._operation(method, template)
        if operation is None:
            return
        errors = self._query_errors(operation, query)
        compiled = self._request_schema(method, template, operation)
        if compiled is not None and (body.json is not None or operation["requestBody"].get("required")):
            # the document demands a body even where every field of it is optional and clients send none
            errors += _read(compiled, {} if body.json is None else body.json)
        if not errors:
            return
        self.violations += [Violation(method, template, pointer, text) for pointer, text in errors]
        raise DiscordError(50035, status=400, message="Invalid Form Body", errors=_tree(errors))

    def check_answer(self, method: str, template: str, status: int, answer: Any) -> None:
        """Keep every way in which one of our own answers does not fit."""
        operation = self._operation(method, template)
        if operation is None or answer is None:
            return
        compiled = self._answer_schema(method, template, operation, status)
        if compiled is None:
            self.answer_violations.append(Violation(method, template, "", f"status {status} is not in the document"))
            return
        found = [Violation(method, template, pointer, text) for pointer, text in _read(compiled, answer)]
        self.answer_violations += found

    def _operation(self, method: str, template: str) -> Json | None:
        path = self._by_shape.get(_shape(template))
        found: Json | None = self._paths[path].get(method.lower()) if path else None
        return found

    def _request_schema(self, method: str, template: str, operation: Json) -> _Compiled | None:
        key = (method, template, "request")
        if key not in self._compiled:
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            self._compiled[key] = _compile(self._shelf.request_schema(schema), formats=True) if schema else None
        return self._compiled[key]

    def _answer_schema(self, method: str, template: str, operation: Json, status: int) -> _Compiled | None:
        key = (method, template, str(status))
        if key not in self._compiled:
            content = operation["responses"].get(str(status), {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            self._compiled[key] = _compile(self._shelf.answer_schema(schema), formats=False) if schema else None
        return self._compiled[key]

    def _query_errors(self, operation: Json, query: dict[str, str]) -> list[tuple[str, str]]:
        errors = []
        for parameter in operation.get("parameters", []):
            text = query.get(parameter["name"])
            if parameter["in"] != "query" or text is None:
                continue
            key = ("query", parameter["name"], json.dumps(parameter["schema"], sort_keys=True))
            if key not in self._compiled:
                self._compiled[key] = _compile(self._shelf.request_schema(parameter["schema"]), formats=False)
            compiled = self._compiled[key]
            if compiled and all(_read(compiled, value) for value in _readings(text)):
                errors.append((f"/{parameter['name']}", f"{text[:40]!r} does not fit the query parameter"))
        return errors


def _readings(text: str) -> list[Any]:
    readings: list[Any] = [text, [text]]
    if text.lower() in ("1", "0", "true", "false"):
        readings.append(text.lower() in ("1", "true"))
    return readings


def _compile(schema: Json, *, formats: bool) -> _Compiled:
    compiled: _Compiled = jsonschema_rs.Draft202012Validator(schema, validate_formats=formats)
    return compiled


def _read(compiled: _Compiled, instance: Any) -> list[tuple[str, str]]:
    found = []
    for error in compiled.iter_errors(instance):
        pointer = "".join(f"/{part}" for part in error.instance_path)
        found.append((pointer, str(error.message)[:300]))
    return found


def _tree(errors: list[tuple[str, str]]) -> Json:
    tree: Json = {}
    for pointer, text in errors:
        node = tree
        for part in pointer.strip("/").split("/") if pointer.strip("/") else []:
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": "BASE_TYPE_BAD", "message": text})
    return tree


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
