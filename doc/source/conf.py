# SPDX-License-Identifier: Apache-2.0

"""How Sphinx builds the documentation."""

project = 'extend-conformance'
extensions = ['openstackdocstheme']
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
openstackdocs_auto_version = True
root_doc = 'index'
exclude_patterns: list[str] = []
