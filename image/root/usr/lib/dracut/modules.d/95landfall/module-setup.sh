#!/bin/bash
# What the initrd takes to unlock the root with the TPM. dracut's own tpm2-tss module wants the
# tpm2 command line tools as well, which nothing here uses.

check()
{
	return 0
}

depends()
{
	echo systemd-udevd systemd-cryptsetup
}

installkernel()
{
	instmods '=drivers/char/tpm'
}

install()
{
	inst_multiple -o "${udevrulesdir:?}/60-tpm-udev.rules" \
		"${systemdutildir:?}/system-generators/systemd-tpm2-generator" \
		"${systemdsystemunitdir:?}/tpm2.target"
	inst_libdir_file 'libtss2-esys.so.*' 'libtss2-mu.so.*' 'libtss2-rc.so.*' \
		'libtss2-sys.so.*' 'libtss2-tctildr.so.*' 'libtss2-tcti-device.so.*' \
		'cryptsetup/libcryptsetup-token-systemd-tpm2.so'
}
