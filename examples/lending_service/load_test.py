"""How many decisions a second one process gives, and how long they take (needs wrk).

    python load_test.py model.rk

Starts the service on a free port with a log in a temporary folder, lets wrk ask for
decisions over 8 connections for 10 seconds, and counts the entries of the log: every
answer must be in it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from riskkit.serving import load_scorer

HERE = Path(__file__).parent
_POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[{body}]==]
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(model: Path, log: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the service and wait until it answers."""
    service = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "--factory", "app:from_environment"),
            *("--port", str(port), "--no-access-log", "--log-level", "warning"),
        ],
        cwd=HERE,
        env={**os.environ, "RISKKIT_MODEL": str(model), "RISKKIT_LOG": str(log)},
        stdout=subprocess.DEVNULL,
    )
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
        except urllib.error.URLError:
            if service.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return service
    service.kill()
    sys.exit("the service did not start")


def main(arguments: list[str] | None = None) -> None:
    """Run the load test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8)
    given = parser.parse_args(arguments)
    if not shutil.which("wrk"):
        parser.error("wrk is not installed (Debian: apt-get install wrk).")
    fields = dict.fromkeys(load_scorer(given.model).features)
    body = json.dumps({"application_id": "load-test", "fields": fields})
    with tempfile.TemporaryDirectory() as folder:
        script, log = Path(folder, "post.lua"), Path(folder, "decisions.jsonl")
        script.write_text(_POST.format(body=body))
        port = free_port()
        service = start(given.model.resolve(), log, port)
        try:
            done = subprocess.run(
                [
                    *("wrk", "-t1", f"-c{given.connections}", f"-d{given.seconds}s"),
                    *("--latency", "-s", str(script), f"http://127.0.0.1:{port}/score"),
                ],
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            service.terminate()
            service.wait()
        print(done.stdout)
        n_logged = sum(1 for _ in log.open("rb"))
    n_answered = int(re.search(r"(\d+) requests in", done.stdout)[1])
    print(f"{n_answered:,} answers, {n_logged:,} entries in the log")


if __name__ == "__main__":
    main()
