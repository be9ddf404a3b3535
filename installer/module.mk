include installer/plan/module.mk installer/probe/module.mk installer/apply/module.mk \
	installer/init/module.mk

PROGS += landfall-installer
DEVICE_PROGS += landfall-installer
landfall-installer_SRCS := installer/main.c
landfall-installer_LIBS := apply probe plan kickstart base
