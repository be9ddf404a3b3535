# The images: packages → roots → commits → initramfs → media. Each step is a file or a stamp in
# $(IMG), so what is up to date is left alone.
include image/seed.mk

LIBS += initramfs
initramfs_SRCS := $(addprefix image/,initramfs.c modules.c elf.c)
initramfs_PKGS := glib-2.0 libarchive

PROGS += landfall-mkinitramfs
landfall-mkinitramfs_SRCS := image/mkinitramfs.c
landfall-mkinitramfs_LIBS := initramfs base

HELP += 'iso          build/image/boot.iso and build/image/full.iso'

include image/suites.mk
include image/arch/$(ARCH).mk
IMG := $(O)/image
FLAVOURS := standard lowlatency
SUITE_VERSION := $(SUITE_VERSION_$(SUITE))
IMAGE_REFS := debian/$(SUITE_VERSION)/$(ARCH_OSTREE)
IMAGE_EPOCH := $(or $(shell git log -1 --format=%ct -- image kernel-config 2>/dev/null),1)
IMAGE_ENV = SUITE=$(SUITE) ARCH=$(ARCH) SOURCE_DATE_EPOCH=$(IMAGE_EPOCH)
SIGNING_KEY ?=
SIGNING_HOMEDIR ?=
KS_KEYRING ?=

.PHONY: iso image-repo initramfs
iso: $(IMG)/boot.iso $(IMG)/full.iso
image-repo: $(IMG)/repo.stamp
initramfs: $(IMG)/initramfs.img

# --- roots: the installed system without a kernel, and the build chroot -------------------------
$(IMG)/root.tar $(IMG)/build.tar: $(IMG)/%.tar: image/packages/%.txt image/bootstrap \
		image/package-list image/apt-proxy image/arch/$(ARCH).mk | $(deps_stamp)
	$(call say,DEBIAN,$@)$(IMAGE_ENV) image/bootstrap $(SUITE) $(ARCH) $* $< $@

# Unpacked for one user, with no devices: it compiles and is read from, nothing boots it.
$(IMG)/chroot.stamp: $(IMG)/build.tar
	$(call say,UNPACK,$(IMG)/chroot)rm -rf $(IMG)/chroot && mkdir -p $(IMG)/chroot && \
		tar -C $(IMG)/chroot --no-same-owner --exclude='./dev/*' -xf $< && touch $@

# --- device programs, compiled and linked against the target suite ------------------------------
DEVICE_SOURCES = Makefile $(wildcard $(foreach d,base kickstart installer ztp,\
	$(d)/module.mk $(d)/*/module.mk $(d)/*.[ch] $(d)/*/*.[ch]))
$(IMG)/programs.stamp: $(IMG)/chroot.stamp image/namespace image/chroot $(DEVICE_SOURCES)
	$(call say,TARGET,$(DEVICE_PROGS))image/namespace image/chroot --src=$(CURDIR) $(IMG)/chroot \
		make --no-print-directory -C /src O=$(O)/target VERSION='$(VERSION)' SUITE=$(SUITE) \
		ARCH=$(ARCH) OPT=-O2 LDLIBS=-s DEPS=no V=$(V) device-programs && touch $@

# --- signing key --------------------------------------------------------------------------------
$(IMG)/keys/keyring.gpg: image/keys | $(deps_stamp)
	$(call say,KEY,$@)SIGNING_KEY='$(SIGNING_KEY)' SIGNING_HOMEDIR='$(SIGNING_HOMEDIR)' \
		image/keys $(IMG)/keys && touch $@

# Keys that may sign kickstarts: which file they come from can change without any file changing.
$(IMG)/ks-keys.stamp: $(KS_KEYRING) image/ks-keys FORCE
	$(Q)changed=$$(image/ks-keys '$(KS_KEYRING)' $(IMG)/ks-keys) && \
		{ [ -z "$$changed" ] && [ -e $@ ] || touch $@; }
.PHONY: FORCE
FORCE:

# --- commits ------------------------------------------------------------------------------------
# What takes minutes does not depend on our own programs, which come on top.
COMPOSE := $(addprefix image/,compose apt-proxy lay-esp arch/$(ARCH).mk settle check-initrd namespace chroot) \
	kernel-config/check kernel-config/common.conf
ROOT_FILES := $(shell find image/root -type f)
define flavour_rules
$(IMG)/base-$(1).stamp: $(IMG)/root.tar $(IMG)/keys/keyring.gpg kernel-config/$(1).conf \
		$$(COMPOSE) $$(ROOT_FILES)
	$$(call say,COMPOSE,$(1))mkdir -p $$(@D) && $$(IMAGE_ENV) KEYRING=$(IMG)/keys/keyring.gpg \
		image/namespace image/compose $(1) $(IMG)/root.tar $(IMG)/work-$(1) $(IMG)/base && \
		touch $$@
$(IMG)/refs/$(1).json: $(IMG)/base-$(1).stamp $(IMG)/programs.stamp image/commit kernel-config/check
	$$(call say,COMMIT,$(IMAGE_REFS)/$(1))mkdir -p $$(@D) && $$(IMAGE_ENV) VERSION='$$(VERSION)' \
		REF=$(IMAGE_REFS)/$(1) REF_JSON=$$@.part image/namespace image/commit $(1) \
		$(IMG)/base $(O)/target $(IMG)/work-$(1) $(IMG)/repo && mv $$@.part $$@
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour_rules,$(f))))
REF_JSONS := $(foreach f,$(FLAVOURS),$(IMG)/refs/$(f).json)
# One after the other: each prunes what the other might be writing.
$(foreach f,$(filter-out standard,$(FLAVOURS)),\
	$(eval $(IMG)/base-$(f).stamp: | $(IMG)/base-standard.stamp) \
	$(eval $(IMG)/refs/$(f).json: | $(IMG)/refs/standard.json))

