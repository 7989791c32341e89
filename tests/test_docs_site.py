"""The built site needs nobody: no page asks for a file that is not part of it.

`make docs` builds the site and runs this; without a build there is nothing to look at.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).resolve().parents[1] / "build" / "docs"
STATIC = SITE / "_static"  # what a theme brings: parts, not pages

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SITE / "index.html").exists(), reason="no site; run make docs"
    ),
]

# What a browser loads by itself; a link is followed by people.
LOADS = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "input": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
LINK_KINDS_THAT_LOAD_NOTHING = {"next", "prev", "search", "index", "canonical"}
URL_IN_CSS = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


class Resources(HTMLParser):
    """The addresses that a page loads when it is opened, and its styles."""

    def __init__(self):
        super().__init__()
        self.addresses = []
        self.styles = []
        self.anchors = []
        self.in_style = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.in_style = tag == "style"
        self.styles.append(given.get("style") or "")
        if tag == "a" and given.get("href"):
            self.anchors.append(given["href"])
        address = given.get(LOADS.get(tag, ""))
        silent = LINK_KINDS_THAT_LOAD_NOTHING & set((given.get("rel") or "").split())
        if address and not silent:
            self.addresses.append(address)
        self.addresses += [
            part.split()[0] for part in (given.get("srcset") or "").split(",") if part
        ]

    def handle_data(self, data):
        if self.in_style:
            self.styles.append(data)
            self.in_style = False


def read(path):
    page = Resources()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def in_css(text):
    return [first or second for first, second in URL_IN_CSS.findall(text)]


def lies_in_site(address, near):
    """Tell whether an address is inline, or a file of the site."""
    parts = urlsplit(address)
    if parts.scheme == "data":
        return True
    if parts.scheme or parts.netloc:
        return False
    return not parts.path or (near.parent / unquote(parts.path)).exists()


@pytest.fixture(scope="module")
def pages():
    found = [
        path for path in sorted(SITE.rglob("*.html")) if STATIC not in path.parents
    ]
    return {path: read(path) for path in found}


def test_pages_load_only_what_is_part_of_the_site(pages):
    assert len(pages) > 100
    outside = {
        (path.name, address)
        for path, page in pages.items()
        for address in [*page.addresses, *in_css(" ".join(page.styles))]
        if not lies_in_site(address, path)
    }
    assert not outside


def test_style_sheets_load_only_what_is_part_of_the_site():
    sheets = sorted(SITE.rglob("*.css"))
    assert sheets
    outside = {
        (sheet.name, address)
        for sheet in sheets
        for address in in_css(sheet.read_text(encoding="utf-8"))
        if not lies_in_site(address, sheet)
    }
    assert not outside


def test_links_between_pages_lead_somewhere(pages):
    dead = {
        (path.name, href)
        for path, page in pages.items()
        for href in page.anchors
        if not urlsplit(href).scheme and not lies_in_site(href, path)
    }
    assert not dead


def test_the_check_sees_an_address_outside(tmp_path):
    page = Resources()
    page.feed('<link rel="stylesheet" href="https://fonts.example/x.css"><img src=a>')
    assert page.addresses == ["https://fonts.example/x.css", "a"]
    assert not lies_in_site(page.addresses[0], tmp_path / "index.html")
    assert not lies_in_site("//cdn.example/x.js", tmp_path / "index.html")
    assert not lies_in_site("absent.png", tmp_path / "index.html")
    assert in_css('@import "https://x.example/y.css"; a{b:url(z.png)}') == [
        "https://x.example/y.css",
        "z.png",
    ]
