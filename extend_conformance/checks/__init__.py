# SPDX-License-Identifier: Apache-2.0

"""The catalogue: one small function per check, one file per subject."""
