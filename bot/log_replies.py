"""Say what a moderator did: to whom, what stood before and after, and why."""

from bot import inert
from bot.language import tr, tr_known
from bot.quota_replies import allowance_words
from bot.replies import relative_time, state_word
from jobs.admin import Deed, Facts, LogEntry, Target, TargetKind
from jobs.job import State
from jobs.quota import Allowance, Period

ARROW = "\N{RIGHTWARDS ARROW}"


def deed_words(deed: Deed) -> str:
    """Return what was done."""
    words = {
        Deed.SET_QUOTA: tr("set the quota"),
        Deed.SET_BUDGET: tr("set the server's budget"),
        Deed.SET_CHANNEL: tr("set where edits are made"),
        Deed.SET_ROLE: tr("set who may edit"),
        Deed.SET_SHOWCASE: tr("set the showcase"),
        Deed.SET_ALERTS: tr("set the alerts"),
        Deed.ADD_WORD: tr("blocked a word"),
        Deed.REMOVE_WORD: tr("let a word through"),
        Deed.PAUSE: tr("paused new edits"),
        Deed.RESUME: tr("resumed new edits"),
        Deed.BLOCK: tr("blocked"),
        Deed.UNBLOCK: tr("let in again"),
        Deed.GRANT_BONUS: tr("gave a bonus"),
        Deed.REVOKE_BONUS: tr("ended a bonus"),
        Deed.RESET_QUOTA: tr("reset the use"),
        Deed.CANCEL_JOB: tr("cancelled an edit"),
        Deed.RETRY_JOB: tr("retried an edit"),
        Deed.REDELIVER_JOB: tr("delivered an edit again"),
        Deed.ADD_STYLE: tr("added a style"),
        Deed.EDIT_STYLE: tr("changed a style"),
        Deed.REMOVE_STYLE: tr("removed a style"),
        Deed.DELETE_RESULT: tr("deleted a result"),
        Deed.SHARE_RESULT: tr("shared a result"),
        Deed.WITHDRAW_SHARE: tr("took a result out of the showcase"),
        Deed.EXPORT_LOG: tr("exported the log"),
    }
    return words[deed]


def target_words(target: Target) -> str:
    """Return whom or what it was done to; empty for the server itself."""
    match target.kind:
        case TargetKind.SERVER:
            return ""
        case TargetKind.USER:
            return f"<@{target.name}>"
        case TargetKind.ROLE:
            return f"<@&{target.name}>"
        case TargetKind.CHANNEL:
            return f"<#{target.name}>"
        case TargetKind.JOB:
            owner = f" (<@{target.user_id}>)" if target.user_id else ""
            return f"{inert.code(target.name, 60)}{owner}"
    return inert.code(target.name, 60)


def facts_words(facts: Facts | None) -> str:
    """Return what stood at one side of a change."""
    if facts is None:
        return tr("nothing")
    if "at_once" in facts:
        return allowance_words(_allowance(facts))
    words = [text for key, value in facts.items() if (text := _fact_words(key, value, facts))]
    return tr(", ").join(words) or tr("nothing")


def _allowance(facts: Facts) -> Allowance:
    edits, at_once = facts.get("edits"), facts.get("at_once")
    return Allowance(
        edits if isinstance(edits, int) else None,
        Period(str(facts.get("period", Period.DAY))),
        at_once if isinstance(at_once, int) else None,
    )


def _fact_words(key: str, value: object, facts: Facts) -> str:
    if key.endswith("_ms"):
        return _time_words(key, value)
    match key:
        case "edits":
            return allowance_words(_allowance(facts))
        case "channel_id":
            return f"<#{value}>"
        case "verdict":
            return tr("allowed") if value == "allow" else tr("denied")
        case "count":
            return tr("+{count}", count=value)
        case "state" | "hold" | "word" | "prompt" | "code":
            return _text_words(key, str(value)) if value else ""
        case "period" | "id" | "blocked_by" | "paused_by" | "reason":
            return ""  # the reason stands below the entry, the others in its first line
    return f"{inert.code(key, 20)} {inert.code(str(value), 60)}"


def _text_words(key: str, text: str) -> str:
    if key == "state" and text in list(State):
        return state_word(State(text))
    return inert.prose(tr_known(text), 80) if key == "hold" else inert.code(text, 80)


def _time_words(key: str, value: object) -> str:
    if key in ("reset_at_ms", "paused_at_ms") and isinstance(value, int):
        return relative_time(value)
    if isinstance(value, int):
        return tr("until {when}", when=relative_time(value))
    return tr("for good")


def entry_words(entry: LogEntry) -> str:
    """Return an entry of the log in two or three lines."""
    target = target_words(entry.target)
    head = f"**{entry.number}** {relative_time(entry.at_ms)} <@{entry.actor_id}> {deed_words(entry.deed)}"
    lines = [f"{head}: {target}" if target else head]
    if entry.before is not None or entry.after is not None:
        lines.append(f"-# {facts_words(entry.before)} {ARROW} {facts_words(entry.after)}")
    if entry.reason:
        lines.append(f"> {inert.prose(entry.reason, 150)}")
    return "\n".join(lines)


def change_words(entry: LogEntry | None) -> str:
    """Confirm a change by its entry in the log; None: it was so already."""
    if entry is None:
        return tr("Nothing has changed: it was so already.")
    target = target_words(entry.target)
    change = f"{facts_words(entry.before)} {ARROW} {facts_words(entry.after)}"
    done = deed_words(entry.deed)
    return f"\N{WHITE HEAVY CHECK MARK} {done}{f' · {target}' if target else ''}\n{change}"
