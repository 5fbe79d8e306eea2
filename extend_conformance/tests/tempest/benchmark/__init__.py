# SPDX-License-Identifier: Apache-2.0

"""The time it takes to create images; these classes run alone."""
