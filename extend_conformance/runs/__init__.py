# SPDX-License-Identifier: Apache-2.0

"""A run from its beginning to its end, whichever front door it came in by."""
