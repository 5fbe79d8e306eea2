# SPDX-License-Identifier: Apache-2.0

"""How Sphinx builds the release notes, which reno collects from git."""

project = 'extend-conformance release notes'
extensions = ['openstackdocstheme', 'reno.sphinxext']
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
openstackdocs_auto_version = True
root_doc = 'index'
exclude_patterns: list[str] = []
