import subprocess
import sys

import pytest

ALWAYS = (
    "m.psi([1, 2], [2, 1]); m.gini_score([0, 1], [0.1, 0.2]);"
    "m.lift_table([0, 1], [0.1, 0.2]); m.brier_decomposition([1, 2], [5, 5], 0.3);"
    "m.mwb([[1, 2], [2, 1]]); m.holm_adjust([0.1, 0.2]);"
    "m.mix_rate_effects([1], [5], [2], [5]);"
)


def heavy_modules(code, *heavy):
    code = f"import sys, riskkit.metrics as m; {code} print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(heavy) & set(done.stdout.split())


def test_metrics_load_numpy_alone():
    packages = ("pandas", "sklearn", "scipy", "matplotlib", "narwhals", "pyarrow")
    assert not heavy_modules(ALWAYS, *packages)


@pytest.mark.parametrize(
    "call",
    [
        "m.jeffreys_test([1, 2], [5, 5], 0.1).lights();",
        "m.psi_test([1, 2], [2, 1]).to_dict();",
        "m.auc_delong_test([0, 1, 0, 1], [1, 2, 3, 4], [1, 2, 2, 4]);",
        "m.spiegelhalter_test([1, 2], [5, 5], 0.1);",
    ],
)
def test_tests_need_the_special_functions_but_neither_scipy_stats_nor_pandas(call):
    packages = ("scipy.stats", "scipy.optimize", "pandas", "sklearn")
    assert not heavy_modules(call, *packages)
