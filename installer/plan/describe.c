// The plan as text for people, and the words it shares with the JSON form.
// Not here: the JSON form (plan-json.c), colours and screens (base/event).
#include "installer/plan/words.h"

#include <string.h>

#include "installer/plan/deadline.h"
#include "installer/plan/spec.h"
#include "installer/plan/text.h"

const char *lf_role_word(LfRole role)
{
	static const char *const words[] = {
		[LF_ROLE_ESP] = "esp",	 [LF_ROLE_BOOT] = "boot", [LF_ROLE_ROOT] = "root",
		[LF_ROLE_SWAP] = "swap", [LF_ROLE_DATA] = "data", [LF_ROLE_PERSIST] = "persist",
	};

	return words[role];
}

const char *lf_slot_word(LfSlotKind kind)
{
	static const char *const words[] = {
		[LF_SLOT_PASSPHRASE] = "passphrase",
		[LF_SLOT_TPM2] = "tpm2",
		[LF_SLOT_RECOVERY] = "recovery",
	};

	return words[kind];
}

const char *lf_script_word(LfScriptKind kind)
{
	static const char *const words[] = {
		[LF_SCRIPT_PRE] = "pre",
		[LF_SCRIPT_PRE_INSTALL] = "pre-install",
		[LF_SCRIPT_POST] = "post",
		[LF_SCRIPT_ONERROR] = "onerror",
	};

	return words[kind];
}

const char *lf_onfailure_word(LfOnFailure onfailure)
{
	static const char *const words[] = { NULL, "reboot", "poweroff" };

	return words[onfailure];
}

const char *lf_finish_word(LfFinish finish)
{
	static const char *const words[] = {
		[LF_FINISH_HALT] = "halt",
		[LF_FINISH_REBOOT] = "reboot",
		[LF_FINISH_POWEROFF] = "poweroff",
	};

	return words[finish];
}

// --- lines --------------------------------------------------------------------------------------

static void line(GString *out, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void line(GString *out, const char *name, const char *format, ...)
{
	va_list args;

	g_string_append_printf(out, "%-10s ", name);
	va_start(args, format);
	g_string_append_vprintf(out, format, args);
	va_end(args);
	g_string_append_c(out, '\n');
}

static void describe_disks(GString *out, const LfPlan *plan)
{
	g_autofree char *size = lf_size_text(plan->disk_size_bytes);

	line(out, "disk", "%s, %s, sectors of %u bytes%s%s%s%s", plan->disk, size,
	     plan->sector_bytes, plan->disk_model ? ", model " : "",
	     plan->disk_model ? plan->disk_model : "", plan->disk_serial ? ", serial " : "",
	     plan->disk_serial ? plan->disk_serial : "");
	for (guint i = 0; i < plan->considered->len; i++) {
		const LfPlanDisk *disk = plan->considered->pdata[i];

		if (!disk->is_chosen)
			line(out, "not used", "%s: %s", disk->path, disk->reason);
	}
	for (char **lost = plan->destroys; *lost; lost++)
		line(out, "destroys", "%s", *lost);
}

static char *slots_text(const LfPlanLuks *luks)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (luks->passphrase)
		g_string_append(text, " + passphrase");
	if (luks->wants_tpm2)
		g_string_append(text, " + TPM 2.0, PCR");
	for (int i = 0; luks->wants_tpm2 && i < 24; i++)
		if (luks->pcr_mask & (UINT32_C(1) << i))
			g_string_append_printf(text, " %d", i);
	if (luks->wants_recovery)
		g_string_append_printf(text, " + recovery key for %s", luks->escrow);
	return g_strdup(text->len > 3 ? text->str + 3 : "");
}

static void describe_partition(GString *out, const LfPlanPartition *partition)
{
	g_autofree char *size = lf_size_text(partition->size_bytes);
	const LfPlanLuks *luks = partition->luks;
	g_autofree char *slots = luks ? slots_text(luks) : NULL;
	const char *remark = luks ? "encrypted" : partition->is_kept ? "kept" : "";

	g_string_append_printf(out, "  %2u  %10s  %-5s  %-20s  %s\n", partition->number, size,
			       partition->fstype, partition->mount ? partition->mount : "swap",
			       remark);
	if (luks)
		g_string_append_printf(out, "      LUKS2 %s-%s, %s, unlocked by %s\n", luks->cipher,
				       luks->cipher_mode, luks->pbkdf, slots);
}

// --- the installed system -----------------------------------------------------------------------

static unsigned count_keys(const LfProfile *profile, const char *user)
{
	unsigned n = 0;

	for (guint i = 0; i < profile->ssh_keys->len; i++)
		n += strcmp(((LfSshKey *)profile->ssh_keys->pdata[i])->user, user) == 0;
	return n;
}

static void describe_account(GString *out, const LfProfile *profile, const char *name,
			     const LfAccount *account)
{
	bool has_password = account && account->password && !account->is_locked;
	g_autofree char *groups =
		account && account->groups ? g_strjoinv(", ", account->groups) : g_strdup("");
	unsigned keys = count_keys(profile, name);

	line(out, "account", "%s: %s, %u SSH key%s%s%s", name,
	     has_password ? "password" : "no password", keys, keys == 1 ? "" : "s",
	     *groups ? ", groups " : "", groups);
}

static void describe_accounts(GString *out, const LfProfile *profile)
{
	describe_account(out, profile, "root", profile->root);
	for (guint i = 0; i < profile->users->len; i++) {
		const LfAccount *account = profile->users->pdata[i];

		describe_account(out, profile, account->name, account);
	}
}

static void describe_word(GString *out, const char *name, const char *word)
{
	if (word)
		line(out, name, "%s", word);
}

