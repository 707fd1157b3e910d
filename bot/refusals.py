"""Refuse what cannot be done to an edit or its result, in words for the person who asked."""

from jobs.errors import UnusableClipError, UserError


def job_gone() -> UserError:
    """Say that an edit is unknown: never made, erased, or of another server."""
    return UserError("I don't know that edit any more.", rule="job")


def made_elsewhere(code: str) -> UserError:
    """Say that one's own edit was made in another server, where its channels and rights are."""
    return UserError(
        "You made `{code}` in another server. Ask for it there, or in direct messages with me.", rule="job", code=code
    )


def not_yours() -> UserError:
    """Say that only its member may do this."""
    return UserError(
        "Only the member who asked for this edit can do that. Make your own with `/luma modify`.", rule="member"
    )


def not_yours_to_delete() -> UserError:
    """Say who may delete a result."""
    return UserError(
        "Only the member who asked for this edit, or a moderator above them, can delete it.", rule="member"
    )


def deleted() -> UserError:
    """Say that a result was taken back."""
    return UserError("This result was deleted, so nothing can be made from it any more.", rule="deleted")


def source_deleted() -> UserError:
    """Say that the result an edit was made from was taken back."""
    return UserError("The result this edit was made from was deleted, so it can't be made again.", rule="deleted")


def no_result() -> UserError:
    """Say that an edit has no video."""
    return UserError("This edit has no finished video.", rule="state")


def result_gone() -> UnusableClipError:
    """Say that a video is kept no longer, neither by us nor on its message."""
    return UnusableClipError(
        "I no longer keep that video, and the message with it is gone. Please run `/luma modify` with the clip itself.",
        rule="kept",
    )


def only_link(url: str) -> UserError:
    """Say that of a video kept no longer nothing stands but a link, which may have ended."""
    return UserError(
        "I no longer keep that video. Its message has a link, which may have ended by now: {link}",
        rule="kept",
        link=url,
    )


def clip_expired() -> UnusableClipError:
    """Say that a clip can be read no more."""
    return UnusableClipError(
        "I can't read that clip any more: its link has expired. Please run `/luma modify` with the clip.", rule="clip"
    )


def link_expired() -> UnusableClipError:
    """Say that a Discord link has ended and what works in its place."""
    return UnusableClipError(
        "That Discord link has expired. Give the link of the message with the video instead, or attach the clip "
        "itself.",
        rule="link",
    )


def too_slow() -> UserError:
    """Say that Discord took too long."""
    return UserError("Discord did not answer in time. Please press again in a moment.", rule="discord")


def not_comparable() -> UserError:
    """Say that a video to compare is kept no longer."""
    return UserError(
        "I no longer keep both videos, so I can't put them side by side. Newer edits can be compared.", rule="kept"
    )


def old_button() -> UserError:
    """Say that a button is of another version."""
    return UserError("This button is from an older version of me and does nothing any more.", rule="button")


def not_yours_to_cancel() -> UserError:
    """Say who may cancel an edit."""
    return UserError(
        "Only the member who asked for this edit, or a moderator above them, can cancel it.", rule="member"
    )
