# SPDX-License-Identifier: Apache-2.0

"""What was promised, and the one table that judges promise and outcome."""
