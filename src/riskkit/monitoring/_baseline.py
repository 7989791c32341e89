"""The reference population of a model, as counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from riskkit.artifact import PopulationSpec, read_population, write_population
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.monitoring._counts import Counts, Groups, count_rows
from riskkit.monitoring._fit_population import BinRules, fit_population, read_direction
from riskkit.monitoring._learn import given_bins
from riskkit.monitoring._of_scorecard import population_of_scorecard
from riskkit.monitoring._partition import Partition
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    import os
    from collections.abc import Collection

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["Baseline", "check_same"]


class Baseline:
    """A reference population: bins and counts, no rows.

    Build it with :meth:`fit` from rows, with :meth:`from_scorecard` from a scorecard
    that was fitted or loaded, or with :meth:`load` from a file.

    Parameters
    ----------
    population : PopulationSpec
        Bins and counts as plain data.

    Attributes
    ----------
    features : tuple of str
        The features that are counted.

    score_direction : {"riskier", "safer"} or None
        What a higher score means; None without a score.

    model_id : str or None
        The model that the population belongs to.

    n, n_known, n_event : float
        Accounts, those with a known outcome, and events; sums of weights.

    See Also
    --------
    StabilityMonitor : Compares later populations with it.

    Notes
    -----
    A numeric feature is cut into parts of equal weight of the reference, or at each of
    its values if there are few; a categorical one has a bin for each level of at least
    `min_level_n` accounts. Missing values, every special code and all other levels are
    bins of their own. Cuts never move afterwards. What is kept are the cuts, the names
    of common levels, and sums over many accounts: no row can be told from it.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline
    >>> income = np.array([900.0, 1500.0, np.nan, 2800.0, 4000.0, 1500.0])
    >>> baseline = Baseline.fit({"income": income}, n_bins=2, y=[1, 0, 1, 0, 0, 0])
    >>> baseline.frame()[["feature", "bin", "n", "n_event"]]
      feature           bin    n  n_event
    0  income  (-inf, 1500]  3.0      1.0
    1  income   (1500, inf)  2.0      0.0
    2  income       Missing  1.0      1.0
    3  income        Unseen  0.0      0.0
    """

    def __init__(self, population: PopulationSpec) -> None:
        if not isinstance(population, PopulationSpec):
            msg = (
                "population must be a PopulationSpec; got "
                f"{type(population).__name__}. From rows, call Baseline.fit."
            )
            raise InvalidTypeError(msg)
        if not population.binned:
            msg = "population must hold bins of a feature or of a score; it has none."
            raise InvalidInputError(msg)
        self._partition = Partition(
            population.features, population.score, population.score_direction
        )
        self._counts = Counts.of_spec(population.reference)
        self.model_id = population.model_id

    @classmethod
    def fit(
        cls,
        X: Any = None,
        *,
        score: ArrayLike | None = None,
        score_direction: Literal["riskier", "safer"] | None = None,
        pd: ArrayLike | None = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        bins: Any = None,
        n_bins: int = 10,
        n_score_bands: int = 20,
        special_codes: Any = None,
        categorical: Collection[str] = (),
        max_levels: int = 100,
        min_level_n: float = 5,
        model_id: str | None = None,
    ) -> Self:
        """Learn bins from reference rows and count them.

        Parameters
        ----------
        X : frame, mapping of columns, or array of shape (n_rows, n_features)
            The features to watch. None to watch the score alone.

        score : array-like of shape (n_rows,), default=None
            Score of each row, missing where an account has none. By default `pd`.

        score_direction : {"riskier", "safer"}, default=None
            What a higher score means; must be said of a `score`, is known of a `pd`.

        pd : array-like of shape (n_rows,), default=None
            PD of each row.

        y : array-like of shape (n_rows,), default=None
            1 for an event, 0 for none, missing where the outcome is not known.

        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row. A weight of 2 is the row twice.

        bins : fitted binner or scorecard, Baseline, or mapping, default=None
            Bins to be used for the features it knows, with their points if it has any;
            other features of `X` get bins of their own.

        n_bins : int, default=10
            Bins of a numeric feature at most, missing and special ones beside.

        n_score_bands : int, default=20
            Bands of the score at most.

        special_codes : sequence, or mapping of str to sequence, default=None
            Values that stand for a reason instead of a value, for all features or by
            feature; each gets a bin of its own.

        categorical : collection of str, default=()
            Numeric columns whose values are levels.

        max_levels : int, default=100
            Levels with bins of their own at most, the most frequent ones.

        min_level_n : float, default=5
            Accounts that a level needs for a bin of its own. The names of rarer levels
            are not kept, since they may name a person.

        model_id : str, default=None
            The model that the population belongs to.

        Returns
        -------
        baseline : Baseline
            The reference.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the rows cannot be used.
        InvalidTargetError
            If a label is other than 0, 1 or missing.
        InvalidParameterError
            If a parameter is outside its domain, or the direction of the score is not
            said.
        SchemaError
            If `X` lacks a feature that `bins` knows.
        """
        direction = read_direction(score, score_direction, pd)
        rows = read_rows(X, score, pd, y, sample_weight)
        rules = BinRules(
            given=given_bins(bins),
            n_bins=n_bins,
            n_score_bands=n_score_bands,
            special_codes=special_codes,
            categorical=frozenset(categorical),
            max_levels=max_levels,
            min_level_n=min_level_n,
        )
        return cls._of(*fit_population(rows, direction, rules), model_id)

    @classmethod
    def from_scorecard(cls, model: Any, *, model_id: str | None = None) -> Self:
        """Take the training population that a scorecard carries with it.

        Parameters
        ----------
        model : fitted scorecard, or Artifact
            With its bins, points and training counts. Higher points are safer.

        model_id : str, default=None
            What to call the model.

        Returns
        -------
        baseline : Baseline
            The population trained on, over the bins of the scorecard and the bands of
            points. The sums of score and PD are not known.

        Raises
        ------
        InvalidTypeError
            If the model carries no training counts.
        """
        return cls._of(*population_of_scorecard(model), model_id)

    @classmethod
    def _of(cls, partition: Partition, counts: Counts, model_id: str | None) -> Self:
        return cls(_population(partition, counts, model_id))

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that are counted."""
        return self._partition.names

    @property
    def score_direction(self) -> Literal["riskier", "safer"] | None:
        """What a higher score means; None without a score."""
        return self._partition.score_direction

    @property
    def n(self) -> float:
        """Accounts, or the sum of their weights."""
        return self._total(self._counts.n)

    @property
    def n_known(self) -> float:
        """Accounts whose outcome is known."""
        return self._total(self._counts.known)

    @property
    def n_event(self) -> float:
        """Events."""
        return self._total(self._counts.event)

    def _total(self, counts: FloatArray) -> float:
        # Every account is in one bin of every feature.
        return float(counts[: int(self._partition.widths[0])].sum())

    def update(
        self,
        X: Any = None,
        *,
        score: ArrayLike | None = None,
        pd: ArrayLike | None = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Add further reference rows to the counts, over the same bins, in place.

        Parameters
        ----------
        X, score, pd, y, sample_weight
            As in :meth:`fit`.

        Returns
        -------
        self : Baseline
            With the rows counted.

        Raises
        ------
        InvalidInputError, InvalidTypeError, InvalidTargetError, SchemaError
            If the rows cannot be used; nothing is counted then.
        """
        rows = read_rows(X, score, pd, y, sample_weight)
        added = count_rows(self._partition, rows, Groups())[0]
        self._counts = self._counts + added
        return self

    def merge(self, other: Baseline) -> Baseline:
        """Return a new baseline with the counts of both, over the same bins.

        Parameters
        ----------
        other : Baseline
            Counts of other reference rows.

        Returns
        -------
        merged : Baseline
            Neither of the two is changed.

        Raises
        ------
        InvalidInputError
            If the bins or the models differ.
        """
        check_same(self, other)
        return self._of(self._partition, self._counts + other._counts, self.model_id)

    def column_changes(self, X: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Compare the columns of a table with the features.

        Parameters
        ----------
        X : frame, mapping of columns, or array
            The table.

        Returns
        -------
        missing, new : tuple of str
            Features without a column, and columns that are no feature.
        """
        return self._partition.column_changes(read_rows(X, *[None] * 4).table.names)

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a bin; the score comes last."""
        import pandas as pd

        partition, counts = self._partition, self._counts
        labels = [label for item in partition.binned for label in item.feature.labels]
        names = [item.feature.name for item in partition.binned]
        with np.errstate(invalid="ignore"):
            rate = counts.event / counts.known
        return pd.DataFrame(
            {
                "feature": np.repeat(np.array(names, dtype=object), partition.widths),
                "bin": labels,
                "n": counts.n,
                "share": counts.n / self.n if self.n else np.nan,
                "n_known": counts.known,
                "n_event": counts.event,
                "event_rate": rate,
                "points": partition.points,
            }
        )

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))

    def __repr__(self) -> str:
        return (
            f"<Baseline of {self.n:,.0f} accounts, {len(self.features)} features"
            f"{' and a score' * (self.score_direction is not None)}>"
        )

    def to_spec(self) -> PopulationSpec:
        """Return bins and counts as plain data."""
        return _population(self._partition, self._counts, self.model_id)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a JSON file; equal baselines give equal bytes.

        Parameters
        ----------
        path : str or path
            Where to.

        overwrite : bool, default=False
            Whether a file that is there already may be replaced.

        Raises
        ------
        OutputError
            If the place cannot be written to, or holds something already.
        """
        write_population(path, self.to_spec(), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that :meth:`save` wrote; every value in it is checked.

        Parameters
        ----------
        path : str or path
            The file.

        Returns
        -------
        baseline : Baseline
            The reference. Periods in the file of a monitor are left out.

        Raises
        ------
        ArtifactError
            If there is no such file, or it is not as riskkit writes it.
        """
        return cls(read_population(path))


def _population(
    partition: Partition, counts: Counts, model_id: str | None
) -> PopulationSpec:
    return PopulationSpec(
        features=partition.features,
        score=partition.score,
        score_direction=partition.score_direction,
        reference=counts.to_spec(),
        model_id=model_id,
    )


def check_same(one: Baseline, other: Baseline) -> None:
    """Raise unless two baselines have the same bins and belong to one model."""
    if one.model_id != other.model_id:
        msg = (
            f"Both must belong to one model; got {one.model_id!r} and "
            f"{other.model_id!r}."
        )
        raise InvalidInputError(msg)
    specs = one.to_spec(), other.to_spec()
    mine, theirs = ({b.feature.name: b for b in spec.features} for spec in specs)
    differ = [repr(k) for k in {**mine, **theirs} if mine.get(k) != theirs.get(k)]
    if (specs[0].score, one.score_direction) != (specs[1].score, other.score_direction):
        differ.append("the score")
    if differ or list(mine) != list(theirs):
        what = ", ".join(differ[:5]) or "the order of the features"
        msg = (
            f"Both must be counted over the same bins; they differ in {what}. Fit one "
            "baseline, and count other rows with its update or with a monitor."
        )
        raise InvalidInputError(msg)
