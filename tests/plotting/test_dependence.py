"""Partial dependence, accumulated local effects, and PDs by month on book."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LogisticRegression

from riskkit.boosting import (
    LGBMPDClassifier,
    PDTermStructure,
    TermStructureResult,
    life_table,
)
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.plotting import ALEDisplay, PartialDependenceDisplay, TermStructureDisplay

BOTH = [PartialDependenceDisplay, ALEDisplay]
LEVELS = {"north": 0.5, "south": -0.25, "east": 1.0}


class Formula:
    """A model whose log-odds are a formula of named columns."""

    def __init__(self, log_odds):
        self.log_odds = log_odds

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-np.asarray(self.log_odds(X), dtype=float)))
        return np.column_stack([1 - p, p])


def table(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "z": x + 0.1 * rng.normal(size=n),
            "score": np.where(rng.random(n) < 0.2, -1, rng.integers(300, 800, n)),
            "income": np.where(rng.random(n) < 0.1, np.nan, rng.uniform(1, 9, n)),
            "region": rng.choice(list(LEVELS), n, p=[0.5, 0.3, 0.2]),
        }
    )


X = table()
LINE = Formula(lambda X: 0.7 * X["x"] - 0.4 * X["z"])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_partial_dependence_of_a_line_by_hand():
    frame = PartialDependenceDisplay.from_estimator(
        LINE, X, "x", scale="log_odds"
    ).frame()
    expected = 0.7 * frame["value"].astype(float) - 0.4 * X["z"].mean()
    np.testing.assert_allclose(frame["effect"], expected)
    rest = -0.4 * X["z"]
    np.testing.assert_allclose(
        frame["high"] - frame["effect"], rest.quantile(0.9) - rest.mean()
    )
    assert frame["share"].sum() == pytest.approx(1)


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7),
    reason="scikit-learn takes values of one's own (custom_values) from 1.7 on",
)
def test_partial_dependence_is_that_of_scikit_learn():
    numbers = X[["x", "z"]]
    y = (X["x"] + np.random.default_rng(1).normal(size=400) > 0.5).astype(int)
    model = LogisticRegression().fit(numbers, y)
    frame = PartialDependenceDisplay.from_estimator(model, numbers, "x").frame()
    reference = partial_dependence(
        model,
        numbers,
        ["x"],
        custom_values={"x": frame["value"].to_numpy(dtype=float)},
        response_method="predict_proba",
        kind="average",
    )
    np.testing.assert_allclose(frame["effect"], reference["average"][0])


def test_effects_of_a_line_by_hand():
    frame = ALEDisplay.from_estimator(LINE, X, "x", scale="log_odds", n_bins=8).frame()
    edges = frame["value"].to_numpy(dtype=float)
    np.testing.assert_allclose(np.diff(frame["effect"]), 0.7 * np.diff(edges))
    # The middles of the bins, in their shares, have the mean 0.
    middle = (frame["effect"].to_numpy()[1:] + frame["effect"].to_numpy()[:-1]) / 2
    assert middle @ frame["share"].to_numpy()[1:] == pytest.approx(0, abs=1e-12)
    # On a line every account moves alike: no spread.
    np.testing.assert_allclose(frame["high"], frame["low"], atol=1e-12)


def slow_ale(model, X, name, edges):
    """Add up, bin by bin and account by account."""
    total, steps, sizes = 0.0, [0.0], []
    for k in range(len(edges) - 1):
        inside = X[name].between(edges[k], edges[k + 1], inclusive="right")
        if k == 0:
            inside |= X[name] == edges[0]
        changes = []
        for _, row in X[inside].iterrows():
            said = [
                model.predict_proba(pd.DataFrame([{**row, name: edge}]))[0, 1]
                for edge in (edges[k], edges[k + 1])
            ]
            changes.append(said[1] - said[0])
        sizes.append(len(changes))
        total += np.mean(changes)
        steps.append(total)
    middle = (np.array(steps[1:]) + np.array(steps[:-1])) / 2
    return np.array(steps) - np.average(middle, weights=sizes)


def test_effects_are_those_of_a_slow_loop():
    model = Formula(lambda X: X["x"] ** 2 + X["x"] * X["z"])
    few = X[["x", "z"]].head(60)
    frame = ALEDisplay.from_estimator(model, few, "x", n_bins=5).frame()
    edges = frame["value"].to_numpy(dtype=float)
    np.testing.assert_allclose(frame["effect"], slow_ale(model, few, "x", edges))
    assert (frame["low"] <= frame["effect"]).all()
    assert (frame["effect"] <= frame["high"]).all()


def test_effects_stay_near_the_accounts_and_dependence_does_not():
    # With z near x the product x z is x squared, whose slope is x on its own account.
    model = Formula(lambda X: X["x"] * X["z"])
    local = ALEDisplay.from_estimator(model, X, "x", scale="log_odds").frame()
    edges = local["value"].to_numpy(dtype=float)
    rise = np.diff(local["effect"])
    # The outer bins are wide: their accounts lie off the middle.
    np.testing.assert_allclose(rise[1:-1], np.diff(edges**2 / 2)[1:-1], atol=0.02)
    mean = PartialDependenceDisplay.from_estimator(model, X, "x", scale="log_odds")
    flat = mean.frame()
    slope = np.polyfit(flat["value"].astype(float), flat["effect"], 2)[0]
    assert abs(slope) < 1e-9 < 0.4 < np.polyfit(edges, local["effect"], 2)[0]


def test_interval_of_one_step_is_that_of_a_mean():
    model = Formula(lambda X: X["x"] * X["z"])
    frame = ALEDisplay.from_estimator(
        model, X, "x", scale="log_odds", n_bins=1, level=0.9
    ).frame()
    span = X["x"].max() - X["x"].min()
    changes = span * X["z"]
    assert frame["effect"].tolist() == pytest.approx(
        [-changes.mean() / 2, changes.mean() / 2]
    )
    error = changes.std(ddof=1) / np.sqrt(400) / 2
    reach = (frame["high"] - frame["low"]) / 2
    np.testing.assert_allclose(reach, 1.6448536 * error)


def test_levels_of_a_category_by_hand():
    model = Formula(lambda X: X["region"].astype(str).map(LEVELS) + X["x"])
    mean = sum(LEVELS[r] for r in X["region"]) / 400
    for column in (
        X["region"],
        X["region"].astype("category"),
        X["region"].astype(object),
    ):
        frame = X.assign(region=column)
        ale = ALEDisplay.from_estimator(
            model, frame, "region", scale="log_odds"
        ).frame()
        found = dict(zip(ale["value"], ale["effect"], strict=True))
        assert found == pytest.approx({k: v - mean for k, v in LEVELS.items()})
        flat = PartialDependenceDisplay.from_estimator(
            model, frame, "region", scale="log_odds"
        ).frame()
        found = dict(zip(flat["value"], flat["effect"], strict=True))
        assert found == pytest.approx({k: v + X["x"].mean() for k, v in LEVELS.items()})
        assert flat["value"].iloc[0] == X["region"].mode()[0]
        assert flat["share"].sum() == pytest.approx(1)


def special(X):
    score = X["score"].to_numpy(dtype=float)
    return np.where(score == -1, 0.9, -0.002 * (score - 550)) + 0.1 * X["x"]


@pytest.mark.parametrize("kind", BOTH)
def test_codes_and_missing_values_are_states(kind):
    display = kind.from_estimator(
        Formula(special), X, "score", scale="log_odds", special_codes={"score": [-1]}
    )
    frame = display.frame()
    state = frame[frame["is_state"]].iloc[0]
    assert state["value"] == "Special: -1"
    assert state["share"] == pytest.approx((X["score"] == -1).mean())
    numbers = frame.loc[~frame["is_state"], "value"]
    assert numbers.min() >= 300
    if kind is PartialDependenceDisplay:
        assert state["effect"] == pytest.approx(0.9 + 0.1 * X["x"].mean())
    else:
        known = X.loc[X["score"] != -1, "score"]
        # Up to the width of the bins, whose middles stand for the values in them.
        assert state["effect"] == pytest.approx(
            0.9 + 0.002 * (known.mean() - 550), abs=0.01
        )
    income = kind.from_estimator(
        Formula(lambda X: X["income"].fillna(20) / 10), X, "income", scale="log_odds"
    ).frame()
    assert income["value"].tolist()[-1] == "Missing"
    assert income["effect"].iloc[-1] > income["effect"].iloc[:-1].max()
    # Without codes the score has no states.
    assert (
        not kind.from_estimator(Formula(special), X, "score").frame()["is_state"].any()
    )


@pytest.mark.parametrize("kind", BOTH)
def test_codes_are_those_of_the_model(kind):
    book = make_loan_book(1_000, default_rate=0.2, random_state=0)
    model = LGBMPDClassifier(n_rounds=20, special_codes=book.special_codes)
    model.fit(book.data, book.target)
    display = kind.from_estimator(model, book.data, "bureau_score")
    assert display.effect.states == ("Special: -1",)
    native = pl.DataFrame(
        {c: book.data[c].to_list() for c in book.data}, strict=False
    ).with_columns(pl.col("income", "months_on_job").fill_nan(None))
    same = kind.from_estimator(model, native, "bureau_score")
    pd.testing.assert_frame_equal(display.frame(), same.frame())
    missing = kind.from_estimator(model, book.data, "income").effect
    assert missing.states == ("Missing",)
    groups = kind.from_estimator(
        model, book.data, "bureau_score", special_codes=[(-1, -2), -3]
    )
    assert groups.effect.states == ("Special: -1, -2",)


@pytest.mark.parametrize("kind", BOTH)
def test_of_many_levels_the_frequent_ones_are_drawn(kind):
    level = np.minimum(np.random.default_rng(0).geometric(0.05, 400), 60)
    many = X.assign(region=np.array([f"r{k}" for k in level]))
    model = Formula(lambda X: X["region"].str[1:].astype(float) / 20)
    frame = kind.from_estimator(model, many, "region", scale="log_odds").frame()
    counts = many["region"].value_counts()
    assert len(frame) == 30 < counts.size
    assert counts[frame["value"]].min() >= counts.iloc[29]
    assert frame["share"].sum() == pytest.approx(counts.iloc[:30].sum() / 400)


@pytest.mark.parametrize("kind", BOTH)
def test_arrays_and_positions(kind):
    numbers = X[["x", "z"]].to_numpy()
    y = (numbers[:, 0] > 0).astype(int)
    model = LogisticRegression().fit(numbers, y)
    first = kind.from_estimator(model, numbers, 0).frame()
    named = kind.from_estimator(model, numbers, "x0").frame()
    pd.testing.assert_frame_equal(first, named)


@pytest.mark.parametrize("kind", BOTH)
def test_rows_are_drawn_by_the_seed(kind):
    first = kind.from_estimator(LINE, X, "x", max_rows=50, random_state=1)
    again = kind.from_estimator(LINE, X, "x", max_rows=50, random_state=1)
    other = kind.from_estimator(LINE, X, "x", max_rows=50, random_state=2)
    assert first.frame().equals(again.frame())
    assert not first.frame().equals(other.frame())
    before = X.copy()
    kind.from_estimator(LINE, X, "x")
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("kind", BOTH)
def test_pictures(kind):
    model = Formula(special)
    display = kind.from_estimator(model, X, "score", special_codes=[-1])
    assert display.plot() is display
    ax = display.ax_
    texts = [label.get_text() for label in ax.get_xticklabels()]
    assert texts[-1] == "Special: -1"
    assert ax.get_xlabel() == "score"
    line = ax.lines[1 if kind is ALEDisplay else 0]
    np.testing.assert_array_equal(line.get_ydata(), display.effect.effect)
    assert len(display.effect.rug) == 51
    by_region = kind.from_estimator(
        Formula(lambda X: X["region"].map(LEVELS)), X, "region"
    )
    given = plt.figure().subplots()
    by_region.plot(ax=given)
    assert {t.get_text() for t in given.get_xticklabels()} == set(LEVELS)
    two = X.assign(x=(X["x"] > 0).astype(int))
    kind.from_estimator(LINE, two, "x", scale="log_odds").plot()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"feature": "xx"}, InvalidInputError, "one of the 5 columns"),
        ({"feature": 7}, InvalidInputError, "one of the 5 columns"),
        ({"estimator": object()}, InvalidTypeError, "predict_proba; got object"),
        ({"scale": "points"}, InvalidParameterError, "scale must be one of"),
        ({"max_rows": 1}, InvalidParameterError, "max_rows"),
        ({"X": X.assign(x=np.nan)}, InvalidInputError, "got none in 400 rows"),
        ({"special_codes": "abc"}, InvalidInputError, "special_codes must be"),
        ({"X": np.zeros(3), "feature": 0}, InvalidInputError, "table of rows"),
    ],
)
def test_bad_input_is_refused(kind, change, error, words):
    arguments = {"estimator": LINE, "X": X, "feature": "x"} | change
    with pytest.raises(error, match=words):
        kind.from_estimator(**arguments)


def test_one_value_has_no_local_effect():
    for frame in (X.assign(x=1.0), X.assign(x="one")):
        with pytest.raises(InvalidInputError, match="Nothing moves"):
            ALEDisplay.from_estimator(Formula(lambda X: 0 * X["z"]), frame, "x")
    with pytest.raises(InvalidParameterError, match="n_bins"):
        ALEDisplay.from_estimator(LINE, X, "x", n_bins=0)
    with pytest.raises(InvalidParameterError, match="grid_size"):
        PartialDependenceDisplay.from_estimator(LINE, X, "x", grid_size=1)


RESULT = TermStructureResult(np.array([[0.1, 0.2], [0.3, 0.4], [0.1, 0.0]]))


@pytest.mark.parametrize("value", ["cumulative", "conditional", "marginal"])
def test_term_structure_of_groups(value):
    groups = ["a", "a", "b"]
    display = TermStructureDisplay.from_result(RESULT, groups=groups, value=value)
    portfolio = RESULT.portfolio(groups)
    expected = portfolio.hazard if value == "conditional" else getattr(portfolio, value)
    np.testing.assert_allclose(display.frame()["pd"], expected.ravel())
    ready = TermStructureDisplay.from_result(portfolio, value=value)
    pd.testing.assert_frame_equal(ready.frame(), display.frame())
    assert display.plot() is display
    legend = display.ax_.get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["a", "b"]


def test_term_structure_beside_counts():
    counts = life_table([1, 0, 1, 1], [1, 2, 2, 3])
    display = TermStructureDisplay.from_result(RESULT, counted=counts)
    frame = display.frame()
    assert frame["counted"].tolist() == pytest.approx([0.25, 0.5])
    display.plot()
    dots = display.ax_.lines[1]
    assert dots.get_xdata().tolist() == [1, 2]
    hazard = TermStructureDisplay.from_result(
        RESULT, counted={"all": counts}, value="conditional"
    )
    assert hazard.frame()["high"].tolist() == list(counts.columns["hazard_high"][:2])
    with pytest.raises(InvalidInputError, match="Counts are of the values"):
        TermStructureDisplay.from_result(RESULT, counted=counts, value="marginal")
    with pytest.raises(InvalidInputError, match=r"have a curve \(all\); got 'b'"):
        TermStructureDisplay.from_result(RESULT, counted={"b": counts})
    with pytest.raises(InvalidTypeError, match="life_table returned"):
        TermStructureDisplay.from_result(RESULT, counted={"all": 1})
    with pytest.raises(InvalidTypeError, match="predict_term_structure returned"):
        TermStructureDisplay.from_result(RESULT.hazard)
    with pytest.raises(InvalidParameterError, match="value must be one of"):
        TermStructureDisplay.from_result(RESULT, value="pd")


def test_term_structure_of_a_model():
    book = make_loan_book(600, default_rate=0.3, random_state=0)
    end = np.where(book.target == 1, book.default_month, 12).astype(int)
    model = PDTermStructure(LGBMPDClassifier(n_rounds=10))
    model.fit(book.data, book.target, end=end)
    display = TermStructureDisplay.from_estimator(
        model, book.data, groups=book.data["channel"], counted={}
    )
    assert list(display.curves) == ["branch", "broker", "online"]
    display.plot()
    assert display.ax_.get_ylim()[0] == 0
