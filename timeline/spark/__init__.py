"""Beliefs on a Spark cluster: from the files of a log, of its Delta table, or of published beliefs alone, by
the same rules as everywhere else. Any session of PySpark 4 will do, classic or Connect, and Sail, which is
Spark without a JVM. Nothing of Timeline has to be installed on the cluster.
"""

from timeline.spark.asking import belief_spans, beliefs_as_of

__all__ = ["belief_spans", "beliefs_as_of"]
