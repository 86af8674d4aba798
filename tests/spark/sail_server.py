# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "pysail==0.7.2",
#     # Sail refuses a PySpark that is newer than itself.
#     "pyspark-client==4.2.0",
#     "pandas<3",
# ]
# ///
"""Run Sail, which speaks Spark without a JVM, with two workers, until standard input ends.

Prints the port that it listens on. It runs in an environment of its own, with the versions of Sail and of
PySpark that fit, and without Timeline: `uv run --script tests/spark/sail_server.py`.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    from pysail.spark import SparkConnectServer

    os.environ |= {
        "SAIL_MODE": "local-cluster",
        "SAIL_CLUSTER__WORKER_INITIAL_COUNT": "2",
        "SAIL_CLUSTER__WORKER_MAX_COUNT": "2",
    }
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    print(server.listening_address[1], flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
