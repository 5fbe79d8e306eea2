# SPDX-License-Identifier: Apache-2.0

"""The conformance checks: a class per backend and set of credentials."""

from extend_conformance.tests.tempest import generation

globals().update(generation.conformance_classes(__name__))
