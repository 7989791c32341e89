"""Velocity features in a service: saved and loaded midway, with and without a key."""

import json
from itertools import chain

import numpy as np
import pandas as pd
import pytest

from riskkit.datasets import make_transactions
from riskkit.exceptions import ArtifactError, InvalidParameterError
from riskkit.export import save_artifact
from riskkit.fraud import (
    AnomalyEnsemble,
    FraudClassifier,
    HistogramDetector,
    SubsampledKNNDetector,
    VelocityFeatures,
    VelocityStream,
)
from riskkit.serving import load_scorer

KEY = bytes(range(32))
N = 2000


def velocity():
    return VelocityFeatures(
        ["card", "terminal", ("card", "terminal")],
        windows=["1h", "24h", "7d"],
        amount="amount",
        distinct="terminal",
        event="fraud",
        label_delay="2d",
        event_id="transaction",
    )


@pytest.fixture(scope="module")
def events():
    table = make_transactions(120, 60, 30, random_state=3).frame[:N]
    assert len(table) == N
    return table


@pytest.fixture(scope="module")
def features(events):
    """What scores see: the amount, and the velocity features of the whole table."""
    found = velocity().fit_transform(events)
    return pd.concat([events[["amount"]], found], axis=1)


@pytest.fixture(scope="module", params=["detector", "fraud"])
def model(request, events, features):
    ensemble = AnomalyEnsemble(
        [
            ("histogram", HistogramDetector()),
            ("knn", SubsampledKNNDetector(n_samples=2)),
        ]
    )
    if request.param == "detector":
        return ensemble.fit(features)
    is_large = events["amount"] > events["amount"].quantile(0.95)
    y = (np.random.default_rng(0).random(N) < 0.01 + 0.6 * is_large).astype(int)
    return FraudClassifier(ensemble, n_rounds=10, n_folds=2, n_jobs=1).fit(features, y)


@pytest.mark.parametrize("key", [None, KEY], ids=["open", "hidden"])
def test_a_service_goes_on_with_the_numbers_of_the_table(
    events, features, model, key, tmp_path
):
    save_artifact(model, tmp_path / "model.rk")
    stream = velocity().stream(events[: N // 3], key=key)
    found, scores = [], []
    scorer = load_scorer(tmp_path / "model.rk")
    for place, record in enumerate(events[N // 3 :].to_dict("records"), N // 3):
        if place == 2 * N // 3:  # the service is restarted
            stream.save(tmp_path / "state.npz")
            stream = VelocityStream.load(tmp_path / "state.npz", key=key)
            scorer = load_scorer(tmp_path / "model.rk")
        seen = stream.observe(record)
        if record["fraud"]:
            assert stream.label(record["transaction"])
        found.append(seen)
        scores.append(scorer.score({"amount": record["amount"], **seen}, n_reasons=0))
    expected = features[N // 3 :]
    pd.testing.assert_frame_equal(
        pd.DataFrame(found, index=expected.index),
        expected.drop(columns="amount"),
        check_exact=True,
    )
    if isinstance(model, FraudClassifier):
        probability = model.predict_proba(expected)[:, 1]
        assert [s.fraud_probability for s in scores] == probability.tolist()
    else:
        anomaly = model.anomaly_score(expected)
        assert [s.anomaly_score for s in scores] == anomaly.tolist()
        assert np.unique(anomaly).size > 500


def test_no_name_is_in_a_state_under_a_key(tmp_path):
    events = pd.DataFrame(
        {
            "transaction": ["t-secret-1", "t-secret-2"],
            "card": ["card-of-ann", None],
            "terminal": ["card-of-ann", "shop-of-bob"],
            "time": [0, 60],
            "amount": [1.0, 2.0],
            "fraud": [0, 1],
        }
    )
    for key, is_hidden in ((None, False), (KEY, True)):
        path = tmp_path / f"{is_hidden}.npz"
        velocity().stream(events, key=key).save(path)
        with np.load(path) as loaded:
            header = json.loads(loaded["header"].tobytes())
        names = list(chain(*header["levels"], header["ids"]))
        assert len(names) == 5
        # A name cannot even be followed from one column to another.
        assert len(set(names)) == (5 if is_hidden else 4)
        shown = json.dumps(header)
        assert ("secret" in shown) is ("of-ann" in shown) is not is_hidden
        assert KEY.hex() not in shown


def test_a_state_is_met_with_its_own_key(tmp_path):
    path = tmp_path / "state.npz"
    velocity().stream(key=KEY).save(path)
    for key, given in ((None, "no key"), (bytes(32), "another one")):
        with pytest.raises(InvalidParameterError, match=f"with a key; got {given}"):
            VelocityStream.load(path, key=key)
    velocity().stream().save(path, overwrite=True)
    with pytest.raises(InvalidParameterError, match="with no key; got a key"):
        VelocityStream.load(path, key=KEY)


@pytest.mark.parametrize("key", [b"", b"short", bytes(65), "k" * 32, 7])
def test_keys_that_are_none(key):
    with pytest.raises(InvalidParameterError, match="16 to 64 bytes") as caught:
        velocity().stream(key=key)
    assert "kkk" not in str(caught.value)


def test_a_state_tells_its_parameters(tmp_path):
    path = tmp_path / "state.npz"
    velocity().stream(key=KEY).save(path)
    again = VelocityFeatures(**VelocityStream.load(path, key=KEY).parameters)
    expected = velocity().get_feature_names_out()
    np.testing.assert_array_equal(again.get_feature_names_out(), expected)
    assert again.stream().parameters == velocity().stream().parameters


def rewritten(path, **changes):
    with np.load(path) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    header = json.loads(arrays["header"].tobytes()) | changes
    header = {name: value for name, value in header.items() if value is not ...}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **arrays)


def test_states_of_the_first_protocol_are_read(events, tmp_path):
    path = tmp_path / "state.npz"
    velocity().stream(events[:50]).save(path)
    rewritten(path, protocol=1, key_check=...)
    assert VelocityStream.load(path).n_events == 50
    rewritten(path, protocol=2, key_check=7)
    with pytest.raises(ArtifactError, match="key is no text"):
        VelocityStream.load(path)
