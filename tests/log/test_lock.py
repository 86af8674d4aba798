"""The lock that writers on one machine wait for: in the order of asking, also where one of them dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from timeline.log.folder import FileLock


def asked(path: Path) -> int:
    """Return how many have asked for a lock."""
    return int.from_bytes(path.read_bytes()[:5], "little")


def waits(path: Path) -> bool:
    """Whether anybody is blocked on a lock of this file, as the kernel lists it."""
    inode = f":{path.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and inode in line for line in lines)


def reach(condition: Callable[[], object]) -> None:
    """Return once a condition holds."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def start(path: Path, name: str, order: list[str]) -> threading.Thread:
    """Start a thread that asks for a lock and notes when it has it; return once it has asked."""
    before = asked(path)

    def hold() -> None:
        with FileLock(path).hold():
            order.append(name)

    thread = threading.Thread(target=hold)
    thread.start()
    reach(lambda: asked(path) > before)
    return thread


def test_it_is_had_in_the_order_of_asking(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", list[str]()
    with FileLock(path).hold():
        waiting = [start(path, str(nth), order) for nth in range(12)]
        assert order == []
    for thread in waiting:
        thread.join(60)
    assert order == [str(nth) for nth in range(12)]


def test_who_has_just_had_it_waits_behind_one_who_is_slow_to_take_it(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", list[str]()
    script = (
        "from pathlib import Path; from timeline.log.folder import FileLock\n"
        f"with FileLock(Path({str(path)!r})).hold(): print('had', flush=True); input()"
    )
    with FileLock(path).hold():
        other = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        reach(lambda: asked(path) == 2 and waits(path))
        # Now it cannot take the lock, though its turn comes.
        other.send_signal(signal.SIGSTOP)
    try:
        again = start(path, "the same again", order)
        reach(lambda: order or waits(path))
        assert order == []
        other.send_signal(signal.SIGCONT)
        assert other.stdout is not None
        assert other.stdout.readline() == b"had\n"
        assert order == []
        other.communicate(b"\n")
    finally:
        other.kill()
    again.join(60)
    assert order == ["the same again"]


def test_one_who_dies_while_it_waits_holds_nobody_up(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", list[str]()
    script = (
        "from pathlib import Path; from timeline.log.folder import FileLock\n"
        f"with FileLock(Path({str(path)!r})).hold(): pass"
    )
    with FileLock(path).hold():
        other = subprocess.Popen([sys.executable, "-c", script])
        reach(lambda: asked(path) == 2 and waits(path))
        behind = start(path, "behind it", order)
        other.kill()
        other.wait()
    behind.join(60)
    assert order == ["behind it"]


@pytest.mark.parametrize(
    "written", [b"\xff" * 5, b"x", b""], ids=["the last ticket", "half a number", "none"]
)
def test_whatever_its_file_holds_one_has_it_at_a_time(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "lock"
    path.write_bytes(written)
    inside, most = 0, 0
    guard = threading.Lock()

    def hold() -> None:
        nonlocal inside, most
        for _ in range(20):
            with FileLock(path).hold():
                with guard:
                    inside += 1
                    most = max(most, inside)
                os.sched_yield()
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=hold) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most) == (0, 1)
