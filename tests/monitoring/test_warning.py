"""Lights, verdicts, alerts and their history."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    OutputError,
)
from riskkit.metrics import holm_adjust
from riskkit.monitoring import (
    Baseline,
    Condition,
    EarlyWarning,
    Measurement,
    StabilityMonitor,
    Threshold,
    VerdictRule,
    default_rules,
    default_thresholds,
)

LEVEL = Threshold((0.9, 1.1), (0.8, 1.25), side="outside", min_events=10, role="level")
ONE_RUN = {"persistence": (1, 1)}


def level(value, p_value=1e-6, **how):
    return Measurement("actual_expected", value, p_value, **{"n_event": 100, **how})


def ranking(value, p_value=1e-6):
    return Measurement("gini_drop", value, p_value, n_event=100)


def slope(value, p_value=1e-6):
    return Measurement("calibration_slope", value, p_value, n_event=100)


def band(i, value, p_value=1e-6):
    return Measurement(
        "band_actual_expected", value, p_value, of=f"band {i}", n_event=50
    )


@pytest.mark.parametrize(
    ("value", "p_value", "light"),
    [
        (1.0, 1e-9, "green"),
        (1.1, 1e-9, "green"),  # the ends of a range are inside it
        (1.11, 0.04, "amber"),
        (1.11, 0.06, "green"),
        (1.11, 1e-9, "amber"),
        (1.26, 0.009, "red"),
        (1.26, 0.02, "amber"),
        (1.26, 0.2, "green"),
        (0.79, 0.001, "red"),
        (0.89, 0.001, "amber"),
        (np.nan, 0.001, "not_evaluable"),
        (1.3, np.nan, "not_evaluable"),
        (np.inf, 0.001, "red"),
        (1.3, None, "red"),  # a measure that has no p-value
    ],
)
def test_size_and_p_value_must_both_speak(value, p_value, light):
    assert LEVEL.judge(level(value, p_value))[0] == light


def test_too_few_events_cannot_be_judged():
    light, why = LEVEL.judge(level(3.0, n_event=9))
    assert (light, why) == ("not_evaluable", "9 events, 10 are asked for")
    assert LEVEL.judge(level(3.0, n_event=None))[0] == "red"
    few = replace(LEVEL, min_n=50)
    assert few.judge(level(3.0, n=49))[1] == "49 accounts, 50 are asked for"
    assert (
        LEVEL.judge(level(np.nan, reason="no cohort is mature"))[1]
        == "no cohort is mature"
    )


@pytest.mark.parametrize(
    ("threshold", "value", "light"),
    [
        (Threshold(0.1, 0.25), 0.25, "red"),
        (Threshold(0.1, 0.25), 0.1, "amber"),
        (Threshold(0.1, 0.25), 0.0999, "green"),
        (Threshold(-0.02, -0.05, side="below"), -0.05, "red"),
        (Threshold(-0.02, -0.05, side="below"), -0.03, "amber"),
        (Threshold(-0.02, -0.05, side="below"), 0.3, "green"),
        (Threshold(0.01, 0.01), 0.01, "red"),
    ],
)
def test_sides(threshold, value, light):
    assert threshold.judge(Measurement("x", value))[0] == light


@given(st.floats(-1, 3), st.floats(0, 1), st.floats(0, 1))
def test_a_smaller_p_value_never_makes_a_light_milder(value, p, q):
    order = ["green", "amber", "red"]
    lights = [LEVEL.judge(level(value, p))[0] for p in sorted([p, q])]
    assert order.index(lights[0]) >= order.index(lights[1])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"amber": 0.3, "red": 0.1}, "Red must not begin before amber"),
        ({"amber": 0.1, "red": 0.3, "side": "below"}, "Red must not begin"),
        ({"amber": (0.9, 1.1), "red": (0.95, 1.2), "side": "outside"}, "Red must not"),
        ({"amber": 0.9, "red": 0.8, "side": "outside"}, "a range"),
        ({"amber": (0.9, 1.1), "red": (0.8, 1.2)}, "must be one number"),
        ({"amber": np.nan, "red": 1}, "amber must be a finite number"),
        ({"amber": "0.1", "red": 1}, "amber must be a finite number"),
        ({"amber": 0, "red": 1, "side": "over"}, "side must be one of"),
        ({"amber": 0, "red": 1, "p_amber": 0.01, "p_red": 0.05}, "p_red"),
        ({"amber": 0, "red": 1, "p_amber": None}, "both be None"),
        ({"amber": 0, "red": 1, "min_events": -1}, "min_events"),
        ({"amber": 0, "red": 1, "owner": None}, "owner must be text"),
    ],
)
def test_thresholds_outside_their_domain(how, message):
    with pytest.raises(InvalidParameterError, match=message):
        Threshold(**how)


def test_thresholds_and_rules_are_data():
    for name, threshold in default_thresholds().items():
        text = json.dumps(threshold.to_dict(), allow_nan=False)
        assert Threshold.from_dict(json.loads(text)) == threshold, name
        assert threshold.action, name
        assert threshold.owner, name
    assert json.dumps([rule.to_dict() for rule in default_rules()])
    with pytest.raises(InvalidParameterError, match="Did you mean 'amber'"):
        Threshold.from_dict({"ambre": 1, "red": 2})
    with pytest.raises(InvalidParameterError, match="needs amber and red"):
        Threshold.from_dict({"red": 2})
    changed = default_thresholds()
    changed.clear()
    assert default_thresholds()  # everybody gets one of their own


def test_every_rule_speaks_of_roles_that_exist():
    roles = {t.role for t in default_thresholds().values()}
    named = {r for rule in default_rules() for c in rule.conditions for r in c.roles}
    assert named <= roles


@pytest.mark.parametrize(
    ("measured", "verdict", "light", "rule"),
    [
        ([ranking(0.2), slope(0.5)], "redevelop", "red", "ranking_and_slope_red"),
        (
            [ranking(0.2), slope(0.5), level(2)],
            "redevelop",
            "red",
            "ranking_and_slope_red",
        ),
        ([ranking(0.2), slope(1), level(1)], "watch", "amber", "another_measure_red"),
        ([ranking(0), level(1.5)], "recalibrate", "red", "level_red"),
        ([level(1), band(1, 2), band(2, 0.4)], "recalibrate", "red", "two_bands_red"),
        ([level(1), band(1, 2)], "watch", "amber", "another_measure_red"),
        ([level(1), band(1, 1.3)], "no_action", "green", "nothing_found"),
        ([level(1), band(1, 1.3), band(2, 1.3)], "watch", "amber", "two_parts_amber"),
        ([level(1.15)], "watch", "amber", "a_measure_amber"),
        (
            [Measurement("score_psi", 0.4, 1e-9)],
            "watch",
            "amber",
            "another_measure_red",
        ),
        ([level(1), ranking(0)], "no_action", "green", "nothing_found"),
        (
            [level(1, n_event=1), ranking(np.nan)],
            "no_outcome_yet",
            "not_evaluable",
            "no_outcome",
        ),
        (
            [Measurement("score_psi", 0.01, 0.5)],
            "no_outcome_yet",
            "not_evaluable",
            "no_outcome",
        ),
        ([], "no_outcome_yet", "not_evaluable", "no_outcome"),
        (
            [
                level(np.nan),
                Measurement("early_actual_expected", 1.5, 1e-9, n_event=80),
            ],
            "recalibrate",
            "red",
            "early_red",
        ),
    ],
)
def test_the_first_rule_that_fires_is_the_verdict(measured, verdict, light, rule):
    result = EarlyWarning(**ONE_RUN).evaluate(*measured, as_of="2024-01-31")
    assert (result.verdict, result.light, result.rule.name) == (verdict, light, rule)
    assert result.action
    assert result.owner


def test_the_measures_that_fired_are_named():
    result = EarlyWarning(**ONE_RUN).evaluate(
        level(1), band(1, 2), band(2, 1), band(3, 2), as_of="2024-01-31"
    )
    assert result.fired_by == (
        "band_actual_expected: band 1",
        "band_actual_expected: band 3",
    )
    text = result.summary()
    assert "recalibrate (red) as of 2024-01-31" in text
    assert "rule two_bands_red: at least 2 of band red" in text
    assert "fired by band_actual_expected: band 1" in text
    assert "(model owner)" in text


@pytest.mark.parametrize(
    ("multiplicity", "families", "lights", "note"),
    [
        (
            "by_measure",
            [[0, 1, 2, 3], [4]],
            ["amber", "green", "green", "green", "amber"],
            "5 p-values of 2 measures, adjusted after Holm within each: "
            "at most 0.10 falsely amber measures are to be expected",
        ),
        (
            "all",
            [[0, 1, 2, 3, 4]],
            ["amber", "green", "green", "green", "green"],
            "5 p-values, adjusted after Holm: "
            "the chance of any false amber is at most 5%",
        ),
        (
            "none",
            [[0], [1], [2], [3], [4]],
            ["red", "amber", "amber", "green", "amber"],
            "5 p-values, not adjusted: at most 0.25 false ambers are to be expected",
        ),
    ],
)
def test_many_questions_are_adjusted_after_holm_and_counted(
    multiplicity, families, lights, note
):
    p_values = np.array([0.004, 0.02, 0.03, 0.6, 0.04])
    bands = [band(i, 2.0, p) for i, p in enumerate(p_values[:4])]
    warning = EarlyWarning(multiplicity=multiplicity, **ONE_RUN)
    result = warning.evaluate(*bands, level(1.5, 0.04), as_of="2024-01-31")
    expected = p_values.copy()
    for family in families:
        expected[family] = holm_adjust(p_values[family])
    assert result.frame()["p_adjusted"].tolist() == pytest.approx(expected.tolist())
    assert result.frame()["raw"].tolist() == lights
    assert result.chance_note == note


def test_only_questions_that_can_be_answered_are_counted():
    result = EarlyWarning(multiplicity="all", **ONE_RUN).evaluate(
        level(1.3, 0.03),
        ranking(np.nan),
        Measurement("band_actual_expected", 2.0, 0.5, of="band 1", n_event=2),
        Measurement("missing_change", 0.2),
        as_of="2024-01-31",
    )
    row = result.frame().set_index("key").loc["actual_expected"]
    assert row["p_adjusted"] == 0.03  # nobody else was asked
    assert result.chance_note.startswith("1 p-value, adjusted")
    assert result.light_of("missing_change") == "red"


def test_holm_keeps_the_chance_of_a_false_amber():
    """Of 500 runs of 20 true nulls with large effects, some 5 % show an amber."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(500):
        bands = [band(i, 2.0, p) for i, p in enumerate(rng.random(20))]
        result = EarlyWarning(**ONE_RUN).evaluate(*bands, as_of="2024-01-31")
        hits += "amber" in result.measures["raw"] or "red" in result.measures["raw"]
    assert 0.02 < hits / 500 < 0.08


