# SPDX-License-Identifier: Apache-2.0

"""Tests of the tempest door, without a cloud."""
