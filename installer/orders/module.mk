LIBS += orders
orders_SRCS := $(addprefix installer/orders/,access.c labelled.c medium.c place.c signature.c \
	sources.c)
orders_PKGS := glib-2.0 gio-2.0 jansson
