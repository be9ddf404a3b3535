# Landfall's build: one Makefile, a module.mk in each folder that only lists. `make help` tells the targets.

O ?= build
SUITE ?= trixie
ARCH ?= amd64
KERNEL ?= standard
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1)

MODULES := base kickstart installer ztp image kernel-config qemu tests docs

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

# --- what module.mk files add to --------------------------------------------------------------
# LIBS += NAME           NAME_SRCS, NAME_PKGS                  → $(O)/lib/NAME.a
# PROGS += NAME          NAME_SRCS, NAME_LIBS, NAME_PKGS       → $(O)/NAME
# TESTS += NAME          NAME_SRCS, NAME_LIBS, NAME_PKGS       → $(O)/tests/NAME, run by check-unit
# FUZZERS += NAME        NAME_SRCS, NAME_LIBS, NAME_PKGS       → $(O)/fuzz/NAME (clang, libFuzzer)
# DEVICE_PROGS           the programs that go into the installer's image
LIBS :=
PROGS :=
TESTS :=
FUZZERS :=
DEVICE_PROGS :=
HELP := 'deps         install what is needed, as Debian packages' \
	'all          build the programs and their manual pages (default)' 'clean        remove $(O)'

# --- flags --------------------------------------------------------------------------------------
CC ?= cc
CLANG ?= clang
PKG_CONFIG ?= pkg-config
OPT ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
	-Wno-unused-parameter -Wno-missing-field-initializers
HARDEN := -fstack-protector-strong -fno-common -fPIE -D_FORTIFY_SOURCE=2
LDHARDEN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifneq ($(SAN),)
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
HARDEN := -fno-common -fPIE
endif
ifeq ($(COV),1)
SANFLAGS += --coverage
endif
ifeq ($(WERROR),1)
WARN += -Werror
endif
lf_cflags = -std=gnu17 $(OPT) $(WARN) $(HARDEN) $(SANFLAGS) -D_GNU_SOURCE -DLF_VERSION='"$(VERSION)"' -I.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

# Nothing is compiled before the packages are there. DEPS=no leaves them to you.
DEPS ?= yes
deps_stamp := $(if $(filter yes,$(DEPS)),$(O)/deps.stamp)
$(O)/deps.stamp: image/packages/host.txt image/deps
	@mkdir -p $(@D) && image/deps $< && touch $@

include $(addsuffix /module.mk,$(MODULES))

# --- rules made from the lists ------------------------------------------------------------------
pkg_cflags = $(if $(1),$(shell $(PKG_CONFIG) --cflags $(1)))
pkg_libs = $(if $(1),$(shell $(PKG_CONFIG) --libs $(1)))
objs = $(patsubst %.c,$(O)/obj/%.o,$(1))

define lib_rules
$(O)/lib/$(1).a: $(call objs,$($(1)_SRCS))
	$$(call say,AR,$$@)mkdir -p $$(@D) && rm -f $$@ && ar rcsD $$@ $$^
$(call objs,$($(1)_SRCS)): pkgs = $($(1)_PKGS)
endef

# $(1) name, $(2) output
define prog_rules
$(2): $(call objs,$($(1)_SRCS)) $(addprefix $(O)/lib/,$(addsuffix .a,$($(1)_LIBS)))
	$$(call say,LD,$$@)mkdir -p $$(@D) && $(CC) $(SANFLAGS) $(LDHARDEN) -o $$@ $$^ \
		$$(call pkg_libs,$$(sort $($(1)_PKGS) $(foreach l,$($(1)_LIBS),$($(l)_PKGS)))) $(LDLIBS)
$(call objs,$($(1)_SRCS)): pkgs = $($(1)_PKGS) $(foreach l,$($(1)_LIBS),$($(l)_PKGS))
endef

$(foreach l,$(LIBS),$(eval $(call lib_rules,$(l))))
$(foreach p,$(PROGS),$(eval $(call prog_rules,$(p),$(O)/$(p))))
$(foreach t,$(TESTS),$(eval $(call prog_rules,$(t),$(O)/tests/$(t))))

# The fuzzers compile everything again with clang and libFuzzer, in a tree of their own.
define fuzz_rules
$(O)/fuzz/$(1): $(patsubst %.c,$(O)/fuzz/obj/%.o,$($(1)_SRCS) $(foreach l,$($(1)_LIBS),$($(l)_SRCS)))
	$$(call say,FUZZLD,$$@)$(CLANG) -fsanitize=fuzzer,address,undefined -o $$@ $$^ \
		$$(call pkg_libs,$$(sort $($(1)_PKGS) $(foreach l,$($(1)_LIBS),$($(l)_PKGS))))
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rules,$(f))))
all_pkgs = $(sort $(foreach l,$(LIBS) $(FUZZERS),$($(l)_PKGS)))
$(O)/fuzz/obj/%.o: %.c | $(deps_stamp)
	$(call say,FUZZCC,$<)mkdir -p $(@D) && $(CLANG) -std=gnu17 -O1 -g -D_GNU_SOURCE \
		-DLF_VERSION='"fuzz"' -I. -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all $(call pkg_cflags,$(all_pkgs)) -MMD -MP -c -o $@ $<

$(O)/obj/%.o: %.c | $(deps_stamp)
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(lf_cflags) $(call pkg_cflags,$(pkgs)) \
		-MMD -MP -c -o $@ $<

-include $(patsubst %.c,$(O)/obj/%.d,$(sort $(foreach x,$(LIBS) $(PROGS) $(TESTS),$($(x)_SRCS))))
-include $(wildcard $(O)/fuzz/obj/*/*.d $(O)/fuzz/obj/*/*/*.d)

# --- targets ------------------------------------------------------------------------------------
.PHONY: all programs device-programs deps help clean
all: programs
programs: $(addprefix $(O)/,$(PROGS))
device-programs: $(addprefix $(O)/,$(DEVICE_PROGS))

deps:
	@image/deps image/packages/host.txt

clean:
	rm -rf $(O)

help:
	@printf '%s\n' $(HELP) | sort
