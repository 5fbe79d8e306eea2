# SPDX-License-Identifier: Apache-2.0

"""How to talk to a cloud and to the host that it attaches volumes to.

Knows neither checks nor modes nor what anything means for a verdict.
"""
