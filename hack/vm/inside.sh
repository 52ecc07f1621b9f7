# Makes a fresh Debian into the guest of hack/vm.sh. Runs in its root file system while hack/vm/build.sh makes it.
# shellcheck shell=sh

echo urun-vm >/etc/hostname
echo '127.0.0.1 localhost urun-vm' >/etc/hosts
echo 'nameserver 10.0.2.3' >/etc/resolv.conf # qemu's
systemd-machine-id-setup # or each boot counts as the first, and every unit is looked at

# Two ordinary users, each with sub-ids and a manager that does not wait for a login. dev's may use all controllers;
# plain's those that Debian gives to everybody.
mkdir -p /var/lib/systemd/linger
for user in dev plain; do
  useradd --create-home --shell /bin/bash "$user"
  : >"/var/lib/systemd/linger/$user"
done
mkdir -p /etc/systemd/system/user@1000.service.d
printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >/etc/systemd/system/user@1000.service.d/delegate.conf

# One key opens all accounts.
cat >/etc/ssh/sshd_config.d/urun.conf <<'CONF'
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
CONF
chmod 0644 /etc/ssh/authorized_keys
sed -i '/pam_motd\|pam_mail/d' /etc/pam.d/sshd

# Under emulation each unit costs a tenth of a second or more: of what is wanted at boot little remains. The network is
# up before (see init below), and devices need no udev.
for dir in /usr/lib/systemd/system /usr/lib/systemd/user /etc/systemd/system /etc/systemd/user; do
  find "$dir" -path '*.wants/*' ! -name 'systemd-journald*' ! -name 'systemd-tmpfiles-setup*' \
    ! -name kmod-static-nodes.service ! -name systemd-sysctl.service ! -name 'dbus.*' ! -name systemd-logind.service \
    ! -name systemd-user-sessions.service ! -name tmp.mount ! -name ssh.service -delete
done
rm -f /usr/lib/systemd/*-generators/*
ln -s /dev/null /etc/systemd/system/user@0.service # root logs in to look, not to run services
ln -sf /usr/lib/systemd/system/multi-user.target /etc/systemd/system/default.target

# hack/vm.sh waits for this word on the console: to knock on the door meanwhile would slow the boot.
cat >/etc/systemd/system/urun-vm-ready.service <<'UNIT'
[Unit]
After=ssh.service user@1000.service user@1001.service
[Service]
ExecStart=/bin/sh -c 'echo urun-vm-ready >/dev/ttyS0'
UNIT
ln -s ../urun-vm-ready.service /etc/systemd/system/multi-user.target.wants/

# The initrd is busybox and the modules between the kernel and its root, in the order in which they load. The others in it
# are what containers ask for: later they would be looked up and unpacked under emulation.
initrd=$(mktemp -d)
version=$(ls /lib/modules)
mkdir "$initrd/bin" "$initrd/dev" "$initrd/modules" "$initrd/root"
cp /bin/busybox "$initrd/bin"
for module in virtio_pci virtio_blk virtio_net virtio_rng ext4 overlay fuse tun veth; do
  modprobe --set-version "$version" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
  name=$(basename "$file" .xz)
  busybox xz -dc "$file" >"$initrd/modules/$name"
  echo "$name" >>"$initrd/order"
done
cat >"$initrd/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
while read -r module; do $b insmod "/modules/$module"; done </order
$b ip link set lo up
$b ip link set eth0 up
$b ip addr add 10.0.2.15/24 dev eth0
$b ip route add default via 10.0.2.2
until [ -b /dev/vda ]; do $b usleep 10000; done
$b mount -t ext4 -o noatime /dev/vda /root
$b mount --move /dev /root/dev
exec $b switch_root /root /sbin/init
INIT
chmod +x "$initrd/init"
(cd "$initrd" && find . | busybox cpio -o -H newc) >/boot/initrd
rm -r "$initrd" /root/inside.sh
cp -L /vmlinuz /boot/kernel
