"""The reference population: bins and counts, no rows."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.artifact import FeatureSpec, PopulationSpec, read_artifact
from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    ArtifactError,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    SchemaError,
)
from riskkit.export import save_artifact
from riskkit.monitoring import Baseline
from riskkit.scorecard import ScorecardClassifier


def make_rows(n=3_000, seed=0):
    """Numbers, codes, levels, a score and a PD; whole weights and late labels."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8, 0.6, n)
    income[rng.random(n) < 0.1] = np.nan
    income[rng.random(n) < 0.05] = -9
    state = rng.choice(["CA", "NY", "TX", None], n, p=[0.5, 0.3, 0.15, 0.05])
    inquiries = rng.poisson(1.0, n).astype(float)
    logit = -3 + 0.4 * inquiries
    chance = 1 / (1 + np.exp(-logit + rng.normal(0, 0.5, n)))
    y = (rng.random(n) < chance).astype(float)
    y[rng.random(n) < 0.2] = np.nan
    X = pd.DataFrame({"income": income, "state": state, "inquiries": inquiries})
    return {
        "X": X,
        "score": 600 - 30 * logit + rng.normal(0, 10, n),
        "pd": chance,
        "y": y,
        "sample_weight": rng.integers(0, 4, n).astype(float),
    }


def part_of(rows, chosen):
    X = rows["X"].iloc[chosen].reset_index(drop=True)
    rest = {name: values[chosen] for name, values in rows.items() if name != "X"}
    return {"X": X, **rest}


RULES = {"score_direction": "safer", "special_codes": {"income": [-9]}}


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def baseline(rows):
    return Baseline.fit(**rows, **RULES, model_id="card 7")


@pytest.fixture(scope="module")
def card():
    book = make_loan_book(3_000, random_state=0)
    return ScorecardClassifier().fit(book.data, book.target), book


def test_counts_are_those_of_a_loop(rows, baseline):
    frame = baseline.frame()
    weight, y = rows["sample_weight"], rows["y"]
    assert baseline.n == weight.sum()
    assert baseline.n_event == weight[y == 1].sum()
    assert baseline.n_known == weight[~np.isnan(y)].sum()
    for feature, column in rows["X"].items():
        part = frame[frame["feature"] == feature]
        assert part["n"].sum() == weight.sum()
        labels = part["bin"].tolist()
        for label, n, event in zip(labels, part["n"], part["n_event"], strict=True):
            if label == "Missing":
                inside = column.isna()
            elif label.startswith("Special"):
                inside = column == -9
            elif label == "Unseen":
                inside = pd.Series(data=False, index=column.index)
            elif feature == "state":
                inside = column == label
            else:
                low, high = map(float, label.strip("(])").split(","))
                inside = (column > low) & (column <= high) & (column != -9)
            assert n == weight[inside].sum()
            assert event == weight[inside & (y == 1)].sum()


def test_bins_are_equal_parts_of_the_reference():
    rng = np.random.default_rng(1)
    baseline = Baseline.fit({"x": rng.normal(size=10_000)})
    regular = baseline.frame()["n"][:10]
    assert_array_equal(regular, 1000)
    weighted = Baseline.fit(
        {"x": np.arange(5.0)}, sample_weight=[9, 1, 1, 1, 1], n_bins=2
    )
    assert weighted.frame()["n"].tolist() == [9, 4, 0, 0]


def test_few_values_are_bins_of_their_own():
    baseline = Baseline.fit({"x": [0, 0, 0, 0, 1, 2, 2, np.nan]})
    assert baseline.frame()["bin"].tolist() == [
        "(-inf, 0]", "(0, 1]", "(1, inf)", "Missing", "Unseen",
    ]  # fmt: skip
    assert baseline.frame()["n"].tolist() == [4, 1, 2, 1, 0]


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ([7.0] * 6, [6, 0, 0]),  # constant
        ([np.nan] * 6, [0, 6, 0]),  # nothing known
        ([np.inf, -np.inf, 1, 2, 2, np.inf], [2, 4, 0, 0]),  # no edge at infinity
        ([-0.0, 0.0, 0.0, 1, 1, 1], [3, 3, 0, 0]),
        ([True, False, True, True, False, False], [3, 3, 0, 0]),
    ],
)
def test_odd_columns_are_counted(column, counts):
    baseline = Baseline.fit({"x": np.array(column)}, n_bins=2)
    assert baseline.frame()["n"].tolist() == counts


