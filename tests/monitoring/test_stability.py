"""Later populations against the reference."""

import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    SchemaError,
)
from riskkit.metrics import csi, mix_rate_effects, points_effect, psi_test
from riskkit.monitoring import Baseline, StabilityMonitor
from riskkit.scorecard import ScorecardClassifier

RULES = {"score_direction": "safer", "special_codes": {"income": [-9]}}


def make_rows(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8 + shift, 0.6, n)
    income[rng.random(n) < 0.1 + shift / 5] = np.nan
    income[rng.random(n) < 0.05] = -9
    names = ["CA", "NY", "TX", "ZZ"]
    state = rng.choice(names, n, p=[0.5 - shift / 5, 0.3, 0.2, shift / 5])
    score = rng.normal(620 - 40 * shift, 30, n).round()
    chance = 1 / (1 + np.exp((score - 560) / 25))
    y = (rng.random(n) < chance).astype(float)
    y[rng.random(n) < 0.3] = np.nan
    month = rng.integers(1, 7, n)
    return {
        "X": pd.DataFrame({"income": income, "state": state}),
        "score": score,
        "pd": chance,
        "y": y,
        "sample_weight": rng.integers(0, 3, n).astype(float),
        "period": np.array([f"2024-{m:02d}" for m in month]),
    }


def part_of(rows, chosen):
    X = rows["X"].iloc[chosen].reset_index(drop=True)
    rest = {name: values[chosen] for name, values in rows.items() if name != "X"}
    return {"X": X, **rest}


def without_period(rows):
    return {name: values for name, values in rows.items() if name != "period"}


@pytest.fixture(scope="module")
def baseline():
    return Baseline.fit(
        **without_period(make_rows(4_000, 0)), **RULES, model_id="card 7"
    )


@pytest.fixture(scope="module")
def rows():
    return make_rows(6_000, 1, shift=0.4)


@pytest.fixture(scope="module")
def monitor(baseline, rows):
    return StabilityMonitor(baseline).update(**rows)


def same(one, other):
    return json.dumps(one.to_dict()) == json.dumps(other.to_dict())


def test_months_merged_are_the_pooled_rows_to_the_last_bit(baseline, rows, monitor):
    whole = StabilityMonitor(baseline).compare(**without_period(rows), label="all")
    assert same(monitor.pooled(), whole)
    parts = [StabilityMonitor(baseline) for _ in range(3)]
    for i, part in enumerate(parts):
        part.update(**part_of(rows, slice(i, None, 3)))
    merged = parts[0].merge(parts[1]).merge(parts[2])
    assert same(merged.result(), monitor.result())
    assert same(merged.pooled(), whole)
    chunked = StabilityMonitor(baseline)
    for start in range(0, 6_000, 1_000):
        chunked.update(**part_of(rows, slice(start, start + 1_000)))
    assert same(chunked.result(), monitor.result())


def test_each_month_alone_is_the_month_in_the_series(baseline, rows, monitor):
    series = monitor.result()
    for i, month in enumerate(series.periods):
        alone = StabilityMonitor(baseline).compare(
            **without_period(part_of(rows, rows["period"] == month)), label=month
        )
        chosen = series.frame()["period"] == month
        pd.testing.assert_frame_equal(
            series.frame()[chosen].reset_index(drop=True), alone.frame()
        )
        assert series.summary().iloc[i].to_dict() == pytest.approx(
            alone.summary().iloc[0].to_dict()
        )


def test_quarters_are_joined_months(monitor):
    quarters = monitor.regroup(lambda m: f"2024 Q{(int(m[-2:]) + 2) // 3}")
    assert quarters.periods == ("2024 Q1", "2024 Q2")
    n = monitor.result().summary()["n"]
    assert quarters.result().summary()["n"].tolist() == [n[:3].sum(), n[3:].sum()]
    by_name = monitor.regroup(dict.fromkeys(monitor.periods, "half"))
    assert same(by_name.result(), monitor.pooled(label="half"))
    with pytest.raises(InvalidInputError, match="it lacks 2024-02"):
        monitor.regroup({"2024-01": "x"})


def test_every_number_is_that_of_the_metrics(monitor):
    result = monitor.result()
    bins, frame = result.bins(), result.frame()
    for row in frame.itertuples():
        part = bins[(bins["period"] == row.period) & (bins["feature"] == row.feature)]
        counts = part["n_expected"], part["n"]
        test = psi_test(*counts)
        assert row.psi == pytest.approx(test.statistic)
        assert row.psi == pytest.approx(csi(*counts))
        assert row.bias == pytest.approx(test.details["bias"])
        assert row.p_value == pytest.approx(test.p_value)
        assert part["psi"].sum() == pytest.approx(row.psi)
        assert part["share"].sum() == pytest.approx(1)
        assert row.n == part["n"].sum()
        assert row.missing == part["share"][part["bin"] == "Missing"].item()
        assert row.unseen == part["share"][part["bin"] == "Unseen"].item()
        assert row.band == ("green" if row.psi < 0.1 else "amber" if row.psi < 0.25
                            else "red")  # fmt: skip
        assert row.mix_effect + row.rate_effect == pytest.approx(
            row.event_rate - row.event_rate_expected
        )
        assert part["mix_effect"].sum() == pytest.approx(row.mix_effect)


