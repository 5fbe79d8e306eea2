# SPDX-License-Identifier: Apache-2.0

"""The row of a backend, from what real drivers report of themselves.

The identities were read in the drivers of cinder 29.0.0, unless a release is
named.
"""

import typing as ty

import ddt
import testtools

from extend_conformance.claims import driver_identity
from extend_conformance.claims import identity_rules
from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_ini

POWERMAX = ('dell_emc_powermax', 'dell_emc_vmax_af', 'dell_emc_vmax_3')
DELL_BLOCK = (
    *POWERMAX,
    'dell_emc_powerstore',
    'dell_emc_sc',
    'dell_emc_unity',
    'dell_emc_vnx',
    'dell_emc_xtremio',
)
HUAWEI = (
    'huawei_t_v1',
    'huawei_t_v2',
    'huawei_v3',
    'huawei_f_v3',
    'huawei_v5',
    'huawei_f_v5',
    'huawei_18000',
    'huawei_dorado',
)
HPE = 'Hewlett Packard Enterprise'
HBSD = {'storage_id': '886000123456', 'pool_id': 3, 'ldev_range': [1, 2]}
RBD_LOCATION = (
    'ceph:/etc/ceph/ceph.conf:f6ab49e2-1e3c-4a4b-8a9c-1f0c2d1e7c11:'
    'cinder:volumes'
)

