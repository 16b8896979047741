#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# in-vm.sh SECONDS SEED: in the virtual machine, run the storm test with changing seeds, and the
# accounting test after each storm. Prints a line for each, and a summary.
set -uo pipefail

# shellcheck source=tools/lab/in-vm/lib.sh
. /lab/tools/lab/in-vm/lib.sh

seconds=$1
seed=$2
# The length of a storm.
export BSDTUN_STORM_MS=40000
cp -r /lab/run/bundle /tmp/bundle
cd /tmp/bundle/bsdtun || exit 1
kunit_disable
load_for_tests

# In kB.
memory()
{
	awk '/^(MemAvailable|Slab|SUnreclaim):/ { printf "%s %d ", $1, $2 }' /proc/meminfo
}

storms=0 failed=0
: > /tmp/all
# The first storm fills the kernel's caches: measure memory after it.
BSDTUN_STORM_MS=5000 BSDTUN_STORM_SEED=$seed ./storm > /tmp/one 2>&1 || failed=1
before=$(memory)
end=$((SECONDS + seconds))
while [ $failed -eq 0 ] && [ $SECONDS -lt $end ]; do
	storms=$((storms + 1))
	{ BSDTUN_STORM_SEED=$((seed + storms)) ./storm && ./accounting; } > /tmp/one 2>&1 ||
		failed=1
	cat /tmp/one >> /tmp/all
	printf '%4d of %d s: %d storms, the last with BSDTUN_STORM_SEED=%d; %s\n' \
		$((seconds - (end - SECONDS))) "$seconds" $storms $((seed + storms)) "$(memory)"
done
[ $failed -eq 0 ] || cat /tmp/one

python3 /lab/tools/soak/summary.py < /tmp/all
printf '\nmemory before: %s\nmemory after:  %s\n' "$before" "$(memory)"
printf '%d storms, %s\n' $storms "$([ $failed -eq 0 ] && echo 'all passed' || echo FAILED)"
dmesg > "$OUT/dmesg"
find_leaks
exit $failed