def test_mix_and_rate_are_those_of_the_metrics(baseline, rows):
    monitor = StabilityMonitor(baseline)
    result = monitor.compare(**without_period(rows))
    bins = result.bins()
    before = baseline.frame()
    for row in result.frame().itertuples():
        now = bins[bins["feature"] == row.feature]
        was = before[before["feature"] == row.feature]
        known = mix_rate_effects(
            was["n_event"], was["n_known"], now["n_event"], now["n_known"]
        )
        assert row.mix_effect == pytest.approx(known.mix_effect)
        assert row.rate_effect == pytest.approx(known.rate_effect)


def test_the_shift_that_was_made_is_found(monitor, baseline):
    result = monitor.result()
    frame = result.frame().set_index(["period", "feature"])
    assert (frame.xs("score", level="feature")["band"] == "red").all()
    assert (frame.xs("income", level="feature")["missing"] > 0.13).all()
    states = frame.xs("state", level="feature")
    assert (states["unseen"] > 0.03).all()
    assert (states["unseen_expected"] == 0).all()
    assert frame.xs("income", level="feature")["special_expected"].iloc[
        0
    ] == pytest.approx(0.05, abs=0.01)
    still = StabilityMonitor(baseline).compare(**without_period(make_rows(3_000, 2)))
    assert (still.frame()["band"] == "green").all()
    assert (still.frame()["p_value"] > 0.001).all()
    # without a shift the index is about its bias
    assert (still.frame()["psi"] < 4 * still.frame()["bias"]).all()


def test_points_effects_add_up_to_the_change_of_the_mean_points():
    book = make_loan_book(4_000, random_state=1)
    later = make_loan_book(2_000, random_state=2)
    X = later.data[later.data.select_dtypes("number").iloc[:, 0] > 0]
    card = ScorecardClassifier().fit(book.data, book.target)
    monitor = StabilityMonitor(Baseline.from_scorecard(card))
    result = monitor.compare(X, score=card.predict_points(X))
    frame = result.frame()
    change = card.predict_points(X).mean() - card.predict_points(book.data).mean()
    assert frame["points_effect"].sum() == pytest.approx(change, abs=1e-6)
    assert math.isnan(frame["points_effect"].iloc[-1])  # the score has no points
    name = frame["feature"].iloc[0]
    bins = result.bins()
    part = bins[(bins["feature"] == name) & (bins["kind"] != "score")]
    assert frame["points_effect"].iloc[0] == pytest.approx(
        points_effect(part["n_expected"], part["n"], part["points"])
    )


def test_the_summary_is_that_of_the_rows(rows, baseline, monitor):
    whole = monitor.pooled().summary().iloc[0]
    weight, y = rows["sample_weight"], rows["y"]
    known = ~np.isnan(y)
    assert whole["n"] == weight.sum()
    assert whole["event_rate"] == pytest.approx(
        np.average(y[known], weights=weight[known])
    )
    assert whole["mean_score"] == pytest.approx(
        np.average(rows["score"], weights=weight)
    )
    assert whole["mean_pd"] == pytest.approx(np.average(rows["pd"], weights=weight))
    assert whole["mean_pd_known"] == pytest.approx(
        np.average(rows["pd"][known], weights=weight[known])
    )
    assert whole["event_rate_expected"] == baseline.n_event / baseline.n_known
    assert whole["psi_score"] == monitor.pooled().frame()["psi"].iloc[-1]


def test_limits_are_policy(monitor, baseline, rows, tmp_path):
    monitor.save(tmp_path / "history.json")
    strict = StabilityMonitor.load(tmp_path / "history.json", limits=(0.001, 0.002))
    assert (strict.result().frame()["band"] == "red").all()
    unsmoothed = StabilityMonitor.load(tmp_path / "history.json", smoothing=0)
    states = unsmoothed.result().frame().query("feature == 'state'")
    assert np.isinf(states["psi"]).all()  # unseen in the reference
    assert (states["p_value"] == 0).all()


