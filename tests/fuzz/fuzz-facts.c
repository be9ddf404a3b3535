// Fuzzer: any bytes as facts JSON, and a plan for the machine they tell of.
#include <string.h>

#include "installer/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static LfPart *add_part(LfProfile *profile, const char *mount, uint64_t size_mib)
{
	LfPart *part = g_new0(LfPart, 1);

	part->mount = g_strdup(mount);
	part->size_mib = size_mib;
	part->is_grow = true;
	g_ptr_array_add(profile->parts, part);
	return part;
}

// Wants whatever payload the facts show, so that planning goes on behind that check.
static LfProfile *profile_for(const LfFacts *facts, bool is_clearing, bool is_keeping)
{
	LfProfile *profile = lf_profile_new();
	const LfFactPayload *payload = facts->payload;

	profile->is_zerombr = profile->is_reqpart = profile->is_reqpart_boot = true;
	profile->clear_mode = is_clearing ? LF_CLEAR_ALL : LF_CLEAR_NONE;
	profile->ostree_osname = g_strdup("debian");
	profile->ostree_url = g_strdup(payload && payload->url ? payload->url : "file:///r");
	profile->ostree_ref = g_strdup(payload && payload->ref ? payload->ref : "r");
	add_part(profile, "/", 0)->encryption.is_encrypted = true;
	add_part(profile, "/var", 1000)->maxsize_mib = 5000;
	profile->unlock.wants_tpm2 = true;
	profile->unlock.pcr_mask = 1U << 7;
	if (is_keeping) {
		profile->persist_label = g_strdup("landfall-persist");
		profile->persist_size_mib = 4096;
	}
	return profile;
}

// Whatever a table claims, partitions follow each other and leave room for both tables.
static void check_places(const LfPlan *plan)
{
	uint64_t end_bytes = 1024 * 1024;

	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = plan->partitions->pdata[i];

		g_assert(partition->start_bytes >= end_bytes);
		g_assert(partition->size_bytes > 0);
		g_assert(partition->start_bytes % plan->sector_bytes == 0);
		g_assert(partition->size_bytes % plan->sector_bytes == 0);
		end_bytes = partition->start_bytes + partition->size_bytes;
	}
	g_assert(end_bytes <= plan->disk_size_bytes - 16384 - plan->sector_bytes);
}

static void plan_for(const LfFacts *facts, bool is_clearing, bool is_keeping)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfProfile) profile = profile_for(facts, is_clearing, is_keeping);
	g_autoptr(LfPlan) plan = lf_plan_make(profile, facts, &error);

	g_assert((plan != NULL) == (error == NULL));
	if (plan) {
		g_autoptr(json_t) object = lf_plan_to_json(plan);
		g_autofree char *text = lf_plan_describe(plan);

		g_assert(object && text);
		check_places(plan);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) object = lf_json_parse((const char *)data, size, "facts", &error);
	g_autoptr(LfFacts) facts = object ? lf_facts_from_json(object, &error) : NULL;
	g_autoptr(json_t) again = NULL;
	g_autoptr(LfFacts) back = NULL;

	g_assert((facts != NULL) == (error == NULL));
	if (!facts)
		return 0;
	again = lf_facts_to_json(facts);
	back = lf_facts_from_json(again, &error);
	g_assert(back && !error);
	plan_for(facts, true, false);
	plan_for(facts, true, true);
	plan_for(facts, false, false);
	return 0;
}
