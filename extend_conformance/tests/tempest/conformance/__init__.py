# SPDX-License-Identifier: Apache-2.0

"""The conformance checks as tempest classes."""
