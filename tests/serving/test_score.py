from __future__ import annotations

import json
import math
import pickle
import threading
from collections import OrderedDict, defaultdict
from dataclasses import FrozenInstanceError
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pandas as pd
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
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.serving import Reason, Scorer


def by_hand(*, refuse=False):
    income = FeatureSpec(
        "income",
        "numeric",
        edges=(1000.0, 2500.0),
        special=(SpecialGroup("No hit", (-1.0,)),),
    )
    purpose = FeatureSpec(
        "purpose", "categorical", levels=(("car",), ("1",)), refuse_unseen=refuse
    )
    return Scorer(
        Artifact(
            Manifest(
                "scorecard",
                n_rows=1234.0,
                n_events=56.0,
                window=("2003-01-01", "2003-12-31"),
                notes={"<b>": 1},
            ),
            ScorecardSpec(
                (
                    CharacteristicSpec(
                        income,
                        -1.0,
                        (-0.5, 0.25, 0.5, -0.25, 0.0, 0.0),
                        (0.5, -0.25, -0.5, 0.25, 0.0, 0.0),
                        (-10.0, 5.0, 10.0, -5.0, 0.0, 0.0),
                        "Income is low",
                    ),
                    CharacteristicSpec(
                        purpose,
                        -1.0,
                        (1.0, 0.0, -1.0, -2.0),
                        (-1.0, 0.0, 1.0, 2.0),
                        (20.0, 0.0, -20.0, -40.0),
                        "Purpose <of> the loan",
                    ),
                ),
                -2.0,
                500.0,
                ScalingSpec(20.0, 600.0, 50.0),
            ),
        )
    )


@pytest.mark.parametrize(
    ("income", "log_odds", "points", "lost"),
    [
        (1000.0, 0.5, -10.0, 20.0),  # bins are closed on the right
        (math.nextafter(1000.0, 2000.0), -0.25, 5.0, 5.0),
        (2500, -0.25, 5.0, 5.0),
        (math.nextafter(2500.0, 9e9), -0.5, 10.0, 0.0),
        (math.inf, -0.5, 10.0, 0.0),
        (-math.inf, 0.5, -10.0, 20.0),
        (-1, 0.25, -5.0, 15.0),  # a special code
        (-1.0, 0.25, -5.0, 15.0),
        (np.int8(-1), 0.25, -5.0, 15.0),
        (None, 0.0, 0.0, 10.0),
        (math.nan, 0.0, 0.0, 10.0),
        (np.nan, 0.0, 0.0, 10.0),
        (np.float32("nan"), 0.0, 0.0, 10.0),
        (pd.NA, 0.0, 0.0, 10.0),
        (pd.NaT, 0.0, 0.0, 10.0),
        (Decimal("NaN"), 0.0, 0.0, 10.0),
        (True, 0.5, -10.0, 20.0),
        (np.True_, 0.5, -10.0, 20.0),
        (np.float64(1000.0), 0.5, -10.0, 20.0),
        (np.float32(2500.0), -0.25, 5.0, 5.0),
        (np.int64(3000), -0.5, 10.0, 0.0),
        (Decimal("1000.01"), -0.25, 5.0, 5.0),
        (10**300, -0.5, 10.0, 0.0),
    ],
)
def test_numbers(income, log_odds, points, lost):
    result = by_hand().score({"income": income, "purpose": "car"})
    assert result.log_odds == -2.0 + log_odds - 1.0
    assert result.points == 500.0 + points + 20.0
    assert result.pd == pytest.approx(1 / (1 + math.exp(3.0 - log_odds)), abs=1e-15)
    expected = (Reason("income", "Income is low", lost),) if lost else ()
    assert result.reasons == expected


@pytest.mark.parametrize(
    ("purpose", "points", "lost"),
    [
        ("car", 20.0, 0.0),
        (np.str_("car"), 20.0, 0.0),
        ("1", 0.0, 20.0),
        (1, 0.0, 20.0),
        (1.0, 0.0, 20.0),
        (np.int64(1), 0.0, 20.0),
        (None, -20.0, 40.0),
        (math.nan, -20.0, 40.0),
        (pd.NA, -20.0, 40.0),
        ("Car", -40.0, 60.0),
        ("", -40.0, 60.0),
        (True, -40.0, 60.0),
        (math.inf, -40.0, 60.0),
    ],
)
def test_levels(purpose, points, lost):
    result = by_hand().score({"income": 9e9, "purpose": purpose})
    assert result.points == 500.0 + 10.0 + points
    assert [r.points_lost for r in result.reasons] == [lost] * (lost > 0)


def test_reasons_are_ordered_and_bounded():
    scorer = by_hand()
    record = {"income": 1000.0, "purpose": "1"}  # both lose 20 points
    features = [r.feature for r in scorer.score(record).reasons]
    assert features == ["income", "purpose"]
    assert [r.feature for r in scorer.score(record, n_reasons=1).reasons] == ["income"]
    assert scorer.score(record, n_reasons=0).reasons == ()
    assert len(scorer.score(record, n_reasons=np.int64(9)).reasons) == 2
    record["purpose"] = "other"
    features = [r.feature for r in scorer.score(record).reasons]
    assert features == ["purpose", "income"]
    for wrong in (-1, 1.0, True, None):
        with pytest.raises(InvalidParameterError, match="n_reasons"):
            scorer.score(record, n_reasons=wrong)
        with pytest.raises(InvalidParameterError, match="n_reasons"):
            scorer.score_batch({"income": [1.0], "purpose": ["1"]}, n_reasons=wrong)


