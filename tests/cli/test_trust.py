"""verify, diff, sign and keygen: words, results and exit codes."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskkit.cli._app import app

STORED = Path(__file__).parents[1] / "data"
CARD = STORED / "scorecard_protocol5.rk"


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.rk"
    shutil.copy(CARD, path)
    return path


@pytest.fixture
def keys(tmp_path):
    pytest.importorskip("cryptography")
    result = run("keygen", "--out", tmp_path / "keys")
    assert result.exit_code == 0, result.output
    return tmp_path / "keys"


@pytest.mark.parametrize(
    "kind", ["scorecard", "strategy", "blend", "detector", "fraud"]
)
def test_verify_says_what_was_found(kind):
    result = run("verify", STORED / f"{kind}_protocol5.rk", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["n_golden_rows"] >= 4
    assert {"model.json", "golden.json"} <= set(found["members"])
    assert (found["signed_by"], found["signature_verified"]) == (None, False)


def test_verify_in_words(model):
    result = run("verify", model)
    assert result.exit_code == 0
    assert "answered as when it was saved" in result.stdout
    assert "none stored" in run("verify", STORED / "artifact_protocol1.rk").stdout


def test_verify_refuses_with_the_reason(model):
    model.write_bytes(model.read_bytes().replace(b'"points": ', b'"points":9'))
    result = run("verify", model)
    assert result.exit_code == 2
    assert "is damaged" in result.stderr
    assert result.stdout == ""


def test_sign_and_verify(model, keys):
    public = keys / "public_key.pem"
    refused = run("verify", model, "--public-key", public)
    assert (refused.exit_code, "must be signed" in refused.stderr) == (2, True)
    signed = run("sign", model, "--key", keys / "private_key.pem")
    assert signed.exit_code == 0, signed.output
    result = run("verify", model, "--public-key", public)
    assert (result.exit_code, "verified" in result.stdout) == (0, True)
    assert "not checked" in run("verify", model).stdout
    wrong = run("sign", model, "--key", public)
    assert (wrong.exit_code, "private key" in wrong.stderr) == (2, True)


def test_keys_are_private_and_never_replaced(keys):
    private = keys / "private_key.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    before = private.read_bytes()
    again = run("keygen", "--out", keys)
    assert (again.exit_code, private.read_bytes()) == (2, before)


def test_diff_of_equal_and_other_models(model):
    same = run("diff", CARD, model)
    assert (same.exit_code, same.stdout) == (0, "")
    other = STORED / "strategy_protocol5.rk"
    result = run("diff", model, other)
    assert result.exit_code == 1
    assert "strategy" in result.stdout
    told = run("diff", model, other, "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert found["is_equal"] is False
    assert {d["part"] for d in found["differences"]} >= {"strategy", "calibration"}
    missing = run("diff", model, model.with_name("none.rk"))
    assert (missing.exit_code, "No artifact found" in missing.stderr) == (2, True)
