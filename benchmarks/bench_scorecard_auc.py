"""Out-of-time AUC of the scorecard beside optbinning with logistic regression.

Both learn on the same columns of the SBA loans approved 1997-2003 and are judged on
those approved 2004-2006. optbinning gets its defaults (and the same categories), the
special and missing values by their empirical WoE.
"""

from __future__ import annotations

import time

from optbinning import BinningProcess
from pandas.api.types import is_numeric_dtype
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from riskkit.datasets import load_sba_loans
from riskkit.scorecard import ScorecardClassifier


def main() -> None:
    loans = load_sba_loans()
    years = loans.dates.astype("datetime64[Y]").astype(int) + 1970
    train, test = years <= 2003, (years >= 2004) & (years <= 2006)
    X, y = loans.data, loans.target

    start = time.perf_counter()
    card = ScorecardClassifier().fit(X[train], y[train])
    ours = card.predict_proba(X[test])[:, 1]
    seconds = time.perf_counter() - start

    start = time.perf_counter()
    names = list(X.columns)
    categorical = list(X.columns[[not is_numeric_dtype(t) for t in X.dtypes]])
    table = X.astype(dict.fromkeys(categorical, object))
    process = BinningProcess(names, categorical_variables=categorical)
    options = {"metric_missing": "empirical", "metric_special": "empirical"}
    woe = process.fit(table[train], y[train]).transform(table[train], **options)
    model = LogisticRegression(max_iter=1000).fit(woe, y[train])
    theirs = model.predict_proba(process.transform(table[test], **options))[:, 1]
    their_seconds = time.perf_counter() - start

    print(f"train {train.sum():,} rows, test {test.sum():,} rows, {len(names)} columns")
    for name, pd, took in [
        ("riskkit scorecard", ours, seconds),
        ("optbinning + logistic", theirs, their_seconds),
    ]:
        auc, loss = roc_auc_score(y[test], pd), log_loss(y[test], pd)
        print(f"{name:24s} AUC {auc:.4f}  log-loss {loss:.4f}  fit+score {took:.2f} s")
    gap = roc_auc_score(y[test], ours) - roc_auc_score(y[test], theirs)
    print(f"difference in AUC {gap:+.4f}")


if __name__ == "__main__":
    main()
