"""Copy Delta tables, as `delta_scan` reads them, to Parquet files: pairs of a table and a file."""

import sys
from pathlib import Path

import duckdb
import duckdb_extension_delta

con = duckdb.connect(config={"autoinstall_known_extensions": False})
folder = Path(duckdb_extension_delta.__file__).parent / "extensions" / f"v{duckdb.__version__}"
con.execute(f"LOAD '{folder / 'delta.duckdb_extension'}'")
for table, file in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    con.execute(f"COPY (FROM delta_scan('{table}')) TO '{file}' (FORMAT parquet)")
