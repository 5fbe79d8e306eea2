# SPDX-License-Identifier: Apache-2.0

"""How Sphinx builds the documentation."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'ext'))

project = 'extend-conformance'
extensions = ['openstackdocstheme', 'check_table']
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
openstackdocs_auto_version = True
root_doc = 'index'
exclude_patterns: list[str] = []
