LIBS += init
init_SRCS := $(addprefix installer/init/,policy.c output.c mounts.c nodes.c child.c devices.c end.c \
	deadline.c watchdog.c state.c start.c verdict.c init.c)
init_PKGS := glib-2.0

PROGS += landfall-init
DEVICE_PROGS += landfall-init
landfall-init_SRCS := installer/init/main.c
landfall-init_LIBS := init base
