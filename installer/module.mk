include installer/plan/module.mk installer/probe/module.mk installer/apply/module.mk \
	installer/init/module.mk

PROGS += landfall-installer
DEVICE_PROGS += landfall-installer
landfall-installer_SRCS := $(addprefix installer/,main.c cmd-install.c cmd-plan.c cmd-probe.c \
	cmd-facts.c medium.c report.c sources.c)
landfall-installer_LIBS := apply probe plan kickstart base
