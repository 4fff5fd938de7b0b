#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# IMA measures a guarded table exactly as a stock one.
. "$(dirname "$0")/lib.sh"

plan 4
require perl
ima=/sys/kernel/security/ima/ascii_runtime_measurements
mountpoint -q /sys/kernel/security || {
	needs "securityfs" mount -t securityfs securityfs /sys/kernel/security
	defer umount /sys/kernel/security
}
ramdisks 1 4
[ -e "$ima" ] || skip "this kernel has no IMA"
measured() {
	grep -c ' dm_table_load ' "$ima"
}

takeover 0
create dev "0 8 linear /dev/ram0 0"
before=$(measured)
[ "$before" -gt 0 ] ||
	skip "IMA measures no tables; boot with ima_policy=critical_data"
remove_device "$P-dev"

# What has been measured before is not listed again.
takeover 1
check "a guarded device is made with the table that a stock one had" \
	create dev "0 8 linear /dev/ram0 0"
same "the guarded table is measured as the stock one was" "$before" "$(measured)"
check "another table is loaded" reload dev "0 8 linear /dev/ram0 8"
same "the other table is measured with its own start" "linear 1:0 8" \
	"$(grep ' dm_table_load ' "$ima" | tail -n 1 | perl -ne '$_ = pack "H*", (split)[5];
		/target_name=(.*?),.*device_name=(.*?),start=(.*?);/ and print "$1 $2 $3"')"
finish
