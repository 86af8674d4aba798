"""A session on Sail, which speaks Spark without a JVM: seconds to start."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.spark.engines import sail

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with sail() as address, warnings.catch_warnings():
        # Of pandas, which the tests have in a newer version than PySpark was tested with.
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        session = SparkSession.builder.remote(address).create()
        yield session
        session.stop()
