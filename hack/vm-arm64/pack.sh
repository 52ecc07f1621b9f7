# Makes the kernel and the initrd of hack/vm-arm64.sh from packages that are unpacked and not configured: nothing of arm64
# can run here. Called with the directory where they lie, as root or who is root in a namespace.
# shellcheck shell=sh
set -eu
cd "$1"

mkdir -p modules
for module in overlay tun veth; do
  xz -dc "$(find usr/lib/modules -name "$module.ko.xz")" >"modules/$module.ko"
done
mv boot/vmlinuz-* boot/kernel
rm -rf usr/lib/modules usr/lib/linux-image-* usr/lib/udev usr/share/doc usr/share/man usr/share/locale var/cache/apt var/lib/apt

# What the packages' own scripts would do, as far as the tests need it.
printf '%s\n' 'root:x:0:0::/root:/bin/sh' 'dev:x:1000:1000::/home/dev:/bin/bash' 'nobody:x:65534:65534::/:/bin/false' >etc/passwd
printf '%s\n' 'root:x:0:' 'tty:x:5:' 'dev:x:1000:' 'nogroup:x:65534:' >etc/group
echo 'dev:100000:65536' | tee etc/subuid >etc/subgid
echo '127.0.0.1 localhost urun-arm64' >etc/hosts
: >etc/resolv.conf
mkdir -p home/dev newroot
chown 1000:1000 home/dev
chmod 0755 init

# The bundle with redis is another look at all of it: the files are links.
mkdir -p opt/urun/redis/rootfs/proc opt/urun/redis/rootfs/sys opt/urun/redis/rootfs/dev opt/urun/redis/rootfs/tmp
cp -al bin etc lib sbin usr var opt/urun/redis/rootfs

find . -xdev ! -path './boot/*' ! -path './dev/*' ! -path './root/*' | cpio --quiet -o -H newc >boot/initrd
