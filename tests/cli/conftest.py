"""A small loan table and ways to run the command."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pyarrow import csv
from typer.testing import CliRunner

from riskkit.cli._app import app

N = 1200


def make_loans(seed=0):
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8, 0.5, N).round(2)
    delays = rng.poisson(0.7, N).astype(float)
    log_odds = -1.2 - 1.5 * (np.log(income) - 8) + 0.8 * delays
    delays[rng.random(N) < 0.1] = -9
    region = rng.choice(["north", "south", "west"], N)
    return pd.DataFrame(
        {
            "loan_id": np.arange(N) + 5000,
            "opened": pd.date_range("2022-01-03", periods=N // 6).repeat(6),
            "income": np.where(rng.random(N) < 0.05, np.nan, income),
            "delays": delays,
            "region": region,
            "currency": "EUR",
            "comment": np.nan,
            "bad": (rng.random(N) < 1 / (1 + np.exp(-log_odds))).astype(int),
        }
    )


@pytest.fixture
def loans():
    return make_loans()


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A model trained by the command, and the table it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    make_loans().to_parquet(folder / "loans.parquet")
    out = folder / "model"
    result = CliRunner().invoke(
        app,
        [
            *("train", str(folder / "loans.parquet"), "--target", "bad"),
            *("--date", "opened", "--special-codes", "-9", "--out", str(out)),
            "--json",
        ],
    )
    assert result.exit_code == 0, result.output
    return SimpleNamespace(
        table=folder / "loans.parquet",
        out=out,
        model=out / "model.rk",
        stdout=result.stdout,
        stderr=result.stderr,
    )


@pytest.fixture
def run():
    def invoke(*arguments, **options):
        return CliRunner().invoke(app, [str(a) for a in arguments], **options)

    return invoke


@pytest.fixture
def refused(run, tmp_path):
    """Run what must be refused with a message, and leave no trace; give the message."""

    def listing():
        return {
            str(path): path.stat().st_size if path.is_file() else None
            for path in tmp_path.rglob("*")
        }

    def invoke(*arguments):
        before = listing()
        result = run(*arguments)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.output
        assert listing() == before
        message = result.stderr[result.stderr.index("Error: ") + 7 :]
        assert message.strip().endswith((".", "?", "not")) or "\n  - " in message
        return message

    return invoke


@pytest.fixture
def written():
    """Return a reader of tables that a command wrote, exact to the last bit."""

    def read(path):
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        empty_is_missing = csv.ConvertOptions(strings_can_be_null=True)
        return csv.read_csv(path, convert_options=empty_is_missing).to_pandas()

    return read
