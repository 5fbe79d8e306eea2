# SPDX-License-Identifier: Apache-2.0

"""Options of the writer, under the names of Glance's cinder store.

Whoever knows one finds the same words and meanings in the other. All
defaults are here.
"""

import dataclasses
import typing as ty

from oslo_config import cfg

GROUP = 'image_volume_writer'

OPTS = [
    cfg.BoolOpt(
        'cinder_do_extend_attached',
        default=False,
        help=(
            'Extend a volume for an image of unknown size while it is '
            'attached. If false, it is detached before each extend and '
            'attached again afterwards, which every backend can do.'
        ),
    ),
    cfg.IntOpt(
        'cinder_state_transition_timeout',
        default=300,
        min=1,
        help=(
            'How many seconds to wait for a volume to get from one state '
            'to another.'
        ),
    ),
    cfg.StrOpt(
        'cinder_volume_type',
        help=(
            "The volume type of image volumes; by default Cinder's own "
            'default type.'
        ),
    ),
    cfg.BoolOpt(
        'cinder_use_multipath',
        default=False,
        help='Connect all paths of a volume.',
    ),
    cfg.BoolOpt(
        'cinder_enforce_multipath',
        default=False,
        help='Fail where multipath is wanted and multipathd does not run.',
    ),
]


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Give the options to ``oslo-config-generator``."""
    return [(GROUP, OPTS)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class WriterOptions:
    """The options, as values; see :data:`OPTS` for what they mean."""

    cinder_do_extend_attached: bool = False
    cinder_state_transition_timeout: int = 300
    cinder_volume_type: str | None = None
    cinder_use_multipath: bool = False
    cinder_enforce_multipath: bool = False

    @classmethod
    def from_conf(cls, conf: ty.Any) -> 'WriterOptions':
        """Read them from a configuration, registering them if needed."""
        conf.register_opts(OPTS, group=GROUP)
        values = conf[GROUP]
        return cls(
            **{
                field.name: values[field.name]
                for field in dataclasses.fields(cls)
            }
        )
