"""Check the options of a command; every refusal names the rule, the value and the way out."""

import re
import unicodedata

from bot import inert
from jobs.errors import InvalidRequestError
from jobs.services import Abilities

PROMPT_CHARS = 800  # of a command's option; the service chosen may take fewer
LINK_CHARS = 2048
START_CHARS = 12
WATERMARK_CHARS = 50
_MOMENT = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)(?: ?s)?", re.ASCII)


def read_prompt(text: str, abilities: Abilities) -> str:
    """Return the prompt as it is sent: cleaned, English letters, within the service's limit of characters."""
    prompt = inert.clean(text)
    if not prompt:
        raise InvalidRequestError("The prompt is empty. Say in a sentence how the clip should look.", rule="prompt")
    if len(prompt) > abilities.prompt_chars:
        raise InvalidRequestError(
            "The prompt has {count} characters; {title} takes at most {limit}. Please shorten it.",
            rule="prompt",
            count=len(prompt),
            title=abilities.title,
            limit=abilities.prompt_chars,
        )
    foreign = find_foreign_word(prompt)
    if foreign is not None:
        raise InvalidRequestError(
            "{title} understands English only, and {word} is in another script. Please write the prompt in English.",
            rule="prompt",
            title=abilities.title,
            word=inert.code(foreign, 40),
        )
    return prompt


def find_foreign_word(prompt: str) -> str | None:
    """Return the first word with a letter of another script than Latin."""
    for word in unicodedata.normalize("NFKC", prompt).split():
        if any(letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN") for letter in word):
            return word
    return None


def read_start(text: str | None) -> float:
    """Return where a clip's cut begins, in seconds, from "12", "12.5", "1:04" or "1:02:03"; 0 for nothing."""
    given = (text or "").strip()
    if not given:
        return 0.0
    match = _MOMENT.fullmatch(given)
    if match is None or (match[2] and float(match[3].replace(",", ".")) >= 60):
        raise InvalidRequestError(
            "I can't read {given} as the `start` of the cut. Give seconds, such as `12`, or minutes and seconds, such "
            "as `1:04`.",
            rule="start",
            given=inert.code(given, 40),
        )
    hours, minutes, seconds = int(match[1] or 0), int(match[2] or 0), float(match[3].replace(",", "."))
    return hours * 3600 + minutes * 60 + seconds


def read_watermark(text: str | None, abilities: Abilities) -> str:
    """Return the watermark's text, empty for none."""
    watermark = inert.one_line(text or "", 10_000)
    if not watermark:
        return ""
    if not abilities.watermark:
        raise InvalidRequestError(
            "{title} can't draw a watermark. Please leave `watermark` out.", rule="watermark", title=abilities.title
        )
    if len(watermark) > WATERMARK_CHARS:
        raise InvalidRequestError(
            "The watermark has {count} characters; at most {limit} fit. Please shorten it.",
            rule="watermark",
            count=len(watermark),
            limit=WATERMARK_CHARS,
        )
    return watermark
