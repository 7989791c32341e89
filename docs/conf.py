"""Configuration of the documentation site; `make docs` builds it without network."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from numpydoc import xref

import riskkit

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "riskkit"
author = "The riskkit developers"
project_copyright = author
version = release = riskkit.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "written_pages",
]

# Sources
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["generated", "_*", "build", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
highlight_language = "text"  # a fence without a language is a drawing or an output

# Reference
autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # types stand in the Parameters section, in words
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "inherited-members": True}
autodoc_inherit_docstrings = False
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False  # each method has its entry on the page itself
numpydoc_xref_param_type = True  # types that riskkit documents become links
xref.DEFAULT_LINKS.clear()  # the others lead to sites that an offline build cannot ask
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = {
    name: f"riskkit.{package}.{name}"
    for package in reversed(riskkit.__all__)
    for name in import_module(f"riskkit.{package}").__all__
    if name[0].isupper()
}
python_display_short_literal_types = True
add_module_names = False
toc_object_entries_show_parents = "hide"

# A link that leads nowhere is an error.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(sklearn|numpy|pandas)\..*")]  # pages of others

# Pictures of tutorials are drawn by the build.
plot_formats = [("png", 150)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False

# Pages that open from a folder, without a server and without network
html_theme = "pydata_sphinx_theme"
html_title = "riskkit"
html_static_path = ["_static"]
html_css_files = ["riskkit.css"]
html_logo = "_static/riskkit.svg"
html_favicon = "_static/riskkit.svg"
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_copy_source = False
html_theme_options = {
    "logo": {"text": "riskkit"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "gallery": []}  # nothing lies below these
