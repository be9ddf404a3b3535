// The plan as JSON, and the hash that says whether two plans are the same wish.
// Not here: deciding anything (plan.c), the text for people (describe.c).
#include "installer/plan/plan.h"

#include <string.h>

#include "installer/plan/deadline.h"
#include "installer/plan/members.h"
#include "installer/plan/words.h"

#define PLAN_VERSION 1

static const LfMember luks_members[] = {
	LF_MEMBER(LfPlanLuks, name, TEXT),
	LF_MEMBER(LfPlanLuks, uuid, TEXT),
	LF_MEMBER(LfPlanLuks, cipher, TEXT),
	LF_MEMBER(LfPlanLuks, cipher_mode, TEXT),
	LF_MEMBER(LfPlanLuks, key_bytes, UNSIGNED),
	LF_MEMBER(LfPlanLuks, sector_bytes, UNSIGNED),
	LF_MEMBER(LfPlanLuks, pbkdf, TEXT),
	LF_MEMBER(LfPlanLuks, pbkdf_memory_kib, UNSIGNED),
	LF_MEMBER(LfPlanLuks, pbkdf_time_ms, UNSIGNED),
	LF_MEMBER(LfPlanLuks, pbkdf_iterations, UNSIGNED),
};

static const LfMember partition_members[] = {
	LF_MEMBER(LfPlanPartition, start_bytes, UINT64),
	LF_MEMBER(LfPlanPartition, size_bytes, UINT64),
	LF_MEMBER(LfPlanPartition, type, TEXT),
	LF_MEMBER(LfPlanPartition, uuid, TEXT),
	LF_MEMBER(LfPlanPartition, name, TEXT),
	LF_MEMBER(LfPlanPartition, fstype, TEXT),
	LF_MEMBER(LfPlanPartition, fs_uuid, TEXT),
	LF_MEMBER(LfPlanPartition, fs_label, TEXT),
	LF_MEMBER(LfPlanPartition, mount, TEXT),
	LF_MEMBER(LfPlanPartition, mount_options, TEXT),
	LF_MEMBER(LfPlanPartition, mkfs_options, TEXT),
};

static const LfMember considered_members[] = {
	LF_MEMBER(LfPlanDisk, path, TEXT),
	LF_MEMBER(LfPlanDisk, is_chosen, BOOL),
	LF_MEMBER(LfPlanDisk, reason, TEXT),
};

static const LfMember target_members[] = {
	LF_MEMBER(LfPlan, disk, TEXT),
	LF_MEMBER(LfPlan, disk_serial, TEXT),
	LF_MEMBER(LfPlan, disk_wwn, TEXT),
	LF_MEMBER(LfPlan, disk_model, TEXT),
	LF_MEMBER(LfPlan, disk_size_bytes, UINT64),
	LF_MEMBER(LfPlan, sector_bytes, UNSIGNED),
	LF_MEMBER(LfPlan, table_uuid, TEXT),
	LF_MEMBER(LfPlan, destroys, TEXTS),
};

static const LfMember payload_members[] = {
	LF_MEMBER(LfPlan, osname, TEXT),
	LF_MEMBER(LfPlan, remote, TEXT),
	LF_MEMBER(LfPlan, url, TEXT),
	LF_MEMBER(LfPlan, upgrade_url, TEXT),
	LF_MEMBER(LfPlan, ref, TEXT),
	LF_MEMBER(LfPlan, checksum, TEXT),
	LF_MEMBER(LfPlan, flavour, TEXT),
	LF_MEMBER(LfPlan, verifies_signature, BOOL),
	LF_MEMBER(LfPlan, mirrors, TEXTS),
	LF_MEMBER(LfPlan, limit_bytes_per_s, UINT64),
	LF_MEMBER(LfPlan, payload_bytes, UINT64),
	LF_MEMBER(LfPlan, payload_objects, UINT64),
};

static const LfMember account_members[] = {
	LF_MEMBER(LfAccount, name, TEXT),    LF_MEMBER(LfAccount, is_locked, BOOL),
	LF_MEMBER(LfAccount, groups, TEXTS), LF_MEMBER(LfAccount, home, TEXT),
	LF_MEMBER(LfAccount, shell, TEXT),   LF_MEMBER(LfAccount, gecos, TEXT),
};

static const LfMember locale_members[] = {
	LF_MEMBER(LfProfile, lang, TEXT),
	LF_MEMBER(LfProfile, keyboard, TEXT),
	LF_MEMBER(LfProfile, timezone, TEXT),
	LF_MEMBER(LfProfile, is_utc, BOOL),
	LF_MEMBER(LfProfile, services_enabled, TEXTS),
	LF_MEMBER(LfProfile, services_disabled, TEXTS),
};

#define ADD(object, members, thing) lf_members_add(object, members, G_N_ELEMENTS(members), thing)

// --- storage ------------------------------------------------------------------------------------