#: Rows, vendor_name, storage_protocol, driver_version, location_info, others.
IDENTITIES: tuple[tuple[ty.Any, ...], ...] = (
    ('datacore', 'DataCore', 'iSCSI', '2.0.0'),
    ('datacore', 'DataCore', 'FC', '2.0.0'),
    ('datera', 'Datera', 'iSCSI', '2019.12.10.0'),
    ('dell_emc_xtremio', 'Dell EMC', 'iSCSI', '1.0.13'),
    ('dell_emc_xtremio', 'Dell EMC', 'FC', '1.0.11'),
    (POWERMAX, 'Dell EMC', 'FC', '4.5.2', '000197800123#SRP_1#Diamond#OLTP'),
    (POWERMAX, 'Dell EMC', 'iSCSI', '4.1.8', '000197800123#SRP_1#Diamond'),
    (POWERMAX, 'Dell EMC', 'NVMe-TCP', '1.0.0', '000197800123#SRP_1#Diamond'),
    ('dell_emc_powerstore', 'Dell EMC', 'iSCSI', '1.2.4'),
    ('dell_emc_powerstore', 'Dell EMC', 'FC', '1.0.2'),
    ('dell_emc_powerstore', 'Dell EMC', 'NVMe', '1.2.4'),
    ('dell_emc_powerstore_nfs', 'Dell', 'nfs', '1.0.0'),
    ('dell_emc_sc', 'Dell EMC', 'iSCSI', '4.1.2'),
    ('dell_emc_sc', 'Dell EMC', 'FC', '4.1.0'),
    ('dell_emc_powerflex', 'Dell EMC', 'scaleio', '4.0.0'),
    ('dell_emc_powerflex', 'Dell EMC', 'NVMe-TCP', '4.0.0'),
    ('dell_emc_powervault', 'PVME', 'FC', '2.0'),
    ('dell_emc_unity', 'Dell EMC', 'FC', '07.02.00', 'pool_1|APM00152902389'),
    (
        'dell_emc_vnx',
        'Dell EMC',
        'iSCSI',
        '14.00.01',
        'pool_1|APM00152902389',
        {'fast_cache_enabled': False},
    ),
    ('fujitsu_eternus', 'FUJITSU', 'iSCSI', '1.4.8'),
    ('fungible', 'Fungible Inc.', 'NVMe-TCP', '1.0.0'),
    ('hitachi_vsp', 'Hitachi', 'FC', '2.7.2', HBSD),
    ('hpe_3par', HPE, 'iSCSI', '4.0.10', 'HPE3PARDriver:1234567:OpenStackCPG'),
    ('hpe_3par', HPE, 'FC', '4.0.5', 'HPE3PARDriver:1234567:OpenStackCPG'),
    ('hpe_alletramp', HPE, 'FC', '1.0', 'HPE3PARDriver:1234567:CPG'),
    ('hpe_alletramp', HPE, 'NVMe-TCP', '1.0', 'HPE3PARDriver:1234567:CPG'),
    ('hpe_msa', 'HPMSA', 'iSCSI', '2.0'),
    ('hpe_nimble', 'Nimble', 'FC', '4.3.0'),
    ('hpe_xp', HPE, 'FC', '1.0.0', HBSD),
    ('hpe_xp', HPE, 'iSCSI', '1.0.0'),
    (HUAWEI, 'Huawei', 'iSCSI', '2.0.9', '2102350BVB10F2000020'),
    (HUAWEI, 'Huawei', 'FC', '2.0.9', '2102350BVB10F2000020'),
    ('huawei_fusionstorage', 'Huawei', 'SCSI', '2.0.9'),
    (
        'ibm_ds8k',
        'IBM',
        'fibre_channel',
        '2.3.0-2.5.0',
        None,
        {'extent_pools': 'P0,P1'},
    ),
    ('ibm_gpfs', 'IBM', 'file', '1.3.1', 'GPFSDriver:123:/gpfs/volumes'),
    ('ibm_gpfs', 'IBM', 'file', '1.0', 'GPFSNFSDriver:123:/gpfs/volumes'),
    ('ibm_storwize', 'IBM', 'iSCSI', '2.2.5', 'StorwizeSVCDriver:0000020:p0'),
    ('ibm_storwize', 'IBM', 'FC', '2.2.6', 'StorwizeSVCDriver:0000020:p0'),
    ('ibm_xiv', 'IBM', 'fibre_channel', '2.3.0', 'IBM-XIV:xiv.example:pool'),
    ('ibm_xiv', 'IBM', 'iscsi', '2.3.0', 'IBM-XIV:xiv.example:pool'),
    ('ibm_flashsystem', 'IBM', 'iSCSI', '1.0', 'FlashSystemDriver:0:mdisk'),
    ('infinidat', 'INFINIDAT', 'iSCSI', '1.15', 'InfiniboxVolumeDriver:1:p'),
    ('infortrend', 'Infortrend', 'FC', '2.1.4', 'Infortrend:1234'),
    ('inspur', 'Inspur', 'FC', '1.0.0', 'InStorageMCSDriver:00:pool'),
    ('inspur_as13000', 'INSPUR', 'iSCSI', '1.0.0'),
    ('kaminario', 'Kaminario', 'iSCSI', '1.4'),
    ('kioxia_kumoscale', 'KIOXIA', 'NVMeOF', '1.0.0'),
    ('lenovo', 'Lenovo', 'FC', '2.0'),
    ('lightbits_lightos', 'LightOS Storage', 'lightos', '2.3.12'),
    ('linbit_linstor', 'LINBIT', 'DRBD', '1.0.1', 'LinstorDrbdDriver:uri'),
    ('linbit_linstor', 'LINBIT', 'iSCSI', '1.0.1', 'LinstorIscsiDriver:uri'),
    ('lvm', 'Open Source', 'iSCSI', '3.0.0', 'LVMVolumeDriver:h:vg:thin:0'),
    (
        'lvm',
        'Open Source',
        'nvmet_tcp',
        '3.0.0',
        'LVMVolumeDriver:h:vg:thin:0',
    ),
    ('lvm', 'Open Source', 'iSER', '3.0.0'),
    ('macrosan', 'MacroSAN', 'FC', '1.0.1', 'uuid'),
    ('nec', 'NEC', 'iSCSI', '1.11.1', '192.0.2.1:0,1'),
    ('nec', 'NEC', 'FC', '1.10.3', '192.0.2.1:0,1'),
    ('nec_v', 'NEC', 'FC', '1.0.0', HBSD),
    ('nec_v', 'NEC', 'iSCSI', '1.0.0'),
    ('netapp_ontap_nvme_tcp', 'NetApp', 'NVMe', '1.0.0'),
    ('netapp_ontap_iscsi_fc', 'NetApp', 'iSCSI', '4.0.0'),
    (
        'netapp_ontap_iscsi_fc',
        'NetApp',
        'FC',
        '4.0.0',
        None,
        {'netapp_disaggregated_platform': 'False'},
    ),
    ('netapp_ontap_nfs', 'NetApp', 'nfs', '4.0.0'),
    ('netapp_solidfire', 'SolidFire Inc', 'iSCSI', '2.2.5'),
    (
        'netapp_asa_r2',
        'NetApp',
        'iSCSI',
        '4.0.0',
        None,
        {'netapp_disaggregated_platform': True},
    ),
    (
        'netapp_e_ef',
        'NetApp',
        'iSCSI',
        '1.0.0',
        None,
        {'netapp_eseries_data_assurance': 'true'},
    ),
    ('nexenta', 'Nexenta', 'NFS', '1.8.3', 'NexentaNfsDriver:192.0.2.1:/p'),
    ('nexenta', 'Nexenta', 'iSCSI', '1.4.3', 'NexentaISCSIDriver:h:p/g'),
    ('nfs', 'Open Source', 'nfs', '1.4.0'),
    ('opene_joviandss', 'Open-E', 'iSCSI', '1.0.3', 'JovianISCSIDriver:h:v'),
    ('prophetstor', 'ProphetStor', 'iSCSI', '2.0.5', 'DPLISCSIDriver:h:pool'),
    ('prophetstor', 'an array', 'FC', '2.0.5', 'DPLFCDriver:192.0.2.1:pool'),
    ('pure', 'Pure Storage', 'NVMe-RoCE', '23.0.nvme'),
    ('pure', 'Pure Storage', 'FC', '23.0.fc'),
    ('qnap', 'QNAP', 'iSCSI', '1.2.005'),
    ('quobyte', 'Open Source', 'quobyte', '1.2.1'),
    ('rbd', 'Open Source', 'ceph', '1.3.0', RBD_LOCATION),
    ('rbd_iscsi', 'Open Source', 'iSCSI', '1.0.0', RBD_LOCATION),
    ('sandstone', 'SandStone USP', 'iSCSI', '1.0.0'),
    ('seagate', 'Seagate', 'FC', '2.0', 'Seagate:1:A:linear'),
    ('storpool', 'StorPool', 'storpool', '2.1.0'),
    ('synology', 'Synology', 'iSCSI', '1.0.1'),
    ('toyou_netstor', 'TOYOU', 'FC', '1.0.0'),
    (('toyou_netstor', 'toyou_netstor_tyds'), 'TOYOU', 'iSCSI', '1.0.0'),
    ('vastdata', 'VAST Data', 'nvmeof', '1.0.0'),
    ('vrtsaccess', 'Veritas', 'iSCSI', '1.0'),
    ('vrtscnfs', 'Veritas', 'nfs', '1.0.3'),
    ('vzstorage', 'Virtuozzo', 'vzstorage', '1.1'),
    ('vmstore', 'DDN', 'NFS', '3.0.3', 'VmstoreNfsDriver:192.0.2.1:/p'),
    ('vmware', 'VMware', 'vmdk', '3.4.4'),
    ('vmware', 'VMware', 'vstorageobject', '1.3.0'),
    ('yadro', 'YADRO', 'iSCSI', '1.1'),
    ('zadara', 'Zadara Storage', 'iSER', '20.12-24'),
    # What is left if the telling property is not there.
    (DELL_BLOCK, 'Dell EMC', 'iSCSI', '9.9'),
    (
        (*POWERMAX, 'dell_emc_powerstore', 'dell_emc_powerflex'),
        'Dell EMC',
        'NVMe-TCP',
        '9.9',
    ),
    (('hpe_3par', 'hpe_alletramp', 'hpe_xp'), HPE, 'FC', '9.9'),
    (('ibm_storwize', 'ibm_xiv', 'ibm_flashsystem'), 'IBM', 'iSCSI', '9.9'),
    (
        ('ibm_ds8k', 'ibm_storwize', 'ibm_xiv', 'ibm_flashsystem'),
        'IBM',
        'FC',
        '9.9',
    ),
    (('lvm', 'rbd_iscsi'), 'Open Source', 'iSCSI', '3.0.0'),
    (('nec', 'nec_v'), 'NEC', 'iSCSI', '9.9'),
    # No row in any matrix: SPDK, RSD, Hedvig.
    ((), 'Open Source', 'NVMe-oF', '1.0.0'),
    ((), 'Intel', 'nvmeof', '1.0.0'),
    ((), 'Hedvig Inc', 'iSCSI', '1.0.0'),
)


