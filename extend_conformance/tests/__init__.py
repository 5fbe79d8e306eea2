# SPDX-License-Identifier: Apache-2.0

"""Tests of the project, and the tests that it brings to tempest."""