static void describe_list(GString *out, const char *name, const char *verb, char **words)
{
	g_autofree char *list = words && *words ? g_strjoinv(", ", words) : NULL;

	if (list)
		line(out, name, "%s %s", verb, list);
}

static void describe_network(GString *out, const LfNet *net)
{
	g_auto(GStrv) lines = lf_net_describe(net);

	for (char **text = lines; *text; text++)
		line(out, "network", "%s", *text);
}

static void describe_times(GString *out, const LfProfile *profile)
{
	for (guint i = 0; i < profile->time_sources->len; i++) {
		const LfTimeSource *source = profile->time_sources->pdata[i];

		line(out, "time", "%s %s%s", source->is_pool ? "pool" : "server", source->host,
		     source->is_nts ? ", by NTS" : "");
	}
	if (profile->is_ntp_disabled)
		line(out, "time", "no time server is asked");
}

static void describe_reports(GString *out, const LfProfile *profile)
{
	const char *action = lf_onfailure_word(profile->onfailure);

	describe_word(out, "report", profile->report_url);
	if (profile->log_host && profile->log_port > 0)
		line(out, "log", "%s, port %u", profile->log_host, profile->log_port);
	else
		describe_word(out, "log", profile->log_host);
	if (profile->onfailure_retries >= 0)
		line(out, "on failure", "%" G_GINT64_FORMAT " more tries%s%s",
		     profile->onfailure_retries, action ? ", then " : "", action ? action : "");
	else if (action)
		line(out, "on failure", "tries as the error's class has them, then %s", action);
}

static void describe_script(GString *out, const LfScript *script)
{
	line(out, "script", "%%%s of line %u, by %s%s%s", lf_script_word(script->kind),
	     script->place.line, script->interpreter ? script->interpreter : "/bin/sh",
	     script->kind == LF_SCRIPT_POST && script->is_nochroot ? ", outside the new system"
								   : "",
	     script->is_erroronfail ? ", must succeed" : "");
}

static void describe_system(GString *out, const LfPlan *plan)
{
	const LfProfile *profile = plan->profile;

	describe_word(out, "hostname", plan->hostname);
	describe_word(out, "language", profile->lang);
	describe_word(out, "keyboard", profile->keyboard);
	describe_word(out, "time zone", profile->timezone);
	describe_accounts(out, profile);
	describe_list(out, "services", "on:", profile->services_enabled);
	describe_list(out, "services", "off:", profile->services_disabled);
	describe_network(out, plan->net);
	describe_times(out, profile);
	for (guint i = 0; i < profile->scripts->len; i++)
		describe_script(out, profile->scripts->pdata[i]);
}

static void describe_persist(GString *out, const LfPlan *plan)
{
	const LfPlanPartition *persist = lf_plan_partition(plan, LF_ROLE_PERSIST);
	uint64_t wanted_mib = plan->profile->persist_size_mib;
	g_autofree char *size = persist ? lf_size_text(persist->size_bytes) : NULL;

	if (!persist || !persist->is_kept)
		return;
	line(out, "note", "the persistent partition '%s' is kept as it is", persist->name);
	if (persist->size_bytes / LF_MIB < wanted_mib)
		line(out, "note",
		     "it has %s, less than 'persist --size=%" G_GUINT64_FORMAT
		     "' asks for: to make it larger, save what is on it and remove it",
		     size, wanted_mib);
}

// What a careful reader would ask about.
static void describe_notes(GString *out, const LfPlan *plan)
{
	const LfPlanPartition *root = lf_plan_partition(plan, LF_ROLE_ROOT);

	for (char **mirror = plan->mirrors; mirror && *mirror; mirror++)
		line(out, "mirror", "%s", *mirror);
	if (plan->limit_bytes_per_s)
		line(out, "bandwidth", "at most %" G_GUINT64_FORMAT " KiB a second",
		     plan->limit_bytes_per_s / 1024);
	if (!plan->verifies_signature)
		line(out, "note", "the payload's signature is not checked (ostreesetup --nogpg)");
	describe_persist(out, plan);
	for (guint i = 0; root->luks && i < plan->partitions->len; i++) {
		const LfPlanPartition *partition = plan->partitions->pdata[i];

		if (partition->role > LF_ROLE_ROOT && !partition->luks)
			line(out, "note", "the root is encrypted and %s is not",
			     partition->mount ? partition->mount : "swap");
	}
}

char *lf_plan_describe(const LfPlan *plan)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *args = g_strjoinv(" ", plan->kernel_args);
	g_autofree char *size = lf_size_text(plan->payload_bytes);
	g_autofree char *pull = lf_duration_text(lf_deadline_s(plan, "payload.pull"));
	g_autofree char *deploy = lf_duration_text(lf_deadline_s(plan, "payload.deploy"));
	g_autofree char *hash = lf_plan_hash(plan);

	describe_disks(out, plan);
	g_string_append(out, "partitions\n");
	for (guint i = 0; i < plan->partitions->len; i++)
		describe_partition(out, plan->partitions->pdata[i]);
	line(out, "payload", "%s from %s", plan->ref, plan->url);
	line(out, "", "commit %.12s…, %s unpacked, signature %s", plan->checksum,
	     plan->payload_bytes ? size : "unknown size",
	     plan->verifies_signature ? "required" : "not checked");
	line(out, "kernel", "%s", plan->flavour ? plan->flavour : "as the payload has it");
	line(out, "", "%s", args);
	describe_system(out, plan);
	describe_reports(out, plan->profile);
	describe_notes(out, plan);
	line(out, "at most", "%s to copy, %s to deploy", pull, deploy);
	line(out, "then", "%s%s", lf_finish_word(plan->finish),
	     plan->is_eject ? ", medium ejected" : "");
	line(out, "hash", "%.12s", hash);
	return g_string_free(g_steal_pointer(&out), FALSE);
}
