LIBS += base
base_SRCS := $(addprefix base/,address.c throw.c fd.c secret.c proc.c json.c http.c http-transfer.c http-url.c http-limit.c http-access.c http-error.c http-memory.c pem.c host.c failure.c event.c iso9660.c text.c escrow.c)
base_PKGS := glib-2.0 gio-2.0 gio-unix-2.0 jansson libcurl libcrypto