def lights(values, persistence):
    warning = EarlyWarning(persistence=persistence)
    found = []
    for month, value in enumerate(values):
        p_value = np.nan if np.isnan(value) else 1e-9
        result = warning.evaluate(
            level(value, p_value), as_of=f"2024-{month + 1:02d}-28"
        )
        found.append(result.light_of("actual_expected")[0])
    return "".join(found)


@pytest.mark.parametrize(
    ("values", "persistence", "expected"),
    [
        ([1.5, 1, 1.5], (1, 1), "rgr"),
        ([1, 1.5, 1.5, 1, 1, 1], (2, 3), "garrgg"),
        ([1, 1.5, 1, 1.5, 1], (2, 3), "gagrg"),
        ([1, 1.15, 1.15, 1], (2, 3), "ggaa"),
        ([1, 1.15, 1.5, 1.5], (2, 3), "ggar"),
        ([1.5, 1, 1], (2, 3), "rgg"),  # the first run has nothing to wait for
        ([1, 1.5, np.nan, 1.5], (2, 3), "ganr"),  # what cannot be judged does not count
        ([1.5, 1.5, 1.5], (3, 3), "rrr"),
        ([1, 1.5, 1.5, 1.5], (3, 3), "gaar"),
    ],
)
def test_a_light_must_persist(values, persistence, expected):
    assert lights(values, persistence) == expected


