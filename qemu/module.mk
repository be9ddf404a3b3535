# A machine to try it on: `make run ISO=FILE DISK=FILE RUN_ARGS=…`, and the tests that need machines.
HELP += 'run          boot an ISO in QEMU: make run ISO=FILE [DISK=FILE] [RUN_ARGS=…]' \
	'check-qemu   install, reboot, refuse: every test that needs a machine'

ISO ?= $(O)/image/full.iso
DISK ?= $(O)/run/disk.img,size=16G
QEMU_JOBS ?= 2

.PHONY: run check-qemu
run:
	qemu/run --iso $(ISO) --disk $(DISK) $(RUN_ARGS)

# Two machines at once: a machine seldom keeps two cores busy.
check-qemu: iso $(O)/landfall
	LANDFALL_BUILD=$(abspath $(O)) LANDFALL_NO_SKIP=1 /usr/bin/python3 -m pytest -q \
		-p no:cacheprovider -n $(QEMU_JOBS) --dist=loadgroup --durations=15 $(QEMU_TESTS) tests/qemu
