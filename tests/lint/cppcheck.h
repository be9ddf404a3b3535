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
#define json_array_foreach(array, index, value)                                                    \
	for (index = 0; index < json_array_size(array) && (value = json_array_get(array, index));  \
	     index++)
#define json_object_foreach(object, key, value)                                                    \
	for (key = json_object_iter_key(json_object_iter(object));                                 \
	     key && (value = json_object_iter_value(json_object_key_to_iter(key)));                \
	     key = json_object_iter_key(                                                           \
		     json_object_iter_next(object, json_object_key_to_iter(key))))
