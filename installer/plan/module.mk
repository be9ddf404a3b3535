LIBS += plan
plan_SRCS := $(addprefix installer/plan/,members.c facts.c match.c wish.c disk.c spec.c grow.c \
	persist.c deadline.c layout.c luks.c kargs.c source.c uuid.c text.c plan.c plan-json.c \
	describe.c netargs.c netarg-field.c netarg-ip.c netarg-link.c net.c \
	net-plan.c net-card.c net-line.c net-word.c net-graph.c net-options.c net-units.c \
	net-dhcpcd.c rules.c template.c)
plan_PKGS := glib-2.0 jansson