def test_persistence_is_said():
    warning = EarlyWarning()
    warning.evaluate(level(1), as_of="2024-01-31")
    result = warning.evaluate(level(1.5), as_of="2024-02-29")
    row = result.frame().iloc[0]
    assert (row["raw"], row["light"]) == ("red", "amber")
    assert row["why"].endswith("; red now, amber by the last 2 runs")


def test_the_loop_from_warning_to_disposal(tmp_path):
    path = tmp_path / "history.jsonl"
    told = []
    warning = EarlyWarning(history=path, model_id="m", on_alert=told.append)
    warning.evaluate(level(1), as_of="2024-01-31")
    assert told == []
    warning.evaluate(level(1.5), as_of="2024-02-29")
    (alert,) = warning.alerts()
    assert told == [alert]
    assert (alert.light, alert.state, alert.owner) == ("amber", "open", "model owner")
    warning.acknowledge(alert.id, by="Ann", on="2024-03-04", note="looking")
    assert warning.alerts()[0].state == "acknowledged"
    result = warning.evaluate(level(1.4), as_of="2024-03-31")
    (alert,) = warning.alerts()  # worse: told again, and open again
    assert result.new_alerts == (alert,)
    assert (alert.light, alert.state, alert.opened) == ("red", "open", "2024-02-29")
    assert len(told) == 2
    warning.evaluate(level(1.4), as_of="2024-04-30")
    assert len(told) == 2  # nothing new
    warning.close(alert.id, by="Bob", on="2024-05-02", note="PDs recalibrated")
    assert warning.alerts() == ()
    (closed,) = warning.alerts(closed=True)
    assert (closed.state, closed.by, closed.note) == (
        "closed",
        "Bob",
        "PDs recalibrated",
    )
    warning.evaluate(level(1), as_of="2024-05-31")  # still red by two of three
    (second,) = warning.alerts()
    assert second.opened == "2024-05-31"
    # Another process finds all of it in the file.
    again = EarlyWarning(history=path, model_id="m")
    assert again.alerts(closed=True) == warning.alerts(closed=True)
    assert [run["verdict"] for run in again.runs()] == [
        "no_action", "watch", "recalibrate", "recalibrate", "recalibrate",
    ]  # fmt: skip
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["type"] for line in lines] == [
        "run", "run", "acknowledge", "run", "run", "close", "run",
    ]  # fmt: skip
    assert result.frame("alerts")["id"].tolist() == [alert.id]


