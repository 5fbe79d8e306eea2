# SPDX-License-Identifier: Apache-2.0

"""The time to create images: a class per backend, each run alone."""

from extend_conformance.tests.tempest import generation

globals().update(generation.benchmark_classes(__name__))
