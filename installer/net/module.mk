LIBS += net
net_SRCS := $(addprefix installer/net/,world.c address.c links.c lease.c state.c resolver.c dhcpcd.c network.c clock.c)
net_PKGS := glib-2.0 jansson libnl-3.0 libnl-route-3.0
