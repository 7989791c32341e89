import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import TestResult, holm_adjust, jeffreys_test, migration_test

GRADES = ([1, 8, 0], [500, 500, 0], 0.01)


def test_one_question_gives_plain_numbers():
    result = jeffreys_test(8, 500, 0.01)
    assert isinstance(result, TestResult)
    for value in (result.statistic, result.p_value, result.n):
        assert type(value) is float
    assert result.status == "ok"
    assert result.reason == ""
    assert result.lights() == "green"
    assert result.frame().shape[0] == 1
    assert "group" not in result.frame()
    assert "event rate 0.016, p-value 0.0953352" in repr(result)


def test_many_questions_give_arrays_that_cannot_be_written_to():
    result = jeffreys_test(*GRADES)
    assert result.status.tolist() == ["ok", "ok", "not_evaluable"]
    assert result.reason.tolist() == ["", "", "there are no accounts"]
    with pytest.raises(ValueError, match="read-only"):
        result.p_value[0] = 0
    with pytest.raises(AttributeError):
        result.p_value = 0
    assert repr(result) == "<TestResult Jeffreys test: 3 questions, 2 evaluated>"


def test_plain_data_is_strict_json_and_says_all():
    result = jeffreys_test(*GRADES)
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["p_value"][2] is None
    assert plain["p_value"][0] == result.p_value[0]
    assert plain["null"] == "the PD is not below the true event rate"
    assert plain["axes"] == ["group"]
    scalar = jeffreys_test(0, 0, 0.01)
    assert scalar.to_dict()["statistic"] is None
    assert repr(scalar) == (
        "<TestResult Jeffreys test: not evaluable, there are no accounts>"
    )


def test_results_compare_by_what_they_say_and_survive_a_pickle():
    result = jeffreys_test(*GRADES)
    assert result == jeffreys_test(*GRADES)
    assert result != jeffreys_test([2, 8, 0], [500, 500, 0], 0.01)
    assert result != "a word"
    assert pickle.loads(pickle.dumps(result)) == result


def test_a_table_of_pairs_names_both():
    frame = migration_test([[8, 2], [1, 9]]).frame()
    assert frame[["from_grade", "to_grade"]].to_numpy().tolist() == [
        [1, 1],
        [1, 2],
        [2, 1],
        [2, 2],
    ]
    assert frame["status"].tolist() == ["not_evaluable", "ok", "ok", "not_evaluable"]


def test_a_notebook_sees_a_table_with_its_hypothesis():
    shown = jeffreys_test(*GRADES)._repr_html_()
    assert "H0: the PD is not below the true event rate." in shown
    assert shown.count("<tr") == 4


def test_lights_follow_the_limits_and_leave_open_what_is_open():
    result = jeffreys_test([8, 8, 20, 0], [500, 800, 500, 0], 0.01)
    assert result.p_value[0] == pytest.approx(0.0953, abs=1e-4)
    assert result.lights(amber=0.1, red=0.05).tolist() == [
        "amber", "green", "red", "not_evaluable",
    ]  # fmt: skip
    with pytest.raises(InvalidParameterError, match="red must lie above 0 and at most"):
        result.lights(amber=0.01, red=0.05)


def test_holm_keeps_twenty_true_grades_green():
    # 1 of 20 fair p-values below 0.05 is no news.
    n_event = [31] + [20] * 19
    result = jeffreys_test(n_event, [2000] * 20, 0.01)
    assert result.lights()[0] == "amber"
    assert result.lights(holm_adjusted=True)[0] == "green"


def slow_holm(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    out, worst = [0.0] * len(p), 0.0
    for k, i in enumerate(order):
        worst = max(worst, p[i] * (len(p) - k))
        out[i] = min(worst, 1.0)
    return out


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_a_loop(p):
    adjusted = holm_adjust(p)
    assert adjusted.tolist() == pytest.approx(slow_holm(p))
    assert (adjusted >= np.array(p)).all()
    with_open = holm_adjust([*p, np.nan])
    assert np.isnan(with_open[-1])
    assert with_open[:-1].tolist() == adjusted.tolist()


def test_holm_refuses_what_is_no_chance():
    with pytest.raises(InvalidInputError, match="1 of 2 do not"):
        holm_adjust([0.2, 1.2])
