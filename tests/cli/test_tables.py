import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskkit.cli._tables import read_table, write_table
from riskkit.exceptions import InvalidInputError, InvalidParameterError, RiskkitError


@pytest.fixture
def read(tmp_path):
    def from_bytes(content, name="t.csv", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, **options)

    return from_bytes


def parquet(table):
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def test_types_are_taken_from_the_whole_file(read):
    rows = "1,2024-01-31,x\n" * 200_000  # several times the reader's usual block
    frame = read("a,b,c\n" + rows + "n/k,2024-02-29,\n")
    assert pd.api.types.is_string_dtype(frame["a"])
    assert frame["a"].iloc[-1] == "n/k"
    assert frame["b"].dtype.kind == "M"
    assert frame["c"].isna().sum() == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\ufeffa,b\n1,2\n", {"a": [1], "b": [2]}),
        ("a;b\n1;2\n", {"a": [1], "b": [2]}),
        ("a\tb\n1\t2\n", {"a": [1], "b": [2]}),
        ("a\n1\n", {"a": [1]}),
        ('a,"b, c"\n1,"x\ny"\n', {"a": [1], "b, c": ["x\ny"]}),
        ("a,b\nNone,u\nx,v", {"a": ["None", "x"], "b": ["u", "v"]}),
        ("a,b\r\n1,2\r\n", {"a": [1], "b": [2]}),
    ],
)
def test_forms_of_csv(read, content, expected):
    assert read(content).to_dict("list") == expected


@pytest.mark.parametrize("word", ["", "NA", "NaN", "NULL", "n/a"])
def test_words_for_missing(read, word):
    frame = read(f"a,b\n{word},x\n1,{word}\n")
    assert frame["a"].isna().tolist() == [True, False]
    assert frame["b"].isna().tolist() == [False, True]


def test_levels_are_read_as_they_are_written(read):
    content = "code,n\n007,1\n010,2\n"
    assert read(content)["code"].tolist() == [7, 10]
    assert read(content, as_text=["code", "absent"])["code"].tolist() == ["007", "010"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "no rows"),
        ("\n\n", "no columns"),
        ("a,b,a\n1,2,3\n", "more than once: 'a'"),
        ("a,b\n1,2\n3", "1 of 2 rows have another number of fields"),
        ("a,b\n1,secret,3\n1,2\n", "1 of 2 rows have another number of fields"),
        ('a,b\n1,"x\n2,y\n', "quotes of 't.csv' do not match"),
        ("a,b\n1,é\n".encode("latin-1"), "UTF-8"),
        ("é,b\n1,e\n".encode("latin-1"), "UTF-8"),
        (b"a,b\n" + b"1,2\n" * 9000 + b"\xff,1\n", "UTF-8"),
        (b"PAR1....", "no CSV file"),
        (b"\x00\x01", "no CSV file"),
    ],
)
def test_csv_that_cannot_be_believed(read, content, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        read(content)
    assert "secret" not in str(caught.value)


def test_parquet_that_cannot_be_believed(read):
    good = parquet(pa.table({"a": list(range(1000))}))
    assert len(read(good, "t.parquet")) == 1000
    broken = {
        "is empty": b"",
        "no Parquet file": b"a,b\n1,2\n",
        "damaged": good[: len(good) // 2],
        "no rows": parquet(pa.table({"a": pa.array([], pa.int64())})),
        "more than once": parquet(pa.table([[1], [2]], names=["a", "a"])),
    }
    for message, content in broken.items():
        with pytest.raises(InvalidInputError, match=message):
            read(content, "t.parquet")


def test_the_index_of_a_frame_is_a_column_only_if_it_has_a_name(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"a": [1, 2]}, index=[7, 9])
    frame.to_parquet(path)
    assert list(read_table(path)) == ["a"]
    frame.rename_axis("loan").to_parquet(path)
    assert list(read_table(path)) == ["a", "loan"]


def test_names_of_files(tmp_path):
    with pytest.raises(InvalidParameterError, match=r"\.csv or \.parquet"):
        read_table(tmp_path / "t.xlsx")
    with pytest.raises(InvalidInputError, match="No such file"):
        read_table(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RiskkitError, match="is a folder"):
        read_table(tmp_path / "folder.csv")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_what_is_written_is_read(tmp_path, name):
    frame = pd.DataFrame({"pd": [0.1, 1 / 3], "reason_1": ["a, b", 'say "x"']})
    write_table(frame, tmp_path / name)
    pd.testing.assert_frame_equal(read_table(tmp_path / name), frame)
