"""What ``riskkit monitor init`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.output import whole_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TEMPLATE", "write_template"]

TEMPLATE = """\
# What `riskkit monitor run` reads. Paths are relative to this file. A key that is not
# known is an error. What stands behind # is the default, or another way.
schema_version = 1

[model]
id = "my model"
# artifact = "model.rk"        # scores the tape, or checks the scores that were logged
# baseline = "baseline.json"   # saved by Baseline.save, in the place of [reference]

[data]
table = "loans.parquet"        # one row a loan, .csv or .parquet
date = "opened"                # day on which the loan began
pd = "pd"                      # what the model said, between 0 and 1
# score = "points"             # what loans are ranked by, if not the PD
# score_direction = "safer"    # what a higher score means: safer, riskier
event_date = "defaulted"       # day of the event, empty without one
# outcome = "bad"              # or 1, 0 and empty where it is not known yet
# id = "loan_id"               # makes sure that no loan comes twice
# segments = ["channel"]

[reference]
until = 2022-01-01             # loans begun before this day are the reference
# table = "training.parquet"   # or another table with the same columns
# features = []                # all columns that are not named above
# special_codes = [-9]
# n_bins = 10
# n_score_bands = 50

[population]
# freq = "month"               # month, quarter, year
# min_n = 100                  # loans that a period needs to be judged
# static = []                  # features that may repeat themselves
# score_tolerance = 1e-9       # up to which a logged score is that of the model

[performance]
# window = 12                  # months within which the event counts
# reporting_delay = 0          # months until the outcomes of a day are known
# freq = "quarter"             # what a cohort is
# last = 4                     # judge the youngest mature cohorts only
# curve = "curve.json"         # development curve; learned from mature loans without

[warning]
# persistence = [2, 3]         # a light counts if seen in two of the last three runs
# multiplicity = "by_measure"  # Holm within each measure; all, none
# history = "monitor_history.jsonl"

# [alerts]                     # of a fraud detector
# score = "anomaly"
# capacity = 200               # cases that can be reviewed in a period
# threshold = 0.9
# outcome = "fraud"
# label_date = "confirmed"
# amount = "amount"
# label_days = 90
# expected_rate = 0.01
# expected_precision = 0.3

# [thresholds.score_psi]       # see default_thresholds(); what is left out stays
# amber = 0.10
# red = 0.25

[report]
# title = "Model monitoring"
# facts = { Owner = "Retail risk", Tier = "1" }
"""


def write_template(path: Path, *, overwrite: bool) -> None:
    """Write a configuration to start from."""
    with whole_file(path, overwrite=overwrite) as place:
        place.write_text(TEMPLATE, encoding="utf-8")
