"""What tests of several packages share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Two processes of tests with a thread for each core would wait for each other at every
# small sum. Tests of threads ask for them by name.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# A shared machine can pause any test for longer than the default deadline.
settings.register_profile("riskkit", deadline=None)
settings.load_profile("riskkit")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data():
    """Give the path of a real data set by name, or skip.

    The sets lie in the folder RISKKIT_DATA, by default ``../shared/data`` beside the
    repository. Most have no open licence, so none is part of it.
    """
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("RISKKIT_DATA", default))

    def path_of(name):
        path = folder / f"{name}.parquet"
        if not path.exists():
            pytest.skip(f"real data set {name!r} is absent; set RISKKIT_DATA")
        return path

    return path_of
