# SPDX-License-Identifier: Apache-2.0

"""The benchmark: which cells to measure, and how one is timed."""
