# SPDX-License-Identifier: Apache-2.0

"""By what a driver of Cinder can be told from outside: the table.

What a driver reports, such as its vendor's name, was read in the drivers'
sources from 13.0.9 to 29.0.0. How the table is used is written in ``rows``.
"""

import dataclasses

BLOCK = ('iscsi', 'fc')

_HUAWEI = (
    'huawei_t_v1',
    'huawei_t_v2',
    'huawei_v3',
    'huawei_f_v3',
    'huawei_v5',
    'huawei_f_v5',
    'huawei_18000',
    'huawei_dorado',
)
_POWERMAX = ('dell_emc_powermax', 'dell_emc_vmax_af', 'dell_emc_vmax_3')


@dataclasses.dataclass(frozen=True)
class Rule:
    """Reported properties, and the rows of the drivers that report them.

    All properties that are given have to hold; text in ``location`` and
    ``version`` is a regular expression.

    :param vendor: ``vendor_name``, exactly (Inspur and INSPUR are two
        drivers); empty: any.
    :param keys: several, if nothing that is reported tells them apart.
    :param protocols: families of ``storage_protocol``; empty: any.
    :param present: a capability that is there, whatever its value.
    :param true: a capability that is there and true.
    """

    vendor: str
    keys: tuple[str, ...]
    protocols: tuple[str, ...] = ()
    location: str = ''
    version: str = ''
    present: str = ''
    true: str = ''


def _only(vendor: str, key: str, *protocols: str) -> Rule:
    return Rule(vendor, (key,), protocols)


