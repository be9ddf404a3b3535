LIBS += report
report_SRCS := $(addprefix installer/report/,courier.c keep.c kept.c log.c post.c report.c reporter.c sign.c syslog.c)
report_PKGS := glib-2.0 gio-2.0 jansson libcrypto
