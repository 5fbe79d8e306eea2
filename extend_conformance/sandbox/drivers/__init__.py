# SPDX-License-Identifier: Apache-2.0

"""Cinder volume drivers of the sandbox: one that is right, and its faults."""