def test_names_of_rare_levels_are_not_kept():
    column = ["Smith", "Jones", *["CA"] * 6, *["NY"] * 5, "Miller", None]
    baseline = Baseline.fit({"state": column})
    assert baseline.frame()["bin"].tolist() == ["CA", "NY", "Missing", "Unseen"]
    assert baseline.frame()["n"].tolist() == [6, 5, 1, 3]
    assert "Smith" not in repr(baseline.to_spec())
    few = Baseline.fit({"state": column}, min_level_n=0, max_levels=1)
    assert few.frame()["bin"].tolist() == ["CA", "Missing", "Unseen"]


def test_numbers_can_be_levels():
    baseline = Baseline.fit(
        {"region": [1, 2, 2, 3, 2, 1]}, categorical=["region"], min_level_n=2
    )
    assert baseline.frame()["bin"].tolist() == ["2", "1", "Missing", "Unseen"]


def test_every_kind_of_table_gives_the_same(rows, baseline):
    X, rest = rows["X"], {k: v for k, v in rows.items() if k != "X"}
    nullable = X.convert_dtypes()
    ordered = X.assign(state=pd.Categorical(X["state"], ["TX", "NY", "XX", "CA"]))
    tables = {
        "polars": pl.from_pandas(X, nan_to_null=True),
        "arrow": pa.Table.from_pandas(X),
        "mapping": {name: X[name].to_numpy() for name in X},
        "nullable": nullable,
        "categories in another order": ordered,
    }
    for name, table in tables.items():
        other = Baseline.fit(table, **rest, **RULES, model_id="card 7")
        assert other.to_spec() == baseline.to_spec(), name


def test_chunks_and_machines_add_up_to_the_pooled_rows(rows):
    chunks = [part_of(rows, slice(i, None, 3)) for i in range(3)]
    first = Baseline.fit(**chunks[0], **RULES)
    bins = {item.feature.name: item.feature for item in first.to_spec().features}
    assert bins.keys() == {"income", "state", "inquiries"}
    others = [Baseline(_emptied(first.to_spec())).update(**c) for c in chunks[1:]]
    merged = first.merge(others[0]).merge(others[1])
    updated = Baseline(first.to_spec())
    for chunk in chunks[1:]:
        assert updated.update(**chunk) is updated
    pooled = Baseline(_emptied(first.to_spec())).update(**rows)
    assert merged.to_spec() == updated.to_spec() == pooled.to_spec()
    # sums of scores and PDs are exact, too
    assert pooled.to_spec().reference.sums.keys() == {"score", "pd", "pd_known"}
    assert first.n < merged.n


def _emptied(spec):
    zeros = (0.0,) * spec.n_bins
    bands = (0.0,) * spec.score.feature.n_bins
    reference = type(spec.reference)(
        zeros, zeros, zeros, dict.fromkeys(spec.reference.sums, bands)
    )
    return PopulationSpec(
        spec.features, spec.score, spec.score_direction, reference,
        model_id=spec.model_id,
    )  # fmt: skip


def test_a_weight_is_a_repetition(rows):
    weight = rows["sample_weight"].astype(int)
    repeated = part_of({**rows, "sample_weight": weight * 0 + 1.0},
                       np.repeat(np.arange(weight.size), weight))  # fmt: skip
    one = Baseline.fit(**rows, **RULES)
    del repeated["sample_weight"]
    assert Baseline.fit(**repeated, **RULES).to_spec() == one.to_spec()


