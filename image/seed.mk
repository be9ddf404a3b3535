# The seed's format and the reader of ISO images, for programs at the operator's desk.
LIBS += seed
seed_SRCS := image/seed.c image/iso9660.c
seed_PKGS := glib-2.0 libarchive
