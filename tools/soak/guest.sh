#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest-soak.sh SECONDS SEED - in the machine: one storm after the other, each with a seed of its
# own, and between them the accounts of what was sent and received. A line for each, a table at
# the end.
set -uo pipefail

# shellcheck source=tools/lab/guest-lib.sh
. /lab/tools/lab/guest-lib.sh

seconds=$1
seed=$2
# What one storm lasts, in milliseconds.
export BSDTUN_STORM_MS=40000
cp -r /lab/run/kit /tmp/kit
cd /tmp/kit/bsdtun || exit 1
show_wireless
kunit_quiet
insmod "$BSDTUN_KO" || exit 1

# In kB: what is available, and what the kernel's own objects take.
memory()
{
	awk '/^(MemAvailable|Slab|SUnreclaim):/ { printf "%s %d ", $1, $2 }' /proc/meminfo
}

storms=0
accounts=0
failed=0
: > /tmp/said
: > /tmp/one
# The first storm fills the kernel's caches: what is there before it says little.
BSDTUN_STORM_MS=5000 BSDTUN_STORM_SEED=$seed ./storm > /tmp/first 2>&1 || failed=1
before=$(memory)
end=$((SECONDS + seconds))
while [ $failed -eq 0 ] && [ $SECONDS -lt $end ]; do
	storms=$((storms + 1))
	BSDTUN_STORM_SEED=$((seed + storms)) ./storm > /tmp/one 2>&1 || failed=1
	cat /tmp/one >> /tmp/said
	if [ $failed -eq 0 ]; then
		accounts=$((accounts + 1))
		./accounting > /tmp/one 2>&1 || failed=1
		cat /tmp/one >> /tmp/said
	fi
	printf '%4d of %d s: %d storms, %d accounts, the last by BSDTUN_STORM_SEED=%d; %s\n' \
		$((seconds - (end - SECONDS))) "$seconds" $storms $accounts $((seed + storms)) "$(memory)"
done
[ $failed -eq 0 ] || cat /tmp/first /tmp/one

printf '\n%-24s %10s  %s\n' operation succeeded 'failed, as it may'
awk -F ': ' '/^# storm: [^:]*: [0-9]/ {
		n = split($3, part, ", ")
		if (!($2 in done))
			order[++ops] = $2
		done[$2] += part[1]
		for (i = 2; i <= n; i++) {
			split(part[i], pair, " ")
			if (!(($2, pair[1]) in failed))
				names[$2] = names[$2] " " pair[1]
			failed[$2, pair[1]] += pair[2]
		}
	}
	END {
		for (o = 1; o <= ops; o++) {
			line = ""
			n = split(names[order[o]], name, " ")
			for (i = 1; i <= n; i++)
				line = line (i > 1 ? ", " : "") name[i] " " failed[order[o], name[i]]
			printf "%-24s %10d  %s\n", order[o], done[order[o]], line
		}
	}' /tmp/said
printf '\nmemory before: %s\nmemory after:  %s\n' "$before" "$(memory)"
printf '\n%-55s %10s %10s %10s\n' 'packets that were counted' taken delivered dropped
awk -F ': ' '/^# accounting: / {
		split($3, n, "[ ,]+")
		if (!($2 in taken))
			order[++kinds] = $2
		taken[$2] += n[1]
		delivered[$2] += n[3]
		dropped[$2] += n[5]
	}
	END {
		for (k = 1; k <= kinds; k++)
			printf "%-55s %10d %10d %10d\n", order[k], taken[order[k]],
				delivered[order[k]], dropped[order[k]]
	}' /tmp/said
printf '%d storms, %d accounts, %s\n' $storms $accounts "$([ $failed -eq 0 ] && echo all passed || echo FAILED)"

dmesg > "$OUT/dmesg"
leaks_find
exit $failed
