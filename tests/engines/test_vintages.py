"""Vintages and moves of any source are those of rows in memory."""

import numpy as np
import pandas as pd
import pytest

from riskkit.backtest import (
    TransitionCounts,
    VintageCounts,
    roll_rates,
    transition_matrix,
    vintage_table,
)
from riskkit.engines import collect_transitions, collect_vintages
from riskkit.exceptions import InvalidInputError, InvalidParameterError

ORDER = ["0", "30", "60", "90"]
LOANS = {"close_dates": "closed", "amount": "amount", "event_amount": "lost"}


def loan_tape(n=3000, seed=0):
    """Loans of four years with cents, of which some default and some are repaid."""
    rng = np.random.default_rng(seed)
    opened = np.datetime64("2019-01-01") + rng.integers(0, 1400, n)
    defaulted = opened + rng.integers(0, 900, n)
    defaulted[rng.random(n) < 0.8] = np.datetime64("NaT")
    closed = opened + rng.integers(0, 1800, n)
    closed[rng.random(n) < 0.6] = np.datetime64("NaT")
    amount = np.round(rng.lognormal(9, 1, n), 2)
    lost = np.where(np.isnat(defaulted), np.nan, np.round(amount * rng.random(n), 2))
    days = {"opened": opened, "defaulted": defaulted, "closed": closed}
    frame = pd.DataFrame({k: v.astype("datetime64[s]") for k, v in days.items()})
    return frame.assign(amount=amount, lost=lost, weight=rng.random(n))


def account_tape(n_accounts=250, seed=0, *, named=False):
    """Rows of accounts by month in random order, some months of which are lost."""
    rng = np.random.default_rng(seed)
    rows = []
    for account in range(n_accounts):
        state, end = 0, rng.integers(5, 30)
        for month in range(rng.integers(0, 5), end):
            if rng.random() > 0.1:
                rows.append((account, month, ORDER[state]))
            state = int(np.clip(state + rng.integers(-1, 2), 0, 3))
    frame = pd.DataFrame(rows, columns=["account", "month", "state"])
    day = np.datetime64("2021-03") + frame.pop("month").to_numpy()
    frame["date"] = (day.astype("datetime64[D]") + 14).astype("datetime64[s]")
    frame["balance"] = np.round(rng.lognormal(7, 1, len(frame)), 2)
    if named:
        frame["account"] = [f"loan {k:05d}" for k in frame["account"]]
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def in_memory(frame, *, freq="month", weighted=False):
    return vintage_table(
        frame["opened"],
        frame["defaulted"],
        as_of="2023-06-17",
        freq=freq,
        sample_weight=frame["weight"] if weighted else None,
        **{word: frame[name] for word, name in LOANS.items()},
    ).to_dict()


def test_every_engine_gives_the_same_vintages(on_engine):
    frame = loan_tape()
    source = on_engine(frame)
    counts = collect_vintages(
        source.table, "opened", "defaulted", as_of="2023-06-17", **LOANS, **source.told
    )
    assert counts.n_rows == len(frame)
    assert counts.table().to_dict() == in_memory(frame)


@pytest.mark.parametrize("freq", ["month", "quarter", "year"])
def test_weighted_parts_in_any_order_give_the_same_numbers(freq):
    frame = loan_tape(2000, seed=3)
    rng = np.random.default_rng(1)
    part = rng.integers(0, 5, len(frame))
    parts = [
        collect_vintages(
            frame[part == k],
            "opened",
            "defaulted",
            as_of="2023-06-17",
            freq=freq,
            sample_weight="weight",
            **LOANS,
        )
        for k in rng.permutation(6)  # one of them is empty
    ]
    forward = parts[0] + (parts[1] + parts[2]) + (parts[3] + (parts[4] + parts[5]))
    backward = ((parts[5] + parts[3]) + parts[1]) + (parts[0] + parts[4]) + parts[2]
    expected = in_memory(frame, freq=freq, weighted=True)
    assert forward.table().to_dict() == backward.table().to_dict() == expected
    short = forward.table(n_months=7, projection=False, level=0.9)
    assert short.n_months == 7
    assert short.to_dict()["tables"]["projection"] == []


def test_an_early_stray_loan_costs_no_memory_between():
    frame = loan_tape(300)
    stray = frame[:1].assign(opened=pd.Timestamp("1900-01-01"))
    counts = collect_vintages(
        [frame, stray], "opened", "defaulted", as_of="2023-06-17", freq="month"
    )
    assert counts.table(n_months=3).vintages[0] == "1900-01"
    assert len(counts.table(n_months=3).vintages) < 60


def test_what_is_said_of_bad_loans():
    frame = loan_tape(100)
    told = {"as_of": "2023-06-17"}
    with pytest.raises(InvalidInputError, match=r"no column 'open'.*Did you mean"):
        collect_vintages(frame, "open", "defaulted", **told)
    text = frame.assign(opened=frame["opened"].astype(str))
    with pytest.raises(InvalidInputError, match="dates must hold dates; "):
        collect_vintages(text, "opened", "defaulted", **told)
    with pytest.raises(InvalidInputError, match="at least one loan; got none"):
        collect_vintages(frame[:0], "opened", "defaulted", **told).table()
    with pytest.raises(InvalidParameterError, match="freq must be one of"):
        collect_vintages(frame, "opened", "defaulted", freq="week", **told)
    one = collect_vintages(frame, "opened", "defaulted", **told)
    with pytest.raises(InvalidInputError, match="same rules"):
        one + VintageCounts("2023-06-18")
    with pytest.raises(InvalidInputError, match="amount must be given for all parts"):
        one + collect_vintages(frame, "opened", "defaulted", **told, **LOANS)
    with pytest.raises(InvalidParameterError, match="n_months must be at most"):
        one.table(n_months=99)


