"""Every page of the built site, opened: it asks nobody, fails nowhere and fits.

A browser is driven through its own pipe, with every host name leading nowhere. Without
a browser or a built site (`make docs`) there is nothing to open.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[1] / "build" / "docs"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, DESK = 390, 1440  # CSS pixels
WITHIN = ("file:", "data:", "blob:", "about:")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.optional,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path"),
]


class Browser:
    """One tab of a browser, and what it says while it opens a page."""

    def __init__(self, profile: Path):
        to_browser, self._write = high_pipe()
        self._read, from_browser = high_pipe()

        def pipes():  # the browser reads commands from 3 and answers on 4
            os.dup2(to_browser, 3)
            os.dup2(from_browser, 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}"],
            preexec_fn=pipes,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._pending = b""
        self._last = 0
        self._session = None
        self.events: list[dict] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask(
            "Target.attachToTarget", targetId=target, flatten=True
        )["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        """Send a command and return its answer; keep what else is said meanwhile."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == self._last:
                assert "error" not in heard, heard
                return heard["result"]

    def _hear(self):
        while b"\0" not in self._pending:
            part = os.read(self._read, 1 << 16)
            assert part, "the browser has gone"
            self._pending += part
        text, self._pending = self._pending.split(b"\0", 1)
        heard = json.loads(text)
        if "method" in heard:
            self.events.append(heard)
        return heard

    def open(self, address):
        """Open an address and return all that was said until it had loaded."""
        self.events.clear()
        self.ask("Page.navigate", url=address)
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self._hear()
        self.value("new Promise(done => setTimeout(done, 20))")  # what scripts start
        return list(self.events)

    def value(self, expression):
        """Evaluate an expression in the page."""
        answer = self.ask(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        return answer["result"].get("value")

    def be_wide(self, width):
        """Give the page a window of so many pixels."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 800,
        )

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)


def high_pipe():
    """Return the two ends of a pipe, away from the numbers the browser listens on."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    tab = Browser(tmp_path_factory.mktemp("profile"))
    yield tab
    tab.close()


def complaints(events):
    """Return what went wrong, and what was asked of anybody outside."""
    found = []
    for event in events:
        method, said = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if not address.startswith(WITHIN):
                found.append(f"asks for {address}")
        elif method == "Network.loadingFailed":
            found.append(f"{said['type']} fails: {said['errorText']}")
        elif method == "Runtime.exceptionThrown":
            found.append(said["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] == "error":
            found.append(f"console: {said['args']}")
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            found.append(said["entry"]["text"])
    return found


TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_every_page_opens_by_itself_at_both_widths(browser):
    if not (SITE / "index.html").exists():
        pytest.skip("no site; run make docs")
    pages = [p for p in SITE.rglob("*.html") if SITE / "_static" not in p.parents]
    assert len(pages) > 100
    wrong = defaultdict(list)
    for page in sorted(pages):
        name = str(page.relative_to(SITE))
        browser.be_wide(PHONE)
        wrong[name] += complaints(browser.open(page.as_uri()))
        for width in (PHONE, DESK):
            browser.be_wide(width)
            over = browser.value(TOO_WIDE)
            if over > 1:
                wrong[name].append(f"{over} px too wide for {width}")
    assert {name: what for name, what in wrong.items() if what} == {}


def test_the_check_hears_a_page_that_reaches_out_and_fails(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><meta name=viewport content='width=device-width'>"
        "<img src='https://pixel.example/x.png'><img src='absent.png'>"
        "<div style='width:2000px'>wide</div>"
        "<script>console.error('no'); throw new Error('broken')</script>"
    )
    browser.be_wide(DESK)
    heard = " ".join(complaints(browser.open(page.as_uri())))
    assert "asks for https://pixel.example/x.png" in heard
    assert "Image fails: net::ERR_FILE_NOT_FOUND" in heard
    assert "console: " in heard
    assert "Uncaught" in heard
    assert browser.value(TOO_WIDE) > 500
