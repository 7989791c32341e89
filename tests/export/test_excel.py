"""A workbook holds what the document holds, and nothing that could be run."""

import io
import sys
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidTypeError, MissingExtraError, OutputError
from riskkit.export import to_excel
from riskkit.export._excel_cells import LONGEST, cell_value, number_format
from riskkit.export._excel_sheets import Sheet, sheet_names
from riskkit.reporting import (
    Column,
    DocumentData,
    DocumentSection,
    ModelDocument,
    ReportTable,
    model_document,
)
from riskkit.reporting._format import _SPECS
from riskkit.reporting._validation import compute_validation
from riskkit.scaling import MasterScale
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier

HOSTILE = ["=1+1", '=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\tx", "=", "#REF!"]


@pytest.fixture(scope="module")
def book():
    return make_loan_book(3_000, default_rate=0.15, random_state=0)


@pytest.fixture(scope="module")
def document(book):
    card = ScorecardClassifier(likelihood_ratio=True).fit(book.data, book.target)
    return model_document(
        card,
        samples={"Training": (book.data, book.target)},
        groups=np.resize(["a", "b"], 3_000),
        cutoff_pd=0.2,
        grades=MasterScale([0, 0.1, 0.3, 1]).fit([0.05, 0.2, 0.5]),
        notes={"Purpose": "Rank applications."},
        title="The card",
    )


@pytest.fixture(scope="module")
def workbook(document, tmp_path_factory):
    path = to_excel(document, tmp_path_factory.mktemp("excel") / "card.xlsx")
    return openpyxl.load_workbook(path)


def tiny(rows, *, columns=("a", "b"), title="T", section="S", text=()):
    """A document of one table."""
    table = ReportTable("t", "Table", tuple(Column(c, c) for c in columns), rows)
    data = DocumentData(
        "model_document",
        title,
        (),
        (DocumentSection("s", section, text, ("t",)),),
        (table,),
        "1",
    )
    return ModelDocument(data, "")


def saved(document, tmp_path, name="a.xlsx"):
    path = to_excel(document, tmp_path / name, overwrite=True)
    return openpyxl.load_workbook(path)


def read_table(sheet, labels, start=1):
    """Return the first row below a header of these labels, found as a reader would."""
    for row in range(start, sheet.max_row + 1):
        values = [sheet.cell(row, k + 1).value for k in range(len(labels))]
        if values == labels:
            return row + 1
    raise AssertionError(labels)


def test_one_sheet_a_section(document, workbook):
    assert workbook.sheetnames == [s.title[:31] for s in document.data.sections]


def test_every_value_comes_back(document, workbook):
    compared = 0
    for section, sheet in zip(document.data.sections, workbook.worksheets, strict=True):
        row = 1
        for name in section.tables:
            table = document.data.table(name)
            shown = [k for k, c in enumerate(table.columns) if c.key != "unit"]
            row = read_table(sheet, [table.columns[k].label for k in shown], row)
            for values in table.rows:
                for place, k in enumerate(shown, 1):
                    found, given = sheet.cell(row, place).value, cell_value(values[k])
                    # openpyxl writes 16 digits.
                    assert found == (
                        pytest.approx(given, rel=1e-15)
                        if isinstance(given, float)
                        else given
                    )
                    compared += 1
                row += 1
    assert compared > 500


def test_numbers_are_numbers_and_text_is_text(document, workbook):
    sheet = workbook["Scorecard"]
    header = [cell.value for cell in sheet[2]]
    for label, kind, shown in (
        ("Accounts", "n", "#,##0"),
        ("Bad rate", "n", "0.00%"),
        ("WoE", "n", "+0.00;-0.00;0.00"),
        ("Bin", "s", "General"),
    ):
        cell = sheet.cell(3, header.index(label) + 1)
        assert cell.data_type == kind
        assert cell.number_format == shown
    bins = document.frame("bins")
    exact = sheet.cell(3, header.index("WoE") + 1).value
    assert exact == pytest.approx(bins["woe"].iloc[0], rel=1e-15)
    assert "Bin, exact" in header  # hidden on the page


def test_every_sheet_has_a_frozen_header(document, workbook):
    for section, sheet in zip(document.data.sections, workbook.worksheets, strict=True):
        assert sheet.freeze_panes == ("B3" if section.tables else "A2")
        assert sheet["A1"].value.startswith(section.title)
        if section.tables:
            table = document.data.table(section.tables[0])
            assert sheet["A2"].value == table.columns[0].label
            assert sheet["A2"].font.bold
            assert sheet.auto_filter.ref.startswith("A2:")
            assert sheet.auto_filter.ref.endswith(str(2 + len(table.rows)))
            assert sheet.print_title_rows == "$1:$2"
        assert sheet.page_setup.paperSize == 9  # A4


def test_text_of_a_section_is_on_its_sheet(document, workbook):
    for section, sheet in zip(document.data.sections, workbook.worksheets, strict=True):
        values = {cell.value for row in sheet.iter_rows() for cell in row}
        assert set(section.text) <= values


def test_pandas_reads_a_sheet_as_a_table(document, tmp_path):
    path = to_excel(document, tmp_path / "a.xlsx")
    bins = document.frame("bins")
    frame = pd.read_excel(path, sheet_name="Scorecard", header=1, nrows=len(bins))
    assert list(frame["Points"]) == list(bins["points"])
    assert list(frame["Bin, exact"]) == list(bins["exact"])


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_never_a_formula(text, tmp_path):
    document = tiny(
        ((text, text),), columns=(text, "b"), title=text, section=text, text=(text,)
    )
    sheet = saved(document, tmp_path).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    found = [cell for cell in cells if cell.value is not None]
    assert {cell.data_type for cell in found} == {"s"}
    row = read_table(sheet, [text, "b"])
    assert sheet.cell(row, 1).value == text
    assert sheet.cell(row, 1).quotePrefix == (text[0] in "=+-@\t")
    raw = zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in raw


def test_no_cell_of_a_real_document_is_a_formula(book, tmp_path):
    X = book.data.rename(columns={"debt_to_income": '=cmd|"/c calc"!A1'})
    card = ScorecardClassifier().fit(X, book.target)
    document = model_document(
        card, notes={"=1+1": "@x"}, title="=T()", samples={"-1": (X, book.target)}
    )
    for sheet in saved(document, tmp_path):
        for row in sheet.iter_rows():
            assert "f" not in {cell.data_type for cell in row}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (np.float64("nan"), None),
        (float("inf"), None),
        (np.int64(3), 3),
        (0.1, 0.1),
        (True, "True"),
        ("a\x00b\x1f", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
        ("half \ud800", "half \N{REPLACEMENT CHARACTER}"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("", None),
    ],
)
def test_values_that_a_cell_cannot_hold(value, expected):
    found = cell_value(value)
    assert found == expected
    assert type(found) is type(expected)


def test_odd_values_are_written(tmp_path):
    rows = (("a\x07b\ud800", float("nan")), ("x" * (LONGEST + 10), 1e300))
    sheet = saved(tiny(rows), tmp_path).worksheets[0]
    assert sheet["B3"].value is None
    assert sheet["B4"].value == 1e300
    assert len(sheet["A4"].value) == LONGEST
    assert sheet["A4"].value.endswith("… (cut)")


def test_every_kind_of_number_of_a_report_has_a_format():
    for kind in _SPECS:
        assert number_format(kind, 1.0) != "General", kind
    assert number_format("points", 1.5) == "#,##0.0"
    assert number_format("points", 2.0) == "#,##0"
    assert number_format("text", 2.0) == "General"


def test_units_of_mixed_columns(workbook):
    sheet = workbook["Performance"]
    formats = {
        sheet.cell(row, 1).value: sheet.cell(row, 2).number_format
        for row in range(3, 12)
    }
    assert formats["Accounts"] == "#,##0"
    assert formats["Bad rate"] == "0.00%"
    assert formats["AUC"] == "0.000"


def test_equal_documents_give_equal_bytes(document, tmp_path):
    first = to_excel(document, tmp_path / "a.xlsx").read_bytes()
    again = ModelDocument(replace(document.data), document.html)
    assert to_excel(again, tmp_path / "b.xlsx").read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        times = {info.date_time for info in archive.infolist()}
        core = archive.read("docProps/core.xml").decode()
    assert times == {(1980, 1, 1, 0, 0, 0)}
    assert core.count("1980-01-01T00:00:00Z") == 2
    assert "riskkit" in core


def test_names_of_sheets():
    titles = ["A/B", "a?b", "x" * 40, "x" * 40, "", "'quoted'", "[]"]
    names = list(sheet_names([Sheet(t, (), ()) for t in titles]))
    assert names[:3] == ["A B", "a b 2", "x" * 31]
    assert names[3] == "x" * 27 + " 2"
    assert names[4:] == ["Sheet", "quoted", "Sheet 2"]
    assert max(map(len, names)) <= 31


def test_other_reports_are_written_too(book, tmp_path):
    card = ScorecardClassifier().fit(book.data, book.target)
    report = compute_validation(card, book.data, book.target)
    workbook = saved(report, tmp_path)
    assert workbook.sheetnames[0] == "Summary"
    assert len(workbook.sheetnames) == 1 + len(report.tables)
    values = {cell.value for row in workbook["Summary"].iter_rows() for cell in row}
    assert report.verdict.word in values
    sheet = workbook["This sample beside training"]
    assert sheet["B3"].value == 3_000


def test_a_section_without_tables_has_a_sheet(tmp_path):
    card = ExpertScorecard({"x": {"edges": [0], "points": [1, 2], "missing": 0}}).fit()
    workbook = saved(model_document(card), tmp_path)
    assert "People gave the points" in workbook["Coefficients"]["A2"].value


def test_places(document, tmp_path):
    path = tmp_path / "new" / "card.xlsx"
    assert to_excel(document, str(path)) == path
    with pytest.raises(OutputError, match="overwrite=True"):
        to_excel(document, path)
    to_excel(document, path, overwrite=True)
    with pytest.raises(OutputError, match=r"end in \.xlsx"):
        to_excel(document, tmp_path / "card.xls")
    assert [p.name for p in path.parent.iterdir()] == ["card.xlsx"]


def test_what_is_no_report_is_named(document, tmp_path):
    card = ScorecardClassifier()
    with pytest.raises(InvalidTypeError, match=r"to_excel\(model_document\(model\)"):
        to_excel(card, tmp_path / "a.xlsx")
    with pytest.raises(InvalidTypeError, match="got DataFrame"):
        to_excel(pd.DataFrame(), tmp_path / "a.xlsx")
    with pytest.raises(InvalidTypeError, match="got type"):
        to_excel(type(document), tmp_path / "a.xlsx")


def test_without_openpyxl_the_extra_is_named(document, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"riskkit\[excel\]") as caught:
        to_excel(document, tmp_path / "a.xlsx")
    assert isinstance(caught.value, ImportError)
    assert not list(tmp_path.iterdir())
