# SPDX-License-Identifier: MIT
"""The documentation site: the pages of the repository where they are, the Python reference, and pictures made here."""
import html
import inspect
import os
import re
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[2]
sys.path.insert(0, str(SITE))

from docutils.parsers.rst import Directive  # noqa: E402

import openmmorbit  # noqa: E402
import pictures  # noqa: E402

project = "OpenMM-Orbit"
author = "OpenMM-Orbit contributors"
copyright = author
version = release = openmmorbit.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
root_doc = "python/docs/site/index"
include_patterns = ["README.md", "platforms/README.md", "python/docs/**", "python/examples/*.ipynb",
                    "python/openmmorbit/models/README.md", "openmmapi/docs/**"]
exclude_patterns = ["build*", ".*", "demo", "tests", "**/__pycache__"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "OpenMM-Orbit"
html_static_path = ["static"]
html_css_files = ["orbit.css"]
_fonts = {"font-stack": "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', Arial, sans-serif"}
html_theme_options = {
    "light_css_variables": {**_fonts, "color-brand-primary": "#23272e", "color-brand-content": "#2f6f8f"},
    "dark_css_variables": {**_fonts, "color-brand-primary": "#e6e7ea", "color-brand-content": "#7fb8d2"}}
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

#: Links to files that are no pages: the reader gets the file.
_link = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)*[\w./-]+\.(?:py|cpp|h|cff)|LICENSE|(?:\.\./)*LICENSE)\)")


def _furtherNames():
    """Get the public names that no page of the reference has, as a section of their own."""
    pages = "".join(path.read_text(encoding="utf-8") for path in (SITE / "reference").glob("*.rst"))
    named = set(re.findall(r"^\.\. auto(?:class|function):: (?:openmmorbit\.)?(\w+)$", pages, re.M))
    further = sorted(set(openmmorbit._homes) - named)
    kinds = {True: "autoclass", False: "autofunction"}
    texts = [f".. {kinds[inspect.isclass(getattr(openmmorbit, name))]}:: openmmorbit.{name}\n" for name in further]
    return "\n".join(["Further names\n-------------\n", *texts]) if further else ""


def _headers():
    """Get a list of the public C++ headers: each with its first sentence, and as a file to read."""
    folder = ROOT / "openmmapi" / "include" / "openmmorbit"
    lines = [(path, path.read_text(encoding="utf-8").splitlines()) for path in sorted(folder.glob("*.h"))]
    return "\n".join(f"- :download:`{path.name} </{path.relative_to(ROOT)}>`: {text[1].lstrip('/ ')}"
                     for path, text in lines)


def _linkFiles(app, docname, source):
    """Turn links to sources into downloads, and those to folders into plain text."""
    source[0] = source[0].replace(".. further-names::", _furtherNames()).replace(".. headers::", _headers())
    source[0] = _link.sub(lambda match: f"{{download}}`{match[1]} <{match[2]}>`", source[0])
    source[0] = re.sub(r"\[([^\]]+)\]\((?:\.\./)+examples\)", r"\1", source[0])


def _plainDocstring(app, what, name, thing, options, lines):
    """Leave the names of C++ types out of the docstrings that SWIG writes."""
    if getattr(inspect.unwrap(thing) if callable(thing) else thing, "__module__", "") != "openmmorbit.orbit":
        return
    text = "\n".join(lines)
    text = re.sub(r"(?m)^:(?:r?type)[^\n]*\n?", "", text)
    lines[:] = text.split("\n")


class CommandHelp(Directive):
    """What each subcommand of openmm-orbit says about itself."""

    def run(self):
        from docutils import nodes

        from openmmorbit.cli import makeParser

        os.environ["COLUMNS"] = "100"      # to which argparse fits its lines
        commands = next(action for action in makeParser()._actions if action.dest == "command")
        found = []
        for name, parser in commands.choices.items():
            section = nodes.section(ids=[f"openmm-orbit-{name}"], names=[f"openmm-orbit {name}"])
            text = parser.format_help()
            section += [nodes.title(text=f"openmm-orbit {name}"), nodes.literal_block(text, text, language="text")]
            found.append(section)
        return found


def _makeIndex(app, error):
    """Let the folder of the site open on its first page."""
    if error is None and app.builder.name == "html":
        page = html.escape(f"{root_doc}.html")
        Path(app.outdir, "index.html").write_text(
            f'<!doctype html><meta charset="utf-8"><title>OpenMM-Orbit</title><meta http-equiv="refresh" content="0; '
            f'url={page}"><a href="{page}">OpenMM-Orbit</a>\n', encoding="utf-8")


def setup(app):
    app.add_directive("command-help", CommandHelp)
    app.connect("builder-inited", lambda app: pictures.make(Path(app.outdir) / "_static" / "made"))
    app.connect("source-read", _linkFiles)
    app.connect("autodoc-process-docstring", _plainDocstring)
    app.connect("build-finished", _makeIndex)
