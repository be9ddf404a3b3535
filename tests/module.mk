# Tests. Every tests/unit/test-NAME.c and tests/files/test-NAME.c is a program of cmocka tests; every
# tests/fuzz/fuzz-NAME.c is a fuzzer with its corpus in tests/fuzz/corpus/NAME/. They link base alone,
# or what stands in the table below.
HELP += 'check        every test: check-lint check-unit check-files check-net check-qemu' \
	'check-fast   what needs no machine: check-lint check-unit check-files' \
	'check-unit   unit tests, again with sanitizers, and the fuzzers'\'' corpora' \
	'check-files  real effects on image files' \
	'check-lint   layout, layers, headers, shell, cppcheck, words, long functions' \
	'lint         check-lint' \
	'fuzz         run every fuzzer for FUZZ_SECONDS (60)'

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test-*.c))
FILES_TESTS := $(patsubst tests/files/%.c,%,$(wildcard tests/files/test-*.c))
TESTS += $(UNIT_TESTS) $(FILES_TESTS)
FUZZERS += $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz-*.c))
# Each fuzzer once more as a plain program that runs the files it is given: needs no clang.
REPLAYS := $(patsubst fuzz-%,replay-%,$(FUZZERS))
TESTS += $(REPLAYS)

# What they link beyond base.
test-lexer_LIBS := kickstart base
test-kickstart_LIBS := kickstart base
test-profile_LIBS := kickstart base
test-profile-network_LIBS := kickstart base
fuzz-kickstart_LIBS := kickstart base
test-facts_LIBS := plan kickstart base
test-net_LIBS := plan kickstart base
fuzz-netargs_LIBS := plan kickstart base
test-disk_LIBS := plan kickstart base
test-layout_LIBS := plan kickstart base
test-plan_LIBS := plan kickstart base
test-persist_LIBS := plan kickstart base
test-watch_LIBS := installer init report apply probe plan kickstart base
test-reinstall_LIBS := installer report apply probe plan kickstart base
test-golden_LIBS := plan kickstart base
test-probe_LIBS := probe plan kickstart base
test-probe-image_LIBS := probe plan kickstart base
test-probe-image_PKGS := fdisk
test-init_LIBS := init base
test-seed_LIBS := seed base
fuzz-seed_LIBS := seed base
$(foreach t,test-lease test-clock test-net-state fuzz-lease,$(eval $(t)_LIBS := net plan kickstart base))
test-payload_LIBS := apply plan kickstart base
test-servers_LIBS := apply plan kickstart base
$(foreach t,apply tree escrow tpm efi accounts configure scripts record mkfs commit gpt luks boot sysroot,\
	$(eval test-$(t)_LIBS := apply plan kickstart base))
test-report_LIBS := installer orders report apply probe plan kickstart base
test-delivery_LIBS := installer orders report apply probe plan kickstart base
$(foreach t,courier syslog sign,$(eval test-$(t)_LIBS := report plan kickstart base))
test-elf_LIBS := initramfs base
test-initramfs_LIBS := initramfs base
test-modules_LIBS := initramfs base
fuzz-elf_LIBS := initramfs base
fuzz-facts_LIBS := plan kickstart base
test-rules_LIBS := plan kickstart base
fuzz-rules_LIBS := plan kickstart base
test-orders_LIBS := orders apply probe plan kickstart base
test-cards_LIBS := installer orders net report apply probe plan kickstart base
test-labelled_LIBS := orders apply probe plan kickstart base
fuzz-match_LIBS := plan kickstart base
fuzz-bootentry_LIBS := apply plan kickstart base
fuzz-filez_LIBS := apply plan kickstart base
fuzz-delta_LIBS := apply plan kickstart base
fuzz-cmdline_LIBS := init base
fuzz-image_LIBS := probe plan kickstart base
$(foreach t,test-cbor test-cose test-voucher test-credential test-rendezvous fuzz-voucher test-landfall-fdo,\
	$(eval $(t)_LIBS := fdo base))

$(foreach t,$(UNIT_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c))
$(foreach t,$(FILES_TESTS),$(eval $(t)_SRCS := tests/files/$(t).c))
$(foreach f,$(filter-out $(PROGS),$(FUZZERS)),$(eval $(f)_SRCS := tests/fuzz/$(f).c))
$(foreach t,$(UNIT_TESTS) $(FILES_TESTS) $(FUZZERS),$(eval $(t)_LIBS ?= base))
$(foreach r,$(REPLAYS),$(eval $(r)_SRCS := tests/fuzz/replay.c $($(r:replay-%=fuzz-%)_SRCS)) \
	$(eval $(r)_LIBS := $($(r:replay-%=fuzz-%)_LIBS)))
$(foreach t,$(TESTS),$(eval $(t)_PKGS += cmocka))

SAN_O := $(O)/san
FUZZ_SECONDS ?= 60
unit_programs = $(addprefix $(1)/tests/,$(UNIT_TESTS))
fuzz_programs := $(addprefix $(O)/fuzz/,$(FUZZERS))

.PHONY: check check-fast check-lint lint check-unit check-files unit-programs replay-programs fuzz-programs fuzz
check: check-lint check-unit check-files check-net check-qemu
check-fast: check-lint check-unit check-files

# The manual pages fail when a program's help cannot be read.
check-lint: man | $(deps_stamp)
	$(Q)LINT_PACKAGES='$(sort $(all_pkgs) $(foreach p,$(PROGS) $(TESTS),$($(p)_PKGS)))' tests/lint/lint
lint: check-lint

unit-programs: $(call unit_programs,$(O))
replay-programs: $(addprefix $(O)/tests/,$(REPLAYS))
fuzz-programs: $(fuzz_programs)

check-unit: unit-programs
	+$(Q)$(MAKE) --no-print-directory O=$(SAN_O) SAN=address,undefined unit-programs replay-programs
	$(Q)tests/unit/run $(call unit_programs,$(O)) $(call unit_programs,$(SAN_O)) \
		$(addprefix $(SAN_O)/tests/,$(REPLAYS))

# The reference parser of kickstarts is in no Debian release, so it comes from Python's own registry. Without
# it the tests that ask it are skipped and say so.
PYKICKSTART := pykickstart==3.78
$(O)/pykickstart/bin/ksvalidator: tests/venv | $(deps_stamp)
	$(call say,VENV,$(O)/pykickstart)tests/venv $(O)/pykickstart '$(PYKICKSTART)' && touch $@ || { \
		echo 'check-files: $(PYKICKSTART) could not be fetched; its tests are skipped' >&2; \
		[ "$$CI" != true ] && [ "$$LANDFALL_NO_SKIP" != 1 ]; }

check-files: $(addprefix $(O)/tests/,$(FILES_TESTS)) programs $(O)/pykickstart/bin/ksvalidator
	$(if $(FILES_TESTS),$(Q)tests/unit/run $(addprefix $(O)/tests/,$(FILES_TESTS)))

fuzz: fuzz-programs
	$(Q)sh tests/fuzz/run $(FUZZ_SECONDS) $(fuzz_programs)

include tests/net/module.mk
include tests/bench/module.mk
