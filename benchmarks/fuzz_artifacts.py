"""Damage artifacts in every way that chance finds, and load what is left.

Bytes are flipped, inserted, deleted, swapped and spliced between files: the hashes must
forbid any change of content. Then members are changed with hashes made anew, so that
the parsers behind the hashes are reached: what they let through must be a model whose
scores are finite numbers, the same for a record and for a table.

    python benchmarks/fuzz_artifacts.py --n 100000 --seed 0
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import io
import json
import math
import random
import resource
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from pathlib import Path

from riskkit.artifact import open_artifact
from riskkit.exceptions import ArtifactError, InvalidInputError
from riskkit.serving import Scorer, load_scorer

STORED = Path(__file__).resolve().parents[1] / "tests" / "data"
BASES = (
    "scorecard_protocol5",
    "strategy_protocol5",
    "blend_protocol5",
    "detector_protocol5",
    "fraud_protocol5",
    "artifact_protocol2",
)
NUMBERS = (0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 2**53, 2**63, 1e16, 1e-300, -0.0)
VALUES = (*NUMBERS, None, True, False, "", "x", "0.5", [], {}, [[]], [None], {"a": 1})
TOKENS = (
    b"null", b"true", b"-1", b"1e308", b"1e-320", b'""', b"[]", b"{}", b",", b'"',
    b"}", b"]", b"NaN", b"Infinity", b"1" * 30, b"0", b"0x1p3", b"\\u0000", b"\xff",
)  # fmt: skip
UNIT = ("flip", "byte", "insert", "delete", "swap", "splice", "cut")


def load_bases() -> dict[str, bytes]:
    """Return the sound artifacts that are damaged, one of every kind."""
    return {name: (STORED / f"{name}.rk").read_bytes() for name in BASES}


def unpacked(raw: bytes) -> dict[str, bytes]:
    """Return the members of an artifact."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    """Return an artifact whose manifest states the hashes of its members."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: hashlib.sha256(raw).hexdigest()
        for name, raw in members.items()
        if name not in ("manifest.json", "signature.json")
    }
    held = members | {"manifest.json": json.dumps(manifest).encode()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in held.items():
            archive.writestr(zipfile.ZipInfo(name), raw)
    return buffer.getvalue()


def mutate_bytes(rng: random.Random, raw: bytes, other: bytes) -> bytes:
    """Return bytes that differ from `raw` in one to three places."""
    mutated = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not mutated:
            break
        place, kind = rng.randrange(len(mutated)), rng.choice(UNIT)
        size = rng.choice((1, 2, 4, 8, 16, 64))
        if kind == "flip":
            mutated[place] ^= 1 << rng.randrange(8)
        elif kind == "byte":
            mutated[place] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif kind == "insert":
            mutated[place:place] = rng.randbytes(size)
        elif kind == "delete":
            del mutated[place : place + size]
        elif kind == "swap":
            there = rng.randrange(len(mutated))
            one, two = mutated[place : place + size], mutated[there : there + size]
            if len(one) == len(two) and abs(place - there) >= size:
                mutated[place : place + size], mutated[there : there + size] = two, one
        elif kind == "splice":
            start = rng.randrange(len(other))
            mutated[place : place + size] = other[start : start + size]
        elif rng.random() < 0.2:
            del mutated[place:]
    return bytes(mutated)


def mutate_members(
    rng: random.Random, members: dict[str, bytes], others: dict[str, bytes]
) -> dict[str, bytes]:
    """Return members of which one says something else."""
    held = dict(members)
    # Golden rows would refuse what the parsers are to be tried with.
    if rng.random() < 0.8:
        held.pop("golden.json", None)
    weights = {"model.json": 6, "trees.bin": 3, "detector.bin": 3, "manifest.json": 2}
    names = list(held)
    name = rng.choices(names, [weights.get(n, 3) for n in names])[0]
    if rng.random() < 0.03 and name in others:
        held[name] = others[name]
    elif name.endswith(".bin"):
        held[name] = mutate_bytes(rng, held[name], others.get(name, held[name]))
    elif rng.random() < 0.25:
        held[name] = mutate_text(rng, held[name])
    else:
        document = json.loads(held[name])
        for _ in range(rng.choice((1, 1, 2))):
            mutate_document(rng, document, json.loads(others.get(name, b"{}")))
        held[name] = json.dumps(document).encode()
    if name == "manifest.json":
        try:  # `packed` writes the hashes into it
            assert isinstance(json.loads(held[name]), dict)
        except (ValueError, AssertionError):
            return members
    return held


def mutate_text(rng: random.Random, raw: bytes) -> bytes:
    """Return JSON with a token in place of some characters."""
    place = rng.randrange(len(raw))
    return raw[:place] + rng.choice(TOKENS) + raw[place + rng.randrange(6) :]


def mutate_document(rng: random.Random, document: object, other: object) -> None:
    """Change one entry of a document, at any depth."""
    places = list(containers(document))
    if not places:
        return
    node = rng.choice(places)
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    if not keys:
        return
    key = rng.choice(keys)
    kind = rng.randrange(8)
    if kind == 0:
        del node[key]
    elif kind == 1 and isinstance(node, list):
        node.insert(key, json.loads(json.dumps(node[rng.choice(keys)])))
    elif kind == 1:
        node[rng.choice(("name", "kind", f"{key}x"))] = node.pop(key)
    elif kind == 2:
        there = rng.choice(keys)
        node[key], node[there] = node[there], node[key]
    elif kind == 3:
        theirs = list(containers(other))
        node[key] = json.loads(json.dumps(rng.choice(theirs))) if theirs else None
    elif kind == 4 and isinstance(node[key], (int, float)):
        node[key] = node[key] * rng.choice((-1, 0, 2, 1e3, 1e-3, 1e100)) + rng.choice(
            (0, 1, -1)
        )
    else:
        node[key] = copy.deepcopy(rng.choice(VALUES))


def containers(node: object) -> object:
    """Yield every object and list of a document."""
    if isinstance(node, (dict, list)):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from containers(child)


def records_of(scorer: object) -> list[dict[str, object]]:
    """Return records that ask a model for answers far and wide."""
    kinds = scorer.kinds
    numbers = (None, 0.0, 1e308, -1e308, 1000.0, -9.0, math.inf)
    texts = (None, "", "north", "home", "nobody knows", "A", "west")
    return [
        {
            name: (numbers if kind == "numeric" else texts)[(k + j) % 7]
            for j, (name, kind) in enumerate(kinds.items())
        }
        for k in range(7)
    ]


def check_scores(scorer: object, *, with_table: bool) -> None:
    """Raise AssertionError unless every answer is a finite number."""
    scored = []
    records = records_of(scorer)
    for record in records:
        try:
            result = scorer.score(record)
        except InvalidInputError:  # a level that the model refuses
            scored.append(None)
            continue
        scored.append(result)
        if isinstance(scorer, Scorer):
            numbers = [result.points, result.log_odds]
            assert 0 <= result.pd <= 1
            assert result.grade_pd is None or 0 <= result.grade_pd <= 1
            if result.interval is not None:
                assert 0 <= result.interval[0] <= result.interval[1] <= 1
            numbers += [reason.points_lost for reason in result.reasons]
        else:
            numbers = [result.anomaly_score, result.rest, *result.members.values()]
            numbers += [reason.contribution for reason in result.reasons]
        assert all(map(math.isfinite, numbers)), "a number that is not finite"
    if with_table and None not in scored:
        table = {name: [r[name] for r in records] for name in scorer.features}
        batch = scorer.score_batch(table) if table else None
        what = "pd" if isinstance(scorer, Scorer) else "anomaly_score"
        if batch is not None:
            alone = [getattr(result, what) for result in scored]
            assert getattr(batch, what).tolist() == alone, "record and table differ"


def run(n: int, seed: int) -> tuple[Counter[str], list[str], float]:
    """Damage and load `n` artifacts; return outcomes, faults and the longest load."""
    bases = load_bases()
    held = {name: unpacked(raw) for name, raw in bases.items()}
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # A model of absurd numbers may overflow on the way to a finite score.
        warnings.simplefilter("ignore", RuntimeWarning)
        path = Path(folder) / "model.rk"
        sound = {}
        for name, raw in bases.items():
            path.write_bytes(raw)
            sound[name] = open_artifact(path)
        for k in range(n):
            rng = random.Random(f"{seed}:{k}")
            name, other = rng.choice(BASES), rng.choice(BASES)
            in_bytes = k % 2 == 0
            raw = (
                mutate_bytes(rng, bases[name], bases[other])
                if in_bytes
                else packed(mutate_members(rng, held[name], held[other]))
            )
            path.write_bytes(raw)
            started = time.process_time()
            try:
                outcome = judge(path, sound[name], in_bytes, with_table=k % 10 == 1)
            except Exception:  # noqa: BLE001  # whatever it is, it is a finding
                outcome = "fault"
                faults.append(f"{seed}:{k} {name}\n{traceback.format_exc()}")
            slowest = max(slowest, time.process_time() - started)
            outcomes[f"{'bytes' if in_bytes else 'content'}: {outcome}"] += 1
    return outcomes, faults, slowest


def judge(path: Path, sound: object, in_bytes: bool, *, with_table: bool) -> str:
    """Return what became of a damaged artifact."""
    try:
        scorer = load_scorer(path)
    except ArtifactError:
        return "refused"
    if open_artifact(path) == sound:
        return "equal"
    if in_bytes:
        return "changed"
    check_scores(scorer, with_table=with_table)
    return "another sound model"


def main() -> None:
    """Run the fuzz and print one line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.process_time()
    outcomes, faults, slowest = run(given.n, given.seed)
    for fault in faults[:20]:
        print(fault)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = ", ".join(f"{name} {count:,}" for name, count in sorted(outcomes.items()))
    print(
        f"{given.n:,} damaged artifacts, seed {given.seed}: {shown}; longest load "
        f"{slowest:.2f} s of CPU, {memory:.0f} MB at most, "
        f"{time.process_time() - started:.0f} s of CPU in all"
    )


if __name__ == "__main__":
    main()