def _identify(
    vendor: str,
    protocol: str,
    version: str,
    location: ty.Any = None,
    others: ty.Any = None,
) -> driver_identity.BackendIdentity:
    capabilities = {
        'vendor_name': vendor,
        'storage_protocol': protocol,
        'driver_version': version,
        'volume_backend_name': 'array-1',
        **(others or {}),
    }
    if location is not None:
        capabilities['location_info'] = location
    return driver_identity.BackendIdentity.from_capabilities(capabilities)


@ddt.ddt
class TestRealDrivers(testtools.TestCase):
    """Every row of the newest matrix, and those told apart with it."""

    @ddt.data(*IDENTITIES)
    def test_identity(self, identity: tuple[ty.Any, ...]) -> None:
        expected = identity[0]
        if isinstance(expected, str):
            expected = (expected,)
        match = driver_identity.match(_identify(*identity[1:]))
        self.assertEqual(set(expected), set(match.keys), match.reason)

    def test_every_row_of_the_newest_release_is_tried(self) -> None:
        tried: set[str] = set()
        for identity in IDENTITIES:
            keys = identity[0]
            tried.update([keys] if isinstance(keys, str) else keys)
        newest = matrix.releases()[-1].matrix.rows
        self.assertEqual(set(), set(newest) - tried)

    def test_no_rule_names_a_row_that_never_was(self) -> None:
        known = {
            key for release in matrix.releases() for key in release.matrix.rows
        }
        ruled = {key for rule in identity_rules.RULES for key in rule.keys}
        ruled.update(
            key
            for keys in identity_rules.BY_VOLUME_TYPE.values()
            for key in keys
        )
        self.assertEqual(set(), ruled - known)

    def test_only_ibm_is_ambiguous_between_unlike_rows(self) -> None:
        newest = matrix.releases()[-1].matrix
        mixed = {
            rule.vendor
            for rule in identity_rules.RULES
            if len(
                {row.value for key in rule.keys for row in newest.find(key)}
            )
            > 1
        }
        self.assertEqual({'IBM'}, mixed)


