PROGS += landfall
landfall_SRCS := $(addprefix ztp/,landfall.c verb.c load.c cmd-check.c cmd-plan.c)
landfall_LIBS := plan kickstart base
