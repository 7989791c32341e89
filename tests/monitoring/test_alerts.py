"""Fraud alerts: how many, how right, and how late one learns it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.monitoring import EarlyWarning, alert_performance

DAY = np.datetime64("2024-01-01")


def cases(seed=0, n=6000, rate=0.03, power=2.0):
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < rate
    dates = DAY + np.arange(n) * 120 // n
    return {
        "score": rng.normal(size=n) + power * fraud,
        "dates": dates,
        "y": fraud.astype(float),
        "label_dates": dates + rng.integers(1, 20, n),
        "amount": rng.lognormal(4, 1, n),
    }


def look(tape, **how):
    tape = dict(tape)
    given = {"as_of": "2024-06-01", "capacity": 60, "label_days": 30} | how
    return alert_performance(tape.pop("score"), **tape, **given)


def test_by_hand():
    result = alert_performance(
        [9, 8, 8, 8, 1, 0],
        dates=[DAY] * 6,
        as_of="2024-06-01",
        capacity=2,
        y=[1, 1, 0, np.nan, 1, 0],
        amount=[10, 90, 5, 5, 100, 5],
        label_days=10,
        label_dates=[DAY + d for d in (1, 5, 3, 3, 21, 3)],
    )
    row = result.frame().iloc[0]
    # One case is reviewed for sure, three share the other place.
    assert row["n_reviewed"] == pytest.approx(2)
    assert row["n_known"] == pytest.approx(1 + 2 / 3)
    assert row["n_event"] == pytest.approx(1 + 1 / 3)
    assert row["precision"] == pytest.approx(0.8)
    assert row["captured"] == pytest.approx((1 + 1 / 3) / 3)
    assert row["amount_captured"] == pytest.approx(40 / 200)
    assert row["days_to_label"] == 5
    assert row["late_labels"] == pytest.approx(1 / 3)


def test_the_interval_is_jeffreys():
    row = look(cases()).frame().iloc[0]
    beta = stats.beta(row["n_event"] + 0.5, row["n_known"] - row["n_event"] + 0.5)
    assert row["low"] == pytest.approx(beta.ppf(0.025))
    assert row["high"] == pytest.approx(beta.ppf(0.975))


def test_it_agrees_with_a_sort_month_by_month():
    tape = cases()
    result = look(tape).frame().set_index("period")
    frame = pd.DataFrame(tape)
    for period, mine in frame.groupby(frame["dates"].dt.strftime("%Y-%m")):
        top = mine.nlargest(60, "score")
        assert result.loc[period, "precision"] == pytest.approx(top["y"].mean())
        assert result.loc[period, "captured"] == pytest.approx(
            top["y"].sum() / mine["y"].sum()
        )
        fraud = mine[mine["y"] == 1]
        assert result.loc[period, "amount_captured"] == pytest.approx(
            top.loc[top["y"] == 1, "amount"].sum() / fraud["amount"].sum()
        )
        waited = (fraud["label_dates"] - fraud["dates"]).dt.days
        assert result.loc[period, "days_to_label"] == waited.median()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=30),
    st.integers(1, 10),
    st.randoms(use_true_random=False),
)
def test_ties_do_not_depend_on_the_order_of_rows(rows, capacity, random):
    def found(rows):
        score, y = zip(*rows, strict=True)
        result = alert_performance(
            score,
            y=np.array(y, float),
            dates=[DAY] * len(rows),
            as_of="2024-06-01",
            capacity=capacity,
        )
        return result.frame().iloc[0]

    one = found(rows)
    shuffled = random.sample(rows, len(rows))
    other = found(shuffled)
    for name in ("n_reviewed", "n_event", "precision"):
        assert one[name] == pytest.approx(other[name])
    assert one["n_reviewed"] == pytest.approx(min(capacity, len(rows)))


def test_young_periods_are_counted_and_not_judged():
    result = look(cases(), as_of="2024-05-01")
    frame = result.frame()
    assert frame["status"].tolist() == ["mature"] * 3 + ["immature"]
    assert frame["n_reviewed"].notna().all()
    assert frame["precision"].isna().tolist() == [False] * 3 + [True]
    assert frame["reason"].iloc[-1] == "labels are complete on 2024-05-31"
    mature = look({k: v[frame["n"][:3].sum() * 0 :] for k, v in cases().items()})
    assert mature.total["n_known"] > result.total["n_known"]


def test_what_was_labelled_after_the_tape_is_not_known_on_it():
    tape = cases()
    late = tape | {"label_dates": np.full(6000, np.datetime64("2024-06-01"))}
    result = look(late)
    assert result.total["n_known"] == 0
    warning = EarlyWarning().evaluate(look(late, expected_precision=0.4))
    assert warning.light_of("alert_precision") == "not_evaluable"


def test_a_threshold_gives_a_rate_and_capacity_cuts_it():
    result = look(cases(), threshold=1.5, capacity=None)
    row = result.frame().iloc[0]
    assert row["n_alert"] == row["n_reviewed"]
    both = look(cases(), threshold=1.5, capacity=20).frame().iloc[0]
    assert (both["n_alert"], both["n_reviewed"]) == (row["n_alert"], 20)


def test_lights_of_alerts():
    expected = look(cases(1, n=100_000), threshold=2.0, capacity=None)
    rate = float(np.mean(expected.periods["alert_rate"]))
    usual = {
        "threshold": 2.0,
        "capacity": None,
        "expected_rate": rate,
        "expected_precision": expected.total["precision"],
    }
    calm = EarlyWarning().evaluate(look(cases(2), **usual))
    assert set(calm.measures["light"]) == {"green"}
    tape = cases(3, power=0.5)
    tape["score"] = tape["score"] * 2
    storm = EarlyWarning().evaluate(look(tape, **usual))
    assert storm.light_of("alert_rate") == "red"
    assert storm.light_of("alert_precision") == "red"
    tape = cases(4)
    tape["label_dates"] = tape["label_dates"] + 25
    assert EarlyWarning().evaluate(look(tape)).light_of("late_labels") == "red"


def test_p_values_are_exact_tails():
    result = look(cases(), expected_rate=0.04, expected_precision=0.5, threshold=2.0)
    last = result.frame().iloc[-1]
    tails = stats.binom.sf(last["n_alert"] - 1, last["n"], 0.04)
    assert result.p_values["alert_rate"] == pytest.approx(min(1, 2 * tails), rel=1e-9)
    total = result.total
    below = stats.binom.cdf(total["n_event"], total["n_known"], 0.5)
    assert result.p_values["alert_precision"] == pytest.approx(below, rel=1e-9)


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"capacity": None}, InvalidParameterError, "got neither"),
        ({"capacity": 0}, InvalidParameterError, "capacity"),
        ({"label_days": -1}, InvalidParameterError, "label_days"),
        ({"freq": "week"}, InvalidParameterError, "freq"),
        ({"expected_rate": 1.5}, InvalidParameterError, "expected_rate"),
        ({"as_of": "2024-02-01"}, InvalidInputError, "before as_of"),
        ({"score": np.full(6000, np.nan)}, InvalidInputError, "score must be known"),
        ({"y": np.full(6000, 2.0)}, InvalidTargetError, "something else"),
        ({"amount": np.full(6000, -1.0)}, InvalidInputError, "negative"),
        ({"amount": np.full(6000, np.nan)}, InvalidInputError, "known amount"),
        ({"ids": np.zeros(6000)}, InvalidInputError, "ids must differ"),
        ({"label_dates": np.full(6000, DAY - 1)}, InvalidInputError, "not lie before"),
    ],
)
def test_alerts_outside_their_domain(how, error, message):
    with pytest.raises(error, match=message):
        look(
            cases() | {k: v for k, v in how.items() if k in cases()},
            **{k: v for k, v in how.items() if k not in cases()},
        )


def test_a_result_is_plain_data_and_readable():
    result = look(cases(), expected_rate=0.01)
    plain = result.to_dict()
    assert plain["periods"][0]["period"] == "2024-01"
    assert plain["expected_precision"] is None
    assert "4 of 4 periods mature" in repr(result)
    assert "<table" in result._repr_html_()
