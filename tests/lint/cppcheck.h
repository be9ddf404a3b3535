#pragma once

/* GLib's and our own macros, as far as cppcheck has to see through them; it reads no system
 * headers. */
#define G_DEFINE_AUTOPTR_CLEANUP_FUNC(type, function)
#define G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(type, function)
#define G_DEFINE_AUTO_CLEANUP_FREE_FUNC(type, function, none)
#define G_DEFINE_QUARK(name, function)
#define G_GNUC_PRINTF(format, arguments)
#define G_GNUC_NORETURN __attribute__((noreturn))
#define G_GNUC_UNUSED
#define G_GUINT64_FORMAT	       "lu"
#define G_GINT64_FORMAT		       "ld"
#define G_GSIZE_FORMAT		       "lu"
#define JSON_INTEGER_FORMAT	       "lld"
#define PRIu64			       "lu"
#define G_N_ELEMENTS(array)	       (sizeof(array) / sizeof((array)[0]))
#define TEMP_FAILURE_RETRY(expression) (expression)
