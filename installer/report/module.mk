LIBS += report
report_SRCS := $(addprefix installer/report/,report.c)
report_PKGS := glib-2.0 gio-2.0 jansson libcrypto