def test_a_recovered_measure_stays_open_until_it_is_closed():
    warning = EarlyWarning(**ONE_RUN)
    warning.evaluate(level(1.5), as_of="2024-01-31")
    warning.evaluate(level(1), as_of="2024-02-29")
    (alert,) = warning.alerts()
    assert (alert.state, alert.light, alert.light_now) == ("open", "red", "green")
    assert alert.last_seen == "2024-01-31"


def test_a_run_of_the_same_day_takes_the_place_of_the_last():
    told = []
    warning = EarlyWarning(on_alert=told.append, **ONE_RUN)
    warning.evaluate(level(1.5), as_of="2024-01-31")
    warning.evaluate(level(1.5), as_of="2024-01-31")
    assert len(told) == 1
    warning.evaluate(level(1), as_of="2024-01-31")  # the feed was repaired
    assert warning.alerts() == ()
    assert [run["verdict"] for run in warning.runs()] == ["no_action"]
    with pytest.raises(InvalidInputError, match="order of time; got 2024-01-30"):
        warning.evaluate(level(1), as_of="2024-01-30")


def test_a_repeated_run_does_not_undo_what_people_did():
    warning = EarlyWarning(**ONE_RUN)
    warning.evaluate(level(1.5), as_of="2024-01-31")
    (alert,) = warning.alerts()
    warning.close(alert.id, by="A", on="2024-02-01", note="accepted")
    warning.evaluate(level(1.5), as_of="2024-01-31")
    assert warning.alerts() == ()
    warning.evaluate(level(1.5), as_of="2024-02-29")
    assert [a.opened for a in warning.alerts()] == ["2024-02-29"]


