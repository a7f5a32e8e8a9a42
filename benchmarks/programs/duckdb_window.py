"""DuckDB: `duckdb_window.py avg|decimal PATH [SIGNALS MEANS]`.

`avg` asks whether the close is above its average, in doubles. `decimal` gives the exact answer in SQL: a
column declared DECIMAL, and a product instead of a division. Both keep the order of the file.
"""

from __future__ import annotations

import sys

import duckdb

kind, path = sys.argv[1:3]
above, types = {
    "avg": ("close > avg(close) OVER last", "{'close': 'DOUBLE'}"),
    "decimal": ("close * 5 > sum(close) OVER last", "{'close': 'DECIMAL(18, 2)'}"),
}[kind]
signals = f"""
    SELECT {above} AND count(*) OVER last = 5 AS signal{", avg(close) OVER last AS mean" * (len(sys.argv) > 3)}
    FROM read_csv('{path}', types = {types})
    WINDOW last AS (ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)
"""
if len(sys.argv) > 3:
    columns = duckdb.execute(signals).fetchnumpy()
    column = columns["signal"]
    print(len(column), column.sum())
    with open(sys.argv[3], "wb") as file:
        file.write((column + ord("0")).astype("u1").tobytes())
    with open(sys.argv[4], "w", encoding="ascii") as lines:
        lines.writelines(f"{mean!r}\n" for mean in columns["mean"].tolist())
else:
    print(*duckdb.execute(f"SELECT count(*), count(*) FILTER (signal) FROM ({signals})").fetchone())
