"""Say what a member may have and why, or why not: every word is made from the decision itself."""

from collections.abc import Sequence

from bot import inert
from bot.language import tr, trn
from bot.replies import relative_time
from jobs.access import Access, Barrier, Block
from jobs.quota import Allowance, BonusLeft, Decision, Origin, Period, Refusal, Rule

_NAMED_JOBS = 5
_NAMED_BONUSES = 5
# Whose `next_free_at_ms` is not that of the allowance.
_OF_OTHER_LIMITS = (Refusal.BUDGET_DAY, Refusal.BUDGET_MONTH, Refusal.UNCOUNTED)


def allowance_words(allowance: Allowance) -> str:
    """Return "15 a day, 3 at once"."""
    words = _edits_words(allowance)
    if allowance.at_once is None:
        return words
    return tr("{edits}, {count} at once", edits=words, count=allowance.at_once)


def _edits_words(allowance: Allowance) -> str:
    if allowance.edits is None:
        return tr("no limit")
    match allowance.period:
        case Period.DAY:
            return tr("{count} a day", count=allowance.edits)
        case Period.WEEK:
            return tr("{count} a week", count=allowance.edits)
    return tr("{count} a month", count=allowance.edits)


def rule_words(rule: Rule) -> str:
    """Return "15 a day from @Creator"."""
    words = allowance_words(rule.allowance)
    match rule.origin:
        case Origin.USER:
            return tr("{allowance}, set personally", allowance=words)
        case Origin.ROLE:
            return tr("{allowance} from {role}", allowance=words, role=f"<@&{rule.role_id}>")
    return tr("{allowance} by default", allowance=words)


def bonus_words(left: BonusLeft) -> str:
    """Return "+5 until Friday"."""
    if left.bonus.expires_at_ms is None:
        return tr("+{count}", count=left.left)
    return tr("+{count} until {when}", count=left.left, when=relative_time(left.bonus.expires_at_ms))


def explain(decision: Decision) -> str:
    """Return "15 a day from @Creator, +5 until Friday; 14 used; next one free in 2 hours"."""
    rule = tr(", ").join([rule_words(decision.rule), *first_bonuses(decision.bonuses)])
    used = tr("{count} used", count=decision.used)
    parts = [rule, used]
    if decision.open:
        parts.append(trn("{count} of them still open", "{count} of them still open", decision.open))
    if decision.next_free_at_ms is not None and decision.refusal not in _OF_OTHER_LIMITS:
        parts.append(tr("next one free {when}", when=relative_time(decision.next_free_at_ms)))
    return tr("; ").join(parts)


def first_bonuses(bonuses: Sequence[BonusLeft]) -> list[str]:
    """Return the bonuses that drain first, each in words, and how much all the others hold together."""
    words = [bonus_words(each) for each in bonuses[:_NAMED_BONUSES]]
    more = bonuses[_NAMED_BONUSES:]
    return [*words, tr("+{count} from more bonuses", count=sum(each.left for each in more))] if more else words


def left_words(decision: Decision) -> str:
    """Return how many more edits may begin by the allowance and its bonuses together."""
    if decision.left is None:
        return tr("no limit")
    return str(decision.left + sum(each.left for each in decision.bonuses))


def refusal_words(decision: Decision, *, in_server: bool = True) -> str:
    """Say which limit stands in the way, why it is what it is, and the way out; nothing was counted."""
    match decision.refusal:
        case Refusal.AGAIN:
            return tr("This edit is being made again already.")
        case Refusal.AT_ONCE:
            return _at_once(decision)
        case Refusal.OPEN_JOBS:
            return _open_jobs(decision)
        case Refusal.BUDGET_DAY | Refusal.BUDGET_MONTH:
            return _budget(decision, in_server=in_server)
        case Refusal.SERVER_OPEN | Refusal.ALL_OPEN | Refusal.UNCOUNTED:
            return tr("{why} Nothing was counted.", why=busy_words(decision))
    if decision.rule.allowance.edits == 0:
        return tr("You may not make edits here ({why}). Nothing was counted.", why=explain(decision))
    return tr("You have no edits left ({why}). Nothing was counted.", why=explain(decision))


def _at_once(decision: Decision) -> str:
    return tr(
        "You have {open} open edits here{codes}, and your limit is {count} at once ({why}). "
        "Wait for one to finish, or cancel one with `/luma cancel`. Nothing was counted.",
        open=decision.open,
        codes=_codes(decision),
        count=decision.rule.allowance.at_once,
        why=explain(decision),
    )


def _open_jobs(decision: Decision) -> str:
    return tr(
        "You have {open} open edits in all places together{codes}, and {count} at once is the limit for everybody. "
        "Wait for one to finish, or cancel one with `/luma cancel`. Nothing was counted.",
        open=len(decision.open_codes),
        codes=_codes(decision),
        count=decision.policies.open_jobs,
    )