def test_it_survives_a_file_and_equal_baselines_give_equal_bytes(
    baseline, rows, tmp_path
):
    baseline.save(tmp_path / "one.json")
    loaded = Baseline.load(tmp_path / "one.json")
    assert loaded.to_spec() == baseline.to_spec()
    assert loaded.model_id == "card 7"
    Baseline.fit(**rows, **RULES, model_id="card 7").save(tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    (tmp_path / "one.json").write_text(json.dumps({"format": "other"}))
    with pytest.raises(ArtifactError, match="riskkit population"):
        Baseline.load(tmp_path / "one.json")


def test_a_file_of_500_features_is_small(tmp_path):
    rng = np.random.default_rng(0)
    Baseline.fit(rng.normal(size=(2_000, 500))).save(tmp_path / "wide.json")
    assert (tmp_path / "wide.json").stat().st_size < 250_000


def test_a_scorecard_carries_its_baseline(card, tmp_path):
    model, book = card
    carried = Baseline.from_scorecard(model, model_id="loan card")
    assert carried.score_direction == "safer"
    assert carried.n == len(book.target)
    assert carried.n_event == book.target.sum()
    counted = Baseline.fit(
        book.data[list(carried.features)],
        bins=model,
        score=model.predict_points(book.data),
        score_direction="safer",
        y=book.target,
    )
    mine, theirs = carried.frame(), counted.frame()
    inside = mine["feature"] != "score"
    pd.testing.assert_frame_equal(
        mine[inside], theirs[: int(inside.sum())], check_like=True
    )
    assert model.baseline_.points.n == tuple(mine["n"][~inside][:-2])
    save_artifact(model, tmp_path / "card.rk")
    loaded = Baseline.from_scorecard(
        read_artifact(tmp_path / "card.rk"), model_id="loan card"
    )
    assert loaded.to_spec() == carried.to_spec()


def test_bins_of_a_model_serve_the_features_it_knows(card):
    model, book = card
    baseline = Baseline.fit(book.data, bins=model)
    assert set(baseline.features) == set(book.data.columns)
    in_model = {c.feature.name: c for c in model.spec_.characteristics}
    for item in baseline.to_spec().features:
        if item.feature.name in in_model:
            assert item.feature == in_model[item.feature.name].feature
            assert item.points == in_model[item.feature.name].points
        else:
            assert item.points == ()
    binner = OptimalBinner().fit(book.data, book.target)
    of_binner = Baseline.fit(book.data, bins=binner).to_spec()
    tables = binner.binning_tables_
    assert all(i.feature == tables[i.feature.name].feature for i in of_binner.features)
    again = Baseline.fit(book.data, bins=Baseline(of_binner)).to_spec()
    assert again == of_binner


def test_columns_are_compared_by_name(baseline, rows):
    X = rows["X"].rename(columns={"income": "net_income"})
    assert baseline.column_changes(X) == (("income",), ("net_income",))
    with pytest.raises(
        SchemaError, match=r"1 are missing: 'income'\. New beside them:"
    ):
        baseline.update(X, score=rows["score"])
    # order and further columns do not matter
    wide = rows["X"].assign(more=1.0)[["more", "state", "inquiries", "income"]]
    one = Baseline(baseline.to_spec()).update(wide, score=rows["score"])
    other = Baseline(baseline.to_spec()).update(rows["X"], score=rows["score"])
    assert one.to_spec() == other.to_spec()
    with pytest.raises(SchemaError, match="'b'"):
        Baseline.fit({"a": [1.0]}, bins={"b": FeatureSpec("b", "numeric")})


def test_an_update_that_fails_counts_nothing(baseline, rows):
    copy = Baseline(baseline.to_spec())
    with pytest.raises(InvalidTypeError):
        copy.update(rows["X"].assign(inquiries="many"), score=rows["score"])
    assert copy.to_spec() == baseline.to_spec()


def test_sums_unknown_of_a_part_are_unknown_of_the_whole(baseline, rows):
    rest = {name: rows[name] for name in ("X", "score")}
    more = Baseline(baseline.to_spec()).update(**rest)
    assert more.to_spec().reference.sums.keys() == {"score"}
    assert more.n == baseline.n + len(rows["X"])
    assert more.n_known == baseline.n_known


def test_bands_of_a_pd_need_no_direction():
    baseline = Baseline.fit(pd=np.linspace(0.01, 0.2, 50), n_score_bands=5)
    assert baseline.score_direction == "riskier"
    assert baseline.features == ()
    assert baseline.n == 50
    assert_array_equal(baseline.frame()["n"][:5], 10)
    with pytest.raises(InvalidInputError, match="pd must be given"):
        baseline.update(score=[0.1])
    assert_allclose(sum(baseline.to_spec().reference.sums["pd"]), 5.25, atol=1e-9)


def test_accounts_without_a_score_are_counted_apart():
    baseline = Baseline.fit(
        score=[600, 620, np.nan, 640], score_direction="safer", n_score_bands=3
    )
    assert baseline.frame()["n"].tolist() == [1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"score": [1.0]}, InvalidParameterError, "score_direction must be said"),
        ({"score": [1.0], "score_direction": "up"}, InvalidParameterError, "one of"),
        ({"pd": [0.1], "score_direction": "safer"}, InvalidParameterError, "of a PD"),
        ({}, InvalidInputError, "got none of them"),
        ({"X": {"a": []}}, InvalidInputError, "at least one row"),
        ({"X": np.zeros(3)}, InvalidInputError, "got 1 dimensions"),
        ({"X": {"a": [1, 2]}, "y": [0, 2]}, InvalidTargetError, "1 of 2 labels"),
        ({"X": {"a": [1, 2]}, "y": ["0", "1"]}, InvalidTargetError, "2 of 2 labels"),
        ({"X": {"a": [1, 2]}, "y": [0]}, InvalidTargetError, "each of the 2 rows"),
        ({"X": {"a": [1, 2]}, "pd": [0.1, 1.2]}, InvalidInputError, "1 of 2 PDs"),
        ({"X": {"a": [1]}, "pd": [0.1, 0.2]}, InvalidInputError, "got shape"),
        (
            {"score": [np.inf], "score_direction": "safer"},
            InvalidInputError,
            "score must be finite",
        ),
        (
            {"score": [1.0], "score_direction": "safer", "pd": [np.nan]},
            InvalidInputError,
            "pd must be known of every account that has a score",
        ),
        ({"pd": [np.nan]}, InvalidInputError, "missing in all of them"),
        ({"X": {"a": [1]}, "sample_weight": [-1]}, InvalidParameterError, "1 of 1"),
        ({"X": {"a": [1]}, "n_bins": 0}, InvalidParameterError, "n_bins"),
        ({"X": {"a": [1]}, "bins": 7}, InvalidTypeError, "bins must be a fitted"),
        ({"X": {"a": [1]}, "bins": {"a": 7}}, InvalidTypeError, r"bins\['a'\]"),
        (
            {"X": {"age": [1]}, "special_codes": {"agee": [1]}},
            InvalidParameterError,
            "Did you mean 'age'",
        ),
        ({"X": {"a": [1]}, "special_codes": "-9"}, InvalidParameterError, "sequence"),
        (
            {"X": pl.LazyFrame({"a": [1]})},
            InvalidTypeError,
            "a lazy one of type LazyFrame",
        ),
    ],
)
def test_unusable_input_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        Baseline.fit(**arguments)


