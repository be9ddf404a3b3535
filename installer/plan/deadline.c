// How long each step may take before it counts as hung.
// Not here: killing it (installer/init), telling it (installer/watch.c).
#include "installer/plan/deadline.h"

#include <string.h>

#define MINUTE 60
#define HOUR   (60 * MINUTE)
// Of a medium behind a BMC or of a bad link; the payload's size is the unpacked one.
#define LEAST_LINK_BYTES_PER_S ((uint64_t)128 * 1024)
// Of an SD card or an old disk.
#define LEAST_DISK_BYTES_PER_S ((uint64_t)1024 * 1024)
// Where the payload does not tell its size.
#define UNKNOWN_BYTES ((uint64_t)4 * 1024 * 1024 * 1024)
#define DEFAULT_S     (30 * MINUTE)
#define MOST_S	      (7 * 24 * HOUR)

typedef enum { FIXED, BY_LINK, BY_DISK, BY_SCRIPTS } Kind;

/** Row: @least_s, and what comes on top of it: for the payload's bytes, or once for each script. */
typedef struct {
	const char *step;
	unsigned least_s;
	Kind kind;
	LfScriptKind scripts;
} Row;

// Before there is a plan, and after its last step.
static const Row stages[] = {
	{ "devices.wait", 5 * MINUTE, FIXED, 0 },   { "network.up", 30 * MINUTE, FIXED, 0 },
	{ "script.pre", 2 * HOUR, FIXED, 0 },	    { "profile.load", 30 * MINUTE, FIXED, 0 },
	{ "medium.mount", 10 * MINUTE, FIXED, 0 },  { "payload.open", 30 * MINUTE, FIXED, 0 },
	{ "facts.probe", 15 * MINUTE, FIXED, 0 },   { "plan.make", 5 * MINUTE, FIXED, 0 },
	{ "access.check", 5 * MINUTE, FIXED, 0 },   { "report.deliver", 30 * MINUTE, FIXED, 0 },
	{ "network.start", 15 * MINUTE, FIXED, 0 },
};

static const Row steps[] = {
	{ "check.disk", 5 * MINUTE, FIXED, 0 },
	{ "check.tools", 10 * MINUTE, FIXED, 0 },
	{ "check.payload", 30 * MINUTE, FIXED, 0 },
	{ "check.keys", 10 * MINUTE, FIXED, 0 },
	{ "disk.wipe", 15 * MINUTE, FIXED, 0 },
	{ "disk.table", 10 * MINUTE, FIXED, 0 },
	{ "disk.encrypt", 30 * MINUTE, FIXED, 0 },
	{ "keys.enroll", 30 * MINUTE, FIXED, 0 },
	{ "disk.format", 60 * MINUTE, FIXED, 0 },
	{ "disk.mount", 10 * MINUTE, FIXED, 0 },
	{ "script.pre-install", 0, BY_SCRIPTS, LF_SCRIPT_PRE_INSTALL },
	{ "payload.prepare", 10 * MINUTE, FIXED, 0 },
	{ "payload.pull", 15 * MINUTE, BY_LINK, 0 },
	{ "payload.deploy", 15 * MINUTE, BY_DISK, 0 },
	{ "system.configure", 10 * MINUTE, FIXED, 0 },
	{ "system.accounts", 10 * MINUTE, FIXED, 0 },
	{ "system.services", 10 * MINUTE, FIXED, 0 },
	{ "script.post", 0, BY_SCRIPTS, LF_SCRIPT_POST },
	{ "keys.seal", 10 * MINUTE, FIXED, 0 },
	{ "system.record", 10 * MINUTE, FIXED, 0 },
	{ "disk.sync", 15 * MINUTE, BY_DISK, 0 },
	{ "disk.verify", 15 * MINUTE, FIXED, 0 },
	{ "boot.files", 10 * MINUTE, FIXED, 0 },
	{ "disk.close", 15 * MINUTE, BY_DISK, 0 },
	{ "boot.entry", 10 * MINUTE, FIXED, 0 },
	{ "script.onerror", 0, BY_SCRIPTS, LF_SCRIPT_ONERROR },
	{ "install.release", 15 * MINUTE, BY_DISK, 0 },
};

static const Row *find_in(const Row *rows, size_t n_rows, const char *step)
{
	for (size_t i = 0; i < n_rows; i++)
		if (strcmp(rows[i].step, step) == 0)
			return &rows[i];
	return NULL;
}

static const Row *find(const char *step)
{
	const Row *row = find_in(steps, G_N_ELEMENTS(steps), step);

	return row ? row : find_in(stages, G_N_ELEMENTS(stages), step);
}

static uint64_t count_scripts(const LfPlan *plan, LfScriptKind kind)
{
	uint64_t n = 0;

	for (guint i = 0; plan && i < plan->profile->scripts->len; i++)
		n += ((const LfScript *)plan->profile->scripts->pdata[i])->kind == kind;
	return n;
}

// A limit that the operator sets is a rate that may be all there is.
static uint64_t link_rate(const LfPlan *plan)
{
	uint64_t limit = plan ? plan->profile->limit_bytes_per_s : 0;

	return limit ? CLAMP(limit / 2, 1, LEAST_LINK_BYTES_PER_S) : LEAST_LINK_BYTES_PER_S;
}

static bool is_server(const char *url)
{
	return url && !g_str_has_prefix(url, "file:");
}

static uint64_t silence_s(const LfPlan *plan)
{
	bool has_server = !plan || is_server(plan->url);

	for (char **mirror = plan ? plan->mirrors : NULL; mirror && *mirror; mirror++)
		has_server |= is_server(*mirror);
	return has_server ? LF_PULL_SILENCE_S : 0;
}

static uint64_t extra_s(const Row *row, const LfPlan *plan)
{
	uint64_t bytes = plan && plan->payload_bytes ? plan->payload_bytes : UNKNOWN_BYTES;

	switch (row->kind) {
	case FIXED:
		break;
	case BY_LINK:
		return silence_s(plan) + bytes / link_rate(plan);
	case BY_DISK:
		return bytes / LEAST_DISK_BYTES_PER_S;
	case BY_SCRIPTS:
		return MAX(count_scripts(plan, row->scripts), 1) * HOUR;
	}
	return 0;
}

unsigned lf_deadline_s(const LfPlan *plan, const char *step)
{
	const Row *row = find(step);

	if (!row)
		return DEFAULT_S;
	return (unsigned)MIN(row->least_s + MIN(extra_s(row, plan), MOST_S), MOST_S);
}

bool lf_deadline_is_known(const char *step)
{
	return find(step) != NULL;
}

json_t *lf_deadlines_to_json(const LfPlan *plan)
{
	json_t *object = json_object();

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
		lf_json_set_uint(object, steps[i].step, lf_deadline_s(plan, steps[i].step));
	return object;
}