def test_result_is_plain_and_frozen():
    result = by_hand().score({"income": 1, "purpose": "car"})
    assert json.loads(json.dumps(result.to_dict())) == {
        "pd": result.pd,
        "points": 510.0,
        "log_odds": -2.5,
        "grade": None,
        "grade_pd": None,
        "interval": None,
        "reasons": [
            {"feature": "income", "text": "Income is low", "points_lost": 20.0}
        ],
        "model_id": "",
    }
    with pytest.raises(FrozenInstanceError):
        result.pd = 0.0
    assert hash(result) == hash(by_hand().score({"income": 1, "purpose": "car"}))


def test_mappings_of_any_kind():
    scorer = by_hand()
    record = {"income": 1, "purpose": "car", "extra": object(), 3: "x"}
    expected = scorer.score(record)
    for other in (OrderedDict(record), MappingProxyType(record)):
        assert scorer.score(other) == expected
    filling = defaultdict(float, income=1.0)
    with pytest.raises(InvalidInputError, match="'purpose'"):
        scorer.score(filling)
    assert list(filling) == ["income"]


@pytest.mark.parametrize(
    "record", [None, [1], "income", 3, {1}, pd.Series({"income": 1})]
)
def test_a_record_must_be_a_mapping(record):
    with pytest.raises(InvalidTypeError, match="must be a mapping"):
        by_hand().score(record)


def test_all_absent_fields_are_named():
    with pytest.raises(InvalidInputError) as error:
        by_hand().score({"Income": 918273})
    text = str(error.value)
    assert "2 are absent: 'income', 'purpose'. Did you mean 'Income'?" in text
    assert "918273" not in text
    with pytest.raises(InvalidInputError, match="1 are absent: 'purpose'"):
        by_hand().score({"income": 1, 3: 4})


@pytest.mark.parametrize(
    "value", ["918273", "", b"918273", [918273], {}, object(), 1j, np.array([918273])]
)
def test_numbers_of_a_wrong_type(value):
    with pytest.raises(InvalidTypeError, match="'income' must be a number") as error:
        by_hand().score({"income": value, "purpose": "car"})
    assert "918273" not in str(error.value)


@pytest.mark.parametrize("value", [10**400, -(10**400), Decimal("sNaN")])
def test_numbers_beyond_range(value):
    with pytest.raises(InvalidInputError, match="'income' must be a number that"):
        by_hand().score({"income": value, "purpose": "car"})


@pytest.mark.parametrize("value", [b"car", ["car"], {}, object(), 1j])
def test_levels_of_a_wrong_type(value):
    with pytest.raises(InvalidTypeError, match="'purpose' must be text") as error:
        by_hand().score({"income": 1, "purpose": value})
    assert "car" not in str(error.value)


def test_a_level_of_too_many_digits():
    with pytest.raises(InvalidInputError, match="'purpose'"):
        by_hand().score({"income": 1, "purpose": 10**5000})


def test_unseen_levels_can_be_refused():
    scorer = by_hand(refuse=True)
    assert scorer.score({"income": 1, "purpose": None}).points == 470.0
    with pytest.raises(InvalidInputError, match="'purpose' accepts only") as error:
        scorer.score({"income": 1, "purpose": "boat"})
    assert "boat" not in str(error.value)
    with pytest.raises(InvalidInputError, match="'purpose' accepts only the 2 levels"):
        scorer.score_batch({"income": [1, 2], "purpose": ["boat", "car"]})


def test_extreme_log_odds_do_not_overflow(card):
    for intercept, expected in ((2000.0, 1.0), (-2000.0, math.exp(-700))):
        scorer = Scorer(
            Artifact(
                Manifest("scorecard"),
                ScorecardSpec((), intercept, 0.0, ScalingSpec(20.0, 600.0, 50.0)),
            )
        )
        assert scorer.score({}).pd == pytest.approx(expected, rel=1e-12)


def test_a_scorer_cannot_be_changed_but_copied():
    scorer = by_hand()
    with pytest.raises(AttributeError, match="cannot be changed"):
        scorer.features = ()
    with pytest.raises(AttributeError, match="cannot be changed"):
        del scorer.model_id
    assert scorer.features == ("income", "purpose")
    assert scorer.kinds == {"income": "numeric", "purpose": "categorical"}
    copy = pickle.loads(pickle.dumps(scorer))
    record = {"income": 1, "purpose": "car"}
    assert copy.score(record) == scorer.score(record)


def test_what_a_notebook_shows(card):
    scorer = by_hand()
    assert repr(scorer) == "Scorer(scorecard, 2 features, id '')"
    html = scorer._repr_html_()
    assert "1,234 rows, 56 events" in html
    assert "2003-01-01 to 2003-12-31" in html
    name = FeatureSpec("<script>", "numeric")
    odd = CharacteristicSpec(name, 0.0, (0.0,) * 3, (0.0,) * 3, (0.0,) * 3, "")
    spec = ScorecardSpec((odd,), 0.0, 0.0, ScalingSpec(20.0, 600.0, 50.0))
    html = Scorer(Artifact(Manifest("scorecard"), spec))._repr_html_()
    assert "<script>" not in html


def test_threads_share_a_scorer():
    scorer = by_hand()
    records = [{"income": float(i), "purpose": "car"} for i in range(3000)]
    expected = [scorer.score(record) for record in records]
    wrong = []

    def work():
        wrong.extend(
            1 for r, e in zip(records, expected, strict=True) if scorer.score(r) != e
        )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
