"""What scorers, policies and logs say of themselves, and records of odd types."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from riskkit.exceptions import InvalidInputError
from riskkit.serving import DecisionLog, learn_policies, read_log, replay_log


def record_of(scorer):
    return dict.fromkeys(scorer.features) | {"income": 1.5, "truth": True}


def test_the_reason_of_each_field_is_that_of_its_characteristic(scorer, card):
    assert scorer.reason_texts == {
        item.feature.name: item.reason for item in card.characteristics
    }
    given = scorer.score(record_of(scorer), n_reasons=3).reasons
    assert given
    assert all(scorer.reason_texts[one.feature] == one.text for one in given)


def test_a_number_beyond_a_float_is_refused_with_the_name_of_its_column(scorer):
    rows = {name: [None] for name in scorer.features} | {"income": [10**400]}
    with pytest.raises(InvalidInputError, match="'income' must hold numbers") as found:
        scorer.score_batch(rows)
    assert "000" not in str(found.value)


def test_policies_say_how_many_there_are_and_which(scorer):
    X = pl.DataFrame({"income": [1.0, 2.0], "debt": [0.1, 0.2]})
    kinds = {name: scorer.kinds[name] for name in X.columns}
    guarded = scorer.with_policies(learn_policies(X, kinds=kinds, absent="flag"))
    assert repr(guarded) == f"GuardedScorer({scorer!r}, 2 policies)"
    shown = guarded._repr_html_()
    assert shown.count("<tr") == 3
    assert "income" in shown
    assert "flag" in shown


def test_a_log_says_what_it_holds_and_not_where(scorer, tmp_path):
    with DecisionLog(tmp_path / "a.jsonl") as log:
        log.append(record_of(scorer), scorer.score(record_of(scorer)))
        assert repr(log) == "<DecisionLog of 1 entries in 'a.jsonl'>"


def test_a_kept_record_may_hold_lists_tables_and_numpys_numbers(scorer, tmp_path):
    plain = record_of(scorer)
    odd = plain | {
        "note": np.str_("call back"),
        "phones": ("1", None, float("nan")),
        "home": {"rooms": np.int64(3), "owned": np.bool_(True)},
    }
    path = tmp_path / "log.jsonl"
    with DecisionLog(path, keep_records=True) as log:
        log.append(odd, scorer.score(odd))
    (entry,) = read_log(path)
    assert entry.record["note"] == "call back"
    assert entry.record["phones"] == ["1", None, None]
    assert entry.record["home"] == {"rooms": 3, "owned": True}
    assert replay_log(path, scorer).is_equal


def test_a_replay_says_what_differs(scorer, tmp_path):
    path, record = tmp_path / "log.jsonl", record_of(scorer)
    with DecisionLog(path, keep_records=True) as log:
        answer = scorer.score(record)
        log.append(record, answer, key="sound")
        log.append(record, replace(answer, points=answer.points + 7.0), key="A-17")
    result = replay_log(path, scorer)
    assert (result.n_entries, result.n_replayed, result.is_equal) == (2, 2, False)
    assert {one.name for one in result.differences} == {"points"}
    plain = result.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert [one["key"] for one in plain["differences"]] == ["A-17"]
    shown = result._repr_html_()
    assert "2 of 2 decisions made again; 1 differences" in shown
    assert "A-17" in shown


def test_a_replay_without_differences_says_so(scorer, tmp_path):
    path, record = tmp_path / "log.jsonl", record_of(scorer)
    with DecisionLog(path, keep_records=True) as log:
        log.append(record, scorer.score(record))
    assert "none" in replay_log(path, scorer)._repr_html_()


def test_a_replay_passes_over_what_is_no_decision(scorer, tmp_path):
    """A challenger's answers are no decisions of the champion."""
    path, record = tmp_path / "shadow.jsonl", record_of(scorer)
    with DecisionLog(path) as log:
        scorer.with_shadow(scorer, log=log.append_shadow).score(record)
    (entry,) = read_log(path)
    assert entry.kind != "decision"
    result = replay_log(path, scorer, records=[record])
    assert (result.n_entries, result.n_replayed) == (0, 0)
