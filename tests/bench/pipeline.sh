#!/bin/sh
# The peer of install_ratio: the plain command-line pipeline that people write by hand, as PID 1 of
# the same kernel and initramfs. Prints "BENCH name seconds" lines on the console.
set -eu
export PATH=/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run /mnt/medium /mnt/root
mount -t tmpfs run /run
exec </dev/console >/dev/console 2>&1
trap 'echo "BENCH failed"; sync; poweroff -f' EXIT

now()
{
	cut -d" " -f1 /proc/uptime
}

# Prints the seconds since $2 under the name $1.
took()
{
	echo "BENCH $1 $(awk -v a="$2" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }')"
}

/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --type=subsystems --action=add
udevadm trigger --type=devices --action=add
udevadm settle
disk=$(cat /sys/firmware/qemu_fw_cfg/by_name/opt/landfall.bench/disk/raw)
ref=$(cat /sys/firmware/qemu_fw_cfg/by_name/opt/landfall.bench/ref/raw)
bytes=$(cat /sys/firmware/qemu_fw_cfg/by_name/opt/landfall.bench/bytes/raw)
mount -o ro -t iso9660 /dev/disk/by-label/LANDFALL /mnt/medium
head -c 64 /dev/urandom >/run/key

start=$(now)
sfdisk --quiet "$disk" <<END
label: gpt
size=512MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
size=1GiB, type=BC13C2FF-59E6-4262-A352-B275FD6F7172
type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
END
udevadm settle
cryptsetup luksFormat --batch-mode --key-file /run/key "${disk}3"
cryptsetup open --key-file /run/key "${disk}3" root
mkfs.vfat "${disk}1" >/dev/null
mkfs.ext4 -q -F "${disk}2"
mkfs.ext4 -q -F /dev/mapper/root
mount -t ext4 /dev/mapper/root /mnt/root
mkdir -p /mnt/root/boot
mount -t ext4 "${disk}2" /mnt/root/boot
mkdir -p /mnt/root/boot/efi
mount -t vfat "${disk}1" /mnt/root/boot/efi
took format "$start"
pull=$(now)
ostree admin init-fs --modern /mnt/root
ostree admin os-init --sysroot=/mnt/root debian
ostree --repo=/mnt/root/ostree/repo pull-local --untrusted /mnt/medium/repo "$ref"
took pull "$pull"
deploy=$(now)
ostree admin deploy --sysroot=/mnt/root --os=debian --karg=rw "$ref"
took deploy "$deploy"
umount /mnt/root/boot/efi /mnt/root/boot /mnt/root
cryptsetup close root
took install "$start"

# The physical limit: the payload's bytes in one stream into the same LUKS device.
cryptsetup open --key-file /run/key "${disk}3" root
limit=$(now)
dd if=/dev/zero of=/dev/mapper/root bs=1M count=$((bytes / 1048576)) conv=fsync 2>/dev/null
took limit "$limit"
trap - EXIT
echo "BENCH done"
poweroff -f
