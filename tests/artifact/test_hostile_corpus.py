"""A corpus of artifacts made to do harm, of every kind of model.

All of them are loaded in processes of their own, which may use two seconds of CPU a
file and 200 MB of memory in all, and which notice if code runs.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import pickletools
import re
import resource
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path

import pytest

STORED = Path(__file__).parents[1] / "data"
KINDS = ("scorecard", "strategy", "blend", "detector", "fraud")
MOST_MEMORY = 200  # MB
MOST_SECONDS = 2.0  # of CPU, a file

CHILD = """
import json, os, resource, sys, time
from pathlib import Path
from riskkit.exceptions import ArtifactError
from riskkit.serving import load_scorer
folder, limit = Path(sys.argv[1]), float(sys.argv[2])
found = {}
for path in sorted(folder.iterdir()):
    started = time.process_time()
    try:
        load_scorer(path)
        outcome = "loaded"
    except ArtifactError as error:
        outcome = "refused"
        if str(folder) in str(error) and path.name not in str(error):
            outcome = "refused with a path inside"
    except BaseException as error:
        outcome = f"{type(error).__name__}: {error}"
    found[path.stem] = [outcome, time.process_time() - started]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
status = Path("/proc/self/status")
if status.exists():  # the other peak begins with the parent's
    line = next(l for l in status.read_text().splitlines() if l.startswith("VmHWM"))
    memory = int(line.split()[1]) / 1024
print(json.dumps({"found": found, "memory": memory}))
"""


class Payload:
    """What runs code when a pickle of it is loaded."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return Path.touch, (Path(self.canary),)


def unpacked(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, *, compress=zipfile.ZIP_STORED, change=None, rehash=True):
    """Return a zip of members; `change` may alter each entry of its directory."""
    pairs = list(members.items()) if isinstance(members, dict) else members
    if rehash:
        pairs = rehashed(pairs)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in pairs:
            info = zipfile.ZipInfo(name)
            info.compress_type = compress
            info.external_attr = 0o100644 << 16
            if change is not None:
                change(info)
            archive.writestr(info, raw)
    return buffer.getvalue()


def rehashed(pairs):
    names = [name for name, _ in pairs]
    if "manifest.json" not in names:
        return pairs
    try:
        manifest = json.loads(dict(pairs)["manifest.json"])
        manifest["members"] = {
            name: sha256(raw).hexdigest()
            for name, raw in pairs
            if name not in ("manifest.json", "signature.json")
        }
        own = json.dumps(manifest).encode()
    except (ValueError, TypeError, RecursionError):
        return pairs
    return [(name, own if name == "manifest.json" else raw) for name, raw in pairs]


def json_with(members, change, name="model.json"):
    """Return an artifact in which one document was changed, hashes made anew."""
    document = json.loads(members[name])
    change(document)
    held = {k: raw for k, raw in members.items() if k != "golden.json" or name == k}
    return packed(held | {name: json.dumps(document).encode()})


def patched_directory(raw, offset, value):
    """Return a zip with bytes of the first entry of its directory replaced."""
    start = raw.index(b"PK\x01\x02") + offset
    return raw[:start] + value + raw[start + len(value) :]


def patched_end(raw, offset, value):
    start = len(raw) - 22 + offset
    return raw[:start] + value + raw[start + len(value) :]


def lying_bomb(members):
    """Return a zip whose model expands to far more than its directory says."""
    big = packed(
        members | {"model.json": bytes(50 << 20)}, compress=zipfile.ZIP_DEFLATED
    )
    return big.replace(struct.pack("<L", 50 << 20), struct.pack("<L", 1000))


def overlapping(members):
    """Return a zip two of whose entries share the bytes of one member."""
    raw = packed(members)
    places = []
    start = raw.index(b"PK\x01\x02")
    while raw[start : start + 4] == b"PK\x01\x02":
        places.append(start)
        n, extra, comment = struct.unpack("<3H", raw[start + 28 : start + 34])
        start += 46 + n + extra + comment
    held = bytearray(raw)
    held[places[1] + 42 : places[1] + 46] = raw[places[0] + 42 : places[0] + 46]
    return bytes(held)


def nested_zip(members):
    inner = packed(members)
    for _ in range(3):
        inner = packed({"model.rk": inner}, rehash=False)
    return inner


def quine_like(members):
    """Return an artifact that holds itself as its own model."""
    return packed(members | {"model.json": packed(members)})