static json_t *pcrs_to_json(uint32_t mask)
{
	json_t *pcrs = json_array();

	for (int i = 0; i < 24; i++)
		if (mask & (UINT32_C(1) << i))
			lf_json_append(pcrs, json_integer(i));
	return pcrs;
}

static json_t *luks_to_json(const LfPlanLuks *luks)
{
	json_t *object = json_object();
	json_t *slots = json_array();

	ADD(object, luks_members, luks);
	if (luks->passphrase)
		lf_json_append(slots, json_string(lf_slot_word(LF_SLOT_PASSPHRASE)));
	if (luks->wants_tpm2)
		lf_json_append(slots, json_string(lf_slot_word(LF_SLOT_TPM2)));
	if (luks->wants_recovery)
		lf_json_append(slots, json_string(lf_slot_word(LF_SLOT_RECOVERY)));
	lf_json_set(object, "slots", slots);
	if (luks->wants_tpm2)
		lf_json_set(object, "pcrs", pcrs_to_json(luks->pcr_mask));
	lf_json_set_string(object, "escrow", luks->escrow);
	return object;
}

static json_t *partition_to_json(const LfPlanPartition *partition)
{
	json_t *object = json_object();

	lf_json_set_uint(object, "number", partition->number);
	lf_json_set_string(object, "role", lf_role_word(partition->role));
	ADD(object, partition_members, partition);
	if (partition->role == LF_ROLE_PERSIST)
		lf_json_set_bool(object, "is_kept", partition->is_kept);
	if (partition->luks)
		lf_json_set(object, "luks", luks_to_json(partition->luks));
	return object;
}

static json_t *target_to_json(const LfPlan *plan)
{
	json_t *object = json_object();
	json_t *considered = json_array();
	json_t *partitions = json_array();

	ADD(object, target_members, plan);
	for (guint i = 0; i < plan->partitions->len; i++)
		lf_json_append(partitions, partition_to_json(plan->partitions->pdata[i]));
	lf_json_set(object, "partitions", partitions);
	for (guint i = 0; i < plan->considered->len; i++) {
		json_t *disk = json_object();

		ADD(disk, considered_members, plan->considered->pdata[i]);
		lf_json_append(considered, disk);
	}
	lf_json_set(object, "considered", considered);
	return object;
}

// --- the installed system -----------------------------------------------------------------------

static json_t *account_to_json(const LfAccount *account)
{
	json_t *object = json_object();

	ADD(object, account_members, account);
	lf_json_set_bool(object, "has_password", account->password != NULL);
	if (account->uid >= 0)
		lf_json_set_uint(object, "uid", (uint64_t)account->uid);
	if (account->gid >= 0)
		lf_json_set_uint(object, "gid", (uint64_t)account->gid);
	return object;
}

static json_t *accounts_to_json(const LfProfile *profile)
{
	json_t *accounts = json_array();

	if (profile->root)
		lf_json_append(accounts, account_to_json(profile->root));
	for (guint i = 0; i < profile->users->len; i++)
		lf_json_append(accounts, account_to_json(profile->users->pdata[i]));
	return accounts;
}

static json_t *ssh_keys_to_json(const LfProfile *profile)
{
	json_t *keys = json_array();

	for (guint i = 0; i < profile->ssh_keys->len; i++) {
		const LfSshKey *key = profile->ssh_keys->pdata[i];
		json_t *object = json_object();

		lf_json_set_string(object, "user", key->user);
		lf_json_set_string(object, "key", key->key);
		lf_json_append(keys, object);
	}
	return keys;
}

// Bodies may hold secrets of the operator: only their digest is shown.
static json_t *scripts_to_json(const LfProfile *profile)
{
	json_t *scripts = json_array();

	for (guint i = 0; i < profile->scripts->len; i++) {
		const LfScript *script = profile->scripts->pdata[i];
		g_autofree char *digest = g_compute_checksum_for_string(
			G_CHECKSUM_SHA256, script->body ? script->body : "", -1);
		json_t *object = json_object();

		lf_json_set_string(object, "kind", lf_script_word(script->kind));
		lf_json_set_string(object, "interpreter", script->interpreter);
		lf_json_set_string(object, "log", script->log);
		lf_json_set_bool(object, "is_nochroot", script->is_nochroot);
		lf_json_set_bool(object, "is_erroronfail", script->is_erroronfail);
		lf_json_set_string(object, "sha256", digest);
		lf_json_append(scripts, object);
	}
	return scripts;
}

static json_t *time_sources_to_json(const LfProfile *profile)
{
	json_t *list = json_array();

	for (guint i = 0; i < profile->time_sources->len; i++) {
		const LfTimeSource *source = profile->time_sources->pdata[i];
		json_t *object = json_object();

		lf_json_set_string(object, "host", source->host);
		lf_json_set_bool(object, "is_pool", source->is_pool);
		lf_json_set_bool(object, "is_nts", source->is_nts);
		lf_json_append(list, object);
	}
	return list;
}

