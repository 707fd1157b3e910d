"""Check, complete and resolve the parts of a message: components and embeds.

Sources: https://discord.com/developers/docs/components/reference and resources/message#embed-object.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count

from sandbox.discord.errors import invalid_form
from sandbox.discord.model import FLAG_COMPONENTS_V2, Attachment, Json, Message

ACTION_ROW, BUTTON = 1, 2
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
_ATTACHMENT = "attachment://"
_MAX_EMBED_CHARACTERS = 6000
_MAX_COMPONENTS = 40
_MAX_V2_CHARACTERS = 4000

Link = Callable[[Attachment], str]


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component in reading order, nested ones and accessories included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield from walk([component[key]])


def find_component(components: list[Json], custom_id: str) -> Json | None:
    """Return the component with that custom_id."""
    return next((one for one in walk(components) if one.get("custom_id") == custom_id), None)


def complete_components(components: list[Json], *, is_v2: bool) -> list[Json]:
    """Return a message's components with ids and defaults filled in; raise 50035 for what Discord refuses."""
    done = number_components(components)
    if is_v2:
        _check_v2(list(walk(done)))
    elif len(done) > 5 or any(one["type"] != ACTION_ROW for one in done):
        raise invalid_form(
            "components", "Must be 5 or fewer action rows without IS_COMPONENTS_V2", "UNION_TYPE_CHOICES"
        )
    for one in walk(done):
        # only forms know it; Discord drops it from messages
        one.pop("required", None)
    return done


def number_components(components: list[Json]) -> list[Json]:
    """Return a copy of a message's or form's components with ids and defaults filled in."""
    done = deepcopy(components)
    everything = list(walk(done))
    custom_ids = [one["custom_id"] for one in everything if one.get("custom_id")]
    if len(set(custom_ids)) != len(custom_ids):
        raise invalid_form("components", "Component custom id cannot be duplicated", "COMPONENT_CUSTOM_ID_DUPLICATED")
    taken = {one["id"] for one in everything if one.get("id")}
    fresh = (number for number in count(1) if number not in taken)
    for one in everything:
        if not one.get("id"):
            one["id"] = next(fresh)
        _fill(one)
    return done


def _check_v2(everything: list[Json]) -> None:
    if len(everything) > _MAX_COMPONENTS:
        raise invalid_form("components", "The maximum number of components is 40", "COMPONENT_MAX_TOTAL_COMPONENTS")
    text = sum(len(one.get("content") or "") for one in everything if one["type"] == TEXT_DISPLAY)
    if text > _MAX_V2_CHARACTERS:
        raise invalid_form("components", "The displayed text exceeds 4000 characters", "BASE_TYPE_MAX_LENGTH")


_DEFAULTS: dict[int, Json] = {
    CONTAINER: {"accent_color": None, "spoiler": False},
    FILE: {"spoiler": False, "name": None, "size": None},
    THUMBNAIL: {"spoiler": False, "description": None},
    SEPARATOR: {"spacing": 1, "divider": True},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}


def _fill(component: Json) -> None:
    _drop_nulls(component)
    kind = component["type"]
    for key, value in _DEFAULTS.get(kind, {}).items():
        component.setdefault(key, value)
    for option in component.get("options") or []:
        _drop_nulls(option)
    if kind == GALLERY:
        for item in component["items"]:
            item.setdefault("description", None)
            item.setdefault("spoiler", False)


def _drop_nulls(node: Json) -> None:
    for key in [key for key, value in node.items() if value is None]:
        del node[key]


def check_embeds(embeds: list[Json]) -> list[Json]:
    """Return embeds without empty fields; raise 50035 over 6000 characters in all."""
    total = 0
    done = []
    for embed in embeds:
        clean = {key: value for key, value in deepcopy(embed).items() if value is not None}
        clean["type"] = "rich"
        total += sum(len(clean.get(key) or "") for key in ("title", "description"))
        total += len((clean.get("footer") or {}).get("text") or "") + len((clean.get("author") or {}).get("name") or "")
        for field in clean.get("fields") or []:
            field.setdefault("inline", False)
            total += len(field["name"]) + len(field["value"])
        done.append(clean)
    if total > _MAX_EMBED_CHARACTERS:
        raise invalid_form("embeds", "Embed size exceeds maximum size of 6000", "MAX_EMBED_SIZE_EXCEEDED")
    return done


def resolve_embeds(message: Message, link: Link) -> list[Json]:
    """Return the embeds with `attachment://` addresses turned into signed ones."""
    embeds = deepcopy(message.embeds)
    for embed in embeds:
        for key in ("image", "thumbnail", "video"):
            if key in embed:
                embed[key] = _media(message, embed[key], link, in_embed=True)
    return embeds


def resolve_components(message: Message, link: Link) -> list[Json]:
    """Return the components with media addresses resolved, as Discord answers them."""
    components = deepcopy(message.components)
    for one in walk(components):
        if one["type"] == GALLERY:
            for item in one["items"]:
                item["media"] = _media(message, item["media"], link)
        elif one["type"] == THUMBNAIL:
            one["media"] = _media(message, one["media"], link)
        elif one["type"] == FILE:
            if found := _find(message, one["file"]["url"]):
                one["name"], one["size"] = found.filename, found.size
            one["file"] = _media(message, one["file"], link)
    return components


def _find(message: Message, url: str) -> Attachment | None:
    name = url.removeprefix(_ATTACHMENT)
    return next((one for one in message.attachments if url.startswith(_ATTACHMENT) and one.filename == name), None)


def _media(message: Message, media: Json, link: Link, *, in_embed: bool = False) -> Json:
    found = _find(message, media["url"])
    url = link(found) if found else media["url"]
    done: Json = {"url": url, "proxy_url": url}
    if found:
        done["content_type"] = found.content_type
    if in_embed and media.get("description"):
        done["description"] = media["description"]
    if not in_embed:
        done["id"] = str(found.id) if found else "0"
        if found:
            done["attachment_id"] = str(found.id)
    return done


def check_v2_body(body: Json, flags: int) -> None:
    """Raise 50035 when a Components V2 message also has content or embeds."""
    if not flags & FLAG_COMPONENTS_V2:
        return
    for field in ("content", "embeds", "sticker_ids", "poll"):
        if body.get(field):
            message = f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise invalid_form(field, message, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2")
