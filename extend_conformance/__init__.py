# SPDX-License-Identifier: Apache-2.0

"""Does a Cinder backend really extend attached volumes?"""
