"""A model as one file of Python that needs the standard library alone."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

import riskkit
from riskkit._core import field_values, levels
from riskkit._core.output import check_file, whole_file
from riskkit.artifact import ScorecardSpec
from riskkit.exceptions import InvalidParameterError
from riskkit.export import (
    _file_blend,
    _file_card,
    _file_command,
    _file_pd_map,
    _file_reading,
    _file_strategy,
)
from riskkit.export._file_data import (
    blend_data,
    card_data,
    n_nodes,
    pd_map_data,
    strategy_data,
)
from riskkit.export._given_model import read_given
from riskkit.export._literal import literal

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from riskkit.artifact import Artifact, GoldenRowSpec

__all__ = ["to_python"]

# Some 4 MB of text, which Python takes two seconds and 320 MB to read.
_MOST_NODES = 60_000

_NOT_COPIED = ("riskkit", "__future__")

_HEAD = '''\
"""A credit-risk model in one file, written by riskkit {version}.

It needs Python 3.11 and its standard library alone:

    python FILE --self-test       scores made-up records, compares with stored answers
    python FILE < record.json     scores an object of fields, or a list of them

or, in Python, score({{"field": value, ...}}). Missing is None or NaN; bins are (a, b].
PD and log-odds up is riskier, points up is safer. Numbers add up from first to last,
so that they are those of riskkit to the bit. Do not edit: write it again.
"""
'''
_ERRORS = '''\
class InvalidInputError(ValueError):
    """A record cannot be scored as it is."""


class InvalidTypeError(TypeError):
    """A value has a type that its field cannot have."""
'''
_SCORE = '''\
def score(record: Any, n_reasons: int = 4) -> dict[str, Any]:
    """Return the PD, points, reasons and all else that the model says of a record."""
    if type(n_reasons) is not int or n_reasons < 0:
        msg = f"n_reasons must be an integer >= 0; got {n_reasons!r}."
        raise InvalidInputError(msg)
    record = read_record(record, tuple(FIELDS))
    answer = score_MODEL(MODEL, record, n_reasons)
    answer |= {"grade": None, "grade_pd": None, "interval": None}
'''
_RUN = """\
if __name__ == "__main__":
    raise SystemExit(run(score, GOLDEN, EXACT, sys.argv[1:]))
