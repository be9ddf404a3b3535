// The plan's assembly: every refusal that can be known comes from here, before anything is touched.
// Not here: each decision (one file per noun), effects.
#include "installer/plan/plan.h"

#include "installer/plan/disk.h"
#include "installer/plan/kargs.h"
#include "installer/plan/layout.h"
#include "installer/plan/luks.h"
#include "installer/plan/persist.h"
#include "installer/plan/source.h"
#include "installer/plan/spec.h"
#include "installer/plan/text.h"
#include "installer/plan/uuid.h"

#define DEFAULT_TIMEOUT_S 1

void lf_plan_free(LfPlan *plan)
{
	if (!plan)
		return;
	g_ptr_array_unref(plan->considered);
	g_ptr_array_unref(plan->partitions);
	g_strfreev(plan->destroys);
	g_strfreev(plan->kernel_args);
	g_free(plan->disk);
	g_free(plan->disk_serial);
	g_free(plan->disk_wwn);
	g_free(plan->disk_model);
	g_free(plan->table_uuid);
	g_free(plan->osname);
	g_free(plan->remote);
	g_free(plan->url);
	g_free(plan->upgrade_url);
	g_strfreev(plan->mirrors);
	g_free(plan->ref);
	g_free(plan->checksum);
	g_free(plan->flavour);
	g_free(plan->hostname);
	lf_net_free(plan->net);
	g_free(plan);
}

static LfPlan *plan_new(const LfProfile *profile)
{
	LfPlan *plan = g_new0(LfPlan, 1);

	plan->profile = profile;
	plan->considered = g_ptr_array_new_with_free_func((GDestroyNotify)lf_plan_disk_free);
	plan->partitions = g_ptr_array_new_with_free_func((GDestroyNotify)lf_plan_partition_free);
	plan->destroys = g_new0(char *, 1);
	plan->kernel_args = g_new0(char *, 1);
	return plan;
}

const LfPlanPartition *lf_plan_partition(const LfPlan *plan, LfRole role)
{
	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = plan->partitions->pdata[i];

		if (partition->role == role)
			return partition;
	}
	return NULL;
}

static bool check_machine(const LfFacts *facts, GError **error)
{
	if (!facts->is_uefi)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"this machine was not started by UEFI: switch its firmware to UEFI "
				"boot");
	return true;
}

static char *uuid_of(const LfFacts *facts, const char *what, unsigned number)
{
	g_autofree char *purpose = g_strdup_printf("%s/%u", what, number);

	return lf_uuid_make(facts->salt, purpose);
}

static void name_partition(LfPlanPartition *partition, const LfFacts *facts)
{
	partition->uuid = uuid_of(facts, "partition", partition->number);
	if (g_str_equal(partition->fstype, "vfat"))
		partition->fs_uuid = lf_fat_id_make(facts->salt, "fs/vfat");
	else
		partition->fs_uuid = uuid_of(facts, "fs", partition->number);
}

static bool encrypt_partition(LfPlanPartition *partition, const LfPart *part,
			      const LfProfile *profile, const LfFacts *facts, GError **error)
{
	if (!part || !part->encryption.is_encrypted)
		return true;
	partition->luks = lf_luks_plan(part, profile, facts, error);
	if (!partition->luks)
		return false;
	partition->luks->name = g_strdup(partition->name);
	partition->luks->uuid = uuid_of(facts, "luks", partition->number);
	return true;
}

static bool name_and_encrypt(LfPlan *plan, const GPtrArray *specs, const LfFacts *facts,
			     GError **error)
{
	for (guint i = 0; i < specs->len; i++) {
		const LfSpec *spec = specs->pdata[i];

		name_partition(plan->partitions->pdata[i], facts);
		if (!encrypt_partition(plan->partitions->pdata[i], spec->part, plan->profile, facts,
				       error))
			return false;
	}
	return true;
}

// By its name it is found again, so no other partition may have it.
static bool add_persist(LfPlan *plan, LfPlanPartition *persist, const LfFacts *facts,
			GError **error)
{
	GPtrArray *partitions = plan->partitions;

	persist->number = partitions->len + 1;
	g_ptr_array_add(partitions, persist);
	if (!persist->is_kept)
		name_partition(persist, facts);
	for (guint i = 0; i + 1 < partitions->len; i++) {
		const LfPlanPartition *other = partitions->pdata[i];

		if (g_str_equal(other->name, persist->name))
			return lf_throw_at(
				error, LF_ERROR_INPUT, &plan->profile->persist_place,
				"'persist --label=%s' is the name of partition %u: choose "
				"another label",
				persist->name, other->number);
	}
	return true;
}

