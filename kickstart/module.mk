LIBS += kickstart
kickstart_SRCS := $(addprefix kickstart/,diagnostic.c near.c lexer.c source.c shape.c karg.c option.c value.c \
	command.c system.c account.c disk.c part.c boot.c link.c link-option.c network.c topology.c time.c addon.c rate.c \
	site.c section.c redact.c validate.c profile.c kickstart.c)
kickstart_PKGS := glib-2.0 jansson
