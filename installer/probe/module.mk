LIBS += probe
probe_SRCS := $(addprefix installer/probe/,world.c udev.c table.c holders.c disks.c machine.c \
	medium.c probe.c)
probe_PKGS := glib-2.0 jansson blkid
