"""Do one task on one file in a child forked for it, answering on stdout; the orders come on stdin, a socket."""

import json
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `python -I` leaves it out

from media.inside.answers import Refusal, rule_of, say
from media.inside.confine import confine
from media.inside.fork_server import ForkServer
from media.inside.landlock import wall_in
from media.inside.tasks import TASKS


def main() -> None:
    """Fork children as ordered."""
    server = os.getpid()

    def work(task: str, arguments: str, limits: str) -> int:
        confine(json.loads(limits), server)
        wall_in(Path.cwd())
        try:
            say({"result": TASKS[task](**json.loads(arguments))})
        except Refusal as refusal:
            say({"refused": refusal.rule, "value": refusal.value})
        except Exception as error:
            say({"refused": rule_of(error), "value": type(error).__name__})
        return 0

    ForkServer(socket.socket(fileno=0), work).serve()


if __name__ == "__main__":
    main()
