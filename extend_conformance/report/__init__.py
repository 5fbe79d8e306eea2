# SPDX-License-Identifier: Apache-2.0

"""Figures, HTML, JUnit and summary, drawn from results alone."""
