"""Say in ten lines what quotas must do, as a list of uses and nothing else."""

from dataclasses import dataclass

from jobs.quota import Allowance


@dataclass
class Edit:
    """Hold one edit: when it was let in, what it was drawn from, how it stands."""

    guild: int
    begun_ms: int
    bonus: str | None
    state: str = "reserved"
    ended_ms: int = 0


def may_begin(
    edits: list[Edit], guild: int, rule: Allowance, bonuses: dict[str, tuple[int, int]], reset_ms: int, now_ms: int
) -> bool:
    """Tell whether one more edit may begin; `bonuses` are the counts and ends of this server's."""
    mine = [edit for edit in edits if edit.guild == guild and edit.state != "released"]
    window = [edit for edit in mine if edit.begun_ms > now_ms - rule.period.span_ms and edit.bonus is None]
    used = sum(edit.state == "reserved" or edit.ended_ms > reset_ms for edit in window)
    alive = [(name, count) for name, (count, end_ms) in bonuses.items() if end_ms > now_ms]
    extra = sum(max(0, count - sum(edit.bonus == name for edit in mine)) for name, count in alive)
    at_once = sum(edit.state == "reserved" for edit in mine)
    return at_once < (rule.at_once or 99) and (used < (rule.edits or 0) or extra > 0)
