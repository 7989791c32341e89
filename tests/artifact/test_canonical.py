from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.artifact._canonical import canonical_json, parse_json, plain_data
from riskkit.exceptions import ArtifactError

TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_bin_is_one_line():
    document = {
        "intercept": 0.1,
        "bins": [{"upper": 1e22, "codes": [1, 2]}, {"missing": True}],
        "empty": {},
        "edges": [0.5, -0.0],
        "name": "büro",
    }
    expected = """{
 "intercept": 0.1,
 "bins": [
  {"upper": 1e+22, "codes": [1, 2]},
  {"missing": true}
 ],
 "empty": {},
 "edges": [0.5, -0.0],
 "name": "büro"
}
"""
    assert canonical_json(document).decode() == expected


@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_text_reads_back_as_the_same_values(document):
    assert json.loads(canonical_json(document)) == document
    assert repr(parse_json(canonical_json(document), "m")) == repr(document)


@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_free_form_data_does_not_depend_on_the_order_of_keys(document):
    turned = dict(reversed(document.items()))
    assert canonical_json(plain_data(turned, "d")) == canonical_json(
        plain_data(document, "d")
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "line 1"),
        (b"{", "brackets do not match"),
        (b'{"a": 1,}', "line 1, column"),
        (b'{"a": NaN}', "token NaN"),
        (b'{"a": -Infinity}', "token -Infinity"),
        (b'{"a": 1e400}', "beyond the range"),
        (b'{"a": ' + b"1" * 5000 + b"}", "more than 18 digits"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "beyond the range"),
        (b'{"a": 1, "a": 2}', "repeated key"),
        (b'{"x": {"a": 1, "a": 1}}', "repeated key"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deeper"),
        (b"[" + b"1," * 2_000_000 + b"1]", "at most"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "line 1"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b'{"a": "' + b'\\"' * 500_000, "brackets do not match"),
        (b'"' * 500_001, "line 1"),
    ],
)
def test_doubtful_documents_are_refused(raw, reason):
    with pytest.raises(ArtifactError, match=reason):
        parse_json(raw, "model.json")


def test_brackets_inside_text_are_no_nesting():
    text = '[{"\\\\' * 1000
    assert parse_json(canonical_json({"a": text}), "m") == {"a": text}


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        10**20,
        {1: 2},
        {"a": object()},
        b"x",
        "\ud800",
        {"\udfff": 1},
        {1, 2},
    ],
)
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ArtifactError, match="notes"):
        plain_data(value, "notes")


def test_endless_nesting_is_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ArtifactError, match="levels"):
        plain_data(loop, "notes")
