"""Draw the preview of a share: the post as it will be, and what can be chosen, all of it in the buttons' ids.

What is posted is what the pressed preview showed: nothing of it is kept anywhere else, so that two open previews of one
result cannot change each other.
"""

from dataclasses import dataclass, replace
from typing import Any

import discord

from bot import inert, refusals
from bot.language import tr
from bot.presses import Buttons, build_button, press_id
from bot.showcase_place import Stage
from bot.showcase_post import build_post, original_words
from jobs.job import Job
from jobs.shares import Choices

SET, TAGS, POST, CANCEL = "share_set", "share_tags", "share_post", "share_not"
_PROMPT, _COMPARE, _SPOILER = 1, 2, 4
_MOST_TAGS = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """Hold what a preview's button says: which job, what was chosen, and for which state of the showcase."""

    job_id: str
    choices: Choices
    stamp: str

    def subject(self, stage: Stage) -> str:
        """Return the draft as the subject of a button, at most 74 characters; tags by their place in the forum."""
        chosen = self.choices
        bits = chosen.prompt * _PROMPT | chosen.compare * _COMPARE | chosen.spoiler * _SPOILER
        mask = sum(1 << place for place, tag in enumerate(stage.tags) if tag.id in chosen.tags)
        return f"{self.job_id}.{bits}.{mask:x}.{self.stamp}"


def read_job_id(subject: str) -> str:
    """Return the job a preview's button speaks of; what else it says is read once the job is known to be theirs."""
    return subject.partition(".")[0]


def read_draft(subject: str, stage: Stage) -> Draft:
    """Return the draft of a button; raises UserError for one that is not ours.

    Where the showcase is another one now, or its tags are, no tag is taken over and the stamp differs.
    """
    parts = subject.split(".")
    try:
        job_id, bits, mask, stamp = parts[0], int(parts[1]), int(parts[2], 16), parts[3]
    except (IndexError, ValueError) as error:
        raise refusals.old_button() from error
    tags = tuple(tag.id for place, tag in enumerate(stage.tags) if mask >> place & 1) if stamp == stage.stamp else ()
    choices = Choices(bool(bits & _PROMPT), bool(bits & _COMPARE), bool(bits & _SPOILER), tags[:_MOST_TAGS])
    return Draft(job_id, choices, stamp)


def build_preview(job: Job, draft: Draft, stage: Stage, *, may_compare: bool, note: str = "") -> dict[str, Any]:
    """Return the preview's parts."""
    choices = replace(draft.choices, compare=draft.choices.compare and may_compare)
    draft = replace(draft, choices=choices, stamp=stage.stamp)
    text = tr(
        "This is how {result} will stand in {channel}, with its video. Nothing is shared until you press **Share**, "
        "and you can take it back at any time.",
        result=original_words(job),
        channel=f"<#{stage.channel_id}>",
    )
    embed = build_post(job, choices, compared=choices.compare)
    if choices.spoiler:
        embed.add_field(name=tr("Spoiler"), value=tr("the video is hidden until it is clicked"))
    chosen = [tag.name for tag in stage.tags if tag.id in choices.tags]
    if stage.tags:
        embed.add_field(name=tr("Tags"), value=", ".join(inert.code(name, 40) for name in chosen) or tr("none"))
    return {
        "content": f"{note}\n{text}" if note else text,
        "embed": embed,
        "view": _build_view(draft, stage, may_compare=may_compare),
    }


def _build_view(draft: Draft, stage: Stage, *, may_compare: bool) -> Buttons:
    chosen = draft.choices
    toggles = [
        (tr("Hide prompt") if chosen.prompt else tr("Show prompt"), replace(chosen, prompt=not chosen.prompt)),
        (tr("No spoiler") if chosen.spoiler else tr("Spoiler"), replace(chosen, spoiler=not chosen.spoiler)),
    ]
    if may_compare:
        label = tr("Video alone") if chosen.compare else tr("Before and after")
        toggles.insert(1, (label, replace(chosen, compare=not chosen.compare)))
    view = Buttons()
    for label, changed in toggles:
        view.add_item(build_button(SET, replace(draft, choices=changed).subject(stage), label))
    if stage.tags:
        view.add_item(_tag_menu(draft, stage))
    ready = not stage.requires_tag or bool(chosen.tags)
    post = build_button(POST, draft.subject(stage), tr("Share"), discord.ButtonStyle.success)
    post.disabled, post.row = not ready, 3
    cancel = build_button(CANCEL, draft.job_id, tr("Don't share"))
    cancel.row = 3
    view.add_item(post)
    view.add_item(cancel)
    return view


def _tag_menu(draft: Draft, stage: Stage) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(label=tag.name, value=str(tag.id), default=tag.id in draft.choices.tags)
        for tag in stage.tags
    ]
    needed = tr("Tags: at least one") if stage.requires_tag else tr("Tags")
    return discord.ui.Select(
        custom_id=press_id(TAGS, draft.subject(stage)),
        placeholder=needed,
        options=options,
        min_values=1 if stage.requires_tag else 0,
        max_values=min(_MOST_TAGS, len(options)),
        row=2,
    )
