"""Do the tests of a kernel notice when one operator or number of it is wrong?

Every comparison, sign, number, truth value, word and function call of a kernel is
changed, one at a time, in a copy of the library, and the kernel's own tests are run
against each copy. A mutant that they do not notice survives, and is printed.

    python benchmarks/mutate_kernels.py bins encoded_numbers evidence points

A mutant that cannot change any result (a bound of a cache, say) is listed in
``HARMLESS`` with the reason, and not counted.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
KERNELS = ("bins", "encoded_numbers", "evidence", "points")
LONGEST = 300  # seconds of the processor that the tests of a kernel may take
SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
CALLS = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum",
    "zeros": "ones", "ones": "zeros", "greater": "greater_equal", "log": "log1p",
    "rint": "floor", "argsort": "argmax", "multiply": "add", "add": "subtract",
    "not_equal": "equal", "sum": "max",
}  # fmt: skip
WORDS = {"left": "right", "right": "left", "stable": "quicksort", "ignore": "raise"}

# (kernel, line as written, change): why no result can differ.
HARMLESS: dict[tuple[str, str, str], str] = {
    ("points", "if need <= equal:", "LtE to Lt"): (
        "who needs an equal part leaves the others the same equal parts"
    ),
    ("points", "if nonnegative and needed.sum() >= level:", "GtE to Gt"): (
        "where needs and level are equal, sharing out gives everyone what it needs"
    ),
    ("bins", "BLOCK = 1 << 16  # rows whose values, codes and comparisons stay in the"
     " cache", "1 to 2"): "the length of a block is a matter of speed",
    ("bins", "BLOCK = 1 << 16  # rows whose values, codes and comparisons stay in the"
     " cache", "16 to 17"): "the length of a block is a matter of speed",
    ("bins", "found = np.empty(min(BLOCK, x.size), dtype=np.uint8)", "min to max"): (
        "a buffer that is longer than the longest block is read as far as that"
    ),
    ("bins", "_MOST_COMPARED = 48", "48 to 49"): "both ways give the same bins",
    ("bins", "if len(edges) > _MOST_COMPARED:", "Gt to GtE"): (
        "both ways give the same bins"
    ),
    ("bins", "if len(edges) > _MOST_COMPARED:", "Gt to LtE"): (
        "both ways give the same bins"
    ),
    # Of the first comparison; the second has a test of more bins than a byte numbers.
    ("bins", "if len(edges) > _MOST_COMPARED or missing > _MOST_BYTES:", "Gt to LtE"): (
        "both ways give the same bins"
    ),
    ("bins", "if len(edges) > _MOST_COMPARED or missing > _MOST_BYTES:", "Gt to GtE"): (
        "both ways give the same bins at either bound"
    ),
    ("encoded_numbers", "most = 1 + max(map(len, edges))", "1 to 2"): (
        "one more edge at infinity is one more that every number lies below"
    ),
    ("encoded_numbers", "if n_paired < codes.size:", "Lt to LtE"): (
        "the last value is written a second time"
    ),
}  # fmt: skip

# (kernel, line as written): how much is done at a time, or which of two ways to the
# same numbers is taken.
ONLY_SPEED = {
    ("encoded_numbers", line)
    for line in (
        "_MOST_EDGES = 48  # beyond, a binary search is faster than comparing"
        " with each",
        "_MOST_PAIRED = 16  # values whose table of pairs stays in the cache",
        "_TRUTHS = 1 << 20",
        "_LEAST_ROWS, _MOST_ROWS = 1 << 13, 1 << 17",
        "_SHORT_TRUTHS = 1 << 19  # of short columns that are compared at a time",
        "self._counts = np.empty(min(n_rows, _MOST_ROWS), dtype=np.uint8)",
        "n_truths = (_MOST_EDGES + 1) * min(n_rows, _LEAST_ROWS)",
        "if special or len(edges) > _MOST_EDGES:",
        "pairs = _pairs_of(by_count) if n_edges < _MOST_PAIRED else None",
        "step = min(max(_TRUTHS // n_edges, _LEAST_ROWS), _MOST_ROWS)",
        "if together < _LEAST_TOGETHER or most > _MOST_EDGES:",
        "_LEAST_TOGETHER = 2",
    )
}


def mutants(tree: ast.Module) -> Iterator[tuple[ast.Module, int, str]]:
    """Yield a tree for each change, with its line and what was changed."""
    positions = [
        (index, node)
        for index, node in enumerate(ast.walk(tree))
        if not isinstance(node, ast.Module)
    ]
    documented = docstrings(tree)
    for index, node in positions:
        if id(node) in documented:
            continue
        for change, apply in changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[index]
            apply(target)
            yield ast.fix_missing_locations(changed), node.lineno, change


def docstrings(tree: ast.Module) -> set[int]:
    """Return the nodes of docstrings, `__all__` and annotations, which do nothing."""
    idle: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if is_docstring(node) or is_all(node):
            parts = [node.value]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns, *(arg.annotation for arg in node.args.args)]
            parts += [arg.annotation for arg in node.args.kwonlyargs]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            parts = [*node.body]
        for part in filter(None, parts):
            idle |= {id(inner) for inner in ast.walk(part)}
    return idle


def is_docstring(node: ast.AST) -> bool:
    """Tell whether a statement is a text that nobody reads at run time."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_all(node: ast.AST) -> bool:
    """Tell whether a statement assigns `__all__`."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(target, ast.Name) and target.id == "__all__"


def changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield what can be changed in a node, with a function that does it."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        for other in SWAPS.get(type(node.op), ()):
            name = f"{type(node.op).__name__} to {other.__name__}"
            yield name, lambda n, other=other: setattr(n, "op", other())
    elif isinstance(node, ast.Compare):
        for other in SWAPS.get(type(node.ops[0]), ()):
            name = f"{type(node.ops[0]).__name__} to {other.__name__}"
            yield name, lambda n, other=other: n.ops.__setitem__(0, other())
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub):
            yield "no minus", lambda n: setattr(n, "op", ast.UAdd())
        elif isinstance(node.op, ast.Not):
            yield (
                "no not",
                lambda n: (
                    setattr(n, "op", ast.Not()),
                    setattr(n, "operand", ast.UnaryOp(ast.Not(), n.operand)),
                ),
            )
    elif isinstance(node, ast.Constant):
        yield from constant_changes(node.value)
    elif isinstance(node, ast.Attribute) and node.attr in CALLS:
        other_name = CALLS[node.attr]
        yield f"{node.attr} to {other_name}", lambda n: setattr(n, "attr", other_name)
    elif isinstance(node, ast.Name) and node.id in CALLS:
        other_name = CALLS[node.id]
        yield f"{node.id} to {other_name}", lambda n: setattr(n, "id", other_name)
    elif isinstance(node, ast.Break):
        yield "break to continue", lambda n: setattr(n, "__class__", ast.Continue)


def constant_changes(value: object) -> Iterator[tuple[str, object]]:
    """Yield changes of a constant."""
    if isinstance(value, bool):
        yield f"{value} to {not value}", lambda n: setattr(n, "value", not value)
    elif isinstance(value, int | float):
        yield f"{value} to {value + 1}", lambda n: setattr(n, "value", value + 1)
    elif value in WORDS:
        yield f"{value} to {WORDS[value]}", lambda n: setattr(n, "value", WORDS[value])


def survives(kernel: str, source: str, package: Path) -> bool:
    """Tell whether the tests of a kernel pass with this source in its place."""
    path = package / "riskkit" / "_kernels" / f"{kernel}.py"
    path.write_text(source, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    words += ["--no-header", f"tests/kernels/test_{kernel}.py"]
    given = {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **given},
        capture_output=True,
        check=False,
        preexec_fn=end_in_time,
    )
    return done.returncode == 0


def end_in_time() -> None:
    """Have a process end that computes for ever; one that others hold up may go on."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))


