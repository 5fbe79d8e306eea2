# SPDX-License-Identifier: Apache-2.0

"""How to talk to a cloud and to the host that it attaches volumes to.

Knows neither checks nor modes nor what anything means for a verdict.
"""

import warnings

from extend_conformance import masking

# oslo.privsep imports eventlet where it finds it, which the sandbox brings;
# nothing here runs on it, and the user can do nothing about the warning.
warnings.filterwarnings('ignore', message=r'\s*Eventlet is deprecated')

masking.guard_logs()
