from __future__ import annotations

import subprocess
import sys

from riskkit.artifact import Manifest, write_artifact

HEAVY = (
    "numpy pandas sklearn scipy optbinning xgboost lightgbm narwhals matplotlib pyarrow"
)


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_service_loads_the_standard_library_alone(tmp_path, card):
    for name in ("card.rk", "card"):
        write_artifact(tmp_path / name, manifest=Manifest("scorecard"), model=card)
        out = run(
            "import sys\n"
            "from riskkit.serving import load_scorer\n"
            f"scorer = load_scorer({str(tmp_path / name)!r})\n"
            "result = scorer.score(dict.fromkeys(scorer.features))\n"
            "assert 0 < result.pd < 1 and result.to_dict()\n"
            "repr(scorer), scorer._repr_html_()\n"
            f"print(sorted(set({HEAVY!r}.split()) & set(sys.modules)))\n"
        )
        assert out.strip() == "[]"


def test_a_batch_of_arrays_loads_numpy_alone(tmp_path, card):
    write_artifact(tmp_path / "card.rk", manifest=Manifest("scorecard"), model=card)
    out = run(
        "import sys\n"
        "from riskkit.serving import load_scorer\n"
        f"scorer = load_scorer({str(tmp_path / 'card.rk')!r})\n"
        "batch = scorer.score_batch({name: [None] for name in scorer.features})\n"
        "assert len(batch) == 1\n"
        f"print(sorted(set({HEAVY!r}.split()) & set(sys.modules)))\n"
    )
    assert out.strip() == "['numpy']"
