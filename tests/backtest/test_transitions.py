from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.backtest import roll_rates, transition_matrix
from riskkit.exceptions import InvalidInputError, InvalidParameterError

ORDER = ["0", "30", "60", "90"]
STEP = np.array(
    [[0.90, 0.10, 0.0, 0.0], [0.5, 0.2, 0.3, 0.0], [0.2, 0.1, 0.2, 0.5], [0, 0, 0, 1]]
)


def tape(n_accounts, n_months, seed, *, gaps=0.0):
    """Draw a Markov chain a account, of which some leave and some rows are lost."""
    rng = np.random.default_rng(seed)
    rows = []
    for account in range(n_accounts):
        state = 0
        for month in range(rng.integers(0, 4), n_months):
            if rng.random() >= gaps:
                rows.append((account, month, ORDER[state], float(rng.integers(1, 9))))
            if rng.random() < 0.02:
                break
            state = rng.choice(4, p=STEP[state])
    table = pd.DataFrame(rows, columns=["account", "month", "state", "balance"])
    table["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(0, "D")
    table["date"] = [
        pd.Timestamp("2020-01-15") + pd.DateOffset(months=m) for m in table["month"]
    ]
    return table.sample(frac=1, random_state=seed).reset_index(drop=True)


def by_loop(table, horizon):
    """Count moves account by account, with dictionaries."""
    last = table["month"].max()
    counts, left = Counter(), Counter()
    for _, rows in table.groupby("account"):
        at = dict(zip(rows["month"], rows["state"], strict=True))
        for month, state in at.items():
            if month + horizon in at:
                counts[state, at[month + horizon]] += 1
            elif month + horizon <= last and max(at) < month + horizon:
                left[state] += 1
    return counts, left


@pytest.mark.parametrize("horizon", [1, 3, 12])
@pytest.mark.parametrize("gaps", [0.0, 0.15])
def test_equals_a_loop_over_the_accounts(horizon, gaps):
    table = tape(150, 20, 1, gaps=gaps)
    args = (table["account"], table["date"], table["state"])
    counts, left = by_loop(table, horizon)
    result = transition_matrix(*args, order=ORDER, horizon=horizon, left="gone")
    frame = result.frame("horizon").set_index(["from", "to"])["n_moved"]
    for i in ORDER:
        assert frame[i, "gone"] == left[i]
        for j in ORDER:
            assert frame[i, j] == counts[i, j]
    without = transition_matrix(*args, order=ORDER, horizon=horizon)
    assert_array_equal(without.counts["horizon"], result.counts["horizon"][:-1, :-1])


def test_equals_a_merge_in_pandas():
    table = tape(400, 14, 2)
    after = table.assign(month=table["month"] - 1)
    pairs = table.merge(after, on=["account", "month"], suffixes=("", "_next"))
    expected = pd.crosstab(
        pairs["state"], pairs["state_next"], values=pairs["balance"], aggfunc="sum"
    ).reindex(index=ORDER, columns=ORDER)
    result = transition_matrix(
        table["account"], table["date"], table["state"], order=ORDER,
        amount=table["balance"],
    )  # fmt: skip
    assert_allclose(
        result.matrix(by_amount=True),
        expected.fillna(0).div(expected.sum(axis=1), axis=0),
        rtol=1e-12,
    )
    rates = roll_rates(
        table["account"], table["date"], table["state"], order=ORDER,
        amount=table["balance"],
    ).frame()  # fmt: skip
    place = {s: i for i, s in enumerate(ORDER)}
    worse = pairs["state_next"].map(place) > pairs["state"].map(place)
    hit = pairs.assign(hit=worse * pairs["balance"]).groupby(["month", "state"])
    for (month, state), value in (hit["hit"].sum()).items():
        label = f"{2020 + (month + 1) // 12}-{(month + 1) % 12 + 1:02d}"
        row = rates[(rates["month"] == label) & (rates["state"] == state)].iloc[0]
        assert_allclose(row["amount_worse"] * row["amount"], value, atol=1e-9)
    stock = table.groupby(["month", "state"])["balance"].sum()
    row = rates[(rates["month"] == "2020-06") & (rates["state"] == "30")].iloc[0]
    assert_allclose(row["amount_net_flow"], stock[5, "60"] / stock[4, "30"])


def test_the_product_of_a_markov_chain_is_what_comes():
    table = tape(1_500, 16, 3)
    result = transition_matrix(
        table["account"], table["date"], table["state"], order=ORDER, left="gone"
    )
    share = result.matrix().to_numpy()
    stays = STEP * 0.98
    assert_allclose(share[:-1, :-1], stays, atol=0.03)
    powered = np.linalg.matrix_power(
        np.block([[stays, np.full((4, 1), 0.02)], [np.zeros((1, 4)), np.ones((1, 1))]]),
        12,
    )
    assert_allclose(result.product(), powered, atol=0.05)
    both = result.compare()
    seen = both[both["n"] > 1_000]
    assert len(seen) == 5
    assert np.abs(seen["difference"]).max() < 0.05
    assert_allclose(both["difference"], both["product"] - both["empirical"])
    # Who was in a state twice running is no longer what the present state says.
    stuck = pd.concat([table, table.assign(account=table["account"] + 10**6,
                                           state="30")])  # fmt: skip
    mixed = transition_matrix(
        stuck["account"], stuck["date"], stuck["state"], order=ORDER, left="gone"
    )
    far = mixed.compare().set_index(["from", "to"]).loc[("30", "30")]
    assert far["difference"] < -0.2
    assert far["product"] < far["low"]


@settings(max_examples=20)
@given(seed=st.integers(0, 500))
def test_order_weights_and_libraries_make_no_difference(seed):
    table = tape(25, 9, seed, gaps=0.1)
    rng = np.random.default_rng(seed)
    times = rng.integers(1, 4, 25)[table["account"]]
    args = {"order": ORDER, "horizon": 2, "left": "gone"}
    weighted = transition_matrix(
        table["account"], table["date"], table["state"], sample_weight=times, **args
    )
    rows = np.repeat(np.arange(len(table)), times)
    copy = np.concatenate([np.arange(t) for t in times])
    names = [f"{a} {c}" for a, c in zip(table["account"][rows], copy, strict=True)]
    repeated = transition_matrix(
        names, table["date"].to_numpy()[rows], table["state"].to_numpy()[rows], **args
    )
    polars = pl.from_pandas(table)
    other = transition_matrix(
        polars["account"], polars["date"], polars["state"], sample_weight=times, **args
    )
    for name, counts in weighted.counts.items():
        assert_allclose(repeated.counts[name], counts)
        assert_array_equal(other.counts[name], counts)
    rates = roll_rates(table["account"], table["date"], table["state"], order=ORDER)
    parts = rates.frame().dropna(subset=["worse"])
    assert_allclose(parts[["better", "same", "worse", "left"]].sum(axis=1), 1)
    counted = rates.frame()["n"].sum()
    moves = transition_matrix(
        table["account"], table["date"], table["state"], order=ORDER, left="gone"
    )
    assert_allclose(counted, moves.counts["step"].sum())


def test_results_are_plain():
    table = tape(30, 6, 4)
    args = (table["account"], table["date"], table["state"])
    result = transition_matrix(*args, order=ORDER, horizon=4, step=2)
    assert result.to_dict()["states"] == ORDER
    assert len(result.to_dict()["counts"]["step"]) == 4
    assert "%" in result._repr_html_()
    assert_allclose(result.product(1).sum(axis=1), 1)
    rates = roll_rates(*args, order=ORDER)
    assert rates.series("net_flow").columns.tolist() == ORDER
    assert rates.to_dict()["rates"][3]["net_flow"] is None
    assert "2020-06" in rates._repr_html_()
    with pytest.raises(InvalidParameterError, match="Did you mean 'worse'"):
        rates.series("worst")
    with pytest.raises(InvalidParameterError, match="There are no amounts"):
        result.matrix(by_amount=True)
    with pytest.raises(InvalidParameterError, match="over must be one of"):
        result.matrix("year")
    with pytest.raises(InvalidParameterError, match="n_steps must be"):
        result.product(0)


DAYS = np.array(["2020-01-31", "2020-02-29", "2020-01-01"], "datetime64[D]")


@pytest.mark.parametrize("compute", [transition_matrix, roll_rates])
@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"states": ["0", "15", "0"]}, InvalidInputError, "such as '15'.*in order"),
        ({"states": ["0", None, "0"]}, InvalidInputError, "1 of 3 are missing"),
        ({"states": ["0"]}, InvalidInputError, "states must hold one state"),
        ({"accounts": [1, None, 2]}, InvalidInputError, "accounts must be known"),
        ({"accounts": [1, 1, 1]}, InvalidInputError, "1 of 3 rows repeat one"),
        ({"accounts": [[1], [2], [3]]}, InvalidInputError, "must be one column"),
        ({"accounts": [], "dates": [], "states": []}, InvalidInputError, "one row"),
        ({"dates": DAYS.astype(str)}, InvalidInputError, "dates must hold dates"),
        ({"dates": [DAYS[0]] * 3, "accounts": [1, 2, 3]}, InvalidInputError,
         "dates must span"),
        ({"amount": [1, 2, -3]}, InvalidInputError, "amount must be known.*1 of 3"),
        ({"order": ["0", "0"]}, InvalidParameterError, "two different states"),
        ({"order": "0 30"}, InvalidParameterError, "two different states"),
        ({"level": 0}, InvalidParameterError, "level must lie"),
    ],
)  # fmt: skip
def test_bad_input(compute, change, error, words):
    args = {
        "accounts": [1, 1, 2],
        "dates": DAYS,
        "states": ["0", "30", "0"],
        "order": ORDER,
    } | change
    with pytest.raises(error, match=words):
        compute(**args)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"horizon": 5, "step": 2}, "horizon must be a multiple of step"),
        ({"step": 0}, "step must be an integer"),
        ({"left": "30"}, "left must name a state that is not in order"),
    ],
)
def test_bad_parameters_of_the_matrix(change, words):
    with pytest.raises(InvalidParameterError, match=words):
        transition_matrix([1, 1, 2], DAYS, ["0", "30", "0"], order=ORDER, **change)
