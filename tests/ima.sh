#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# IMA measures a guarded table exactly as a stock one.
. "$(dirname "$0")/lib.sh"

plan 4
require perl
ima=/sys/kernel/security/ima/ascii_runtime_measurements
mountpoint -q /sys/kernel/security || {
	mount -t securityfs securityfs /sys/kernel/security
	defer umount /sys/kernel/security
}
ramdisks 1 4
without_udev
measured() {
	grep -c ' dm_table_load ' "$ima" 2>/dev/null
}

takeover 0
create dev "0 8 linear /dev/ram0 0"
before=$(measured)
[ "${before:-0}" -gt 0 ] ||
	skip "IMA does not measure tables; 5.10 cannot, others boot with ima_policy=critical_data"
remove_device "$P-dev"

# What has been measured before is not listed again.
takeover 1
check "the guard has the same table" create dev "0 8 linear /dev/ram0 0"
same "which measures the same" "$before" "$(measured)"
check "and another one" reload dev "0 8 linear /dev/ram0 8"
same "which does not" "linear 1:0 8" "$(grep ' dm_table_load ' "$ima" | tail -n 1 |
	perl -ne '$_ = pack "H*", (split)[5];
		/target_name=(.*?),.*device_name=(.*?),start=(.*?);/ and print "$1 $2 $3"')"
finish
