"""What a server does that is to end: it finishes what it can, and says so of what it cannot."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.web.conftest import Served
from timeline import Timeline

#: What takes three seconds, and what takes longer than a server has that is to end; neither needs a core.
SHORT, LONG = (f"SELECT count(sleep_ms(100 + range % 2)) AS n FROM range({n})" for n in (30, 150))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_what_is_being_answered_is_finished_or_answered_with_503(
    desk: Timeline, serving: Callable[[Path], Served], end: signal.Signals
) -> None:
    desk.close()
    server = serving(Path(desk.path))
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def ask(query: str) -> None:
        # The question below whether both run may have taken the place of one.
        while b"as many queries" in (answer := server.get(f"/api/sql?query={quote(query)}"))[2]:
            pass
        answers[query] = answer

    asking = [threading.Thread(target=ask, args=(query,)) for query in (SHORT, LONG)]
    for each in asking:
        each.start()
    # Two queries run at once: a third one is refused once both of these run.
    while server.get(f"/api/sql?query={quote('SELECT 1 AS n')}")[0] != 503:
        assert not answers
    server.process.send_signal(end)
    for each in asking:
        each.join()
    assert server.process.wait(30) == (0 if end == signal.SIGTERM else 130)
    assert answers[SHORT][0] == 200, answers[SHORT]
    status, headers, content = answers[LONG]
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert "the server is ending" in json.loads(content)["detail"]
    assert "retry-after" in headers
    assert server.process.stderr is not None
    assert "Traceback" not in server.process.stderr.read()
