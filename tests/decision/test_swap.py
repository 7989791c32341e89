"""Two policies side by side, and decisions against the recommendation."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit.decision import override_table, swap_set
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)

applicants = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.sampled_from([0.0, 1.0, np.nan]),
        st.floats(0, 1),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=40,
)


def unpack(drawn):
    parts = [np.array(part, dtype=float) for part in zip(*drawn, strict=True)]
    return parts if parts[4].any() else None


def test_hand_computed():
    result = swap_set(
        champion=[1, 1, 1, 0, 0, 0],
        challenger=[1, 1, 0, 1, 1, 0],
        y=[0, 1, 1, None, None, None],
        pd=[0.5, 0.5, 0.5, 0.1, 0.3, 0.8],
        multipliers=[3, 1],
    )
    frame = result.frame().set_index("cell")
    assert frame["n"].tolist() == [2, 1, 2, 1]
    assert_allclose(frame["share"], np.array([2, 1, 2, 1]) / 6)
    assert_allclose(frame["event_rate"], [0.5, 1, np.nan, np.nan])
    # Outcomes win over PDs; without one the PD stands, and its odds times 3.
    assert frame["n_inferred"].tolist() == [0, 0, 2, 1]
    assert_allclose(frame["inferred_rate"], [np.nan, np.nan, 0.2, 0.8])
    assert_allclose(frame["inferred_rate_low"], frame["inferred_rate"])
    raised = [(0.25 + 0.9 / 1.6) / 2, 2.4 / 2.6]
    assert_allclose(frame["inferred_rate_high"], [np.nan, np.nan, *raised])
    policies = result.portfolios().set_index("policy")
    assert policies["n"].tolist() == [3, 4]
    assert_allclose(policies["share"], [3 / 6, 4 / 6])
    assert_allclose(policies["event_rate"], [2 / 3, 1 / 2])
    assert_allclose(policies["expected_event_rate"], [2 / 3, 1.4 / 4])
    assert "1 to 3 times their odds" in result.notes[0]


@given(applicants)
def test_parts_add_up(drawn):
    parts = unpack(drawn)
    if parts is None:
        return
    champion, challenger, y, pd_, weight = parts
    result = swap_set(champion, challenger, y, pd=pd_, sample_weight=weight)
    cells = result.frame().set_index("cell")
    policies = result.portfolios().set_index("policy")
    assert_allclose(cells["n"].sum(), weight.sum())
    assert_allclose(cells["share"].sum(), 1)
    for column in ("n", "n_known", "n_event", "n_inferred"):
        both = cells.loc["both approve", column]
        out, into = cells.loc["swap-out", column], cells.loc["swap-in", column]
        assert_allclose(policies.loc["champion", column], both + out)
        assert_allclose(policies.loc["challenger", column], both + into)
    known = ~np.isnan(y)
    assert_allclose(cells["n_event"].sum(), weight[known] @ y[known])
    turned = swap_set(challenger, champion, y, pd=pd_, sample_weight=weight).frame()
    assert_allclose(
        turned.set_index("cell").loc[["both approve", "swap-in"], "n"],
        cells.loc[["both approve", "swap-out"], "n"],
    )


@given(applicants)
def test_a_weight_is_so_many_rows(drawn):
    parts = unpack(drawn)
    if parts is None:
        return
    champion, challenger, y, pd_, weight = parts
    n = weight.astype(int)
    again = [np.repeat(part, n) for part in (champion, challenger, y, pd_)]
    weighted = swap_set(champion, challenger, y, pd=pd_, sample_weight=weight)
    repeated = swap_set(*again[:3], pd=again[3])
    pd.testing.assert_frame_equal(weighted.frame(), repeated.frame())


def test_nothing_is_said_of_whom_nothing_is_known():
    result = swap_set([1, 0], [0, 1], [1, None])
    frame = result.frame().set_index("cell")
    assert np.isnan(frame.loc["swap-in", "expected_event_rate"])
    assert np.isnan(frame.loc["swap-in", "inferred_rate_high"])
    assert result.notes == (
        "1 accounts have neither an outcome nor a PD; nothing is said of their event "
        "rate.",
    )
    assert "swap-in" in result._repr_html_()
    assert json.loads(json.dumps(result.to_dict()))["cells"]["n"] == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "change", "error", "message"),
    [
        (([1, 2], [1, 0]), {}, InvalidInputError, "1 of 2 rows hold something else"),
        (([1, None], [1, 0]), {}, InvalidInputError, "or nothing"),
        (([1, 0], [1]), {}, InvalidInputError, "each of the 2 rows"),
        (([1, 0], [1, 0], [0, 1, 1]), {}, InvalidInputError, "each of the 2 rows"),
        (([1, 0], [1, 0], ["a", 1]), {}, InvalidTargetError, "one type"),
        (([1, 0], [1, 0]), {"pd": [0.5, 2]}, InvalidInputError, "probabilities"),
        (([1, 0], [1, 0]), {"multipliers": [0]}, InvalidParameterError, "above 0"),
        (([1, 0], [1, 0]), {"multipliers": 2}, InvalidParameterError, "sequence"),
        (([1, 0], [1, 0]), {"multipliers": []}, InvalidParameterError, "above 0"),
    ],
)
def test_bad_input(arguments, change, error, message):
    with pytest.raises(error, match=message):
        swap_set(*arguments, **change)


# -------------------------------------------------------------------- overrides


def test_overrides_by_reason():
    recommended = [1, 1, 1, 0, 0, 0, 0, 0]
    decided = [1, 1, 0, 1, 1, 1, 0, 0]
    y = [0, 1, None, 1, 0, None, None, None]
    reasons = ["-", "-", "fraud", "income", "income", "long client", "-", "-"]
    pd_ = [0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5]
    frame = override_table(recommended, decided, y, by=reasons, pd=pd_).frame()
    frame = frame.set_index("group")
    assert frame.index.tolist() == ["all", "-", "fraud", "income", "long client"]
    assert frame["n"].tolist() == [8, 4, 1, 2, 1]
    assert frame["n_low_side"].tolist() == [3, 0, 0, 2, 1]
    assert frame["n_high_side"].tolist() == [1, 0, 1, 0, 0]
    everyone = frame.loc["all"]
    assert_allclose(everyone["low_side_rate"], 3 / 5)
    assert_allclose(everyone["high_side_rate"], 1 / 3)
    assert (everyone["n_known"], everyone["n_event"]) == (2, 1)
    assert_allclose(everyone["mean_pd"], 0.25)  # of those with an outcome
    assert_allclose(everyone["actual_to_expected"], 2)
    assert_allclose(frame.loc["income", "event_rate"], 0.5)


@given(applicants)
def test_groups_add_up(drawn):
    parts = unpack(drawn)
    if parts is None:
        return
    recommended, decided, y, _, weight = parts
    by = np.where(np.arange(y.size) % 3 == 0, "a", "b")
    result = override_table(recommended, decided, y, by=by, sample_weight=weight)
    frame = result.frame().set_index("group")
    for column in ("n", "n_low_side", "n_high_side", "n_known", "n_event"):
        assert_allclose(frame.loc["all", column], frame[column].iloc[1:].sum())
    alone = override_table(recommended, decided, y, sample_weight=weight)
    pd.testing.assert_frame_equal(alone.frame(), result.frame().iloc[:1])


def test_a_group_called_all():
    frame = override_table([1, 0], [0, 1], by=["all", "x"]).frame()
    assert frame["group"].tolist() == ["(all)", "all", "x"]
