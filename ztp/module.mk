PROGS += landfall
landfall_SRCS := $(addprefix ztp/,landfall.c verb.c cmd-load.c cmd-check.c cmd-plan.c cmd-iso-seed.c \
	cmd-iso-show.c iso.c seed-access.c seed-check.c)
landfall_LIBS := seed plan kickstart base
include ztp/fdo/module.mk
