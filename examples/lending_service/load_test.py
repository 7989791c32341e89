"""How many decisions a second one process gives, and how long they take.

    python load_test.py model.rk

Needs wrk, and Linux. Starts the service on a free port with a log in a temporary
folder, lets wrk ask for decisions over 8 connections for 10 seconds, and counts the
entries of the log: every answer must be in it. The service has one core to itself and
wrk another, where there are two. On a machine that does other work too, the processor
time of an answer says more than the answers a second do; both are shown.
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
CORES = os.sched_getaffinity(0)
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
            *("--loop", "uvloop", "--http", "httptools", "--no-proxy-headers"),
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


def pin(place: int) -> None:
    """Keep what is started from now on to one of the cores, if there are several."""
    cores = sorted(CORES)
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[place]})


def processor_seconds(pid: int) -> float:
    """Return the time that a process took so far, its own and the system's."""
    entries = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(entries[11]) + int(entries[12])) / os.sysconf("SC_CLK_TCK")


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
        pin(0)
        service = start(given.model.resolve(), log, port)
        pin(1)
        began = processor_seconds(service.pid)
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
            used = processor_seconds(service.pid) - began
        finally:
            service.terminate()
            service.wait()
        print(done.stdout)
        n_logged = sum(1 for _ in log.open("rb"))
    n_answered = int(re.search(r"(\d+) requests in", done.stdout)[1])
    print(
        f"{n_answered:,} answers, {n_logged:,} entries in the log; "
        f"{1000 * used / n_answered:.2f} ms of the processor each; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
