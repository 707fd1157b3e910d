"""Turn the body of a create or edit request into a message."""

import re
from dataclasses import fields, replace
from typing import Any

from sandbox.discord.cdn import Cdn, clean_filename
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.message_parts import check_embeds, check_v2_body, complete_components
from sandbox.discord.model import (
    FLAG_COMPONENTS_V2,
    FLAG_EPHEMERAL,
    FLAG_SUPPRESS_EMBEDS,
    Attachment,
    Json,
    Message,
)
from sandbox.discord.uploads import Body, Upload
from sandbox.discord.world import World

_SETTABLE_FLAGS = FLAG_SUPPRESS_EMBEDS | 1 << 12 | FLAG_COMPONENTS_V2
_MAX_CONTENT = 2000
_MAX_FILES = 10
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")


class Composer:
    """Write message bodies into messages, storing their files."""

    def __init__(self, world: World, cdn: Cdn) -> None:
        self._world = world
        self._cdn = cdn

    def fill(self, message: Message, body: Body, limit_bytes: int, *, flags: int = _SETTABLE_FLAGS) -> None:
        """Write a new message's body; files over `limit_bytes` raise 413/40005, an empty message 50006."""
        data = _as_object(body.json)
        message.tts = bool(data.get("tts"))
        message.flags |= int(data.get("flags") or 0) & (flags | FLAG_EPHEMERAL)
        self._write(message, data, body, limit_bytes)
        for name in ("poll", "sticker_ids", "shared_client_theme"):
            if data.get(name):
                raise invalid_form(name, "The local Discord does not know this field")
        if not (message.content or message.embeds or message.components or message.attachments):
            raise DiscordError(50006)

    def change(self, message: Message, body: Body, limit_bytes: int) -> None:
        """Write an edit's body over a message, all of it or nothing; fields that are not given stay."""
        data = _as_object(body.json)
        draft = replace(message, attachments=list(message.attachments))
        self._change(draft, data, body, limit_bytes)
        for field in fields(draft):
            setattr(message, field.name, getattr(draft, field.name))

    def _change(self, message: Message, data: Json, body: Body, limit_bytes: int) -> None:
        if data.get("flags") is not None:
            wanted = int(data["flags"])
            if message.flags & FLAG_COMPONENTS_V2 and not wanted & FLAG_COMPONENTS_V2:
                raise invalid_form("flags", "IS_COMPONENTS_V2 cannot be removed", "MESSAGE_FLAGS_INVALID")
            message.flags = message.flags & ~_SETTABLE_FLAGS | wanted & _SETTABLE_FLAGS
        self._write(message, data, body, limit_bytes)
        if not (message.content or message.embeds or message.components or message.attachments):
            raise DiscordError(50006)

    def _write(self, message: Message, data: Json, body: Body, limit_bytes: int) -> None:
        check_v2_body(data, message.flags)
        if "content" in data:
            message.content = _check_content(data["content"])
        if "embeds" in data:
            message.embeds = check_embeds(data["embeds"] or [])
        if "components" in data:
            is_v2 = bool(message.flags & FLAG_COMPONENTS_V2)
            message.components = complete_components(data["components"] or [], is_v2=is_v2)
        self._write_attachments(message, data.get("attachments"), body, limit_bytes)
        if "content" in data or "allowed_mentions" in data or "components" in data:
            self._write_mentions(message, data.get("allowed_mentions"))

    def _write_attachments(self, message: Message, listed: list[Json] | None, body: Body, limit_bytes: int) -> None:
        if any(upload.size > limit_bytes for upload in body.files):
            raise DiscordError(40005)
        entries = {int(entry["id"]): entry for entry in listed or []}
        if listed is not None:
            message.attachments = [one for one in message.attachments if one.id in entries]
            for one in message.attachments:
                one.description = entries[one.id].get("description", one.description)
        if len(message.attachments) + len(body.files) > _MAX_FILES:
            raise invalid_form("attachments", "Must be 10 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
        for upload in body.files:
            message.attachments.append(self._keep(message, upload, entries.get(upload.index, {})))

    def _keep(self, message: Message, upload: Upload, entry: Json) -> Attachment:
        if entry.get("filename"):
            upload.filename = entry["filename"]
        is_private = message.ephemeral_to is not None
        kept = self._cdn.keep(self._world.ids.next(), message.channel_id, upload, ephemeral=is_private)
        kept.description = entry.get("description")
        kept.title = entry.get("title")
        if entry.get("is_spoiler") and not kept.filename.startswith("SPOILER_"):
            kept.filename = clean_filename(f"SPOILER_{kept.filename}")
        return kept

    def _write_mentions(self, message: Message, allowed: Json | None) -> None:
        text = message.content + " ".join(_texts(message.components))
        users = [user_id for user_id in _ids(_USER, text) if user_id in self._world.users]
        roles = _ids(_ROLE, text)
        everyone = "@everyone" in text or "@here" in text
        if allowed is not None:
            parse = allowed.get("parse") or []
            if "users" not in parse:
                named = {int(one) for one in allowed.get("users") or []}
                users = [user_id for user_id in users if user_id in named]
            if "roles" not in parse:
                named = {int(one) for one in allowed.get("roles") or []}
                roles = [role_id for role_id in roles if role_id in named]
            everyone = everyone and "everyone" in parse
        if message.reply_to and message.webhook_id is None and (allowed is None or allowed.get("replied_user")):
            replied = self._world.messages.get(message.reply_to[0], {}).get(message.reply_to[1])
            if replied and replied.author_id not in users:
                users.append(replied.author_id)
        message.mentions, message.mention_roles, message.mention_everyone = users, roles, everyone


def _ids(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(found) for found in pattern.findall(text)))


def _texts(components: list[Json]) -> list[str]:
    found = [str(one["content"]) for one in components if one["type"] == 10]
    for one in components:
        found += _texts(one.get("components") or [])
    return found


def _check_content(content: Any) -> str:
    if content is None:
        return ""
    if len(str(content)) > _MAX_CONTENT:
        raise invalid_form("content", "Must be 2000 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    return str(content).strip()


def _as_object(data: Any) -> Json:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise invalid_form("", "Only dictionaries may be used in a DictType", "DICT_TYPE_CONVERT")
    return data