def examine(kernel: str, package: Path) -> list[str]:
    """Return the mutants of a kernel that its tests do not notice."""
    path = ROOT / "src" / "riskkit" / "_kernels" / f"{kernel}.py"
    original = path.read_text(encoding="utf-8")
    if not survives(kernel, original, package):
        sys.exit(f"the tests of {kernel} should pass before it is changed; they fail")
    found, n_mutants = [], 0
    for tree, line, change in mutants(ast.parse(original)):
        written = original.splitlines()[line - 1].strip()
        if (kernel, written) in ONLY_SPEED or (kernel, written, change) in HARMLESS:
            continue
        n_mutants += 1
        if survives(kernel, ast.unparse(tree), package):
            found.append(f"{kernel}:{line}: {change}: {written}")
            print(f"  survives  {found[-1]}", flush=True)
    (package / "riskkit" / "_kernels" / f"{kernel}.py").write_text(original)
    print(f"{kernel}: {n_mutants} mutants, {len(found)} survive", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kernels", nargs="*", default=list(KERNELS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder)
        shutil.copytree(
            ROOT / "src" / "riskkit",
            package / "riskkit",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        left = [line for kernel in given.kernels for line in examine(kernel, package)]
    sys.exit(min(len(left), 1))


if __name__ == "__main__":
    main()
