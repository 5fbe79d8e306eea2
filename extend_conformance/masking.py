# SPDX-License-Identifier: Apache-2.0

"""The one place that takes secrets out of what is kept or shown.

Evidence, errors, results and logs pass through here. A secret is known by its
name, by what it looks like, or because it was seen under its name before.
"""

import collections.abc
import logging
import re
import threading
import typing as ty

from oslo_utils import strutils

MASK = '***'

#: Keys that oslo.utils does not take for secrets: of connection information
#: (CHAP of iSCSI and NVMe, Ceph) and of requests.
_SECRET_KEYS = frozenset(
    {
        'auth_username',
        'discovery_auth_username',
        'authorization',
        'dhchap_ctrl_key',
        'dhchap_key',
        'hosts_nqn_secret',
        'keyring',
        'x-auth-token',
        'x-service-token',
        'x-subject-token',
    }
)

#: What is written as ``key: value`` or ``key=value`` in a log or a message.
_NAMED = re.compile(
    r'(?i)\b((?:x-(?:auth|service|subject)-token|authorization|keyring'
    r'|(?:discovery_)?auth_username|dhchap(?:_ctrl)?_key|hosts_nqn_secret'
    r'|node\.session\.auth\.(?:username|password)(?:_in)?)'
    r'["\']?\s*(?:[:=]\s*|,\s*(?=["\'])|(?=-v\s))u?["\']?'
    # iscsiadm's "-n NAME -v VALUE", as words or as a list of them.
    r'(?:-v(?:\s+|["\']\s*,\s*u?["\']))?)'
    r'(?!\*\*\*)(?:(?:basic|bearer)\s+)?[^\s"\',}]+'
)

#: Tokens of Keystone (Fernet, JWS), and secrets of NVMe's DH-HMAC-CHAP.
_SHAPED = re.compile(
    r'gAAAA[\w-]{20,}={0,2}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}'
    r'|DHHC-1:[0-9A-Fa-f]{2}:[A-Za-z0-9+/=]+:?'
)

#: What is shorter may be a word of a sentence, and is not looked for.
_LONG_ENOUGH = 8

_seen: set[str] = set()
_lock = threading.Lock()


def masked(value: ty.Any) -> ty.Any:
    """Copy a value, with passwords, keys and tokens replaced by a mask.

    Mappings and sequences are copied as dictionaries and lists, so that what
    the caller does to the original later is not seen in the copy. Secrets
    that are found by their key are remembered: an error that quotes one of
    them without its key is masked too.
    """
    if isinstance(value, collections.abc.Mapping):
        hidden = strutils.mask_dict_password(
            {
                key: each
                for key, each in value.items()
                if not isinstance(each, collections.abc.Mapping)
            },
            secret=MASK,
        )
        clean = {}
        for key, each in value.items():
            secret = str(key).lower() in _SECRET_KEYS or (
                key in hidden and hidden[key] == MASK and each != MASK
            )
            if secret and each is not None:
                _remember(str(key), each)
                clean[key] = MASK
            else:
                clean[key] = masked(each)
        return clean
    if isinstance(value, str):
        return text(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [masked(each) for each in value]
    return value


def text(words: str) -> str:
    """Replace the secrets in a text by a mask."""
    words = strutils.mask_password(words, secret=MASK)
    words = _NAMED.sub(rf'\1{MASK}', words)
    words = _SHAPED.sub(MASK, words)
    for secret in _remembered():
        words = words.replace(secret, MASK)
    return str(words)


def _remember(key: str, value: object) -> None:
    # A user's name is no secret elsewhere, and may be a word.
    if (
        isinstance(value, str)
        and len(value) >= _LONG_ENOUGH
        and not key.lower().endswith('username')
    ):
        with _lock:
            _seen.add(value)


def _remembered() -> tuple[str, ...]:
    with _lock:
        return tuple(_seen)


class LogFilter(logging.Filter):
    """Masks a record before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without its secrets."""
        said = record.getMessage()
        clean = text(said)
        if clean != said:
            record.msg, record.args = clean, ()
        return True


_FILTER = LogFilter()

#: Loggers of libraries that write what they send and receive: answers with
#: connection information, and replies of the privileged side.
_TALKATIVE = (
    'cinderclient.client',
    'keystoneauth.session',
    'keystoneauth.session.body',
    'keystoneauth.session.request',
    'keystoneauth.session.response',
    'os_brick.executor',
    'os_brick.initiator.connector',
    'os_brick.privileged.rootwrap',
    'oslo_concurrency.processutils',
    'oslo_privsep.comm',
    'oslo_privsep.daemon',
)


def guard_logs() -> None:
    """Mask what the libraries below this project log; once is enough."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if _FILTER not in logger.filters:
            logger.addFilter(_FILTER)


def guard_handlers() -> None:
    """Mask everything that the handlers of this process write."""
    for handler in logging.getLogger().handlers:
        if _FILTER not in handler.filters:
            handler.addFilter(_FILTER)
