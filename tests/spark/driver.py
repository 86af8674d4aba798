"""Ask a cluster questions from a classic session, and write the answers.

`python tests/spark/driver.py MASTER QUESTIONS FOLDER`: QUESTIONS is a JSON list of names of functions of
`timeline.spark` with their arguments; the answer of question n is written to FOLDER/n.parquet. Prints of how
many workers, and the joins by which the events of facts that no window resolves are left out.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

import timeline.spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def main(master: str, questions: Path, folder: Path) -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master(master).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for number, (name, arguments) in enumerate(json.loads(questions.read_text())):
        answer = getattr(timeline.spark, name)(spark, **arguments)
        pq.write_table(answer.toArrow(), folder / f"{number}.parquet")
    # But for the driver, which is one of them.
    print(spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1)
    print(_joins(spark, questions))
    spark.stop()


def _joins(spark: SparkSession, questions: Path) -> str:
    """Return the kinds of joins that leave events out, where Spark takes neither side for small by itself."""
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    source = json.loads(questions.read_text())[0][1]["source"]
    plan = timeline.spark.belief_spans(spark, source)._jdf.queryExecution().executedPlan().toString()
    return json.dumps(sorted(set(re.findall(r"(\w+Join).*(?=LeftAnti)", plan))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