static json_t *system_to_json(const LfPlan *plan)
{
	const LfProfile *profile = plan->profile;
	json_t *object = json_object();

	lf_json_set_string(object, "hostname", plan->hostname);
	ADD(object, locale_members, profile);
	lf_json_set(object, "accounts", accounts_to_json(profile));
	lf_json_set(object, "ssh_keys", ssh_keys_to_json(profile));
	lf_json_set(object, "network", lf_net_to_json(plan->net));
	if (profile->time_sources->len > 0)
		lf_json_set(object, "time_sources", time_sources_to_json(profile));
	if (profile->is_ntp_disabled)
		lf_json_set_bool(object, "is_ntp_disabled", true);
	lf_json_set(object, "scripts", scripts_to_json(profile));
	return object;
}

static json_t *boot_to_json(const LfPlan *plan)
{
	json_t *object = json_object();

	lf_json_set(object, "kernel_args", lf_json_strv((const char *const *)plan->kernel_args));
	lf_json_set_uint(object, "timeout_s", (uint64_t)MAX(plan->boot_timeout_s, 0));
	lf_json_set_bool(object, "leaves_boot_order", plan->leaves_boot_order);
	return object;
}

static json_t *payload_to_json(const LfPlan *plan)
{
	json_t *object = json_object();

	ADD(object, payload_members, plan);
	return object;
}

// Who is told, and what follows a failure.
static json_t *reports_to_json(const LfProfile *profile)
{
	json_t *object = json_object();

	lf_json_set_string(object, "url", profile->report_url);
	lf_json_set_string(object, "token", profile->report_token);
	lf_json_set_string(object, "log_host", profile->log_host);
	if (profile->log_port > 0)
		lf_json_set_uint(object, "log_port", profile->log_port);
	lf_json_set_string(object, "onfailure", lf_onfailure_word(profile->onfailure));
	if (profile->onfailure_retries >= 0)
		lf_json_set_uint(object, "onfailure_retries", (uint64_t)profile->onfailure_retries);
	return object;
}

static void add_reports(json_t *object, const LfProfile *profile)
{
	json_t *reports = reports_to_json(profile);

	if (json_object_size(reports) > 0)
		lf_json_set(object, "reports", reports);
	else
		json_decref(reports);
}

// --- the whole ----------------------------------------------------------------------------------

static json_t *without_hash(const LfPlan *plan)
{
	json_t *object = json_object();

	lf_json_set_uint(object, "version", PLAN_VERSION);
	lf_json_set(object, "target", target_to_json(plan));
	lf_json_set(object, "payload", payload_to_json(plan));
	lf_json_set(object, "boot", boot_to_json(plan));
	lf_json_set(object, "system", system_to_json(plan));
	add_reports(object, plan->profile);
	lf_json_set_string(object, "finish", lf_finish_word(plan->finish));
	lf_json_set_bool(object, "is_eject", plan->is_eject);
	lf_json_set(object, "deadlines_s", lf_deadlines_to_json(plan));
	return object;
}

// What lay on the disks is no part of the wish: a second run finds other things.
static void remove_finds(json_t *target)
{
	json_t *partition;
	size_t i;

	json_object_del(target, "destroys");
	json_object_del(target, "considered");
	json_array_foreach (json_object_get(target, "partitions"), i, partition)
		json_object_del(partition, "is_kept");
}

static void blank_out(GString *text, const char *uuid, const char *what, unsigned number)
{
	g_autofree char *name = g_strdup_printf("<%s %u>", what, number);

	if (uuid)
		g_string_replace(text, uuid, name, 0);
}

// UUIDs stand in members and in kernel arguments: each is replaced by what it is the UUID of.
static char *text_without_uuids(const LfPlan *plan)
{
	g_autoptr(json_t) object = without_hash(plan);
	g_autofree char *raw = NULL;
	g_autoptr(GString) text = NULL;

	remove_finds(json_object_get(object, "target"));
	// What is done is the wish, not how long it may take.
	json_object_del(object, "deadlines_s");
	raw = lf_json_print(object, false);
	text = g_string_new(raw);
	blank_out(text, plan->table_uuid, "table", 0);
	for (guint i = 0; i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = plan->partitions->pdata[i];
		g_autofree char *member = g_strdup_printf("\"fs_uuid\":\"%s\"", partition->fs_uuid);

		blank_out(text, partition->uuid, "partition", partition->number);
		if (partition->luks)
			blank_out(text, partition->luks->uuid, "luks", partition->number);
		// vfat's is so short that it could stand in other words too.
		blank_out(text, strlen(partition->fs_uuid) < 36 ? member : partition->fs_uuid, "fs",
			  partition->number);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *lf_plan_hash(const LfPlan *plan)
{
	g_autofree char *text = text_without_uuids(plan);

	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

json_t *lf_plan_to_json(const LfPlan *plan)
{
	g_autofree char *hash = lf_plan_hash(plan);
	json_t *object = without_hash(plan);

	lf_json_set_string(object, "hash", hash);
	return object;
}