class TestReason(testtools.TestCase):
    """What is said of a match."""

    def test_names_what_decided(self) -> None:
        match = driver_identity.match(
            _identify('IBM', 'FC', '1', 'StorwizeSVCDriver:0:p')
        )
        self.assertEqual(
            'its pool reports vendor "IBM", location "StorwizeSVCDriver:0:p"',
            match.reason,
        )

    def test_names_what_is_unknown(self) -> None:
        match = driver_identity.match(_identify('Acme', 'iSCSI', '1'))
        self.assertIn('vendor "Acme"', match.reason)

    def test_first_of_several_spellings_of_a_protocol(self) -> None:
        identity = driver_identity.BackendIdentity.from_capabilities(
            {'vendor_name': 'NetApp', 'storage_protocol': ['NFS', 'nfs']}
        )
        self.assertEqual('nfs', identity.protocol_family)

    def test_several_are_ambiguous(self) -> None:
        self.assertTrue(
            driver_identity.match(_identify('TOYOU', 'iSCSI', '1')).ambiguous
        )
        self.assertFalse(
            driver_identity.match(_identify('TOYOU', 'FC', '1')).ambiguous
        )


@ddt.ddt
class TestWithoutPool(testtools.TestCase):
    """What an ordinary user gets to know."""

    @ddt.data(
        ('rbd', {'rbd'}),
        ('scaleio', {'dell_emc_powerflex'}),
        ('gpfs', {'ibm_gpfs'}),
        ('local', {'linbit_linstor', 'huawei_fusionstorage'}),
        ('iscsi', set()),
        ('', set()),
    )
    @ddt.unpack
    def test_by_type_of_connection(
        self, volume_type: str, expected: set[str]
    ) -> None:
        identity = driver_identity.BackendIdentity(
            driver_volume_type=volume_type
        )
        self.assertEqual(expected, set(driver_identity.match(identity).keys))

    def test_connection_stands_for_an_absent_protocol(self) -> None:
        identity = driver_identity.BackendIdentity(
            vendor_name='NetApp', driver_volume_type='fibre_channel'
        )
        self.assertEqual(
            ('netapp_ontap_iscsi_fc',), driver_identity.match(identity).keys
        )


@ddt.ddt
class TestOwnMatrix(testtools.TestCase):
    """Rows of single backends in a matrix file of one's own."""

    def setUp(self) -> None:
        super().setUp()
        self.own = matrix_ini.parse(
            '[driver.sandbox_slow_extend]\ntitle=S\n'
            '[driver.lvm]\ntitle=L\n'
            '[driver.open_source_disks]\ntitle=D\n'
            '[operation.online_extend_support]\n'
            'driver.sandbox_slow_extend=complete\n'
            'driver.lvm=complete\n'
            'driver.open_source_disks=missing\n',
            'own.ini',
        )

    @ddt.data(
        ('Sandbox', 'slow-extend', '', 'sandbox_slow_extend'),
        ('sandbox', 'Slow Extend', '', 'sandbox_slow_extend'),
        ('other', 'slow-extend', 'sandbox:x', 'sandbox_slow_extend'),
        ('Open Source', 'disks', 'LVMVolumeDriver:', 'open_source_disks'),
        ('Open Source', 'other', 'LVMVolumeDriver:', 'lvm'),
    )
    @ddt.unpack
    def test_key(
        self, vendor: str, backend: str, location: str, key: str
    ) -> None:
        identity = driver_identity.BackendIdentity(
            vendor_name=vendor,
            volume_backend_name=backend,
            location_info=location,
            storage_protocol='iSCSI',
        )
        self.assertEqual(
            (key,), driver_identity.match(identity, self.own).keys
        )

    @ddt.data(('Sandbox', 'extend'), ('other', 'slow-extend'), ('', 'lvm'))
    @ddt.unpack
    def test_no_row(self, vendor: str, backend: str) -> None:
        identity = driver_identity.BackendIdentity(
            vendor_name=vendor, volume_backend_name=backend
        )
        self.assertEqual((), driver_identity.match(identity, self.own).keys)

    def test_a_published_matrix_has_no_such_rows(self) -> None:
        identity = driver_identity.BackendIdentity(
            vendor_name='IBM',
            volume_backend_name='gpfs',
            location_info='StorwizeSVCDriver:0:p',
        )
        self.assertEqual(
            ('ibm_storwize',), driver_identity.match(identity).keys
        )
