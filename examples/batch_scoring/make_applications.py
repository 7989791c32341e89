"""Write the embedded loan book as a Parquet file of applications, each with a key."""

from __future__ import annotations

import sys

from riskkit.datasets import load_sba_loans


def main(path: str) -> None:
    """Write the file."""
    applications = load_sba_loans().data
    applications.insert(0, "loan_id", range(1, len(applications) + 1))
    applications.to_parquet(path, index=False)
    print(f"{len(applications):,} applications in {path}")


if __name__ == "__main__":
    main(sys.argv[1])