def expected_moves(frame, **told):
    args = (frame["account"], frame["date"], frame["state"])
    told = {"order": ORDER, "amount": frame["balance"], **told}
    rates = roll_rates(*args, **told)
    matrix = transition_matrix(*args, horizon=6, step=3, left="gone", **told)
    return matrix.to_dict(), rates.to_dict()


def moves_of(counts):
    return counts.matrix(left="gone").to_dict(), counts.roll_rates().to_dict()


@pytest.mark.parametrize("max_rows", [10_000_000, 1200], ids=["one pass", "several"])
def test_every_engine_gives_the_same_moves(on_engine, max_rows):
    frame = account_tape(named=True)
    source = on_engine(frame)
    told = {"horizon": 6, "step": 3, "max_rows": max_rows}
    told |= {"amount": "balance", **source.told}
    args = (source.table, "account", "date", "state")
    if source.name == "arrow reader" and max_rows < len(frame):
        with pytest.raises(InvalidInputError, match="is used up"):
            collect_transitions(*args, order=ORDER, **told)
        return
    counts = collect_transitions(*args, order=ORDER, **told)
    assert moves_of(counts) == expected_moves(frame)
    assert counts.n_waiting == 0


@pytest.mark.parametrize("named", [False, True])
def test_rows_in_any_order_and_passes_add_up(named):
    frame = account_tape(120, seed=5, named=named)
    expected = expected_moves(frame)
    rng = np.random.default_rng(2)
    part = rng.integers(0, 4, len(frame))
    shares = []
    for number in range(3):
        parts = []
        for k in rng.permutation(5):
            rows = frame[part == k]
            counts = TransitionCounts(ORDER, horizon=6, step=3, share=(number, 3))
            counts.update(
                rows["account"], rows["date"], rows["state"], amount=rows["balance"]
            )
            parts.append(counts)
        whole = (parts[0] + parts[1]) + (parts[2] + (parts[3] + parts[4]))
        shares.append(whole.settle())
    assert moves_of(shares[1] + (shares[2] + shares[0])) == expected
    # Every account falls into one share, and a share is no constant.
    alone = [np.sum(share.matrix().counts["step"]) for share in shares]
    assert min(alone) > 0.2 * sum(alone)


def test_numbers_stored_in_several_ways_are_one_account():
    frame = account_tape(40)
    halves = [frame[::2], frame[1::2].assign(account=frame["account"].astype(float))]
    told = {"order": ORDER, "horizon": 6, "step": 3, "amount": "balance"}
    counts = collect_transitions(halves, "account", "date", "state", **told)
    assert moves_of(counts) == expected_moves(frame)
    halves[1] = frame[1::2].assign(account=frame["account"].astype(str))
    with pytest.raises(InvalidInputError, match="numbers in every part, or text"):
        collect_transitions(halves, "account", "date", "state", **told)


def test_what_is_said_of_bad_tapes():
    frame = account_tape(30)
    args = ("account", "date", "state")
    told = {"order": ORDER, "horizon": 2}
    twice = pd.concat([frame, frame[:3]])
    with pytest.raises(InvalidInputError, match="at most one row for each month; 3 of"):
        collect_transitions([twice[:40], twice[40:]], *args, **told)
    with pytest.raises(InvalidInputError, match="must be among the 3 of order"):
        collect_transitions(frame, *args, order=ORDER[:3])
    with pytest.raises(InvalidInputError, match=r"1 of .* are missing"):
        collect_transitions(
            frame.assign(account=frame["account"].where(frame.index > 0)), *args, **told
        )
    with pytest.raises(InvalidParameterError, match="multiple of step, 5"):
        collect_transitions(frame, *args, order=ORDER, step=5)
    with pytest.raises(InvalidParameterError, match="max_rows=1 is too few"):
        collect_transitions(frame, *args, **told, max_rows=1)
    with pytest.raises(InvalidParameterError, match="max_rows must be"):
        collect_transitions(frame, *args, **told, max_rows=0)
    with pytest.raises(InvalidInputError, match="at least one row; got none"):
        collect_transitions(frame[:0], *args, **told).matrix()
    one = frame[frame["date"] == frame["date"].min()]
    with pytest.raises(InvalidInputError, match="span more than 1 month"):
        collect_transitions(one, *args, **told).matrix()
    counts = collect_transitions(frame, *args, **told)
    with pytest.raises(InvalidInputError, match="same rules"):
        counts + TransitionCounts(ORDER)
    with pytest.raises(InvalidParameterError, match="must be a multiple of 1"):
        counts.narrow(2)
    with pytest.raises(InvalidInputError, match="amount must be given for all"):
        counts + collect_transitions(frame, *args, **told, amount="balance")
    with pytest.raises(InvalidParameterError, match="k from 0 to n - 1"):
        TransitionCounts(ORDER, share=(2, 2))
