"""Visit every scene of the model within a number of faults, and say which promise each of them breaks."""

from collections import deque
from dataclasses import dataclass, field

from tests.jobs.model import CANCEL, NOWHERE, Explorer, Move, Rules, Scene


@dataclass
class Findings:
    """Hold what an exploration found: per broken promise the fewest faults, and how the first such scene came about."""

    scenes: int
    broken: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    @property
    def fewest(self) -> dict[str, int]:
        """Return the fewest faults that break each promise."""
        return {promise: faults for promise, (faults, _path) in self.broken.items()}


def explore(rules: Rules, budget: int) -> Findings:
    """Visit every scene that at most `budget` faults lead to."""
    explorer = Explorer(rules)
    reached: dict[Scene, tuple[int, Scene | None, str]] = {explorer.first: (0, None, "")}
    layer, faults = [explorer.first], 0
    calm: dict[Scene, list[Scene]] = {}
    unlawful: dict[str, tuple[int, Scene]] = {}
    while layer:
        following: dict[Scene, tuple[Scene, Move]] = {}
        queue = deque(layer)
        while queue:
            scene = queue.popleft()
            for move in explorer.moves(scene):
                if not explorer.is_lawful(scene, move.after):
                    unlawful.setdefault("moved unlawfully", (faults + bool(move.fault), scene))
                if not move.fault:
                    if move.what != CANCEL:
                        calm.setdefault(move.after, []).append(scene)
                    if move.after not in reached:
                        reached[move.after] = (faults, scene, move.what)
                        queue.append(move.after)
                elif faults < budget:
                    following.setdefault(move.after, (scene, move))
        faults += 1
        layer = []
        for after, (before, move) in following.items():
            if after not in reached:
                reached[after] = (faults, before, move.what)
                layer.append(after)
    findings = _judge(explorer, reached, calm)
    for promise, (count, scene) in unlawful.items():
        findings.broken[promise] = (count, _path(reached, scene))
    return findings


def _judge(
    explorer: Explorer, reached: dict[Scene, tuple[int, Scene | None, str]], calm: dict[Scene, list[Scene]]
) -> Findings:
    findings = Findings(len(reached))
    for scene, (faults, _before, _what) in reached.items():
        for promise in broken_by(explorer, scene):
            if faults < findings.broken.get(promise, (99, []))[0]:
                findings.broken[promise] = (faults, _path(reached, scene))
    stuck = set(reached) - _leads_to_rest(explorer, reached, calm)
    for scene in stuck:
        if reached[scene][0] < findings.broken.get("stuck", (99, []))[0]:
            findings.broken["stuck"] = (reached[scene][0], _path(reached, scene))
    return findings


def _leads_to_rest(
    explorer: Explorer, reached: dict[Scene, tuple[int, Scene | None, str]], calm: dict[Scene, list[Scene]]
) -> set[Scene]:
    """Return the scenes from which the job ends though nothing goes wrong any more and nobody cancels."""
    good = {scene for scene in reached if is_at_rest(explorer, scene)}
    queue = deque(good)
    while queue:
        for before in calm.get(queue.popleft(), ()):
            if before not in good and before in reached:
                good.add(before)
                queue.append(before)
    return good


def is_at_rest(explorer: Explorer, scene: Scene) -> bool:
    """Tell whether everything has ended: the job, every task, every callback, every step."""
    return (
        scene.up
        and not explorer.is_open(scene)
        and not scene.calls
        and scene.step is scene.ghost is None
        and all(status != "running" for _number, status in scene.tasks)
    )


def broken_by(explorer: Explorer, scene: Scene) -> list[str]:
    """Name the promises a scene breaks."""
    state = explorer.field(scene, "state")
    code = explorer.failure_code(scene)
    is_open = explorer.is_open(scene)
    was_told_unknown = "failure outcome_unknown" in scene.posted
    rules = {
        "paid twice": len(scene.tasks) > 1,
        "result posted twice": scene.posted.count("result") > 1,
        "failure told twice": any(scene.posted.count(each) > 1 for each in set(scene.posted) - {"result", NOWHERE}),
        "told of two ends": len(set(scene.posted) - {NOWHERE}) > 1 and not was_told_unknown and code != "undeliverable",
        "cancelled and yet delivered": state == "cancelled" and "result" in scene.posted,
        "delivered and not told": state == "delivered" and "result" not in scene.posted,
        "failed and not told": state == "failed" and not (set(scene.posted) or scene.late),
        "reservation left": not is_open and scene.reservation == "reserved",
        "reservation lost": (is_open and scene.reservation == "settled")
        or (state in ("queued", "submitting") and scene.reservation != "reserved"),
        "charged for a failure": state == "failed" and scene.reservation == "settled",
        "orphan": is_at_rest(explorer, scene)
        and any(status == "done" for _number, status in scene.tasks)
        and state == "failed"
        and code == "outcome_unknown",
    }
    return [promise for promise, is_broken in rules.items() if is_broken]


def _path(reached: dict[Scene, tuple[int, Scene | None, str]], scene: Scene) -> list[str]:
    path: list[str] = []
    at: Scene | None = scene
    while at is not None:
        _faults, before, what = reached[at]
        path.append(what)
        at = before
    return path[::-1]
