"""A model as one SQL statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import riskkit
from riskkit._core.params import check_int, check_option
from riskkit.artifact import PDMapSpec, ScorecardSpec
from riskkit.export._sql_blend import BlendTables
from riskkit.export._sql_card import CardTables
from riskkit.export._sql_check import check_parsed
from riskkit.export._sql_columns import read_levels, read_numbers
from riskkit.export._sql_dialects import Writer
from riskkit.export._sql_pd import PDTables
from riskkit.export._sql_request import PREFIX, read_request
from riskkit.export._sql_text import Item, Query
from riskkit.export._strategy_sql import StrategyTables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.artifact import Artifact
    from riskkit.export._sql_columns import LevelInput
    from riskkit.export._sql_request import Request

__all__ = ["to_sql"]

_REASONS = ("feature", "text")


def to_sql(
    model: Any,
    *,
    dialect: str = "duckdb",
    table: str | Sequence[str] = "applications",
    reasons: int | None = None,
    reason_as: str = "feature",
    keep: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    stored_as: Mapping[str, str] | None = None,
    calibration: Any | Sequence[Any] | None = None,
    grades: Any = None,
    strategy: Any = None,
) -> str:
    """Return one SELECT that scores a table of raw columns where it lies.

    Parameters
    ----------
    model : estimator, path or Artifact
        A fitted scorecard, boosted model or blend, or a ``CalibratedPD`` of one; a
        saved model, or an artifact in memory.

    dialect : str, default="duckdb"
        ``"bigquery"``, ``"databricks"``, ``"duckdb"``, ``"mysql"``, ``"postgres"``,
        ``"snowflake"``, ``"spark"``, ``"sqlite"`` or ``"tsql"``.

    table : str or sequence of str, default="applications"
        The table. A text is parted at its dots, ``"lending.applications"``; a sequence
        holds the parts as they are, such as ``["loans.parquet"]`` for a file.

    reasons : int, optional
        Most reasons for each row. A scorecard has 4 unless said otherwise; those of
        trees are Shapley values, which no SQL can give.

    reason_as : {"feature", "text"}, default="feature"
        Whether a reason is the name of a characteristic or its words.

    keep : sequence of str, default=()
        Columns of the table to repeat, as a key: a statement has no order of rows.

    columns : mapping of str to str, optional
        Name in the table of each field of the model that is called otherwise there.

    stored_as : mapping of str to {"text", "number", "boolean"}, optional
        How the table stores fields of levels that it does not hold as text or whole
        numbers: 3.0 is the level ``"3"`` and TRUE the level ``"True"`` only if the
        statement is told. DuckDB's looks for itself. Also for numbers held as booleans,
        which some databases do not convert.

    calibration : calibrator or sequence of calibrators, optional
        Fitted steps on top, as for :func:`save_artifact`; of an estimator only.

    grades : MasterScale, optional
        Fitted grades of the PD, as for :func:`save_artifact`; of an estimator only.

    strategy : Strategy, mapping or path, optional
        What is decided on the scores, as for :func:`save_artifact`; in place of the one
        that was saved with the model, if there is one.

    Returns
    -------
    sql : str
        A statement without semicolon, so that it can be the body of a view. It gives
        the columns of `keep`, then ``pd``, ``points``, ``log_odds``; ``grade`` and
        ``grade_pd``, ``pd_low`` and ``pd_high`` where the model has them; ``decision``,
        ``decided_by`` and ``decision_reason`` with a strategy, ``limit``,
        ``limited_by`` and ``price`` with one that has limits; for each
        reason ``reason_1``, ``points_lost_1`` and so on, NULL where no further points
        are lost; and ``refused`` where the model refuses levels.

    Raises
    ------
    MissingExtraError
        If sqlglot is not installed and the dialect is not DuckDB's; it comes with
        ``riskkit[sql]``.
    InvalidParameterError
        If the dialect is unknown, a name is no field, two columns would have one name,
        or a name or level cannot be written in the dialect; if reasons of trees are
        asked for, the trees have too many leaves, or the calibration inside a boosted
        model is no line on the log-odds.
    InvalidTypeError
        If the model is of another kind.
    ArtifactError
        If `model` is a path and no sound artifact is there.

    See Also
    --------
    save_artifact : Saves the model for a scorer in Python.
    riskkit.explain.reason_codes : The same reasons.

    Notes
    -----
    Numbers are doubles, written with the digits that read back as the same bits, and
    sums are added in the order of the characteristics. Points, log-odds, reasons and
    grades are therefore those of the estimator and the scorer, to the bit; PDs go
    through the database's ``exp`` and ``ln``, which may differ in the last bits.

    Trees are added one by one, as the scorer adds them: boosted models without a
    calibration of their own give its log-odds to the bit. A forest's logarithms, and
    the line of a calibration inside the model, agree to 1e-12 for log-odds below 9; a
    scorer loses digits in PDs that near 1.

    Missing is NULL, and NaN where a database can store it. A row with a level that the
    model refuses gets NULL for everything and the name of the characteristic in
    ``refused``; nobody is scored by mistake, and other rows are not held up.

    Every name and level is quoted. For dialects other than DuckDB's, sqlglot quotes
    them and parses the result, and what it reads must be what was meant.

    Examples
    --------
    >>> import duckdb
    >>> from riskkit.export import to_sql
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ...     "delays": {"edges": [0], "points": [30, 0], "missing": 0},
    ... }).fit()
    >>> sql = to_sql(card, table="applicants", keep=["id"], reasons=1)
    >>> with duckdb.connect() as connection:
    ...     _ = connection.execute(
    ...         "CREATE TABLE applicants AS SELECT 1 AS id, 25 AS age, 2 AS delays"
    ...     )
    ...     for row in connection.execute(
    ...         f"SELECT id, points, reason_1, points_lost_1 FROM ({sql})"
    ...     ).fetchall():
    ...         row
    (1, 10.0, 'age', 30.0)
    """
    if reasons is not None:
        check_int("reasons", reasons, low=0)
    check_option("reason_as", reason_as, _REASONS)
    writer = Writer(dialect)
    request = read_request(
        model,
        calibration,
        grades,
        strategy,
        dialect=writer.dialect,
        table=table,
        keep=keep,
        columns=columns,
        stored_as=stored_as,
        reasons=reasons,
    )
    sql = _write(request, writer, in_words=reason_as == "text")
    if dialect != "duckdb":
        check_parsed(sql, writer)
    return sql


def _write(request: Request, writer: Writer, *, in_words: bool) -> str:
    """Return the statement: its header, the intermediate tables, what is selected."""
    artifact, n_reasons = request.artifact, request.n_reasons
    query = Query(writer.dialect, ".".join(map(writer.quote_name, request.table)))
    kept = [(f"k{k}", name) for k, name in enumerate(request.keep, start=1)]
    items = [Item.of(key, writer.quote_name(name)) for key, name in kept]
    columns: dict[str, str | LevelInput] = {}
    for k, (field, kind) in enumerate(artifact.model.kinds.items(), start=1):
        column, stored = request.columns[field], request.stored_as.get(field)
        if kind == "numeric":
            items.append(read_numbers(writer, column, f"x{k}", stored))
            columns[field] = f"x{k}"
        else:
            levels = read_levels(writer, column, f"x{k}", stored)
            items += levels.items
            columns[field] = levels
    pd_map = artifact.pd_map or PDMapSpec()
    segments = {}
    for k, field in enumerate(pd_map.columns, start=1):
        column, stored = request.columns[field], request.stored_as.get(field)
        if artifact.fields[field] == "numeric" and not writer.dialect.knows_types:
            stored = stored or "number"
        segments[field] = read_levels(writer, column, f"s{k}", stored)
        items += segments[field].items
    model: CardTables | BlendTables
    if isinstance(artifact.model, ScorecardSpec):
        model = card = CardTables(artifact.model, writer, columns)
        reasons = card.reason_items(n_reasons, in_words=in_words)
    else:
        model, card = BlendTables(artifact.model, writer, columns), None
        reasons = iter(())
    refused = model.refused_items()
    pds = PDTables(pd_map, writer, segments, model.most_log_odds)
    strategy = None
    if artifact.strategy is not None:
        strategy = StrategyTables(
            artifact.strategy, request, writer, pds, refuses=bool(refused)
        )
        items += strategy.column_items
    query.add(
        f"{PREFIX}columns",
        "the columns as the model reads them",
        items or [Item.of("nothing", "1")],
    )
    model.add_sums(query)
    pds.add(query)
    if strategy is not None:
        strategy.add(query)
    if card is not None:
        card.add_reasons(query, n_reasons)
    selected = [
        *(Item.of(writer.quote_name(name), key) for key, name in kept),
        pds.pd_item(),
        *(Item.of(name, name) for name in ("points", "log_odds")),
        *pds.further_items(),
        *(() if strategy is None else strategy.items()),
        *reasons,
        *refused,
    ]
    return "\n".join([*_header(artifact, writer), query.finish(selected), ""])


def _header(artifact: Artifact, writer: Writer) -> list[str]:
    model_id = artifact.manifest.model_id
    kind = "scorecard" if isinstance(artifact.model, ScorecardSpec) else "model"
    what = f"{kind} {model_id}" if model_id else f"a {kind}"
    title = writer.dialect.title
    return [
        f"-- {what} by riskkit {riskkit.__version__}, in the SQL of {title}",
        f"-- points: up is safer; log_odds (of the {kind} alone) and pd: up is riskier",
        "-- missing is NULL or NaN; bins are (a, b]; numbers are doubles",
        *(f"-- {note}" for note in writer.dialect.notes),
    ]
