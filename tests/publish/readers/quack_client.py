"""Ask a server of `quack` queries, one an argument behind port and token; prints the rows of each as text."""

import json
import sys
from pathlib import Path

import duckdb
import duckdb_extension_httpfs
import duckdb_extension_quack

port, token, *queries = sys.argv[1:]
con = duckdb.connect()
for module, name in ((duckdb_extension_httpfs, "httpfs"), (duckdb_extension_quack, "quack")):
    folder = Path(module.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    con.execute(f"LOAD '{folder / name}.duckdb_extension'")
for query in queries:
    rows = con.execute(
        "FROM quack_query($1, $2, token := $3)", [f"quack:127.0.0.1:{port}", query, token]
    ).fetchall()
    print(json.dumps([[None if value is None else str(value) for value in row] for row in rows]))
