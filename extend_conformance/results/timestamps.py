# SPDX-License-Identifier: Apache-2.0

"""The time of day that results carry, which no step of the clock can bend.

It is read once in each process and goes on with the monotonic clock from
there, so that nothing ends before it began and order in time is order.
How long something took is left to those who measure it.
"""

import datetime
import time

_BEGAN_AT = datetime.datetime.now(datetime.UTC)
_BEGAN_S = time.monotonic()


def now() -> str:
    """The time of day, as ISO 8601 in UTC with whole seconds."""
    passed_s = time.monotonic() - _BEGAN_S
    moment = _BEGAN_AT + datetime.timedelta(seconds=passed_s)
    return moment.isoformat(timespec='seconds')
