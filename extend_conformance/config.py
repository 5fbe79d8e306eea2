# SPDX-License-Identifier: Apache-2.0

"""The options that this plugin adds to tempest.conf, and its variable.

Importing this module must never fail: a plugin that cannot be imported
breaks the listing of every tempest run on the machine.
"""

from oslo_config import cfg

from extend_conformance import vocabulary

#: Names the run for all processes that belong to it; joins several
#: ``tempest run`` into one.
RUN_ID_VARIABLE = 'EXTEND_CONFORMANCE_RUN_ID'

GROUP = cfg.OptGroup(
    'extend_conformance',
    title='Conformance of extending attached volumes',
)

OPTIONS = [
    cfg.ListOpt(
        'volume_types',
        default=[],
        help='Volume types to test, one per backend. By default those of '
        'the claims file. Without either, nothing is tested.',
    ),
    cfg.DictOpt(
        'expect_online_extend',
        default={},
        help='What each volume type promises, as pairs '
        '"volume type:supported" or "volume type:refused". Types that are '
        'not named promise what the support matrix or, without a row there, '
        'their pool says.',
    ),
    cfg.DictOpt(
        'matrix_keys',
        default={},
        help="Each volume type's row in Cinder's support matrix, as pairs "
        '"volume type:key". By default it is told from what the pool '
        'reports, for which admin credentials are needed.',
    ),
    cfg.StrOpt(
        'claims_file',
        help='Path of a claims file, as written by "extend-conformance '
        'discover". It wins over the two options above; volume_types then '
        'chooses among its entries.',
    ),
    cfg.StrOpt(
        'matrix_file',
        help="Path of a support matrix in the form of Cinder's "
        'support-matrix.ini, used instead of the published one.',
    ),
    cfg.StrOpt(
        'release',
        help='The OpenStack release of the cloud, such as "2026.1". By '
        'default it is narrowed down by the maximum microversion.',
    ),
    cfg.StrOpt(
        'profile',
        default=vocabulary.Profile.STANDARD.value,
        choices=[
            (
                vocabulary.Profile.QUICK.value,
                'the checks that say most, a minute a backend',
            ),
            (
                vocabulary.Profile.STANDARD.value,
                'everything that is quick and needs no admin act',
            ),
            (
                vocabulary.Profile.CERTIFIED.value,
                'everything; nothing may be left out',
            ),
        ],
        help='Which checks to run.',
    ),
    cfg.StrOpt(
        'host_attach',
        default='os-brick',
        choices=[
            ('os-brick', 'attach volumes to this machine'),
            ('none', 'attach nothing; checks that need it are skipped'),
        ],
        help='Whether the machine that runs tempest may attach volumes.',
    ),
    cfg.StrOpt(
        'lock_path',
        help="Directory of os-brick's locks, shared with everything else "
        'that attaches on this machine (nova, cinder, glance). Without it '
        'a private one is used and the report carries a warning.',
    ),
    cfg.BoolOpt(
        'use_multipath',
        default=False,
        help='Attach volumes through multipath.',
    ),
    cfg.StrOpt(
        'results_dir',
        help='Directory for the results. By default '
        '"extend-conformance-results/<run id>" in the working directory.',
    ),
    cfg.FloatOpt(
        'extend_timeout_s',
        default=300,
        min=1,
        help='Seconds after which an extend that is still "extending" hangs.',
    ),
    cfg.BoolOpt(
        'run_benchmark',
        default=False,
        help='Also measure the time to create images. These classes run '
        'alone, one after the other.',
    ),
    cfg.ListOpt(
        'benchmark_volume_types',
        default=[],
        help='Volume types to measure; by default all that are tested.',
    ),
    cfg.ListOpt(
        'benchmark_image_sizes',
        default=['0.5GiB', '1.5GiB', '2.5GiB'],
        help='Sizes of the images to create, with a unit (MiB, GiB).',
    ),
]
