"""Benford's law by entity: digits from decimal text, statistics beside SciPy."""

import json
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.fraud import benford_screen
from riskkit.fraud._benford import _law, _leads


def natural(n, seed=0):
    return np.round(10 ** np.random.default_rng(seed).uniform(1, 4, n), 2)


@given(st.integers(1, 10**9), st.integers(-4, 4), st.sampled_from([1, 2]))
def test_leads_beside_decimal_text(whole, power, digits):
    value = Decimal(whole).scaleb(power)
    text = format(value.normalize(), "f").replace(".", "").lstrip("0")
    expected = int(text.ljust(digits, "0")[:digits])
    got = _leads(np.array([float(value)]), digits)[0] + 10 ** (digits - 1)
    assert got == expected


@pytest.mark.parametrize("digits", [1, 2])
def test_law(digits):
    law = _law(digits)
    assert law.size == 9 * 10 ** (digits - 1)
    assert law.sum() == pytest.approx(1.0)
    assert law[0] == pytest.approx(np.log10(2.0 if digits == 1 else 1.1))


def test_statistics_beside_scipy():
    amounts = natural(2000)
    result = benford_screen(amounts, ["a"] * 2000, digits=1)
    row = result.frame().iloc[0]
    digits = result.digit_frame("a")
    reference = chisquare(digits["n"], 2000 * digits["expected"])
    assert row["statistic"] == pytest.approx(reference.statistic)
    assert row["p_value"] == pytest.approx(reference.pvalue)
    assert row["mad"] == pytest.approx(
        (digits["share"] - digits["expected"]).abs().mean()
    )


def test_by_hand():
    # 9 amounts, one with each first digit.
    amounts = [float(d) for d in range(1, 10)]
    row = benford_screen(amounts, ["a"] * 9, digits=1, min_n=1, min_span=1).frame()
    law = np.log10(1 + 1 / np.arange(1, 10))
    assert row["mad"][0] == pytest.approx(np.abs(1 / 9 - law).mean())
    assert row["statistic"][0] == pytest.approx((9 * (1 / 9 - law) ** 2 / law).sum())


def test_the_excess_of_natural_amounts_is_about_nothing():
    found = [
        benford_screen(natural(400, s), ["a"] * 400).frame().iloc[0] for s in range(60)
    ]
    excess = np.array([row["excess_mad"] for row in found])
    assert abs(excess.mean()) < 3 * excess.std() / np.sqrt(60)
    assert not any(row["status"] == "departs" for row in found)
    # Without what chance makes, each would be called nonconforming.
    assert min(row["mad"] for row in found) > 0.0022


def test_invented_amounts_depart():
    rng = np.random.default_rng(0)
    amounts = [natural(3000, s) for s in range(8)]
    amounts.append(rng.uniform(10, 10_000, 3000))
    # Many payments just below a limit of 5,000.
    amounts.append(np.append(natural(2500, 9), rng.uniform(4800, 4999, 500)))
    who = np.repeat([f"e{j}" for j in range(10)], 3000)
    found = benford_screen(np.concatenate(amounts), who).frame()
    assert found["entity"].tolist()[:2] in (["e8", "e9"], ["e9", "e8"])
    assert found["status"].tolist() == ["departs"] * 2 + ["conforms"] * 8


def test_what_cannot_be_judged():
    amounts = np.concatenate(
        [natural(50), np.full(400, 500.0), natural(400), [0, np.nan]]
    )
    who = np.repeat(["few", "alike", "good", None, "none"], [50, 400, 398, 2, 2])
    result = benford_screen(amounts, who)
    found = result.frame().set_index("entity")
    assert found["status"].to_dict() == {
        "good": "conforms",
        "alike": "not_evaluable",
        "few": "not_evaluable",
        "none": "not_evaluable",
    }
    assert found["reason"]["few"] == "fewer than 300 amounts"
    assert found["reason"]["alike"] == "amounts span less than 30 times"
    assert found["n"]["none"] == 0
    assert found["n"].sum() == 50 + 400 + 398
    document = result.to_dict()
    assert json.loads(json.dumps(document)) == document


def test_order_of_rows_does_not_matter():
    amounts, who = natural(2000), np.tile(["a", "b"], 1000)
    order = np.random.default_rng(0).permutation(2000)
    a = benford_screen(amounts, who).to_dict()
    assert benford_screen(amounts[order], who[order]).to_dict() == a


@pytest.mark.parametrize(
    ("amounts", "error", "message"),
    [
        ([1.0, -2.0], InvalidInputError, "1 of 2 are not"),
        ([1.0, np.inf], InvalidInputError, "1 of 2 are not"),
        ([1.0], InvalidInputError, "one length"),
        (["1", "2"], InvalidTypeError, "must hold numbers"),
    ],
)
def test_bad_amounts(amounts, error, message):
    with pytest.raises(error, match=message):
        benford_screen(np.array(amounts), ["a", "b"])


@pytest.mark.parametrize(
    "change",
    [
        {"digits": 3},
        {"min_n": 0},
        {"min_span": 0},
        {"max_excess_mad": -1},
        {"level": 2},
    ],
)
def test_bad_parameters(change):
    with pytest.raises(InvalidParameterError, match=next(iter(change))):
        benford_screen([1.0], ["a"], **change)
    with pytest.raises(InvalidParameterError, match="entity"):
        benford_screen([1.0], ["a"]).digit_frame("b")
