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


def main(master: str, questions: Path, folder: Path) -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master(master).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for number, (name, arguments) in enumerate(json.loads(questions.read_text())):
        answer = getattr(timeline.spark, name)(spark, **arguments)
        pq.write_table(answer.toArrow(), folder / f"{number}.parquet")
    # But for the driver, which is one of them.
    print(spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
