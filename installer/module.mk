include installer/plan/module.mk installer/probe/module.mk installer/apply/module.mk \
	installer/init/module.mk installer/net/module.mk installer/report/module.mk \
	installer/orders/module.mk

LIBS += installer
installer_SRCS := $(addprefix installer/,cards.c cmd-deliver.c cmd-install.c cmd-plan.c cmd-probe.c \
	cmd-facts.c cmd-network.c cmd-prestage.c delivery.c online.c persist.c watch.c)
installer_PKGS := glib-2.0 gio-2.0 gio-unix-2.0 jansson ostree-1

PROGS += landfall-installer
DEVICE_PROGS += landfall-installer
landfall-installer_SRCS := installer/main.c
landfall-installer_LIBS := installer orders net report apply probe plan kickstart base