"""


def to_python(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    calibration: Any = None,
    grades: Any = None,
    strategy: Any = None,
    overwrite: bool = False,
) -> str:
    """Return one readable file of Python that scores records without any library.

    Parameters
    ----------
    model : estimator, path or Artifact
        A fitted scorecard, boosted model or blend, or a ``CalibratedPD`` of one; a
        saved model; or an artifact in memory.

    path : str or path, optional
        Where to write the file.

    calibration : calibrator or sequence of calibrators, optional
        Fitted steps on top, as for :func:`save_artifact`; of an estimator only.

    grades : MasterScale, optional
        Fitted grades of the PD, as for :func:`save_artifact`; of an estimator only.

    strategy : Strategy, mapping or path, optional
        What is decided on the scores; in place of the one that was saved with the
        model, if there is one.

    overwrite : bool, default=False
        Whether a file that is there already may be replaced.

    Returns
    -------
    source : str
        The text of the file. Its function ``score(record, n_reasons=4)`` returns what
        :meth:`riskkit.serving.ScoreResult.to_dict` does. As a command it scores JSON
        from standard input, and ``--self-test`` scores the golden rows of the model
        again: 0 is returned if all answers are as stored.

    Raises
    ------
    InvalidTypeError
        If the model is of another kind.
    InvalidParameterError
        If its trees have more than 60,000 nodes.
    ArtifactError
        If `model` is a path and no sound artifact is there.
    OutputError
        If the path cannot be written to, or holds something already.

    See Also
    --------
    save_artifact : Saves the model for riskkit's scorer, which is faster.
    to_sql : Writes a scorecard as SQL.

    Notes
    -----
    Points, log-odds, PD, grade and decision are those of the scorer to the bit, because
    the same operations are done in the same order. Reasons of boosted trees agree to
    the rounding of sums. Of 200 trees they take a tenth of a second, the PD less than a
    millisecond.

    Names, levels and texts stand in the file as quoted literals only: nothing that
    somebody calls a column can become code.

    Examples
    --------
    >>> from riskkit.export import to_python
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ...     "delays": {"edges": [0], "points": [30, 0], "missing": 0},
    ... }).fit()
    >>> source = to_python(card)
    >>> file = {"__name__": "card"}
    >>> exec(source, file)
    >>> answer = file["score"]({"age": 25, "delays": 2}, n_reasons=1)
    >>> answer["points"], answer["reasons"][0]["feature"]
    (10.0, 'age')
    """
    if path is not None:
        check_file(path, overwrite=overwrite)
    artifact, golden = read_given(
        model,
        calibration=calibration,
        grades=grades,
        strategy=strategy,
        written_as="A Python file",
    )
    size = n_nodes(artifact.model)
    if size > _MOST_NODES:
        msg = (
            f"A Python file holds trees of at most {_MOST_NODES:,} nodes; this model "
            f"has {size:,}. Fit fewer or smaller trees, or score it with "
            "riskkit.serving."
        )
        raise InvalidParameterError(msg)
    source = "\n\n".join(_sections(artifact, golden))
    if path is not None:
        with whole_file(path, overwrite=overwrite) as place:
            place.write_text(source, encoding="utf-8", newline="\n")
    return source


def _sections(artifact: Artifact, golden: Iterable[GoldenRowSpec]) -> Iterator[str]:
    """Yield the parts of the file, each ending in a line end."""
    is_card = isinstance(artifact.model, ScorecardSpec)
    has_map, strategy = artifact.pd_map is not None, artifact.strategy
    parts: list[ModuleType] = [levels, field_values, _file_reading, _file_card]
    if has_map or not is_card:
        parts.append(_file_pd_map)
    if not is_card:
        parts.append(_file_blend)
    if strategy is not None:
        parts.append(_file_strategy)
    parts.append(_file_command)
    texts = [_Part(part) for part in parts]
    head = _HEAD.format(version=riskkit.__version__)
    yield head + "\n" + "\n".join(_imports(texts)) + "\n"
    yield _data(artifact)
    yield _ERRORS
    for text in texts:
        yield text.body
    yield _score_function(
        is_card=is_card, has_map=has_map, decides=strategy is not None
    )
    # Sums of a card have the same bits everywhere; leaves are summed after logarithms.
    exact = "frozenset({'points', 'log_odds'})" if is_card else "frozenset()"
    rows = tuple((row.record, _stored(row.answer)) for row in golden)
    yield (
        "# Made-up records, and what the model answered when it was saved.\n"
        f"GOLDEN: Any = {literal(rows)}\nEXACT: Any = {exact}\n"
    )
    yield _RUN


def _data(artifact: Artifact) -> str:
    model = artifact.model
    data = {"MODEL_ID": artifact.manifest.model_id, "FIELDS": dict(artifact.fields)}
    named: list[tuple[str, Any]] = list(data.items())
    if isinstance(model, ScorecardSpec):
        named.append(("MODEL", card_data(model)))
    else:
        named.append(("MODEL", blend_data(model)))
    if artifact.pd_map is not None:
        named.append(("PD_MAP", pd_map_data(artifact.pd_map)))
    if artifact.strategy is not None:
        outputs = artifact.outputs
        named.append(("STRATEGY", strategy_data(artifact.strategy, outputs)))
    return "\n".join(
        f"{name}: Any = {literal(value, 0, len(name) + 8)}\n" for name, value in named
    )


def _score_function(*, is_card: bool, has_map: bool, decides: bool) -> str:
    text = _SCORE.replace("score_MODEL", "score_card" if is_card else "score_blend")
    if has_map:
        text += "    answer |= rate(PD_MAP, answer, record)\n"
    text += '    answer["model_id"] = MODEL_ID\n'
    if decides:
        text += "    answer |= decide(STRATEGY, answer, record)\n"
    return text + "    return answer\n"


def _stored(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with its numbers as texts that keep every bit."""
    return {
        name: ("hex", value.hex()) if isinstance(value, float) else value
        for name, value in answer.items()
    }


class _Part:
    """A module taken apart: what it imports, and what follows."""

    def __init__(self, module: ModuleType) -> None:
        source = inspect.getsource(module)
        self.imports: list[ast.Import | ast.ImportFrom] = []
        end = 0
        for node in ast.parse(source).body:
            is_import = isinstance(node, (ast.Import, ast.ImportFrom))
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports.append(node)
            is_all = isinstance(node, ast.Assign) and "__all__" in ast.dump(node)
            if is_import or is_all:
                end = node.end_lineno or 0
        self.body = "\n".join(source.splitlines()[end:]).strip("\n") + "\n"


def _imports(parts: Iterable[_Part]) -> Iterator[str]:
    """Yield the imports of the standard library that the parts make."""
    plain: set[str] = set()
    named: dict[str, set[str]] = {"typing": {"Any"}}
    for part in parts:
        for node in part.imports:
            if isinstance(node, ast.Import):
                plain.update(alias.name for alias in node.names)
                continue
            module = node.module or ""
            if module.split(".")[0] not in _NOT_COPIED:
                named.setdefault(module, set()).update(a.name for a in node.names)
    yield "from __future__ import annotations"
    yield ""
    yield from (f"import {name}" for name in sorted(plain))
    for module in sorted(named):
        yield f"from {module} import {', '.join(sorted(named[module]))}"