def busy_words(decision: Decision) -> str:
    """Say which cap stands in the way that neither allowance nor budget shows; empty when none does."""
    if decision.refusal is Refusal.SERVER_OPEN:
        return tr(
            "This server has {count} open edits, as many as it may have together. "
            "Please try again when some have finished.",
            count=decision.policies.server_open,
        )
    if decision.refusal is Refusal.ALL_OPEN:
        return tr(
            "I have {count} open edits, as many as I can take. Please try again in a few minutes.",
            count=decision.policies.all_open,
        )
    if decision.refusal is not Refusal.UNCOUNTED:
        return ""
    return tr(
        "{count} of your edits ended in the last hour without being counted, cancelled or failed, and no more may. "
        "You can begin the next one {when}.",
        count=decision.policies.uncounted_per_hour,
        when=relative_time(decision.next_free_at_ms or 0),
    )


def _codes(decision: Decision) -> str:
    codes = ", ".join(f"`{code}`" for code in decision.open_codes[:_NAMED_JOBS])
    return f" ({codes})" if codes else ""


def _budget(decision: Decision, *, in_server: bool) -> str:
    sentence = _budget_words(decision, in_server=in_server)
    if decision.next_free_at_ms is None:
        return tr("{budget} Nothing was counted.", budget=sentence)
    return tr(
        "{budget} The next one comes free {when}. Nothing was counted.",
        budget=sentence,
        when=relative_time(decision.next_free_at_ms),
    )


def _budget_words(decision: Decision, *, in_server: bool) -> str:
    day, month = decision.policies.budget_day, decision.policies.budget_month
    if decision.refusal is Refusal.BUDGET_DAY:
        if in_server:
            return tr("This server has used all of its {count} edits a day.", count=day)
        return tr("All {count} edits a day in direct messages with me are used.", count=day)
    if in_server:
        return tr("This server has used all of its {count} edits a month.", count=month)
    return tr("All {count} edits a month in direct messages with me are used.", count=month)


def limit_words(decision: Decision | Access, *, in_server: bool = True) -> str:
    """Say what keeps an edit from beginning, in a server or in direct messages."""
    if isinstance(decision, Decision):
        return refusal_words(decision, in_server=in_server)
    return access_words(decision)


# --- kept out --------------------------------------------------------------------------------------------------------


def access_words(access: Access) -> str:
    """Say what keeps somebody out here, and what would do."""
    match access.barrier:
        case Barrier.CHANNEL:
            return _channel_words(access)
        case Barrier.ROLE:
            return _role_words(access)
        case Barrier.BLOCK:
            return _block_words(access)
        case Barrier.PAUSE:
            return _pause_words(access)
    return tr("Nothing keeps you out.")


def _channel_words(access: Access) -> str:
    if access.denied_id is not None:
        return tr("I may not be used in {channel}. Nothing was counted.", channel=f"<#{access.denied_id}>")
    channels = ", ".join(f"<#{channel_id}>" for channel_id in access.allowed_ids[:_NAMED_JOBS])
    return tr("I may be used in these channels only: {channels}. Nothing was counted.", channels=channels)


def _role_words(access: Access) -> str:
    if access.denied_id is not None:
        return tr("Members with {role} may not use me here. Nothing was counted.", role=f"<@&{access.denied_id}>")
    roles = ", ".join(f"<@&{role_id}>" for role_id in access.allowed_ids[:_NAMED_JOBS])
    return tr("Only members with one of these roles may use me here: {roles}. Nothing was counted.", roles=roles)


def _block_words(access: Access) -> str:
    block = access.block
    reason = f"\n> {inert.prose(block.reason)}" if block and block.reason else ""
    if block is None or block.until_ms is None:
        return tr("A moderator has blocked you from using me in this server.") + reason
    return (
        tr(
            "A moderator has blocked you from using me in this server; it ends {when}.",
            when=relative_time(block.until_ms),
        )
        + reason
    )


def _pause_words(access: Access) -> str:
    reason = f"\n> {inert.prose(access.pause.reason)}" if access.pause and access.pause.reason else ""
    return tr("This server takes no new edits for now. Nothing was counted.") + reason


def standing_words(access: Access) -> str:
    """Say to a moderator what keeps a member out of all channels; empty when nothing does."""
    match access.barrier:
        case Barrier.BLOCK if access.block is not None:
            return block_words(access.block)
        case Barrier.PAUSE:
            return tr("The whole server is paused.")
        case Barrier.ROLE if access.denied_id is not None:
            return tr("Kept out by {role}.", role=f"<@&{access.denied_id}>")
        case Barrier.ROLE:
            return tr("Has none of the roles that may use me.")
    return ""


def block_words(block: Block, reason_chars: int = 300) -> str:
    """Say who blocked a member, when, until when and why, in at most so many characters of the reason."""
    ends = tr("until {when}", when=relative_time(block.until_ms)) if block.until_ms else tr("for good")
    words = tr(
        "Blocked {ends} by {moderator} {when}",
        ends=ends,
        moderator=f"<@{block.blocked_by}>",
        when=relative_time(block.blocked_at_ms),
    )
    return f"{words}: {inert.prose(block.reason, reason_chars)}" if block.reason else words
