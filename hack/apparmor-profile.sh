#!/usr/bin/env bash
# Prints an AppArmor profile that lets the programs at the given paths use user namespaces, and changes nothing else:
#   hack/apparmor-profile.sh urun /usr/local/bin/urun | sudo tee /etc/apparmor.d/urun
#   sudo apparmor_parser -r /etc/apparmor.d/urun
# Ubuntu 23.10 and later need one (kernel.apparmor_restrict_unprivileged_userns=1).
set -euo pipefail

name=$1
shift
echo 'abi <abi/4.0>,'
echo 'include <tunables/global>'
i=0
for path in "$@"; do
  i=$((i + 1))
  cat <<TEXT

profile $name-$i "$path" flags=(unconfined) {
  userns,
}
TEXT
done
