"""What people use instead: DuckDB and polars in this process, MariaDB and PostgreSQL as servers."""