$(IMG)/repo.stamp: $(REF_JSONS) image/check-sharing image/sign
	$(call say,SIGN,$(IMG)/repo)image/check-sharing $(IMG)/repo && \
		image/sign $(IMG)/repo $(IMG)/keys && touch $@

# --- initramfs ----------------------------------------------------------------------------------
STAGE := $(IMG)/modules
KERNEL_TREE := $(IMG)/kernel
$(IMG)/kernel.stamp: $(IMG)/base-standard.stamp
	$(call say,KERNEL,$(KERNEL_TREE))rm -rf $(KERNEL_TREE) && ostree --repo=$(IMG)/base checkout -U \
		--subpath=/usr/lib/modules base/standard $(KERNEL_TREE) && touch $@

# depmod of one release looks below lib, of another below usr/lib. Of what it writes, the installer
# needs the indexes that libkmod reads.
DEPMOD := $(firstword $(wildcard /usr/sbin/depmod /sbin/depmod) depmod)
$(IMG)/modules.stamp: $(IMG)/kernel.stamp $(O)/landfall-mkinitramfs image/modules.list
	$(call say,MODULES,$(STAGE))rm -rf $(STAGE) && mkdir -p $(STAGE) && ln -s . $(STAGE)/usr && \
		kver=$$(ls $(KERNEL_TREE)) && $(O)/landfall-mkinitramfs modules \
		--tree=$(KERNEL_TREE)/$$kver --list=image/modules.list \
		--to=$(STAGE)/lib/modules/$$kver && $(DEPMOD) -b $(STAGE) $$kver && \
		cd $(STAGE)/lib/modules/$$kver && rm -f modules.alias modules.dep modules.symbols \
		modules.symbols.bin modules.order modules.builtin modules.builtin.modinfo && \
		touch $(CURDIR)/$@

# A clock that stands before `built` is wrong. Keys that seem to be of the future verify nothing.
$(IMG)/manifest.json: $(IMG)/kernel.stamp $(IMG)/keys/keyring.gpg $(IMG)/ks-keys.stamp \
		image/arch/$(ARCH).mk
	$(call say,GEN,$@)jq -n --arg version '$(VERSION)' --arg kernel "$$(ls $(KERNEL_TREE))" \
		--arg suite '$(SUITE)' --arg arch '$(ARCH)' \
		--argjson built "$$(printf '%s\n' $(IMAGE_EPOCH) "$$(cat $(IMG)/keys/created)" | sort -n | tail -1)" \
		--argjson ks_keyring "$$([ -e $(IMG)/ks-keys/ks-keyring.gpg ] && echo true || echo false)" \
		'{v: 1, version: $$version, suite: $$suite, arch: $$arch, kernel: $$kernel, built: $$built, ks_keyring: $$ks_keyring}' >$@

INITRAMFS_FILES := $(wildcard image/files/*)
$(IMG)/initramfs.img: image/initramfs.list $(IMG)/programs.stamp $(IMG)/modules.stamp \
		$(IMG)/manifest.json $(IMG)/keys/keyring.gpg $(IMG)/ks-keys.stamp \
		$(O)/landfall-mkinitramfs $(INITRAMFS_FILES)
	$(call say,INITRD,$@)$(O)/landfall-mkinitramfs write --sysroot=$(IMG)/chroot \
		--triplet=$(ARCH_TRIPLET) --list=$< --from=programs=$(O)/target \
		--from=keys=$(IMG)/keys --from=ks-keys=$(IMG)/ks-keys --from=files=image/files --from=modules=$(STAGE)/lib/modules \
		--manifest=$(IMG)/manifest.json --mtime=$(IMAGE_EPOCH) --output=$@

# --- media --------------------------------------------------------------------------------------
$(IMG)/esp.img: $(IMG)/chroot.stamp image/make-esp image/lay-esp image/arch/$(ARCH).mk
	$(call say,ESP,$@)$(IMAGE_ENV) image/make-esp $(IMG)/chroot $(ARCH) $@

MEDIUM := $(IMG)/initramfs.img $(IMG)/esp.img image/make-iso image/make-medium image/manifest \
	image/iso/grub.cfg image/iso/order.txt
$(IMG)/boot.iso: $(MEDIUM)
	$(call say,ISO,$@)$(IMAGE_ENV) VERSION='$(VERSION)' image/make-medium $(IMG) $@

$(IMG)/full.iso: $(MEDIUM) $(IMG)/repo.stamp $(REF_JSONS)
	$(call say,ISO,$@)$(IMAGE_ENV) VERSION='$(VERSION)' image/make-medium $(IMG) $@ $(REF_JSONS)

# --- several makes at once ----------------------------------------------------------------------
IMAGE_FILES := $(addprefix $(IMG)/,root.tar build.tar chroot.stamp programs.stamp keys/keyring.gpg \
	$(foreach f,$(FLAVOURS),base-$(f).stamp) repo.stamp kernel.stamp modules.stamp manifest.json initramfs.img esp.img boot.iso full.iso) \
	$(REF_JSONS)
$(IMAGE_FILES): private SHELL := image/turn
$(IMAGE_FILES): private .SHELLFLAGS = $@