def test_a_callback_that_fails_loses_nothing(tmp_path):
    def fail(alert):
        raise ConnectionError

    warning = EarlyWarning(history=tmp_path / "h", on_alert=fail, **ONE_RUN)
    with pytest.raises(ConnectionError):
        warning.evaluate(level(1.5), as_of="2024-01-31")
    assert len(EarlyWarning(history=tmp_path / "h").alerts()) == 1


def test_disposals_must_name_somebody_and_an_alert():
    warning = EarlyWarning(**ONE_RUN)
    warning.evaluate(level(1.5), as_of="2024-01-31")
    (alert,) = warning.alerts()
    with pytest.raises(InvalidParameterError, match="Did you mean '2024-01-31/actual"):
        warning.close("2024-01-31/actual_expect", by="A", on="2024-02-01", note="x")
    with pytest.raises(InvalidParameterError, match="note must say"):
        warning.close(alert.id, by="A", on="2024-02-01", note="")
    with pytest.raises(InvalidParameterError, match="by must name"):
        warning.acknowledge(alert.id, by="", on="2024-02-01")
    with pytest.raises(InvalidParameterError, match="on must be a day"):
        warning.acknowledge(alert.id, by="A", on="today")
    warning.close(alert.id, by="A", on="2024-02-01", note="accepted")
    with pytest.raises(InvalidParameterError, match="is closed already; 0 are open"):
        warning.acknowledge(alert.id, by="A", on="2024-02-01")


def test_results_are_plain_data_and_cannot_be_changed():
    warning = EarlyWarning(model_id="m")
    result = warning.evaluate(
        level(1.5), ranking(np.nan), Measurement("my own", 3.0), as_of="2024-01-31"
    )
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert json.loads(text)["unjudged"] == ["my own"]
    assert result.unjudged == ("my own",)
    assert "<table" in result._repr_html_()
    assert repr(result).endswith("rule level_red, 1 alert>")
    with pytest.raises(AttributeError):
        result.as_of = "2025-01-01"
    for call in (
        lambda: result.frame("runs"),
        lambda: result.light_of("actual_expectd"),
    ):
        with pytest.raises(InvalidParameterError, match="must be one of"):
            call()


def test_names_in_a_page_are_escaped():
    result = EarlyWarning(model_id="m", **ONE_RUN).evaluate(
        level(2, of="<script>alert(1)</script>"), as_of="2024-01-31"
    )
    assert "<script>" not in result._repr_html_()


def test_stability_is_judged_by_its_youngest_period():
    rng = np.random.default_rng(0)
    city = np.array(["Berlin", "Madrid", "Oslo"])
    baseline = Baseline.fit(
        {"income": rng.normal(size=4000), "city": rng.choice(city, 4000)},
        score=rng.normal(size=4000),
        score_direction="safer",
    )
    monitor = StabilityMonitor(baseline)
    for month, shift in (("2024-01", 0.0), ("2024-02", 1.2)):
        income = rng.normal(shift, size=2000)
        income[: int(200 * shift)] = np.nan
        monitor.update(
            {"income": income, "city": rng.choice([*city, "Rome"], 2000)},
            score=rng.normal(size=2000),
            period=month,
        )
    result = EarlyWarning(**ONE_RUN).evaluate(monitor.result(), as_of="2024-02-29")
    found = dict(zip(result.measures["key"], result.measures["light"], strict=True))
    assert found == {
        "score_psi": "green",
        "feature_csi: income": "red",
        "missing_change: income": "red",
        "feature_csi: city": "red",
        "missing_change: city": "green",
        "unseen_share: city": "red",
        "missing_change: score": "green",
    }
    assert result.verdict == "watch"
    few = monitor.compare({"income": [1.0], "city": ["Oslo"]}, score=[0.0])
    lone = EarlyWarning().evaluate(few, as_of="2024-03-31")
    assert lone.light_of("score_psi") == "not_evaluable"


