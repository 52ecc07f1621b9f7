#!/usr/bin/env bash
# make demo: from a clean clone to a real redis-server in a rootless container, as root or as a user with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

hack/setup.sh
make --no-print-directory build
hack/as-user.sh hack/tour.sh
