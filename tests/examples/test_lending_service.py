"""The lending service over real HTTP: started as a user starts it, and killed."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from riskkit.datasets import load_sba_loans
from riskkit.decision import Strategy
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer, read_log

EXAMPLE = Path(__file__).parents[2] / "examples/lending_service"
for part in ("fastapi", "uvicorn"):
    pytest.importorskip(part)

STRATEGY = Strategy(
    name="cut-off",
    bands=[
        {"name": "safe", "to": 0.15, "decision": "approve"},
        {
            "name": "risky",
            "from": 0.15,
            "decision": "decline",
            "reason": "The risk is too high",
        },
    ],
    score="pd",
    best="low",
)


class Service:
    """A running service and a connection to it."""

    def __init__(self, model, log):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # Not a pipe, which would be full after some hundred lines that nobody reads.
        self.said = Path(log).with_suffix(".requests").open("w+")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "app:from_environment"),
                *("--port", str(self.port), "--no-access-log"),
            ],
            cwd=EXAMPLE,
            env={
                **os.environ,
                "RISKKIT_MODEL": str(model),
                "RISKKIT_LOG": str(log),
                "RISKKIT_LOG_SECRET": "between us",
            },
            stdout=self.said,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                assert self.get("/health")[0] == 200
            except OSError:
                assert self.process.poll() is None, "the service ended"
                time.sleep(0.05)
            else:
                break

    def call(self, method, path, body=None, content_type="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
        connection.request(method, path, raw, {"Content-Type": content_type})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read() or b"null")
        connection.close()
        return found

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body, **options):
        return self.call("POST", path, body, **options)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        self.said.seek(0)
        with self.said:
            return [json.loads(line) for line in self.said if line.startswith("{")]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    loans = load_sba_loans()
    columns = ["State", "NewExist", "RevLineCr", "GrAppv"]
    rows = slice(None, None, 15)
    card = ScorecardClassifier().fit(loans.data[columns].iloc[rows], loans.target[rows])
    path = tmp_path_factory.mktemp("model") / "model.rk"
    save_artifact(card, path, strategy=STRATEGY)
    return path


@pytest.fixture(scope="module")
def applications(model):
    scorer = load_scorer(model)
    table = load_sba_loans().data[list(scorer.features)].sample(200, random_state=1)
    plain = table.astype(object).where(table.notna(), None)
    return [
        {"application_id": f"A-{k}", "fields": dict(row)}
        for k, row in enumerate(plain.to_dict("records"))
    ]


@pytest.fixture(scope="module")
def service(model, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "decisions.jsonl"
    running = Service(model, log)
    running.log = log
    yield running
    running.end()


def test_answers_are_the_scorers(service, model, applications):
    scorer = load_scorer(model)
    decisions = set()
    for application in applications[:50]:
        status, answer = service.post("/score?reasons=2", application)
        expected = scorer.score(application["fields"], n_reasons=2)
        assert status == 200
        assert answer["pd"] == expected.pd
        assert answer["points"] == expected.points
        assert answer["decision"] == expected.decision
        assert [r["text"] for r in answer["reasons"]] == [
            reason.text for reason in expected.reasons
        ]
        decisions.add(answer["decision"])
        if answer["decision"] == "decline":
            assert answer["decision_reason"] == "The risk is too high"
            assert answer["reasons"]
    assert decisions == {"approve", "decline"}
    entries = {entry.key: entry for entry in read_log(service.log)}
    assert entries["A-7"].answer["pd"] == scorer.score(applications[7]["fields"]).pd
    assert entries["A-7"].record is None


def test_a_batch_gets_the_scores_of_its_rows(service, model, applications):
    status, answer = service.post("/batch", {"applications": applications})
    scorer = load_scorer(model)
    expected = [scorer.score(one["fields"]).pd for one in applications]
    assert status == 200
    np.testing.assert_array_equal([row["pd"] for row in answer["scores"]], expected)
    assert answer["scores"][3]["application_id"] == "A-3"


def test_the_model_gives_an_account_of_itself(service, model):
    scorer = load_scorer(model)
    assert service.get("/health") == (
        200,
        {"status": "ok", "model_id": scorer.model_id},
    )
    status, card = service.get("/model")
    assert status == 200
    assert card["fields"] == scorer.kinds
    assert card["trained_on"]["rows"] == 4000
    assert service.get("/reasons") == (200, scorer.reason_texts)
    status, api = service.get("/openapi.json")
    shape = api["paths"]["/score"]["post"]["requestBody"]["content"]
    fields = shape["application/json"]["schema"]["properties"]["fields"]
    assert fields["required"] == list(scorer.features)


BAD = {
    "not JSON": (b"{", 400, "must be JSON"),
    "not UTF-8": (b"\xff\xfe", 400, "UTF-8"),
    "a list": (b"[]", 400, "one JSON object"),
    "NaN": (b'{"application_id": "a", "fields": {"GrAppv": NaN}}', 400, "Send null"),
    "deep": (b"[" * 100_000, 400, "too deep"),
    "a number of 5,000 digits": (
        b'{"a": ' + b"9" * 5000 + b"}",
        400,
        "too many digits",
    ),
    "no fields": ({"application_id": "a"}, 422, "nothing else"),
    "more than fields": (
        {"application_id": "a", "fields": {}, "x": 1},
        422,
        "nothing else",
    ),
    "fields a list": ({"application_id": "a", "fields": []}, 422, "must be an object"),
    "a field absent": ({"application_id": "a", "fields": {}}, 422, "absent"),
    "an id that is no text": (
        {"application_id": 1, "fields": {}},
        422,
        "application_id",
    ),
    "an id of another script": (
        b'{"application_id": "\\ud800", "fields": {}}',
        422,
        "application_id",
    ),
    "large": (b" " * (1 << 21), 413, "bytes at most"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_answered_is_refused(service, name):
    body, expected, said = BAD[name]
    status, answer = service.post("/score", body)
    assert status == expected
    assert said in answer["error"]


def test_a_query_may_hold_more_than_the_reasons(service, applications):
    none = service.post("/score?by=branch&reasons=1&reasons=0", applications[0])[1]
    usual = service.post("/score?by=branch", applications[0])[1]
    assert none["reasons"] == []  # the last one counts
    assert usual["reasons"]
    assert usual["reasons"] == service.post("/score", applications[0])[1]["reasons"]


def test_values_of_the_wrong_type_are_refused_without_being_repeated(
    service, applications
):
    fields = {**applications[0]["fields"], "GrAppv": "much money"}
    body = {"application_id": "A-0", "fields": fields}
    status, answer = service.post("/score", body)
    assert status == 422
    assert "GrAppv" in answer["error"]
    assert "much money" not in answer["error"]
    fields["GrAppv"] = [1]
    assert service.post("/score", body)[0] == 422
    assert service.post("/batch", {"applications": [body]})[0] == 422
    assert service.post("/score?reasons=x", applications[0])[0] == 422
    assert service.post("/score?reasons=" + "9" * 5000, applications[0])[0] == 422
    assert service.post("/batch", {"applications": []})[0] == 422
    assert service.post("/score", b"{}", content_type="text/plain")[0] == 415


def test_a_thousand_malformed_requests_are_the_callers_fault(service, applications):
    rng = random.Random(0)
    sound = json.dumps(applications[0]).encode()
    statuses = set()
    for _ in range(1000):
        raw = bytearray(sound)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(raw))
            change = rng.choice(["flip", "cut", "insert"])
            if change == "flip":
                raw[at] = rng.randrange(256)
            elif change == "cut":
                del raw[at : at + rng.randint(1, 9)]
            else:
                raw[at:at] = rng.choice(
                    [b"{", b"]", b'"', b"1e999", b"null", b"\\u0000"]
                )
        statuses.add(service.post(rng.choice(["/score", "/batch"]), bytes(raw))[0])
    assert statuses <= {200, 400, 422}
    assert len(statuses) > 1


def test_no_acknowledged_decision_is_lost_when_the_service_is_killed(
    model, applications, tmp_path
):
    log = tmp_path / "decisions.jsonl"
    running = Service(model, log)
    acknowledged = [
        running.post("/score", application)[1]["log_entry"]
        for application in applications[:60]
    ]
    running.end(signal.SIGKILL)
    with log.open("ab") as file:  # as if it had been killed within a line
        file.write(b'{"number": 60, "at"')
    again = Service(model, log)
    acknowledged.append(again.post("/score", applications[60])[1]["log_entry"])
    lines = again.end()
    assert [entry.hash for entry in read_log(log)] == acknowledged
    assert {line["route"] for line in lines} == {"/health", "/score"}
    said = json.dumps(lines) + log.read_text()
    states = {str(one["fields"]["State"]) for one in applications[:61]}
    assert not any(f'"{state}"' in said for state in states)


@pytest.mark.slow
def test_the_service_keeps_what_its_openapi_promises(service, tmp_path):
    pytest.importorskip("schemathesis")
    found = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run"),
            *(f"http://127.0.0.1:{service.port}/openapi.json", "--seed", "1"),
            *("--max-examples", "200"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-3000:]
