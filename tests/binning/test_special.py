"""Special codes in all the ways they may be given."""

import numpy as np
import pytest

from riskkit.artifact import SpecialGroup
from riskkit.binning._special import special_groups
from riskkit.exceptions import InvalidParameterError

KINDS = {"age": "numeric", "job": "categorical"}


@pytest.mark.parametrize(
    ("given", "age", "job"),
    [
        (None, (), ()),
        (
            [-9, -8],
            (
                SpecialGroup("Special: -9", (-9.0,)),
                SpecialGroup("Special: -8", (-8.0,)),
            ),
            (),
        ),
        (np.array([-9]), (SpecialGroup("Special: -9", (-9.0,)),), ()),
        ([(-9, -8)], (SpecialGroup("Special: -9, -8", (-9.0, -8.0)),), ()),
        (
            [-9, "XNA"],
            (SpecialGroup("Special: -9", (-9.0,)),),
            (SpecialGroup("Special: XNA", ("XNA",)),),
        ),
        ({"age": [0.5]}, (SpecialGroup("Special: 0.5", (0.5,)),), ()),
        (
            {"age": {"no hit": [-9, -8], "retired": 99}},
            (SpecialGroup("no hit", (-9.0, -8.0)), SpecialGroup("retired", (99.0,))),
            (),
        ),
        ({"job": [7]}, (), (SpecialGroup("Special: 7", ("7",)),)),
    ],
)
def test_ways_to_give_special_codes(given, age, job):
    assert special_groups(given, KINDS) == {"age": age, "job": job}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"aeg": [-9]}, "Did you mean 'age'"),
        ({"age": ["x"]}, "must be numbers; got 'x'"),
        ([-9, -9], "stands twice"),
        ([float("nan")], "missing value is none"),
        ([float("inf")], "must be finite"),
        ({"job": [None]}, "missing value is none"),
        (-9, "must be a sequence"),
        ("-9", "must be a sequence"),
    ],
)
def test_unusable_special_codes_are_refused(given, message):
    with pytest.raises(InvalidParameterError, match=message):
        special_groups(given, KINDS)
