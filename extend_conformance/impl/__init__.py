# SPDX-License-Identifier: Apache-2.0

"""How to write an image into a volume: the reference writer."""
