"""What do velocity features find, do both ways agree, and what do they cost?

The transactions of the Fraud Detection Handbook, by its protocol: learn from the week
of 25 July 2018, wait a week for outcomes, judge on the week of 8 August without cards
known to be compromised by the day before. The handbook's own features and best
baseline reach an average precision of 0.639 and a card precision of 0.273 at 100 cards
a day. Run with ``--quick`` for the cost alone, on events drawn at random.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from xgboost import XGBClassifier

from riskkit.fraud import FraudClassifier, VelocityFeatures

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RISKKIT_DATA", ROOT.parent / "shared" / "data"))
START = pd.Timestamp("2018-07-25")
TRAIN_DAYS, DELAY_DAYS, TEST_DAYS = 7, 7, 7
CARDS_A_DAY = 100


def features_of(table):
    """Return what is known of every transaction when it happens."""
    customer = VelocityFeatures(
        "CUSTOMER_ID",
        time="TX_DATETIME",
        windows=["1d", "7d", "30d"],
        amount="TX_AMOUNT",
        event="TX_FRAUD",
        label_delay=f"{DELAY_DAYS}d",
    )
    terminal = VelocityFeatures(
        "TERMINAL_ID",
        time="TX_DATETIME",
        windows=["1d", "7d", "30d"],
        amount="TX_AMOUNT",
        event="TX_FRAUD",
        label_delay=f"{DELAY_DAYS}d",
    )
    parts = [customer.fit_transform(table), terminal.fit_transform(table)]
    moment = table["TX_DATETIME"]
    own = pd.DataFrame(
        {
            "amount": table["TX_AMOUNT"],
            "weekend": (moment.dt.day_of_week >= 5).astype(int),
            "night": (moment.dt.hour <= 6).astype(int),
        }
    )
    return pd.concat([own, *parts], axis=1)


def card_precision(table, score, known):
    """Average over days the share of frauds among the cards with the top scores.

    A card that was found on one day is not looked at on later ones.
    """
    found = set(known)
    shares = []
    for _, day in table.assign(score=score).groupby("TX_TIME_DAYS"):
        cards = day[~day["CUSTOMER_ID"].isin(found)].groupby("CUSTOMER_ID")
        cards = cards[["score", "TX_FRAUD"]].max()
        top = cards.sort_values("score", ascending=False, kind="stable")[:CARDS_A_DAY]
        caught = top.index[top["TX_FRAUD"] == 1]
        found |= set(caught)
        shares.append(len(caught) / CARDS_A_DAY)
    return float(np.mean(shares))


def split(table):
    """Return training and test rows, and cards known to be compromised before."""
    first = (START - pd.Timestamp("2018-04-01")).days
    day = table["TX_TIME_DAYS"].to_numpy()
    train = (day >= first) & (day < first + TRAIN_DAYS)
    test_start = first + TRAIN_DAYS + DELAY_DAYS
    is_fraud = table["TX_FRAUD"].to_numpy() == 1
    known = set(table["CUSTOMER_ID"][train & is_fraud])
    test = np.zeros(len(table), dtype=bool)
    for k in range(TEST_DAYS):
        today = day == test_start + k
        # Outcomes of the day that lies one delay back have just come in.
        came_in = day == test_start + k - DELAY_DAYS - 1
        known |= set(table["CUSTOMER_ID"][came_in & is_fraud])
        test |= today & ~table["CUSTOMER_ID"].isin(known).to_numpy()
    return train, test


def boosted(n_events, n_rows):
    return XGBClassifier(
        n_estimators=300,
        max_depth=4,
        learning_rate=0.05,
        subsample=0.8,
        colsample_bytree=0.5,
        min_child_weight=0,
        scale_pos_weight=np.sqrt((n_rows - n_events) / n_events),
        n_jobs=1,
        random_state=0,
    )


def on_handbook(n_seeds):
    path = DATA / "fraud_handbook_simulated.parquet"
    if not path.exists():
        print("No handbook transactions: skipped.")
        return
    table = pd.read_parquet(path)
    last = START + pd.Timedelta(days=TRAIN_DAYS + DELAY_DAYS + TEST_DAYS)
    table = table[table["TX_DATETIME"] < last].reset_index(drop=True)
    start = time.process_time()
    X = features_of(table)
    print(
        f"{len(table):,} transactions, {X.shape[1]} features: "
        f"{time.process_time() - start:.1f} CPU s"
    )
    train, test = split(table)
    y = table["TX_FRAUD"].to_numpy()
    own = ["amount", "weekend", "night"]
    print(f"train {train.sum():,} ({y[train].sum()} frauds), ", end="")
    print(f"test {test.sum():,} ({y[test].sum()} frauds)")
    rows = []
    xgboost = boosted(y[train].sum(), train.sum())
    for name, model, columns in [
        ("XGBoost, transaction alone", xgboost, own),
        ("XGBoost, with velocity", xgboost, list(X)),
        ("XGBoost, without outcomes", xgboost, [c for c in X if "_event_" not in c]),
        ("FraudClassifier, with velocity", FraudClassifier(), list(X)),
    ]:
        measured = []
        for seed in range(n_seeds):
            model.set_params(random_state=seed, n_jobs=1)
            model.fit(X.loc[train, columns], y[train])
            score = model.predict_proba(X.loc[test, columns])[:, 1]
            measured.append(
                (
                    roc_auc_score(y[test], score),
                    average_precision_score(y[test], score),
                    card_precision(table[test], score, ()),
                )
            )
        rows.append((name, *np.mean(measured, axis=0), np.std(measured, axis=0)[1]))
    columns = ["model", "auc", "ap", f"card precision@{CARDS_A_DAY}", "sd of ap"]
    print(pd.DataFrame(rows, columns=columns).round(3).to_string(index=False))
    print("handbook baseline: ap 0.639, card precision@100 0.273")


def on_random_events(n_events):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "card": rng.integers(0, n_events // 50, n_events),
            "shop": rng.zipf(1.3, n_events) % 5000,
            "time": np.sort(rng.random(n_events)) * 30 * 86_400,
            "amount": np.round(rng.lognormal(3, 1, n_events), 2),
        }
    )
    velocity = VelocityFeatures(
        ["card", "shop"], windows=["1h", "24h", "7d"], amount="amount", distinct="shop"
    )
    start = time.process_time()
    table = velocity.fit_transform(X)
    cpu = time.process_time() - start
    print(f"{n_events:,} events, {table.shape[1]} features: {cpu:.1f} CPU s")
    n_last = min(100_000, n_events // 2)
    stream = velocity.stream(X[:-n_last])
    records = X[-n_last:].to_dict("records")
    start = time.process_time()
    found = [stream.observe(record) for record in records]
    cpu = time.process_time() - start
    print(f"one at a time: {cpu / n_last * 1e6:.0f} µs an event")
    same = np.array_equal(
        pd.DataFrame(found).to_numpy(), table[-n_last:].to_numpy(), equal_nan=True
    )
    print(f"the last {n_last:,} equal to the table: {same}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="cost alone")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    on_random_events(options.events)
    if not options.quick:
        on_handbook(options.seeds)
