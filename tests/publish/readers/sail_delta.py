"""Copy Delta tables, as Sail reads them, to Parquet files: pairs of a table and a file."""

import sys

import pyarrow.parquet as pq
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
spark = SparkSession.builder.remote("sc://{}:{}".format(*server.listening_address)).getOrCreate()
for table, file in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    pq.write_table(spark.read.format("delta").load(table).toArrow(), file)
spark.stop()
server.stop()
