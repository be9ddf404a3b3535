# The network's tests: `wire` (the switch between a test's machines) and what runs over it.
HELP += 'check-net    servers, links and installations over networks of their own; NET_TESTS="-k NAME"' \
	'check-net-fast what of it needs no machine'

TESTS += wire
wire_SRCS := $(addprefix tests/net/,wire.c switch.c port.c)
wire_LIBS := base

TESTS += ask-time
ask-time_SRCS := tests/net/ask-time.c
ask-time_LIBS := net plan kickstart base

TESTS += net-units
net-units_SRCS := tests/net/net-units.c
net-units_LIBS := probe plan kickstart base

TESTS += pull
pull_SRCS := tests/net/pull.c
pull_LIBS := apply plan kickstart base

# Servers whose packages would start services, or take the place of others, on this machine.
NET_DAEMONS := $(O)/tests/daemons
$(NET_DAEMONS): tests/net/daemons | $(deps_stamp)
	$(call say,UNPACK,$@)mkdir -p $(@D) && tests/net/daemons $@ chrony rsyslog && touch $@

# Root makes networks; who is not root gets a user namespace.
NET_PYTEST = LANDFALL_BUILD=$(abspath $(O)) LANDFALL_NO_SKIP=1 image/namespace /usr/bin/python3 -m pytest -q \
	-p no:cacheprovider --dist=loadgroup --durations=15

# A choice of tests may have none with machines, or none without (status 5); all tests are never none.
NET_TESTS ?=
NET_NONE = || { [ $$? -eq 5 ] && [ -n '$(NET_TESTS)' ]; }

.PHONY: check-net check-net-fast

# What needs no machine, but root or user namespaces, and the daemons of image/packages/host.txt.
check-net-fast: programs $(O)/tests/wire $(O)/tests/ask-time $(O)/tests/net-units $(O)/tests/pull $(NET_DAEMONS)
	$(NET_PYTEST) -n $(or $(NET_JOBS),2) -m 'not machine' $(NET_TESTS) tests/net $(NET_NONE)

check-net: check-net-fast iso
	$(NET_PYTEST) -n $(QEMU_JOBS) -m machine $(NET_TESTS) tests/net $(NET_NONE)
