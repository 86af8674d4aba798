"""Serve an exported store by DuckDB's `quack` until standard input ends: the file, the port and a token."""

import sys
from pathlib import Path

import duckdb
import duckdb_extension_httpfs
import duckdb_extension_quack

file, port, token = sys.argv[1:]
con = duckdb.connect(file, read_only=True)
for module, name in ((duckdb_extension_httpfs, "httpfs"), (duckdb_extension_quack, "quack")):
    folder = Path(module.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    con.execute(f"LOAD '{folder / name}.duckdb_extension'")
con.execute(f"CALL quack_serve('quack:127.0.0.1:{port}', token = '{token}')")
# What clients send reads the store and nothing else of this machine.
con.execute("SET enable_external_access = false")
con.execute("SET lock_configuration = true")
print("ready", flush=True)
sys.stdin.read()
