// A stack of things held during an install, released in reverse.
// Not here: what those things are.
#include "installer/apply/scope.h"

#include <stdarg.h>

typedef struct {
	LfRelease release;
	void *object;
	char *what;
} Held;

struct LfScope {
	GArray *held;
};

LfScope *lf_scope_new(void)
{
	LfScope *scope = g_new0(LfScope, 1);

	scope->held = g_array_new(FALSE, FALSE, sizeof(Held));
	return scope;
}

void lf_scope_push(LfScope *scope, LfRelease release, void *object, const char *what, ...)
{
	Held held = { release, object, NULL };
	va_list args;

	va_start(args, what);
	held.what = g_strdup_vprintf(what, args);
	va_end(args);
	g_array_append_val(scope->held, held);
}

guint lf_scope_depth(const LfScope *scope)
{
	return scope->held->len;
}

static void release_newest(LfScope *scope, GError **first)
{
	Held held = g_array_index(scope->held, Held, scope->held->len - 1);
	g_autoptr(GError) local = NULL;

	g_array_set_size(scope->held, scope->held->len - 1);
	if (!held.release(held.object, &local) && !*first) {
		lf_prefix(&local, "cannot release %s", held.what);
		*first = g_steal_pointer(&local);
	}
	g_free(held.what);
}

bool lf_scope_unwind(LfScope *scope, guint depth, GError **error)
{
	GError *first = NULL;

	while (scope->held->len > depth)
		release_newest(scope, &first);
	if (!first)
		return true;
	g_propagate_error(error, first);
	return false;
}

void lf_scope_free(LfScope *scope)
{
	if (!scope)
		return;
	lf_scope_unwind(scope, 0, NULL);
	g_array_unref(scope->held);
	g_free(scope);
}
