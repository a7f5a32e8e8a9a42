"""DuckDB, a line for each row: `duckdb_copy.py PATH LINES`. The first rows have the mean of the rows so far."""

from __future__ import annotations

import sys

import duckdb

path, lines = sys.argv[1:]
duckdb.execute(f"""
    COPY (
        SELECT
            row_number() OVER () AS row,
            timestamp AS time,
            close,
            avg(close) OVER last AS mean,
            (close > avg(close) OVER last AND count(*) OVER last = 5)::TINYINT AS signal
        FROM read_csv('{path}', types = {{'close': 'DOUBLE'}})
        WINDOW last AS (ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)
    ) TO '{lines}' (HEADER)
""")