def test_labels_may_be_missing_in_any_way():
    table = {"a": np.arange(4.0)}
    for y in (
        [1, 0, None, 1],
        np.array([1.0, 0, np.nan, 1]),
        pd.Series([1, 0, pd.NA, 1], dtype="Int64"),
        pd.Series([True, False, None, True], dtype="boolean"),
        pl.Series([1, 0, None, 1]),
    ):
        baseline = Baseline.fit(table, y=y)
        assert (baseline.n_known, baseline.n_event) == (3, 2)


def test_baselines_of_other_bins_or_models_do_not_merge(baseline, rows):
    other = Baseline.fit(**rows, **RULES, model_id="card 8")
    with pytest.raises(InvalidInputError, match="'card 7' and 'card 8'"):
        baseline.merge(other)
    coarse = Baseline.fit(**rows, **RULES, model_id="card 7", n_bins=4)
    with pytest.raises(InvalidInputError, match="differ in 'income'"):
        baseline.merge(coarse)
    bands = Baseline.fit(**rows, **RULES, model_id="card 7", n_score_bands=4)
    with pytest.raises(InvalidInputError, match="differ in the score"):
        baseline.merge(bands)
    turned = {**rows, "X": rows["X"][["state", "income", "inquiries"]]}
    with pytest.raises(InvalidInputError, match="the order of the features"):
        baseline.merge(Baseline.fit(**turned, **RULES, model_id="card 7"))


def test_it_is_made_from_a_population_or_from_a_model(card):
    with pytest.raises(InvalidTypeError, match=r"From rows, call Baseline\.fit"):
        Baseline({"a": [1.0]})
    with pytest.raises(InvalidTypeError, match="without"):
        Baseline.from_scorecard(OptimalBinner())
    zero = type(Baseline.fit({"a": [1.0]}).to_spec().reference)((), (), ())
    with pytest.raises(InvalidInputError, match="it has none"):
        Baseline(PopulationSpec((), None, None, zero))


def test_a_notebook_sees_the_bins(baseline):
    assert "Special: -9" in baseline._repr_html_()
    assert repr(baseline).startswith("<Baseline of ")
    assert "3 features and a score" in repr(baseline)