#: The first rule that holds decides, so the narrow ones come before the wide.
RULES = (
    Rule('', ('prophetstor',), location='^DPL(ISCSI|FC)Driver:'),
    _only('DDN', 'vmstore', 'nfs'),
    _only('DataCore', 'datacore'),
    _only('Datera', 'datera'),
    _only('Dell', 'dell_emc_powerstore_nfs', 'nfs'),
    _only('Dell EMC', 'dell_emc_powerflex', 'scaleio'),
    # array#pool#..., where no other driver of this vendor has a "#".
    Rule('Dell EMC', _POWERMAX, location='^[^|:]+#'),
    Rule(
        'Dell EMC',
        ('dell_emc_vnx',),
        location=r'\|',
        present='fast_cache_enabled',
    ),
    Rule('Dell EMC', ('dell_emc_unity',), location=r'\|'),
    Rule('Dell EMC', ('dell_emc_powerflex',), ('nvme',), version=r'^[34]\.'),
    Rule('Dell EMC', ('dell_emc_powerstore',), ('nvme',), version=r'^1\.'),
    Rule('Dell EMC', ('dell_emc_xtremio',), BLOCK, version=r'^1\.0\.1\d'),
    Rule('Dell EMC', ('dell_emc_powerstore',), BLOCK, version=r'^1\.'),
    Rule('Dell EMC', ('dell_emc_sc',), BLOCK, version=r'^4\.1\.[0-2]$'),
    Rule(
        'Dell EMC',
        (*_POWERMAX, 'dell_emc_powerstore', 'dell_emc_powerflex'),
        ('nvme',),
    ),
    Rule(
        'Dell EMC',
        (
            *_POWERMAX,
            'dell_emc_powerstore',
            'dell_emc_sc',
            'dell_emc_unity',
            'dell_emc_vnx',
            'dell_emc_xtremio',
        ),
        BLOCK,
    ),
    _only('FUJITSU', 'fujitsu_eternus'),
    _only('Fungible Inc.', 'fungible'),
    _only('HPMSA', 'hpe_msa'),
    Rule(
        'Hewlett Packard Enterprise',
        ('hpe_alletramp',),
        ('nvme',),
    ),
    # AlletraMP's driver names its pools as that of 3PAR does.
    Rule(
        'Hewlett Packard Enterprise',
        ('hpe_alletramp',),
        BLOCK,
        location='^HPE3PARDriver:',
        version=r'^1\.0$',
    ),
    Rule(
        'Hewlett Packard Enterprise',
        ('hpe_3par',),
        BLOCK,
        location='^HPE3PARDriver:',
        version=r'^[34]\.',
    ),
    Rule(
        'Hewlett Packard Enterprise',
        ('hpe_xp',),
        BLOCK,
        location='storage_id',
    ),
    Rule('Hewlett Packard Enterprise', ('hpe_3par',), version=r'^[34]\.'),
    Rule('Hewlett Packard Enterprise', ('hpe_xp',), version=r'^1\.0\.0$'),
    Rule('Hewlett Packard Enterprise', ('hpe_alletramp',), version=r'^1\.0$'),
    Rule(
        'Hewlett Packard Enterprise',
        ('hpe_3par', 'hpe_alletramp', 'hpe_xp'),
        BLOCK,
    ),
    _only('Hitachi', 'hitachi_vsp'),
    _only('Huawei', 'huawei_fusionstorage', 'local'),
    Rule('Huawei', _HUAWEI, BLOCK),
    _only('IBM', 'ibm_gpfs', 'file'),
    Rule('IBM', ('ibm_gpfs',), location='^GPFS'),
    Rule('IBM', ('ibm_storwize',), location='^StorwizeSVCDriver:'),
    Rule('IBM', ('ibm_flashsystem',), location='^FlashSystemDriver:'),
    Rule('IBM', ('ibm_xiv',), location='^IBM-XIV:'),
    Rule('IBM', ('ibm_ds8k',), present='extent_pools'),
    Rule('IBM', ('ibm_storwize', 'ibm_xiv', 'ibm_flashsystem'), ('iscsi',)),
    Rule(
        'IBM',
        ('ibm_ds8k', 'ibm_storwize', 'ibm_xiv', 'ibm_flashsystem'),
        ('fc',),
    ),
    _only('INFINIDAT', 'infinidat'),
    _only('INSPUR', 'inspur_as13000'),
    _only('Infortrend', 'infortrend'),
    _only('Inspur', 'inspur'),
    _only('KIOXIA', 'kioxia_kumoscale'),
    _only('Kaminario', 'kaminario'),
    _only('LINBIT', 'linbit_linstor'),
    _only('Lenovo', 'lenovo'),
    _only('LightOS Storage', 'lightbits_lightos'),
    _only('MacroSAN', 'macrosan'),
    Rule('NEC', ('nec_v',), location='storage_id'),
    Rule('NEC', ('nec',), version=r'^1\.1\d'),
    Rule('NEC', ('nec_v',), version=r'^1\.0\.0$'),
    Rule('NEC', ('nec', 'nec_v'), BLOCK),
    Rule('NetApp', ('netapp_asa_r2',), true='netapp_disaggregated_platform'),
    Rule(
        'NetApp',
        ('netapp_e_ef',),
        BLOCK,
        present='netapp_eseries_data_assurance',
    ),
    _only('NetApp', 'netapp_ontap_nfs', 'nfs'),
    _only('NetApp', 'netapp_ontap_nvme_tcp', 'nvme'),
    _only('NetApp', 'netapp_ontap_iscsi_fc', *BLOCK),
    _only('Nexenta', 'nexenta'),
    _only('Nimble', 'hpe_nimble'),
    _only('Open Source', 'rbd', 'ceph'),
    _only('Open Source', 'nfs', 'nfs'),
    _only('Open Source', 'quobyte', 'quobyte'),
    Rule('Open Source', ('lvm',), location='^LVMVolumeDriver:'),
    # cluster:ceph.conf:fsid:user:pool, as the RBD driver makes it.
    Rule(
        'Open Source',
        ('rbd_iscsi',),
        ('iscsi',),
        location=r'^[^:]+:[^:]*:[0-9a-f-]{36}:',
    ),
    _only('Open Source', 'lvm', 'iser'),
    Rule('Open Source', ('lvm', 'rbd_iscsi'), ('iscsi',)),
    _only('Open-E', 'opene_joviandss'),
    _only('PVME', 'dell_emc_powervault'),
    _only('Pure Storage', 'pure'),
    _only('QNAP', 'qnap'),
    _only('SandStone USP', 'sandstone'),
    _only('Seagate', 'seagate'),
    _only('SolidFire Inc', 'netapp_solidfire'),
    _only('StorPool', 'storpool'),
    _only('Synology', 'synology'),
    _only('TOYOU', 'toyou_netstor', 'fc'),
    Rule('TOYOU', ('toyou_netstor', 'toyou_netstor_tyds'), ('iscsi',)),
    _only('VAST Data', 'vastdata'),
    _only('VMware', 'vmware'),
    _only('Veritas', 'vrtsaccess', 'iscsi'),
    _only('Veritas', 'vrtscnfs', 'nfs'),
    _only('Virtuozzo', 'vzstorage'),
    _only('YADRO', 'yadro'),
    _only('Zadara Storage', 'zadara'),
)

#: What is left to a user who is no administrator: the type of connection of
#: an attachment. The block protocols say nothing, too many drivers have them.
BY_VOLUME_TYPE = {
    'gpfs': ('ibm_gpfs',),
    'iser': ('lvm', 'zadara'),
    'lightos': ('lightbits_lightos',),
    'local': ('huawei_fusionstorage', 'linbit_linstor'),
    'nfs': (
        'dell_emc_powerstore_nfs',
        'netapp_ontap_nfs',
        'nexenta',
        'nfs',
        'vmstore',
        'vrtscnfs',
    ),
    'quobyte': ('quobyte',),
    'rbd': ('rbd',),
    'scaleio': ('dell_emc_powerflex',),
    'storpool': ('storpool',),
    'vmdk': ('vmware',),
    'vstorageobject': ('vmware',),
    'vzstorage': ('vzstorage',),
}

#: Names of a protocol, in lower case, by family: storage_protocol of a pool
#: (cinder/common/constants.py) and driver_volume_type of a connection.
FAMILIES = {
    'fibre_channel': 'fc',
    'fibre_channel_eckd': 'fc',
    'gpfs': 'file',
    'nvme': 'nvme',
    'nvme-fc': 'nvme',
    'nvme-of': 'nvme',
    'nvme-roce': 'nvme',
    'nvme-tcp': 'nvme',
    'nvmeof': 'nvme',
    'rbd': 'ceph',
    'scsi': 'local',
}
