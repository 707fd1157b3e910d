"""Turn the schemas of Discord's OpenAPI document into ones that judge as Discord does.

What changes: unknown fields are refused; unions are decided by `type`, so that errors name the real fault; ids may be
integers and integers numeric strings; documented fields the document lacks are added; content ends at 2000.
"""

from copy import deepcopy
from typing import Any

from sandbox.discord.model import MEDIA, Json

_REF = "#/components/schemas/"
_LOOSE: Json = {}
# Fields of the documentation (developers/docs) that the OpenAPI document of July 2026 lacks
_REQUEST_WAIVERS: dict[str, Json] = {
    "ApplicationCommandUpdateRequest": {"nsfw": {"type": ["boolean", "null"]}},
    "ApplicationCommandCreateRequest": {"nsfw": {"type": ["boolean", "null"]}},
    "ApplicationCommandPatchRequestPartial": {"nsfw": {"type": ["boolean", "null"]}},
    "IncomingWebhookUpdateRequestPartial": {"tts": {"type": ["boolean", "null"]}},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts": {"type": ["boolean", "null"]}},
    "MessageEditRequestPartial": {"tts": {"type": ["boolean", "null"]}},
    # Sent by discord.py with every forum post, and ignored by Discord
    "CreateForumThreadRequest": {"type": {"type": "integer"}},
    "BaseCreateMessageCreateRequest": {"tts": {"type": ["boolean", "null"]}},
    "RichEmbed": {"flags": {"type": ["integer", "null"]}},
    "ApplicationCommandAttachmentOption": {"file_types": {"type": ["array", "null"], "maxItems": 10}},
    "FileUploadComponentForModalRequest": {"file_types": {"type": ["array", "null"], "maxItems": 10}},
}
_ANSWER_WAIVERS: dict[str, Json] = {
    "ApplicationCommandAttachmentOptionResponse": {"file_types": {"type": "array"}},
    "CreatedThreadResponse": {"message": {"$ref": f"{_REF}MessageResponse"}},
}
_CONTENT_OF = ("MessageCreateRequest", "MessageEditRequestPartial", "BaseCreateMessageCreateRequest")
_MAX_CONTENT = 2000


class SchemaShelf:
    """The document's component schemas, adapted once per direction."""

    def __init__(self, components: Json) -> None:
        self._components: Json = components["schemas"]
        self._requests: Json = {}
        self._answers: Json = {}

    def request_schema(self, schema: Json) -> Json:
        """Return a self-contained schema for what the bot sends."""
        return self._bundle(schema, self._requests, _REQUEST_WAIVERS, is_request=True)

    def answer_schema(self, schema: Json) -> Json:
        """Return a self-contained schema for what we answer."""
        return self._bundle(schema, self._answers, _ANSWER_WAIVERS, is_request=False)

    def _bundle(self, schema: Json, done: Json, waivers: dict[str, Json], *, is_request: bool) -> Json:
        adapter = _Adapter(self._components, is_request=is_request)
        root = adapter.adapt(schema)
        needed: Json = {}
        waiting = _references(root)
        while waiting:
            name = waiting.pop()
            if name in needed:
                continue
            if name not in done:
                done[name] = adapter.adapt(self._prepare(name, waivers))
            needed[name] = done[name]
            waiting += _references(done[name])
        bundle: Json = root | {"components": {"schemas": needed}}
        return bundle

    def _prepare(self, name: str, waivers: dict[str, Json]) -> Json:
        schema: Json = deepcopy(self._components[name])
        if name == "ChannelTypes":
            schema["oneOf"].append({"title": "GUILD_MEDIA", "const": MEDIA})  # documented, and missing
        if name in waivers:
            schema.setdefault("properties", {}).update(waivers[name])
        if name in _CONTENT_OF and "content" in schema.get("properties", {}):
            schema["properties"]["content"]["maxLength"] = _MAX_CONTENT
        return schema


class _Adapter:
    """Rewrite one schema tree."""

    def __init__(self, components: Json, *, is_request: bool) -> None:
        self._components = components
        self._is_request = is_request

    def adapt(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self.adapt(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        if self._is_request and schema.get("format") == "snowflake":
            return {"anyOf": [{"type": "string", "pattern": schema["pattern"]}, {"type": "integer", "minimum": 0}]}
        done = {key: self._adapt_value(key, value) for key, value in schema.items()}
        for key in ("oneOf", "anyOf"):
            if key in schema:
                done = self._adapt_union(done, key, schema[key])
        if "properties" in done and "additionalProperties" not in done and "allOf" not in done:
            done["additionalProperties"] = False
        if self._is_request and "integer" in _types(done) and "enum" not in done and "oneOf" not in schema:
            return _also_as_text(done)
        return done

    def _adapt_value(self, key: str, value: Any) -> Any:
        if key == "properties":
            return {name: self.adapt(one) for name, one in value.items()}
        if key in ("enum", "const", "required", "default", "examples"):
            return value
        return self.adapt(value)

    def _adapt_union(self, done: Json, key: str, branches: list[Json]) -> Json:
        adapted = done.pop(key)
        by_type: list[tuple[list[Any], Json]] = []
        rest: list[Json] = []
        for raw, branch in zip(branches, adapted, strict=True):
            values = self._type_values(raw)
            if values:
                by_type.append((values, branch))
            else:
                rest.append(branch)
        others = [one for one in adapted if not _is_null(one)]
        if len(others) == 1 and len(adapted) == 2:
            return done | _or_null(others[0])
        if len(by_type) < 2 or any(not _is_null(one) for one in rest):
            return done | {"anyOf": adapted}
        return done | _decide(by_type, nullable=bool(rest))

    def _type_values(self, schema: Json) -> list[Any]:
        target = schema
        if "$ref" in schema:
            target = self._components[schema["$ref"].removeprefix(_REF)]
        kind = target.get("properties", {}).get("type", {})
        values: list[Any] = kind.get("enum") or ([kind["const"]] if "const" in kind else [])
        return values if "type" in target.get("required", []) else []


def _decide(by_type: list[tuple[list[Any], Json]], *, nullable: bool) -> Json:
    known = [value for values, _ in by_type for value in values]
    if len(set(known)) != len(known):
        branches = [branch for _, branch in by_type]
        return {"anyOf": [*branches, {"type": "null"}] if nullable else branches}
    rules: list[Json] = [
        {"if": {"properties": {"type": {"enum": values}}, "required": ["type"]}, "then": branch}
        for values, branch in by_type
    ]
    shape: Json = {"type": "object", "required": ["type"], "properties": {"type": {"enum": known}}}
    decided: Json = {"allOf": [shape, *rules]}
    return _or_null(decided) if nullable else decided


def _or_null(schema: Json) -> Json:
    return {"if": {"type": "null"}, "else": schema}


def _also_as_text(schema: Json) -> Json:
    return {"if": {"type": "string"}, "then": {"pattern": r"^-?[0-9]+$"}, "else": schema}


def _types(schema: Json) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _is_null(schema: Json) -> bool:
    return schema.get("type") == "null"


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for one in schema for name in _references(one)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].removeprefix(_REF)] if isinstance(schema.get("$ref"), str) else []
    return own + [name for key, one in schema.items() if key != "$ref" for name in _references(one)]
