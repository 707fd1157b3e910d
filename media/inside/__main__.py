"""Do one task on one file in this process and answer on stdout: `__main__.py TASK ARGUMENTS LIMITS`, both JSON."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `python -I` leaves it out

from media.inside.answers import Refusal, say
from media.inside.confine import confine
from media.inside.walls import wall_in


def main() -> int:
    """Run the task named by the command line."""
    task, arguments, limits = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    confine(limits)
    from media.inside.tasks import TASKS  # noqa: PLC0415 - FFmpeg is loaded under the limits

    wall_in(Path.cwd())

    try:
        say({"result": TASKS[task](**arguments)})
    except Refusal as refusal:
        say({"refused": refusal.rule, "value": refusal.value})
    except Exception as error:
        say({"refused": "unreadable", "value": type(error).__name__})
    return 0


if __name__ == "__main__":
    sys.exit(main())
