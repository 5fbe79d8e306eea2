# SPDX-License-Identifier: Apache-2.0

"""The data model of results, its versioned schema, writing and merging."""
