"""Be one of many people at the local Discord, as a process of its own that knows HTTP alone.

`python -m tests.race_client HOST:PORT CLIP TRIES` prints a line once it is ready. For each line of JSON on its standard
input, {"user": id, "channel": id}, it runs that many commands one after another, and prints as JSON what was said
each time to the person alone: empty where a card was posted for all, "failed" where nothing came.
"""

import http.client
import json
import sys
from pathlib import Path

_BOUNDARY = "race"


def main(address: str, clip: Path, tries: int) -> None:
    """Take part until the input ends."""
    content = clip.read_bytes()
    _say("ready")
    for line in sys.stdin:
        connection = http.client.HTTPConnection(address, timeout=60)
        said = [_ask(connection, json.loads(line), f"take {number}", content) for number in range(tries)]
        connection.close()
        _say(json.dumps(said))


def _ask(connection: http.client.HTTPConnection, who: dict[str, int], prompt: str, clip: bytes) -> str:
    values = {**who, "command": "luma modify", "options": {"prompt": prompt}}
    body = _part('name="values"', json.dumps(values).encode()) + _part('name="clip"; filename="clip.mp4"', clip)
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    connection.request("POST", "/page/slash", body + f"--{_BOUNDARY}--\r\n".encode(), headers)
    answer = json.loads(connection.getresponse().read())
    message = answer.get("message")
    if answer.get("state") != "answered" or not message:
        return f"failed: {answer}"
    return str(message["content"]) if message["ephemeral"] else ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _part(about: str, content: bytes) -> bytes:
    return f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode() + content + b"\r\n"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
