LIBS += apply
apply_SRCS := $(addprefix installer/apply/,accounts.c apply.c boot.c commit.c commit-check.c \
	configure.c disk.c efi.c efivars.c gpt.c install.c keys.c leftovers.c loop.c luks.c mkfs.c \
	mounts.c payload.c payload-ask.c payload-bare.c payload-content.c payload-copy.c payload-delta.c \
	payload-filez.c payload-object.c payload-part.c payload-remote.c payload-rest.c payload-silence.c \
	payload-sink.c payload-source.c payload-store.c payload-tree.c record.c scope.c scripts.c services.c sysroot.c tools.c tpm.c tree.c \
	userdb.c verify.c wipe.c)
apply_PKGS := glib-2.0 gio-2.0 gio-unix-2.0 jansson ostree-1 libcryptsetup fdisk efivar efiboot \
	libcrypto libkmod libcrypt liblzma zlib
