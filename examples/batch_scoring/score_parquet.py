"""Score a file of applications where it lies: one SQL statement, no row in Python.

    python score_parquet.py model.rk applications.parquet scored.parquet --key loan_id

Writes the scores beside the key, and the statement itself as ``scored.sql``: what ran
is what an auditor reads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

from riskkit.export import to_sql


def main(arguments: list[str] | None = None) -> None:
    """Score a file and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("applications", type=Path, help="a Parquet file")
    parser.add_argument("scored", type=Path, help="the Parquet file to write")
    parser.add_argument("--key", required=True, help="the column that names a row")
    parser.add_argument("--memory", default="1GB", help="DuckDB's memory limit")
    given = parser.parse_args(arguments)
    if given.scored.exists():
        parser.error(f"{given.scored} exists; name another file, or remove it.")

    statement = to_sql(
        given.model, table=[str(given.applications)], keep=[given.key], reasons=3
    )
    given.scored.with_suffix(".sql").write_text(statement)
    with duckdb.connect(config={"memory_limit": given.memory}) as database:
        scored = database.sql(statement)
        # Written under another name first: a reader never sees half a file.
        unfinished = given.scored.with_suffix(".unfinished")
        scored.write_parquet(str(unfinished))
        unfinished.rename(given.scored)
        n, n_scored, mean = database.execute(
            "SELECT count(*), count(pd), avg(pd) FROM read_parquet(?)",
            [str(given.scored)],
        ).fetchone()
    print(f"{n_scored:,} of {n:,} rows scored, mean PD {mean:.4f}")


if __name__ == "__main__":
    main()