def tar_of(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, raw in members.items():
            info = tarfile.TarInfo(f"../{name}")
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return buffer.getvalue()


def container_corpus(raw, canary):
    """Return harm done to the zip itself, whatever model it holds."""
    m = unpacked(raw)
    pickled = {
        f"pickle protocol {p}": pickle.dumps(Payload(canary), p)
        for p in range(pickle.HIGHEST_PROTOCOL + 1)
    }
    body = pickle.dumps(Payload(canary))

    def entry(**values):
        def change(info):
            for key, value in values.items():
                setattr(info, key, value)

        return change

    def added(name, content=b"{}"):
        return packed([*m.items(), (name, content)])

    return pickled | {
        "pickle optimised": pickletools.optimize(body),
        "pickle behind a zip header": b"PK\x03\x04" + body,
        "pickle in zlib": zlib.compress(body),
        "pickle in gzip": gzip.compress(body),
        "pickle before the zip": body + raw,
        "pickle behind the zip": raw + body,
        "pickle as a member": added("model.pkl", body),
        "pickle as joblib": added("model.joblib", body),
        "pickle as the model": packed(m | {"model.json": body}),
        "pickle as the manifest": packed(m | {"manifest.json": body}),
        "pickle as golden rows": packed(m | {"golden.json": body}),
        "torch zip": packed({"archive/data.pkl": body, "archive/version": b"3"}),
        "python file": b"import os\nos.system('true')\n",
        "python in a zip": added("__main__.py", b"raise SystemExit"),
        "empty": b"",
        "one byte": b"P",
        "zeros": bytes(4096),
        "only a zip header": b"PK\x03\x04",
        "empty zip": packed({}),
        "tar with parents": tar_of(m),
        "zip in a zip": nested_zip(m),
        "zip as its own model": quine_like(m),
        "parent": added("../evil.json"),
        "parents deep": added("../" * 30 + "etc/passwd"),
        "absolute": added("/etc/cron.d/evil"),
        "drive": added("C:evil.json"),
        "network path": added("//host/share/evil.json"),
        "backslash": added("..\\evil.json"),
        "folder": added("sub/"),
        "in a folder": packed({f"model/{name}": part for name, part in m.items()}),
        "upper case": added("MODEL.JSON"),
        "trailing dot": added("model.json."),
        "trailing space": added("model.json "),
        "hidden": added(".model.json"),
        "home": added("~.json"),
        "name of 5,000": added("x" * 5000 + ".json"),
        "name not UTF-8": added("mod\xe9l.json").replace(
            "mod\xe9l.json".encode(), b"mod\xff\xfel.json"
        ),
        "name looks alike": added("m\u043edel.json"),
        "name turns direction": added("model\u202enosj.json"),
        "nul in a name": added("model_json.x").replace(
            b"model_json.x", b"model.json\0x"
        ),
        "unknown member": added("readme.txt", b"hello"),
        "shared library": added("model.so", b"\x7fELF"),
        "same member twice": added("model.jsoN").replace(b"model.jsoN", b"model.json"),
        "manifest twice": added("manifest.jsoN", m["manifest.json"]).replace(
            b"manifest.jsoN", b"manifest.json"
        ),
        "20 members": packed({f"a{k}.json": b"{}" for k in range(20)} | m),
        "shared bytes": overlapping(m),
        "symlink": packed(m, change=entry(external_attr=0o120777 << 16)),
        "device": packed(m, change=entry(external_attr=0o020666 << 16)),
        "pipe": packed(m, change=entry(external_attr=0o010666 << 16)),
        "bzip2": packed(m, compress=zipfile.ZIP_BZIP2),
        "lzma": packed(m, compress=zipfile.ZIP_LZMA),
        "unknown compression": patched_directory(raw, 10, struct.pack("<H", 99)),
        "encrypted": patched_directory(raw, 8, struct.pack("<H", 1)),
        "strongly encrypted": patched_directory(raw, 8, struct.pack("<H", 0x41)),
        "wrong checksum": patched_directory(raw, 16, b"\1\2\3\4"),
        "size zero": patched_directory(raw, 20, bytes(8)),
        "size of zip64": patched_directory(raw, 20, b"\xff" * 8),
        "place of zip64": patched_directory(raw, 42, b"\xff" * 4),
        "place beyond": patched_directory(raw, 42, b"\xf0\xff\xff\x7f"),
        "negative name": patched_directory(raw, 28, b"\xff\xff"),
        "zip64 extra": packed(
            m, change=entry(extra=struct.pack("<2H3Q", 1, 24, 1 << 62, 1 << 62, 0))
        ),
        "broken extra": packed(m, change=entry(extra=b"\x01\x00\xff\xff")),
        "other disk": patched_end(raw, 4, struct.pack("<H", 7)),
        "fewer entries here": patched_end(raw, 8, struct.pack("<H", 1)),
        "fewer entries": patched_end(raw, 8, struct.pack("<2H", 1, 1)),
        "no entries": patched_end(raw, 8, struct.pack("<2H", 0, 0)),
        "65,535 entries": patched_end(raw, 8, b"\xff" * 4),
        "directory size": patched_end(raw, 12, b"\xff" * 4),
        "directory elsewhere": patched_end(raw, 16, struct.pack("<L", 0)),
        "comment": raw[:-2] + b"\x04\x00evil",
        "zip64 locator": raw[:-22] + b"PK\x06\x07" + bytes(16) + raw[-22:],
        "byte before": b"\0" + raw,
        "byte behind": raw + b"\0",
        "line break behind": raw + b"\r\n",
        "script before": b"#!/bin/sh\n" + raw,
        "text conversion": raw.replace(b"\n", b"\r\n"),
        "cut last byte": raw[:-1],
        "two artifacts": raw + raw,
    }


def large_corpus(raw):
    """Return files that are small on disk and large in memory, or slow to read."""
    m = unpacked(raw)
    deflated = zipfile.ZIP_DEFLATED

    def model(content):
        held = {k: part for k, part in m.items() if k != "golden.json"}
        return packed(held | {"model.json": content}, compress=deflated)

    return {
        "bomb": packed(m | {"model.json": bytes(17 << 20)}, compress=deflated),
        "bomb of brackets": packed(
            m | {"model.json": b"[" * (15 << 20)}, compress=deflated
        ),
        "bomb of a manifest": packed(
            m | {"manifest.json": b" " * (2 << 20)}, compress=deflated
        ),
        "bomb of golden rows": packed(
            m | {"golden.json": b"[" + b"0," * (3 << 20) + b"0]"}, compress=deflated
        ),
        "bomb of a schema": packed(
            m | {"schema.json": bytes(5 << 20)}, compress=deflated
        ),
        "bomb of trees": packed(m | {"trees.bin": bytes(61 << 20)}, compress=deflated),
        "bomb of arrays": packed(
            m | {"detector.bin": bytes(61 << 20)}, compress=deflated
        ),
        "bomb that lies": lying_bomb(m),
        "20,000 members": packed({f"a{k}.json": b"" for k in range(20_000)}),
        "model of many lists": model(b"[" + b"[]," * 5_000_000 + b"0]"),
        "model of one long number": model(b"9" * (15 << 20)),
        "model of one long fraction": model(b"0." + b"9" * (15 << 20)),
    }


def document_corpus(raw, others):
    """Return harm done to what the members say, with hashes made anew."""
    m = unpacked(raw)
    manifest, model = m["manifest.json"], m["model.json"]

    def told(**values):
        return json_with(m, lambda d: d.update(values), "manifest.json")

    def without(name):
        return packed({k: part for k, part in m.items() if k != name})

    def replaced(name, content):
        held = {k: part for k, part in m.items() if k != "golden.json"}
        return packed(held | {name: content})

    def kept(**parts):
        names = {k.replace("_json", ".json"): part for k, part in parts.items()}
        return packed(m | names, rehash=False)

    listed = json.loads(manifest)["members"]
    return {
        "no manifest": without("manifest.json"),
        "no model": without("model.json"),
        "only a manifest": packed({"manifest.json": manifest}),
        "not listed": kept(manifest_json=told_raw(manifest, members={})),
        "wrong hash": kept(model_json=model + b" "),
        "hash not hex": kept(
            manifest_json=told_raw(manifest, members=dict.fromkeys(listed, "x" * 64))
        ),
        "hash upper case": kept(
            manifest_json=told_raw(
                manifest, members={k: v.upper() for k, v in listed.items()}
            )
        ),
        "hash a list": kept(
            manifest_json=told_raw(manifest, members={name: ["0"] for name in listed})
        ),
        "lists itself": kept(
            manifest_json=told_raw(
                manifest, members=listed | {"manifest.json": "0" * 64}
            )
        ),
        "other format": told(format="pickle"),
        "no format": json_with(m, lambda d: d.pop("format"), "manifest.json"),
        "protocol 0": told(protocol=0),
        "protocol 99": told(protocol=99),
        "protocol huge": told(protocol=10**17),
        "protocol text": told(protocol="5"),
        "protocol true": told(protocol=True),
        "protocol 4 with golden rows": packed(
            m | {"manifest.json": told_raw(manifest, protocol=4)}
        ),
        "kind unknown": told(model="pickle"),
        "kind a list": told(model=["scorecard"]),
        "kind of another": told(
            model="detector" if json.loads(manifest)["model"] != "detector" else "blend"
        ),
        "more events than rows": told(n_rows=1.0, n_events=2.0),
        "rows as text": told(n_rows="1500"),
        "rows negative": told(n_rows=-1.0),
        "manifest a list": packed(m | {"manifest.json": b"[]"}, rehash=False),
        "manifest deep": packed(
            m | {"manifest.json": b'{"a":' * 90_000 + b"1" + b"}" * 90_000},
            rehash=False,
        ),
        "key twice": kept(
            manifest_json=manifest.replace(b"{", b'{"model": "x", "model": "x",', 1)
        ),
        "notes deep": told(notes=deep(40)),
        "model empty": replaced("model.json", b""),
        "model null": replaced("model.json", b"null"),
        "model a list": replaced("model.json", b"[]"),
        "model a number": replaced("model.json", b"1"),
        "model an object": replaced("model.json", b"{}"),
        "model deep": replaced("model.json", b"[" * 10**6 + b"]" * 10**6),
        "model deep in text": replaced("model.json", b'{"a":"' + b"\\" * 10**6 + b'"}'),
        "model not UTF-8": replaced("model.json", b"\xff" + model),
        "model in UTF-16": replaced("model.json", model.decode().encode("utf-16")),
        "model with a mark": replaced("model.json", b"\xef\xbb\xbf" + model),
        "model cut": replaced("model.json", model[: len(model) // 2]),
        "model twice": replaced("model.json", model + model),
        "model with a key twice": replaced(
            "model.json", model.replace(b"{", b'{"x": 1, "x": 1,', 1)
        ),
        "model with a further key": json_with(m, lambda d: d.update(code="import os")),
        "model without a key": json_with(m, lambda d: d.popitem()),
        "model NaN": replaced("model.json", first_number(model, b"NaN")),
        "model Infinity": replaced("model.json", first_number(model, b"-Infinity")),
        "model 1e400": replaced("model.json", first_number(model, b"1e400")),
        "model huge integer": replaced("model.json", first_number(model, b"9" * 5000)),
        "model number as text": replaced("model.json", first_number(model, b'"1.0"')),
        "model number true": replaced("model.json", first_number(model, b"true")),
        "model number null": replaced("model.json", first_number(model, b"null")),
        "lone surrogate": replaced(
            "model.json", model.replace(b'"name": "', b'"name": "\\ud800', 1)
        ),
        "long name": replaced(
            "model.json",
            model.replace(b'"name": "', b'"name": "' + b"x" * 100_000, 1),
        ),
        "schema a list": replaced("schema.json", b"[]"),
        "schema deep": replaced("schema.json", json.dumps(deep(31)).encode()),
        "calibration an object": replaced("pd_map.json", b"{}"),
        "baseline an object": replaced("baseline.json", b"{}"),
        "strategy an object": replaced("strategy.json", b"{}"),
        "strategy code": replaced(
            "strategy.json", b"{\"name\": \"__import__('os').system('true')\"}"
        ),
        "golden rows of another": packed(m | {"golden.json": others["golden.json"]}),
        "golden rows a list": packed(m | {"golden.json": b"[]"}),
        "golden rows empty record": packed(
            m | {"golden.json": b'{"rows": [{"record": {}, "answer": {}}]}'}
        ),
        "model of another kind": replaced("model.json", others["model.json"]),
        "unsound signature": packed(m | {"signature.json": b"{}"}),
        "signature of 5 kB": packed(m | {"signature.json": b" " * 5000}),
        "signature of nothing": packed(
            m
            | {
                "signature.json": json.dumps(
                    {"algorithm": "none", "key_id": "0" * 16, "signature": ""}
                ).encode()
            }
        ),
    } | binary_corpus(m, replaced, others)


def told_raw(manifest, **values):
    return json.dumps(json.loads(manifest) | values).encode()


def deep(n):
    node = {}
    for _ in range(n):
        node = {"a": node}
    return node


def first_number(model, token):
    """Return a document with a token in place of its first number with a point."""
    found = re.search(rb"(?<=[ \[])-?\d+\.\d+(e[-+]?\d+)?", model)
    return model[: found.start()] + token + model[found.end() :]


def binary_corpus(m, replaced, others):
    """Return harm done to trees and arrays, and members that do not belong."""
    found = {}
    for name in ("trees.bin", "detector.bin"):
        if name not in m:
            found[f"{name} that does not belong"] = replaced(name, bytes(64))
            continue
        raw = m[name]
        found |= {
            f"{name} absent": replaced(name, b""),
            f"{name} cut": replaced(name, raw[:-1]),
            f"{name} longer": replaced(name, raw + b"\0"),
            f"{name} of zeros": replaced(name, bytes(len(raw) + 4)),
            f"{name} of ones": replaced(name, b"\xff" * len(raw)),
            f"{name} of NaN": replaced(
                name, (struct.pack("<d", float("nan")) * len(raw))[: len(raw)]
            ),
            f"{name} text": replaced(name, b"tree\nversion=v4\nnum_class=1\n"),
            f"{name} another's": packed(m | {name: others[name]}),
        }
    if "trees.bin" in m:
        model = json.loads(m["model.json"])
        booster = model.get("booster", model)
        n = booster["members"][0]["n_nodes"]
        trees = m["trees.bin"]

        def nodes(place, form, value):
            """Return the artifact with one entry of the nodes set."""
            raw = bytearray(trees)
            struct.pack_into(form, raw, place, value)
            return replaced("trees.bin", bytes(raw))

        def counts(**values):
            def change(document):
                tree = document.get("booster", document)["members"][0]
                tree.update(values)

            return json_with(m, change)

        found |= {
            "column out of range": nodes(0, "<i", 10**6),
            "column negative": nodes(0, "<i", -2),
            "root a leaf": nodes(0, "<i", -1),
            "last leaf a split": nodes(4 * (n - 1), "<i", 0),
            "all nodes split": replaced(
                "trees.bin", struct.pack(f"<{n}i", *[0] * n) + trees[4 * n :]
            ),
            "threshold below": nodes(4 * n, "<i", -7),
            "missing neither": nodes(8 * n, "<B", 2),
            "leaf NaN": nodes(9 * n + 8 * (n - 1), "<d", float("nan")),
            "leaf infinite": nodes(9 * n + 8 * (n - 1), "<d", float("inf")),
            "leaf huge": nodes(9 * n + 8 * (n - 1), "<d", 1e300),
            "cover zero": nodes(17 * n, "<d", 0.0),
            "cover negative": nodes(17 * n, "<d", -1.0),
            "one tree more": counts(n_trees=booster["members"][0]["n_trees"] + 1),
            "no tree": counts(n_trees=0),
            "trees negative": counts(n_trees=-1),
            "nodes negative": counts(n_nodes=-n),
            "nodes huge": counts(n_nodes=1 << 29),
            "nodes beyond": counts(n_nodes=1 << 62),
            "coding beyond": counts(coding=9),
            "coding negative": counts(coding=-1),
            "weight zero": counts(weight=0.0),
            "weight above 1": counts(weight=1.5),
        }
    return found


def truncated(raw):
    """Return the file cut at every kilobyte, and next to each border of its parts."""
    sizes = {*range(0, len(raw), 1024), len(raw) - 1, len(raw) - 22, len(raw) - 23}
    return {f"cut at {size}": raw[:size] for size in sorted(sizes)}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_hostile_gets_in(kind, tmp_path):
    raw = (STORED / f"{kind}_protocol5.rk").read_bytes()
    other = {"fraud": "blend", "detector": "fraud"}.get(kind, "fraud")
    others = unpacked((STORED / f"{other}_protocol5.rk").read_bytes())
    # The arrays of this detector have other shapes.
    older = unpacked((STORED / "fraud_protocol4.rk").read_bytes())
    others["detector.bin"] = older["detector.bin"]
    canary = tmp_path / "canary"
    corpus = (
        container_corpus(raw, canary) | document_corpus(raw, others) | truncated(raw)
    )
    if kind == "scorecard":  # no model is looked at in these
        corpus |= large_corpus(raw)
    assert len(corpus) > 150
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, content in corpus.items():
        (folder / f"{name}.rk").write_bytes(content)
    (folder / "sound.rk").write_bytes(raw)

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (120, 120))

    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(MOST_SECONDS)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    found = told["found"]
    assert found.pop("sound")[0] == "loaded"
    wrong = {name: what for name, (what, _) in found.items() if what != "refused"}
    assert not wrong, "\n".join(map(str, wrong.items()))
    assert len(found) == len(corpus)
    slow = {name: took for name, (_, took) in found.items() if took >= MOST_SECONDS}
    assert not slow
    assert told["memory"] < MOST_MEMORY
    assert not canary.exists()


def test_the_payload_would_have_run(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "canary")))
    assert (tmp_path / "canary").exists()
