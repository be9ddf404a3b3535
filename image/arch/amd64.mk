# The one table of names that depend on the architecture. Plain NAME=value without spaces: make
# includes it and the shell reads it.
ARCH_OSTREE=x86_64
ARCH_TRIPLET=x86_64-linux-gnu
ARCH_SERIAL=ttyS0,115200
ARCH_EFI_REMOVABLE=BOOTX64.EFI
ARCH_KERNEL_STANDARD=linux-image-amd64
ARCH_KERNEL_LOWLATENCY=linux-image-rt-amd64
ARCH_GRUB_SIGNED_PACKAGE=grub-efi-amd64-signed
ARCH_GRUB_SIGNED=usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
ARCH_GRUB_CD_SIGNED=usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed
ARCH_SHIM_SIGNED=usr/lib/shim/shimx64.efi.signed
ARCH_SHIM_CSV=usr/lib/shim/BOOTX64.CSV
ARCH_MOK_SIGNED=usr/lib/shim/mmx64.efi.signed
ARCH_EFI_SHIM=shimx64.efi
ARCH_EFI_GRUB=grubx64.efi
ARCH_EFI_MOK=mmx64.efi
