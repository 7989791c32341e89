"""Errors and warnings raised by riskkit.

* RiskkitError
  - InvalidParameterError  (also ValueError)  a constructor or function parameter
  - InvalidTargetError     (also ValueError)  the outcome column
  - InvalidInputError      (also ValueError)  the feature table
  - InvalidTypeError       (also TypeError)   a value of a type that cannot be used
  - SchemaError            (also ValueError)  a table that breaks its schema
  - ArtifactError          (also ValueError)  a model file that must not be loaded
  - OutputError            (also OSError)     a place that cannot be written to
  - MissingExtraError      (also ImportError) an optional library that is not installed
* RiskkitWarning (UserWarning)
  - SingleBinWarning       a feature ended in one bin
  - InfeasibleWarning      no partition of a feature keeps every constraint
  - ThinPeriodWarning      a period with too few events to hold bins to their ranking
  - UnusedCodeWarning      a special code that never occurs
  - NoEvidenceWarning      a model that found nothing to tell accounts apart by
  - ConvergenceWarning     a fit that stopped before it settled
  - CollinearityWarning    features that determine one another
  - FewEventsWarning       too few events for what was asked; something smaller was done
  - LeakageWarning         a column that gives the outcome away
  - ConstraintCostWarning  a constraint that held-out rows speak against
"""

from __future__ import annotations

__all__ = [
    "ArtifactError",
    "CollinearityWarning",
    "ConstraintCostWarning",
    "ConvergenceWarning",
    "FewEventsWarning",
    "InfeasibleWarning",
    "InvalidInputError",
    "InvalidParameterError",
    "InvalidTargetError",
    "InvalidTypeError",
    "LeakageWarning",
    "MissingExtraError",
    "NoEvidenceWarning",
    "OutputError",
    "RiskkitError",
    "RiskkitWarning",
    "SchemaError",
    "SingleBinWarning",
    "ThinPeriodWarning",
    "UnusedCodeWarning",
]


class RiskkitError(Exception):
    """Base class of every error that riskkit raises on purpose."""


class InvalidParameterError(RiskkitError, ValueError):
    """A constructor or function parameter is outside its domain."""


class InvalidTargetError(RiskkitError, ValueError):
    """The target is not binary, or lacks events or non-events."""


class InvalidInputError(RiskkitError, ValueError):
    """A table of features cannot be used as it is."""


class InvalidTypeError(RiskkitError, TypeError):
    """A value has a type that cannot be used."""


class SchemaError(RiskkitError, ValueError):
    """A table breaks the schema it was declared to follow."""


class ArtifactError(RiskkitError, ValueError):
    """A model file is damaged, unsafe, or of a kind that cannot be read."""


class OutputError(RiskkitError, OSError):
    """A file or folder cannot be written, or holds something already."""


class MissingExtraError(RiskkitError, ImportError):
    """A library that comes with an extra of riskkit is not installed."""


class RiskkitWarning(UserWarning):
    """Base class of every warning that riskkit emits."""


class SingleBinWarning(RiskkitWarning):
    """A feature ended in one bin and therefore carries no evidence."""


class InfeasibleWarning(RiskkitWarning):
    """No partition of a feature keeps every constraint, so it has one bin."""


class ThinPeriodWarning(RiskkitWarning):
    """A period has too few events for the ranking of bins to be required in it."""


class UnusedCodeWarning(RiskkitWarning):
    """A special code was declared that does not occur in the data."""


class NoEvidenceWarning(RiskkitWarning):
    """No feature tells accounts apart; every one gets the same PD, or score."""


class ConvergenceWarning(RiskkitWarning):
    """A numerical fit stopped before it settled."""


class CollinearityWarning(RiskkitWarning):
    """Features determine one another, so that weights of their own do not exist."""


class FewEventsWarning(RiskkitWarning):
    """There are too few events for a fit as asked for; a smaller one was done."""


class LeakageWarning(RiskkitWarning):
    """A column alone tells events from non-events, as only the outcome would."""


class ConstraintCostWarning(RiskkitWarning):
    """A constraint makes the model worse on rows it was not trained on."""
