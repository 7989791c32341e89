"""A card that meets every way in which SQL can find a bin, and hard rows for it."""

from __future__ import annotations

import math
import random

import duckdb
import numpy as np
import polars as pl
import pytest

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    Manifest,
    ScalingSpec,
    ScorecardSpec,
    SpecialGroup,
)

N_ROWS = 4_000

SPECIAL = (SpecialGroup("No hit", (-1.0,)), SpecialGroup("Odd", (999.0, 0.1)))
FEATURES = (
    FeatureSpec("income", "numeric", (-35.5, 0.30000000000000004, 7.25), (), SPECIAL),
    FeatureSpec("debt; DROP TABLE x", "numeric", (-0.1, 0.0, 0.1)),
    FeatureSpec("select", "numeric"),
    FeatureSpec("big", "numeric", (-1e300, 9007199254740992.0, 1e300)),
    FeatureSpec('a "flag"', "numeric", (0.0,)),
    FeatureSpec(
        "pur'pose", "categorical", (), (("car", "o'hara"), ('bü"ro',), ("", "\\"))
    ),
    FeatureSpec("code", "categorical", (), (("1", "2"), ("3", "2.5"), ("-4",))),
    FeatureSpec("truth", "categorical", (), (("True",), ("False", "true"))),
    FeatureSpec(
        "asked",
        "categorical",
        levels=(("yes",), ("no\n-- line */ two",)),
        special=(SpecialGroup("Not asked", ("N/A", "-1")),),
    ),
    FeatureSpec("empty", "categorical"),
)


def worth(feature, rng, *, whole):
    """Return a characteristic with bins of random worth; several tie."""
    woe = tuple(rng.choice([-0.7, -0.2, 0.0, 0.3, 1.1]) for _ in range(feature.n_bins))
    log_odds = tuple(-0.9 * w * rng.choice([1.0, 1.0, 1.01]) for w in woe)
    points = tuple(float(round(28.85 * w)) if whole else 28.85 * w for w in woe)
    return CharacteristicSpec(feature, -0.9, woe, log_odds, points, f"{feature.name}!")


@pytest.fixture(scope="session")
def artifact():
    rng = random.Random(4)
    parts = tuple(worth(f, rng, whole=k % 3 > 0) for k, f in enumerate(FEATURES))
    scaling = ScalingSpec(20.0, 600.0, 50.0, "none")
    return Artifact(Manifest("scorecard"), ScorecardSpec(parts, -2.9, 487.3, scaling))


def number_near(feature, rng):
    if rng.random() < 0.3:
        return rng.gauss(0, 50)
    codes = [code for group in feature.special for code in group.codes]
    borders = [*feature.edges, *codes, 0.0]
    ends = (-math.inf, math.inf)
    near = [math.nextafter(border, end) for border in borders for end in ends]
    others = [math.nan, None, *ends, -0.0, 5e-324, -1.7e308, 9007199254740994.0, 3.0]
    return rng.choice([*borders, *near, *others])


def level_near(feature, rng):
    codes = [code for group in feature.special for code in group.codes]
    known = [level for group in feature.levels for level in group]
    return rng.choice([*known, *codes, None, "unseen", " car", "Car", "1", "3.0", ""])


@pytest.fixture(scope="session")
def hard_rows():
    """Edges and their neighbours, NaN and NULL, codes, infinities, unseen levels."""
    rng = random.Random(5)
    columns = {}
    for feature in FEATURES:
        numeric = feature.kind == "numeric"
        draw = number_near if numeric else level_near
        values = [draw(feature, rng) for _ in range(N_ROWS)]
        kind = pl.Float64 if numeric else pl.String
        columns[feature.name] = pl.Series(values, dtype=kind)
    return pl.DataFrame(columns).with_columns(id=pl.int_range(N_ROWS))


@pytest.fixture
def duck():
    """Run a statement over a frame, called applications, in the order of ``id``."""
    with duckdb.connect() as connection:

        def run(sql, frame=None):
            if frame is not None:
                connection.register("applications", frame.to_arrow())
            return connection.sql(f"SELECT * FROM ({sql}) ORDER BY id").to_arrow_table()

        run.connection = connection
        yield run


@pytest.fixture
def assert_same():
    """Check a result against a scorer's: all to the bit, PDs to a relative error."""

    def check(result, batch, *, pd_error=0.0):
        result = pl.from_arrow(result).drop("id")
        expected = batch.to_dict()
        assert set(result.columns) - {"refused"} == set(expected)
        for name, values in expected.items():
            column = result[name]
            if name.startswith("points_lost"):
                column = column.fill_null(0.0)
            if values.dtype == object:
                assert column.to_list() == values.tolist(), name
            elif name in {"pd", "pd_low", "pd_high"} and pd_error:
                np.testing.assert_allclose(column.to_numpy(), values, rtol=pd_error)
            else:
                np.testing.assert_array_equal(column.to_numpy(), values, err_msg=name)

    return check