def test_history_survives_a_file(monitor, tmp_path, rows):
    monitor.save(tmp_path / "history.json")
    loaded = StabilityMonitor.load(tmp_path / "history.json", model_id="card 7")
    assert loaded.periods == monitor.periods
    assert same(loaded.result(), monitor.result())
    assert loaded.to_spec() == monitor.to_spec()
    assert loaded.baseline.to_spec() == monitor.baseline.to_spec()
    # and goes on
    july = part_of(rows, rows["period"] == "2024-06")
    july["period"] = "2024-07"
    assert loaded.update(**july).periods[-1] == "2024-07"
    with pytest.raises(InvalidInputError, match="it belongs to 'card 7'"):
        StabilityMonitor.load(tmp_path / "history.json", model_id="card 8")


def test_a_repeated_period_is_added_refused_or_replaced(baseline, rows):
    june = {**part_of(rows, rows["period"] == "2024-06"), "period": "2024-06"}
    once = StabilityMonitor(baseline).update(**june)
    n = once.result().summary()["n"].item()
    twice = StabilityMonitor(baseline).update(**june).update(**june)
    assert twice.result().summary()["n"].item() == 2 * n
    with pytest.raises(InvalidInputError, match="counted before: 2024-06"):
        once.update(**june, repeat="refuse")
    assert once.result().summary()["n"].item() == n
    assert once.update(**june, repeat="replace").result().summary()["n"].item() == n
    with pytest.raises(InvalidParameterError, match="repeat must be one of"):
        once.update(**june, repeat="again")


def test_what_is_done_to_the_baseline_later_does_not_reach_the_monitor(baseline, rows):
    mine = Baseline(baseline.to_spec())
    monitor = StabilityMonitor(mine).update(**rows)
    before = monitor.result()
    mine.update(**without_period(rows))
    monitor.baseline.update(**without_period(rows))
    assert same(monitor.result(), before)


def test_dates_become_months_quarters_and_years(baseline, rows):
    few = without_period(part_of(rows, slice(0, 4)))
    days = ["2023-12-31", "2024-01-01", "2024-04-30", "2024-04-01"]
    for period in (
        days,
        np.array(days, dtype="datetime64[D]"),
        pd.to_datetime(pd.Series(days)),
        pd.to_datetime(pd.Series(days)).dt.tz_localize("America/New_York"),
        [dt.date.fromisoformat(day) for day in days],
    ):
        monitor = StabilityMonitor(baseline).update(**few, period=period)
        assert monitor.periods == ("2023-12", "2024-01", "2024-04")
        assert monitor.result().gaps == ("2024-02", "2024-03")
    for freq, labels, gaps in (
        ("quarter", ("2023 Q4", "2024 Q1", "2024 Q2"), ()),
        ("year", ("2023", "2024"), ()),
    ):
        monitor = StabilityMonitor(baseline).update(**few, period=days, freq=freq)
        assert (monitor.periods, monitor.result().gaps) == (labels, gaps)
    one = StabilityMonitor(baseline).update(**few, period=dt.date(2024, 2, 3))
    assert one.periods == ("2024-02",)
    wide = one.update(**few, period="2024-09").result()
    assert len(wide.gaps) == 6
    named = StabilityMonitor(baseline).update(**few, period=["a", "b", "a", "c"])
    assert (named.periods, named.result().gaps) == (("a", "b", "c"), ())


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (["2024-01-01", "2024-01-02"], "for each of the 4 rows"),
        ([1, 2, 3, 4], "got entries that are neither"),
        (["2024-01-01", None, "2024-01-03", None], "it is missing in 2 of 4"),
        (["2024-01-01", "label", "2024-01-03", "x"], "got entries that are neither"),
        (
            [
                "2024-01-01T00:00:00+01:00",
                "2024-01-01T00:00:00-05:00",
                "2024-01-02T00:00:00+01:00",
                "2024-01-03T00:00:00+01:00",
            ],
            "one time zone",
        ),
    ],
)
def test_unusable_periods_are_named(baseline, rows, period, words):
    few = without_period(part_of(rows, slice(0, 4)))
    with pytest.raises(InvalidInputError, match=words):
        StabilityMonitor(baseline).update(**few, period=period)


def test_few_or_no_accounts_are_not_judged(baseline, rows):
    few = without_period(part_of(rows, slice(0, 1)))
    few["sample_weight"] = np.ones(1)
    frame = StabilityMonitor(baseline).compare(**few).frame()
    assert set(frame["status"]) == {"not_evaluable"}
    assert set(frame["reason"]) == {"there are fewer than 100 accounts"}
    assert set(frame["band"]) == {"not_evaluable"}
    assert frame["p_value"].isna().all()
    assert frame["psi"].notna().all()
    bold = StabilityMonitor(baseline, min_n=0).compare(**few).frame()
    assert set(bold["status"]) == {"ok"}
    none = without_period(part_of(rows, slice(0, 0)))
    result = StabilityMonitor(baseline).compare(**none)
    assert set(result.frame()["reason"]) == {"there are no accounts"}
    json.dumps(result.to_dict(), allow_nan=False)
    empty = StabilityMonitor(baseline).result()
    assert (empty.periods, len(empty.frame()), len(empty.summary())) == ((), 0, 0)


