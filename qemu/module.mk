# A machine to try it on: the demo, `make run ISO=FILE DISK=FILE RUN_ARGS=…`, and the tests that need machines.
HELP += 'demo         install in QEMU, reboot, show the result; KERNEL=standard|lowlatency MEDIA=full|boot' \
	'run          boot an ISO in QEMU: make run ISO=FILE [DISK=FILE] [RUN_ARGS=…]' \
	'check-qemu   install, reboot, refuse: every test that needs a machine'

ISO ?= $(O)/image/full.iso
DISK ?= $(O)/run/disk.img,size=16G
QEMU_JOBS ?= 2
QEMU_TESTS ?=
MEDIA ?= full

.PHONY: demo run check-qemu
ifneq ($(filter demo,$(MAKECMDGOALS)),)
$(if $(filter $(KERNEL),$(FLAVOURS)),,$(error KERNEL=$(KERNEL) is not known: use one of $(FLAVOURS)))
$(if $(filter $(MEDIA),full boot),,$(error MEDIA=$(MEDIA) is not known: use full or boot))
endif
demo: iso $(O)/landfall
	qemu/demo --kernel=$(KERNEL) --media=$(MEDIA) --build=$(O)

run:
	$(Q)mkdir -p $(O)/run
	qemu/run --iso $(ISO) --disk $(DISK) $(RUN_ARGS)

QEMU_PYTEST = LANDFALL_BUILD=$(abspath $(O)) LANDFALL_NO_SKIP=1 /usr/bin/python3 -m pytest -q \
	-p no:cacheprovider --dist=loadgroup --durations=15
# A choice of tests may have none of one kind (status 5); all tests are never none.
QEMU_NONE = || { [ $$? -eq 5 ] && [ -n '$(QEMU_TESTS)' ]; }

# Most of a machine's time is one processor's. A real-time guest whose processors are shared starves its own
# kernel threads.
check-qemu: iso $(O)/landfall
	$(QEMU_PYTEST) -n $(QEMU_JOBS) -m 'not alone' $(QEMU_TESTS) tests/qemu $(QEMU_NONE)
	$(QEMU_PYTEST) -n 1 -m alone $(QEMU_TESTS) tests/qemu $(QEMU_NONE)
