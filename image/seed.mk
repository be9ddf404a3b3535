# The seed's format, for programs at the operator's desk.
LIBS += seed
seed_SRCS := image/seed.c
seed_PKGS := glib-2.0 libarchive
