import subprocess
import sys


def test_metrics_load_numpy_alone():
    code = (
        "import sys, riskkit.metrics as m; m.psi([1, 2], [2, 1]);"
        "m.gini_score([0, 1], [0.1, 0.2]); m.lift_table([0, 1], [0.1, 0.2]);"
        "heavy = {'pandas', 'sklearn', 'scipy', 'matplotlib', 'narwhals', 'pyarrow'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