def test_own_rules_and_thresholds():
    rules = (
        VerdictRule("any", "redevelop", "red", (Condition(),), "act", "me"),
        VerdictRule("else", "no_action", "green"),
    )
    warning = EarlyWarning({"loss": Threshold(1, 2)}, rules=rules, **ONE_RUN)
    assert list(warning.thresholds) == ["loss"]
    assert warning.rules == rules
    result = warning.evaluate(Measurement("loss", 2.0), as_of="2024-01-31")
    assert (result.verdict, result.owner) == ("redevelop", "me")


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"thresholds": {"a": 0.1}}, InvalidTypeError, "to float"),
        ({"rules": ()}, InvalidTypeError, "at least one"),
        (
            {"rules": [VerdictRule("a", "watch", "amber", (Condition(),))]},
            InvalidParameterError,
            "last rule",
        ),
        ({"persistence": (3, 2)}, InvalidParameterError, "at most as many"),
        ({"persistence": 2}, InvalidParameterError, "tuple of two"),
        ({"persistence": (0, 2)}, InvalidParameterError, "integer >= 1"),
        ({"multiplicity": "holm"}, InvalidParameterError, "multiplicity"),
        ({"on_alert": "mail"}, InvalidTypeError, "callable"),
        ({"model_id": 7}, InvalidTypeError, "model_id must be text"),
        ({"history": 7}, InvalidTypeError, "history must be a path"),
    ],
)
def test_policies_outside_their_domain(how, error, message):
    with pytest.raises(error, match=message):
        EarlyWarning(**how)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VerdictRule("a", "rebuild", "red"), "verdict must be one of"),
        (lambda: VerdictRule("a", "watch", "blue"), "light must be one of"),
        (lambda: VerdictRule("", "watch", "red"), "must have a name"),
        (lambda: VerdictRule("a", "watch", "red", ("level",)), "tuple of Condition"),
        (lambda: Condition(light="green"), "light must be one of"),
        (lambda: Condition(at_least=0), "at_least"),
        (lambda: Condition((1,)), "roles must be"),
    ],
)
def test_rules_outside_their_domain(make, message):
    with pytest.raises(InvalidParameterError, match=message):
        make()


def test_sources_are_checked():
    warning = EarlyWarning()
    with pytest.raises(InvalidTypeError, match="got dict"):
        warning.evaluate({"gini": 0.4}, as_of="2024-01-31")
    with pytest.raises(InvalidInputError, match="got twice: actual_expected"):
        warning.evaluate(level(1), level(1.2), as_of="2024-01-31")
    with pytest.raises(InvalidParameterError, match="as_of must be given"):
        warning.evaluate(level(1))
    assert warning.runs() == ()


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "null",
        '{"type": "walk"}',
        '{"type": "run", "as_of": "2024-01-31"}',
        '{"type": "close", "alert": 1, "by": "a", "note": "", "on": ""}',
        '{"type": "run", "as_of": "", "model_id": "", "verdict": "", "measures": [{}]}',
        '{"type": "run", "as_of": "", "model_id": "", "verdict": "", "measures": [1]}',
        '{"type": "run", "as_of": "soon", "model_id": "", "verdict": "", '
        '"measures": []}',
        '{"type": "run", "as_of": "2024-02-29", "model_id": "", "verdict": "", '
        '"measures": [{"key": "a", "light": "blue", "raw": "red", "why": "", '
        '"action": "", "owner": "", "value": 1, "p_value": null}]}',
        '{"type": "close", "alert": NaN, "by": "a", "note": "", "on": ""}',
        "[" * 100_000,
    ],
)
def test_a_broken_history_names_its_line(tmp_path, line):
    path = tmp_path / "history.jsonl"
    EarlyWarning(history=path).evaluate(level(1), as_of="2024-01-31")
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InvalidInputError, match="Line 2 of the history"):
        EarlyWarning(history=path)


def test_a_history_belongs_to_one_model(tmp_path):
    path = tmp_path / "history.jsonl"
    EarlyWarning(history=path, model_id="a").evaluate(level(1), as_of="2024-01-31")
    with pytest.raises(InvalidInputError, match="must belong to the model 'b'"):
        EarlyWarning(history=path, model_id="b")


def test_a_history_that_cannot_be_written_or_read(tmp_path):
    warning = EarlyWarning(history=tmp_path / "no" / "such" / "folder")
    with pytest.raises(OutputError, match="Cannot write the history"):
        warning.evaluate(level(1), as_of="2024-01-31")
    assert warning.runs() == ()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="cannot be read as text"):
        EarlyWarning(history=tmp_path / "binary")
