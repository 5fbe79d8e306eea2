# SPDX-License-Identifier: Apache-2.0

"""What checks look with: instruments, and what they have found.

Which checks there are is left to ``checks``.
"""