def test_outcomes_may_be_unknown_altogether(baseline, rows):
    unlabelled = {k: v for k, v in without_period(rows).items() if k != "y"}
    frame = StabilityMonitor(baseline).compare(**unlabelled).frame()
    assert frame["event_rate"].isna().all()
    assert frame["mix_effect"].isna().all()
    assert set(frame["status"]) == {"ok"}


def test_a_constant_feature_that_stays_so_is_green():
    baseline = Baseline.fit({"x": np.ones(500), "all missing": np.full(500, np.nan)})
    still = {"x": np.ones(200), "all missing": np.full(200, np.nan)}
    frame = StabilityMonitor(baseline).compare(still).frame()
    assert frame["psi"].tolist() == [0, 0]
    assert frame["p_value"].tolist() == [1, 1]
    assert frame["band"].tolist() == ["green", "green"]
    broken = {"x": np.full(200, np.nan), "all missing": np.ones(200)}
    moved = StabilityMonitor(baseline).compare(broken).frame()
    assert moved["band"].tolist() == ["red", "red"]
    assert moved["missing"].tolist() == [1, 0]


def test_a_value_on_an_edge_and_beyond_all_edges_has_its_bin():
    baseline = Baseline.fit({"x": np.repeat([1.0, 2.0, 3.0], 100)})
    result = StabilityMonitor(baseline, min_n=0).compare(
        {"x": [1.0, np.nextafter(1.0, 2.0), 2.0, -np.inf, np.inf, -0.0]}
    )
    assert result.bins()["n"].tolist() == [3, 2, 1, 0, 0]


def test_duplicates_and_missing_columns_are_refused(monitor, rows, baseline):
    few = part_of(rows, slice(0, 5))
    with pytest.raises(InvalidInputError, match="2 of 5 rows repeat one"):
        StabilityMonitor(baseline).update(**few, ids=[1, 2, 1, 1, 3])
    StabilityMonitor(baseline).update(**few, ids=list("abcde"))
    few["X"] = few["X"].drop(columns="state")
    with pytest.raises(SchemaError, match="'state'"):
        StabilityMonitor(baseline).update(**few)
    no_score = {k: v for k, v in part_of(rows, slice(0, 5)).items() if k != "score"}
    with pytest.raises(InvalidInputError, match="score must be given"):
        StabilityMonitor(baseline).update(**no_score)
    other = StabilityMonitor(Baseline.fit(**without_period(rows), **RULES))
    with pytest.raises(InvalidInputError, match="Both must belong to one model"):
        monitor.merge(other)


def test_unusable_parameters_are_named(baseline):
    with pytest.raises(InvalidTypeError, match="baseline must be a Baseline"):
        StabilityMonitor({"a": 1})
    for limits in ((0.3, 0.1), [0.1, 0.2], (0.1,)):
        with pytest.raises(InvalidParameterError, match="limits must"):
            StabilityMonitor(baseline, limits=limits)
    with pytest.raises(InvalidParameterError, match="smoothing"):
        StabilityMonitor(baseline, smoothing=-1)


def test_a_result_is_plain_data_and_a_table(monitor):
    result = monitor.result()
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["periods"] == list(result.periods)
    assert len(plain["features"]["psi"]) == 6 * 3
    assert "psi_score" in result._repr_html_()
    assert repr(result) == "<StabilityResult of 6 periods and 3 features>"
    assert "6 periods" in repr(monitor)
    assert_allclose(
        result.bins().groupby(["period", "feature"])["psi"].sum().sort_values(),
        result.frame()["psi"].sort_values(),
    )


def test_measurements_are_those_of_a_period(monitor):
    result = monitor.result()
    assert result.measurements() == result.measurements(result.periods[-1])
    frame = result.frame()
    for period in result.periods:
        rows = frame[frame["period"] == period].set_index("feature")
        for item in result.measurements(period):
            if item.name == "feature_csi":
                assert item.value == rows.loc[item.of, "psi"]
                assert item.p_value == rows.loc[item.of, "p_value"]
            elif item.name == "missing_change":
                row = rows.loc[item.of]
                assert item.value == abs(row["missing"] - row["missing_expected"])
    with pytest.raises(InvalidParameterError, match="period must be one of"):
        result.measurements("1999-01")
    assert StabilityMonitor(monitor.baseline).result().measurements() == ()
