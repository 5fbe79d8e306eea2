# SPDX-License-Identifier: Apache-2.0

"""The embedded cloud: starting, feeding and stopping real services.

What is checked on it, and how, is left to the packages beside it.
"""
