"""Ask a cluster questions from a classic session, and write the answers.

`python tests/spark/driver.py MASTER QUESTIONS FOLDER`: QUESTIONS is a JSON list of names of functions of
`timeline.spark` with their arguments; the answer of question n is written to FOLDER/n.parquet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq

import timeline.spark

#: As few and as small as what the tests ask needs.
SETTINGS: dict[str, bool | float | int | str | None] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}


def main(master: str, questions: Path, folder: Path) -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master(master).config(map=SETTINGS).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for number, (name, arguments) in enumerate(json.loads(questions.read_text())):
        answer = getattr(timeline.spark, name)(spark, **arguments)
        pq.write_table(answer.toArrow(), folder / f"{number}.parquet")
    workers = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
    print(f"{workers} workers")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
