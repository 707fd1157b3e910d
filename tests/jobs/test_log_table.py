"""Hold the exported log to what spreadsheets read and never run."""

import csv
import io

from jobs.admin import SERVER, Deed, LogEntry, Target, TargetKind, user
from jobs.log_table import build_log_table

MEMBER = 1_234_567_890_123_456_789


def test_every_entry_is_a_row_with_ids_whole_and_nothing_that_runs() -> None:
    entries = [
        LogEntry(1, 10, 1_700_000_000_000, 99, Deed.BLOCK, user(MEMBER), None, {"reason": "a,b\n"}, '=HYPERLINK("x")'),
        LogEntry(2, 10, 1_700_000_000_000, 99, Deed.ADD_WORD, Target(TargetKind.WORD, "@sum"), {"a": None}, None, ""),
        LogEntry(3, 10, 1_700_000_000_000, 99, Deed.PAUSE, SERVER, None, None, "维护"),
    ]
    table = build_log_table(entries)
    assert table.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["time"] == "2023-11-14T22:13:20+00:00"
    assert (rows[0]["member"], rows[0]["target"], rows[0]["actor"]) == (f"id {MEMBER}", f"id {MEMBER}", "id 99")
    assert (rows[0]["reason"], rows[0]["after"]) == ('\'=HYPERLINK("x")', '{"reason": "a,b\\n"}')
    assert (rows[1]["target"], rows[1]["before"], rows[1]["member"]) == ("'@sum", '{"a": null}', "")
    assert rows[2]["reason"] == "维护"