static bool plan_partitions(LfPlan *plan, const GPtrArray *specs, const LfFactDisk *disk,
			    const LfFacts *facts, GError **error)
{
	g_autoptr(LfPlanPartition) persist = lf_persist_plan(plan->profile, disk);
	uint64_t limit_bytes = persist ? persist->start_bytes : UINT64_MAX;

	return lf_layout_plan(specs, disk, limit_bytes, plan->partitions, error) &&
	       name_and_encrypt(plan, specs, facts, error) &&
	       (!persist || add_persist(plan, g_steal_pointer(&persist), facts, error));
}

static bool plan_storage(LfPlan *plan, const LfFacts *facts, GError **error)
{
	g_autoptr(GPtrArray) specs = lf_specs_new(plan->profile, facts, error);
	const LfFactDisk *disk = NULL;

	if (!specs || !lf_persist_check(plan->profile, specs, error) ||
	    !lf_disk_choose(plan->profile, facts, lf_specs_least(specs), plan->considered, &disk,
			    error) ||
	    !plan_partitions(plan, specs, disk, facts, error))
		return false;
	plan->disk = g_strdup(disk->path);
	plan->disk_serial = g_strdup(disk->serial);
	plan->disk_wwn = g_strdup(disk->wwn);
	plan->disk_model = g_strdup(disk->model);
	plan->disk_size_bytes = disk->size_bytes;
	plan->sector_bytes = disk->sector_bytes;
	plan->table_uuid = lf_uuid_make(facts->salt, "table");
	g_strfreev(plan->destroys);
	plan->destroys = lf_disk_destroys(disk, plan->profile->persist_label);
	return true;
}

static void plan_payload(LfPlan *plan, const LfFactPayload *payload)
{
	const LfProfile *profile = plan->profile;

	plan->osname = g_strdup(profile->ostree_osname);
	plan->remote =
		g_strdup(profile->ostree_remote ? profile->ostree_remote : profile->ostree_osname);
	plan->url = g_strdup(payload->url);
	plan->mirrors = g_strdupv(profile->mirrors);
	plan->limit_bytes_per_s = profile->limit_bytes_per_s;
	plan->upgrade_url = g_strdup(profile->upgrade_url ? profile->upgrade_url : payload->url);
	plan->ref = g_strdup(payload->ref);
	plan->checksum = g_strdup(payload->checksum);
	plan->verifies_signature = !profile->is_nogpg;
	plan->payload_bytes = payload->size_bytes;
	plan->payload_objects = payload->objects;
	plan->flavour = g_strdup(payload->flavour);
}

static bool plan_boot(LfPlan *plan, const LfFacts *facts, GError **error)
{
	const LfProfile *profile = plan->profile;
	char **args = lf_kargs_plan(lf_plan_partition(plan, LF_ROLE_ROOT), facts->payload, profile,
				    error);

	if (!args)
		return false;
	g_strfreev(plan->kernel_args);
	plan->kernel_args = args;
	// Nobody is there to choose: long enough for a person with a console, short for the others.
	plan->boot_timeout_s =
		profile->boot_timeout_s >= 0 ? profile->boot_timeout_s : DEFAULT_TIMEOUT_S;
	plan->leaves_boot_order = profile->leaves_boot_order;
	return true;
}

// The last line that gives a name counts, as in the language.
static char *hostname_of(const LfProfile *profile, const LfFacts *facts)
{
	for (guint i = profile->networks->len; i-- > 0;) {
		const LfNetwork *network = profile->networks->pdata[i];

		if (network->hostname)
			return g_strdup(network->hostname);
	}
	return lf_net_hostname(facts->network_args);
}

static bool plan_system(LfPlan *plan, const LfFacts *facts, GError **error)
{
	const LfProfile *profile = plan->profile;

	// Who needs the network has waited for a carrier; a cable that is plugged in only after the
	// installation must not keep it from being done.
	plan->net = lf_net_plan_installed(profile, facts->network_args, facts->nics, error);
	plan->hostname = hostname_of(profile, facts);
	plan->finish = profile->finish;
	plan->is_eject = profile->is_eject;
	return plan->net != NULL;
}

LfPlan *lf_plan_make(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	g_autoptr(LfPlan) plan = plan_new(profile);

	if (!check_machine(facts, error) || !lf_source_check(profile, facts, error) ||
	    !lf_luks_check(profile, facts, error) || !plan_storage(plan, facts, error))
		return NULL;
	plan_payload(plan, facts->payload);
	if (!plan_boot(plan, facts, error) || !plan_system(plan, facts, error))
		return NULL;
	return g_steal_pointer(&plan);
}
