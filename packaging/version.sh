#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The version: that of the newest entry of debian/changelog, written down nowhere else.
set -euo pipefail
sed -n '1s/^bsdtun (\([^)]*\)) .*/\1/p' "$(dirname "${BASH_SOURCE[0]}")/debian/changelog" | grep .
