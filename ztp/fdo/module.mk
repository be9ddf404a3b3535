LIBS += fdo
fdo_SRCS := $(addprefix ztp/fdo/,cbor.c hash.c chain.c key.c cose.c rendezvous.c verdict.c voucher.c \
	credential.c document.c show.c)
fdo_PKGS := glib-2.0 jansson libcbor libcrypto

PROGS += landfall-fdo
landfall-fdo_SRCS := $(addprefix ztp/fdo/,main.c cmd-inspect.c) ztp/verb.c
landfall-fdo_LIBS := fdo kickstart base
