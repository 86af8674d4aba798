"""Copy Delta tables, as `delta_scan` reads them, to Parquet files: pairs of a table and a file."""

import os
import sys
from pathlib import Path

import duckdb
import duckdb_extension_azure
import duckdb_extension_delta
import duckdb_extension_httpfs

con = duckdb.connect(config={"autoinstall_known_extensions": False})
for module, name in (
    (duckdb_extension_httpfs, "httpfs"),
    (duckdb_extension_azure, "azure"),
    (duckdb_extension_delta, "delta"),
):
    folder = Path(module.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    con.execute(f"LOAD '{folder / name}.duckdb_extension'")
if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    con.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION 'us-east-1', "
        f"ENDPOINT '{endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)"
    )
if endpoint := os.environ.get("AZURITE_BLOB_STORAGE_URL"):
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    account = f"AccountName=devstoreaccount1;AccountKey={key}"
    con.execute(
        "CREATE SECRET (TYPE azure, CONNECTION_STRING 'DefaultEndpointsProtocol=http;"
        f"{account};BlobEndpoint={endpoint}/devstoreaccount1;')"
    )
for table, file in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    con.execute(f"COPY (FROM delta_scan('{table}')) TO '{file}' (FORMAT parquet)")
