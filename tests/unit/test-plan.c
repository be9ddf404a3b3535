// The plan as a whole: encryption, kernel arguments, payload, UUIDs, hash, text.
#include "installer/plan/plan.h"

#include "installer/plan/deadline.h"
#include "installer/plan/kargs.h"
#include "installer/plan/text.h"
#include "installer/plan/uuid.h"
#include "tests/unit/machine.h"

typedef struct {
	LfProfile *profile;
	LfFacts *facts;
} Case;

static void case_clear(Case *one)
{
	lf_profile_free(one->profile);
	lf_facts_free(one->facts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

// An encrypted root on a disk of 20 GiB, unlocked by the TPM.
static Case new_case(void)
{
	Case one = { lf_test_profile(), lf_test_facts() };

	lf_test_disk(one.facts, "vda", 20 * TEST_GIB);
	lf_test_encrypt(one.profile);
	return one;
}

static LfPart *root_part(const Case *one)
{
	return one->profile->parts->pdata[0];
}

static LfPlan *make(const Case *one)
{
	g_autoptr(GError) error = NULL;
	LfPlan *plan = lf_plan_make(one->profile, one->facts, &error);

	assert_ok(plan, error);
	return plan;
}

static const LfPlanLuks *root_luks(const LfPlan *plan)
{
	return lf_plan_partition(plan, LF_ROLE_ROOT)->luks;
}

static void refuse(const Case *one, LfErrorCode code, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPlan) plan = lf_plan_make(one->profile, one->facts, &error);

	assert_throws(plan, error, code, says);
}

// --- encryption ---------------------------------------------------------------------------------

static void encryption_is_aes_xts_with_sectors_of_4096(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = make(&one);
	const LfPlanLuks *luks = root_luks(plan);

	assert_string_equal(luks->name, "root");
	assert_string_equal(luks->cipher, "aes");
	assert_string_equal(luks->cipher_mode, "xts-plain64");
	assert_int_equal(luks->key_bytes, 64);
	assert_int_equal(luks->sector_bytes, 4096);
	assert_string_equal(luks->pbkdf, "argon2id");
	assert_true(luks->wants_tpm2);
	assert_int_equal(luks->pcr_mask, 1 << 7);
	assert_null(luks->passphrase);
	assert_null(lf_plan_partition(plan, LF_ROLE_BOOT)->luks);
	assert_null(lf_plan_partition(plan, LF_ROLE_ESP)->luks);
}

static void argon_takes_a_quarter_of_the_memory(void **state)
{
	static const struct {
		uint64_t memory_bytes;
		uint32_t kib;
	} rows[] = {
		{ 0, 65536 },
		{ 128 * TEST_MIB, 65536 },
		{ 512 * TEST_MIB, 131072 },
		{ 2 * TEST_GIB, 524288 },
		{ 64 * TEST_GIB, 1048576 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Case) one = new_case();
		g_autoptr(LfPlan) plan = NULL;

		one.facts->memory_bytes = rows[i].memory_bytes;
		plan = make(&one);
		assert_int_equal(root_luks(plan)->pbkdf_memory_kib, rows[i].kib);
	}
}

static void a_machine_that_could_not_unlock_is_refused(void **state)
{
	g_auto(Case) one = new_case();

	one.facts->memory_bytes = TEST_GIB;
	root_part(&one)->encryption.pbkdf_memory_kib = 524288;
	lf_plan_free(make(&one));
	root_part(&one)->encryption.pbkdf_memory_kib = 524289;
	refuse(&one, LF_ERROR_TARGET, "write at most 524288");
}

static void encryption_nobody_can_unlock_is_refused(void **state)
{
	g_auto(Case) one = new_case();

	one.profile->unlock.wants_tpm2 = false;
	refuse(&one, LF_ERROR_INPUT, "could never be unlocked");
	one.profile->unlock.wants_recovery = true;
	one.profile->unlock.escrow = g_strdup("escrow.pem");
	refuse(&one, LF_ERROR_INPUT, "could never be unlocked");
	root_part(&one)->encryption.passphrase = lf_secret_new_text("");
	refuse(&one, LF_ERROR_INPUT, "1 to 512 bytes");
}

static void a_tpm_asked_for_and_absent_is_refused(void **state)
{
	g_auto(Case) one = new_case();

	lf_test_set(&one.facts->tpm_version, NULL);
	refuse(&one, LF_ERROR_TARGET, "this machine shows no TPM");
	lf_test_set(&one.facts->tpm_version, "1.2");
	refuse(&one, LF_ERROR_TARGET, "has a TPM 1.2");
	// A passphrase is no excuse: the TPM was asked for.
	root_part(&one)->encryption.passphrase = lf_secret_new_text("open sesame");
	refuse(&one, LF_ERROR_TARGET, "has a TPM 1.2");
}

static void unlock_without_encryption_is_refused(void **state)
{
	g_auto(Case) one = new_case();

	root_part(&one)->encryption.is_encrypted = false;
	refuse(&one, LF_ERROR_INPUT, "no part is encrypted");
}

static void a_recovery_key_needs_a_certificate(void **state)
{
	g_auto(Case) one = new_case();

	one.profile->unlock.wants_recovery = true;
	refuse(&one, LF_ERROR_INPUT, "needs --escrow=");
}

static void wrong_encryption_words_are_refused(void **state)
{
	static const struct {
		size_t offset;
		const char *value;
		LfErrorCode code;
		const char *says;
	} rows[] = {
		{ offsetof(LfEncryption, luks_version), "luks1", LF_ERROR_UNSUPPORTED, "luks2" },
		{ offsetof(LfEncryption, luks_version), "luks9", LF_ERROR_INPUT, "luks2" },
		{ offsetof(LfEncryption, cipher), "rot13", LF_ERROR_UNSUPPORTED,
		  "aes-xts-plain64, " },
		{ offsetof(LfEncryption, pbkdf), "md5", LF_ERROR_INPUT, "argon2id" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Case) one = new_case();
		char *encryption = (char *)&root_part(&one)->encryption;

		lf_test_set((char **)(void *)(encryption + rows[i].offset), rows[i].value);
		refuse(&one, rows[i].code, rows[i].says);
	}
}

static void pbkdf2_has_no_memory_and_given_costs_are_kept(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;

	lf_test_set(&root_part(&one)->encryption.pbkdf, "pbkdf2");
	root_part(&one)->encryption.pbkdf_iterations = 1000;
	plan = make(&one);
	assert_int_equal(root_luks(plan)->pbkdf_memory_kib, 0);
	assert_int_equal(root_luks(plan)->pbkdf_iterations, 1000);
	assert_int_equal(root_luks(plan)->pbkdf_time_ms, 0);
}

static void data_partitions_are_encrypted_alike(void **state)
{
	g_auto(Case) one = new_case();
	LfPart *part = lf_test_part(one.profile, "/var/data", 1024, false);
	g_autoptr(LfPlan) plan = NULL;
	const LfPlanLuks *luks;

	part->encryption.is_encrypted = true;
	part->encryption.passphrase = lf_secret_new_text("secret words");
	plan = make(&one);
	luks = lf_plan_partition(plan, LF_ROLE_DATA)->luks;
	assert_string_equal(luks->name, "var-data");
	assert_true(lf_secret_equal(luks->passphrase, part->encryption.passphrase));
	assert_string_not_equal(luks->uuid, root_luks(plan)->uuid);
}

// --- kernel arguments ---------------------------------------------------------------------------

static void kernel_arguments_come_in_their_order(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;
	g_autofree char *text = NULL;
	g_autofree char *wanted = NULL;

	lf_test_set(&one.profile->boot_append, " console=ttyS0,115200\tdyndbg=\"file a.c +p\" ");
	lf_test_set(&one.profile->kernel_append, "isolcpus=1");
	plan = make(&one);
	text = g_strjoinv("|", plan->kernel_args);
	wanted = g_strdup_printf("root=UUID=%s|rw|rd.luks.name=%s=root|"
				 "rd.luks.options=%s=tpm2-device=auto|panic=30|"
				 "console=ttyS0,115200|dyndbg=\"file a.c +p\"|isolcpus=1",
				 lf_plan_partition(plan, LF_ROLE_ROOT)->fs_uuid,
				 root_luks(plan)->uuid, root_luks(plan)->uuid);
	assert_string_equal(text, wanted);
}

static void an_open_root_has_no_luks_arguments(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;
	g_autofree char *text = NULL;

	root_part(&one)->encryption.is_encrypted = false;
	one.profile->unlock.wants_tpm2 = false;
	plan = make(&one);
	text = g_strjoinv(" ", plan->kernel_args);
	assert_null(strstr(text, "luks"));
	assert_null(strstr(text, "tpm2"));
}

static void a_payload_with_arguments_that_the_plan_decides_is_refused(void **state)
{
	static const struct {
		const char *append;
		const char *says;
	} rows[] = {
		{ "quiet root=/dev/sda1", "'root=/dev/sda1' is decided by the plan" },
		{ "\"root=/dev/sda1\"", "is decided by the plan" },
		{ "ostree=/x", "is decided by the plan" },
		{ "ro", "'ro' is decided by the plan" },
		{ "rd.luks.options=timeout=5", "is decided by the plan" },
		{ "a\nb", "not fit for" },
		{ "\xc3\xa9", "not fit for" },
		{ "a=\"b", "not fit for" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Case) one = new_case();

		lf_test_set(&one.facts->payload->kernel_args, rows[i].append);
		refuse(&one, LF_ERROR_INPUT, rows[i].says);
	}
}

static void arguments_that_only_look_alike_are_kept(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;
	g_autofree char *text = NULL;

	lf_test_set(&one.profile->boot_append, "rootdelay=5 rootwait rorschach");
	plan = make(&one);
	text = g_strjoinv(" ", plan->kernel_args);
	assert_true(g_str_has_suffix(text, "rootdelay=5 rootwait rorschach"));
}

// --- payload ------------------------------------------------------------------------------------

static void the_ref_takes_the_flavour_once(void **state)
{
	static const struct {
		const char *ref, *flavour, *wanted;
	} rows[] = {
		{ "debian/13/x86_64", "lowlatency", "debian/13/x86_64/lowlatency" },
		{ "debian/13/x86_64/standard", "standard", "debian/13/x86_64/standard" },
		{ "debian/13/x86_64", NULL, "debian/13/x86_64" },
		{ "mine", "standard", "mine/standard" },
		{ NULL, "standard", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfProfile) profile = lf_test_profile();
		g_autofree char *ref = NULL;

		lf_test_set(&profile->ostree_ref, rows[i].ref);
		lf_test_set(&profile->kernel_flavour, rows[i].flavour);
		ref = lf_plan_ref(profile);
		if (rows[i].wanted)
			assert_string_equal(ref, rows[i].wanted);
		else
			assert_null(ref);
	}
}

static void a_payload_that_is_not_the_wanted_one_is_refused(void **state)
{
	g_auto(Case) one = new_case();

	lf_test_set(&one.profile->kernel_flavour, "lowlatency");
	refuse(&one, LF_ERROR_INPUT, "contradicts");
	lf_test_set(&one.profile->kernel_flavour, NULL);
	lf_test_set(&one.facts->payload->flavour, "lowlatency");
	refuse(&one, LF_ERROR_TARGET, "its flavour is 'lowlatency', and 'standard' is wanted");
	lf_test_set(&one.facts->payload->flavour, NULL);
	refuse(&one, LF_ERROR_TARGET, "its flavour is '(none)'");
	lf_test_set(&one.facts->payload->flavour, "standard");
	lf_test_set(&one.facts->payload->url, "file:///elsewhere");
	refuse(&one, LF_ERROR_TARGET, "file:///elsewhere");
	lf_test_set(&one.facts->payload->url, one.profile->ostree_url);
	lf_test_set(&one.facts->payload->checksum, "12");
	refuse(&one, LF_ERROR_INPUT, "64 hex digits");
	g_clear_pointer(&one.facts->payload, lf_fact_payload_free);
	refuse(&one, LF_ERROR_TARGET, "no payload");
}

static void wrong_payload_names_are_refused(void **state)
{
	static const struct {
		size_t offset;
		const char *value;
		const char *says;
	} rows[] = {
		{ offsetof(LfProfile, ostree_osname), "a/b", "letters, digits" },
		{ offsetof(LfProfile, ostree_osname), "..", "letters, digits" },
		{ offsetof(LfProfile, ostree_remote), "", "letters, digits" },
		{ offsetof(LfProfile, ostree_ref), "../x", "is no branch" },
		{ offsetof(LfProfile, ostree_ref), "a//b", "is no branch" },
		{ offsetof(LfProfile, ostree_ref), "", "is no branch" },
		{ offsetof(LfProfile, ostree_url), NULL, "nothing to install" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Case) one = new_case();

		lf_test_set((char **)(void *)((char *)one.profile + rows[i].offset), rows[i].value);
		refuse(&one, LF_ERROR_INPUT, rows[i].says);
	}
}

static void a_machine_without_uefi_is_unsupported(void **state)
{
	g_auto(Case) one = new_case();

	one.facts->is_uefi = false;
	refuse(&one, LF_ERROR_UNSUPPORTED, "UEFI");
}

// --- the same again -----------------------------------------------------------------------------

static void uuids_are_of_version_4_and_differ_by_purpose(void **state)
{
	g_autofree char *first = lf_uuid_make(TEST_SALT, "table");
	g_autofree char *again = lf_uuid_make(TEST_SALT, "table");
	g_autofree char *other = lf_uuid_make(TEST_SALT, "fs/1");
	g_autofree char *fat = lf_fat_id_make(TEST_SALT, "fs/1");

	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	assert_true(g_uuid_string_is_valid(first));
	assert_int_equal(first[14], '4');
	assert_true(strchr("89ab", first[19]) != NULL);
	assert_int_equal(strlen(fat), 9);
	assert_true(g_regex_match_simple("^[0-9A-F]{4}-[0-9A-F]{4}$", fat, 0, 0));
}

static void the_same_input_gives_the_same_plan(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) first = make(&one);
	g_autoptr(LfPlan) second = make(&one);
	g_autoptr(json_t) a = lf_plan_to_json(first);
	g_autoptr(json_t) b = lf_plan_to_json(second);
	g_autofree char *text_a = lf_json_print(a, true);
	g_autofree char *text_b = lf_json_print(b, true);

	assert_string_equal(text_a, text_b);
}

static void the_hash_knows_no_uuids_and_no_old_content(void **state)
{
	g_auto(Case) one = new_case();
	g_auto(Case) two = new_case();
	g_autoptr(LfPlan) first = make(&one);
	g_autoptr(LfPlan) second = NULL;
	g_autofree char *hash_a = lf_plan_hash(first);
	g_autofree char *hash_b = NULL;

	lf_test_set(&two.facts->salt, "ffffffffffffffffffffffffffffffff");
	lf_test_partition(two.facts->disks->pdata[0], 1, "crypto_LUKS");
	second = make(&two);
	assert_string_not_equal(first->table_uuid, second->table_uuid);
	assert_string_equal(second->destroys[0], "partition 1 of /dev/vda: crypto_LUKS, 1.0 GiB");
	hash_b = lf_plan_hash(second);
	assert_string_equal(hash_a, hash_b);
}

static void the_hash_knows_every_wish(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) first = make(&one);
	g_autofree char *before = lf_plan_hash(first);
	static const size_t texts[] = {
		offsetof(LfProfile, lang),	  offsetof(LfProfile, timezone),
		offsetof(LfProfile, boot_append), offsetof(LfProfile, report_url),
		offsetof(LfProfile, log_host),
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(Case) two = new_case();
		g_autoptr(LfPlan) second = NULL;
		g_autofree char *after = NULL;

		lf_test_set((char **)(void *)((char *)two.profile + texts[i]), "other");
		second = make(&two);
		after = lf_plan_hash(second);
		assert_string_not_equal(before, after);
	}
}

static void secrets_are_in_no_rendering(void **state)
{
	g_auto(Case) one = new_case();
	LfAccount *user = g_new0(LfAccount, 1);
	g_autoptr(LfPlan) plan = NULL;
	g_autoptr(json_t) object = NULL;
	g_autofree char *json = NULL;
	g_autofree char *text = NULL;

	root_part(&one)->encryption.passphrase = lf_secret_new_text("open-sesame");
	user->name = g_strdup("anna");
	user->uid = user->gid = -1;
	user->password = lf_secret_new_text("hunter2");
	g_ptr_array_add(one.profile->users, user);
	plan = make(&one);
	object = lf_plan_to_json(plan);
	json = lf_json_print(object, true);
	text = lf_plan_describe(plan);
	assert_contains(json, "\"anna\"");
	assert_contains(json, "\"has_password\": true");
	assert_contains(json, "\"passphrase\"");
	assert_null(strstr(json, "sesame"));
	assert_null(strstr(text, "sesame"));
	assert_null(strstr(json, "hunter2"));
	assert_null(strstr(text, "hunter2"));
}

static void the_text_says_what_a_reader_must_know(void **state)
{
	static const char *const words[] = {
		"disk       /dev/vda, 20.0 GiB",
		"not used   /dev/sr0: a CD drive",
		"destroys   partition 1 of /dev/vda: ext4, 1.0 GiB",
		"/boot/efi",
		"LUKS2 aes-xts-plain64, argon2id, unlocked by TPM 2.0, PCR 7",
		"debian/13/x86_64/standard from file:///run/landfall/medium/repo",
		"signature required",
		"root=UUID=",
		"the root is encrypted and /var/data is not",
	};
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;
	g_autofree char *text = NULL;

	lf_test_disk(one.facts, "sr0", TEST_GIB)->is_cdrom = true;
	lf_test_partition(one.facts->disks->pdata[0], 1, "ext4");
	lf_test_part(one.profile, "/var/data", 1024, false);
	plan = make(&one);
	text = lf_plan_describe(plan);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		assert_contains(text, words[i]);
}

static void the_text_tells_of_the_installed_system(void **state)
{
	static const char *const words[] = {
		"account    root: no password, 0 SSH keys\n",
		"account    anna: password, 1 SSH key, groups sudo, adm\n",
		"services   on: ssh, chrony\n",
		"network    eth7: IPv4 192.0.2.7/24, IPv6 off, router 192.0.2.1\n",
		"time       server ntp.test, by NTS\n",
		"report     https://report.test/in\n",
		"log        log.test, port 5514\n",
		"on failure 5 more tries, then reboot\n",
		"script     %onerror of line 12, by /bin/sh\n",
	};
	g_auto(Case) one = new_case();
	LfAccount *user = g_new0(LfAccount, 1);
	LfSshKey *key = g_new0(LfSshKey, 1);
	LfNetwork *network = g_new0(LfNetwork, 1);
	LfFactNic *nic = g_new0(LfFactNic, 1);
	LfScript *script = g_new0(LfScript, 1);
	LfTimeSource *source = g_new0(LfTimeSource, 1);
	g_autoptr(LfPlan) plan = NULL;
	g_autofree char *text = NULL;

	*source = (LfTimeSource){ .host = g_strdup("ntp.test"), .is_nts = true };
	g_ptr_array_add(one.profile->time_sources, source);
	lf_test_set(&one.profile->report_url, "https://report.test/in");
	lf_test_set(&one.profile->log_host, "log.test");
	one.profile->log_port = 5514;
	one.profile->onfailure = LF_ONFAILURE_REBOOT;
	one.profile->onfailure_retries = 5;
	*user = (LfAccount){ .name = g_strdup("anna"),
			     .uid = -1,
			     .gid = -1,
			     .password = lf_secret_new_text("hunter2"),
			     .groups = g_strsplit("sudo,adm", ",", -1) };
	*key = (LfSshKey){ .user = g_strdup("anna"), .key = g_strdup("ssh-ed25519 AAAA") };
	nic->name = g_strdup("eth7");
	*network = (LfNetwork){ .device = g_strdup("eth7"),
				.ip = g_strdup("192.0.2.7"),
				.netmask = g_strdup("255.255.255.0"),
				.gateway = g_strdup("192.0.2.1"),
				.is_noipv6 = true };
	*script = (LfScript){ .kind = LF_SCRIPT_ONERROR, .place = { .line = 12 } };
	g_ptr_array_add(one.profile->users, user);
	g_ptr_array_add(one.profile->ssh_keys, key);
	g_ptr_array_add(one.profile->networks, network);
	g_ptr_array_add(one.facts->nics, nic);
	g_ptr_array_add(one.profile->scripts, script);
	g_strfreev(one.profile->services_enabled);
	one.profile->services_enabled = g_strsplit("ssh,chrony", ",", -1);
	plan = make(&one);
	text = lf_plan_describe(plan);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		assert_contains(text, words[i]);
}

static void the_last_hostname_counts(void **state)
{
	static const char *const names[] = { "first", "second", NULL };
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;

	for (size_t i = 0; i < 3; i++) {
		LfNetwork *network = g_new0(LfNetwork, 1);

		network->hostname = g_strdup(names[i]);
		g_ptr_array_add(one.profile->networks, network);
	}
	plan = make(&one);
	assert_string_equal(plan->hostname, "second");
}

static void the_command_line_may_name_the_host(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = NULL;

	one.facts->network_args = g_strdup("ip=:::::: hostname=edge-9");
	plan = make(&one);
	assert_string_equal(plan->hostname, "edge-9");
}

// --- deadlines ----------------------------------------------------------------------------------

static void a_deadline_grows_with_what_there_is_to_do(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = make(&one);

	// 400 MiB at 128 KiB/s and at 1 MiB/s, and a quarter of an hour.
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 900 + 3200);
	assert_int_equal(lf_deadline_s(plan, "payload.deploy"), 900 + 400);
	assert_int_equal(lf_deadline_s(plan, "disk.table"), 600);
	one.profile->limit_bytes_per_s = 65536;
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 900 + 12800);
	one.profile->limit_bytes_per_s = 1;
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 7 * 86400);
	plan->payload_bytes = UINT64_MAX;
	one.profile->limit_bytes_per_s = UINT64_MAX;
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 7 * 86400);
}

static void a_pull_from_servers_has_time_for_outages(void **state)
{
	static const char *const mirror[] = { "file:///mnt/repo", "http://mirror.test/repo", NULL };
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = make(&one);

	lf_test_set(&plan->url, "https://www.site.test/repo");
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 900 + 14400 + 3200);
	lf_test_set(&plan->url, "file:///run/landfall/medium/repo");
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 900 + 3200);
	g_strfreev(plan->mirrors);
	plan->mirrors = g_strdupv((char **)mirror);
	assert_int_equal(lf_deadline_s(plan, "payload.pull"), 900 + 14400 + 3200);
}

static void each_script_has_an_hour(void **state)
{
	g_auto(Case) one = new_case();
	g_autoptr(LfPlan) plan = make(&one);

	for (int i = 0; i < 3; i++) {
		LfScript *script = g_new0(LfScript, 1);

		script->kind = LF_SCRIPT_POST;
		g_ptr_array_add(one.profile->scripts, script);
		assert_int_equal(lf_deadline_s(plan, "script.post"), 3600 * (i + 1));
	}
	assert_int_equal(lf_deadline_s(plan, "script.pre-install"), 3600);
}

static void without_a_plan_and_a_row_there_is_a_deadline_too(void **state)
{
	assert_int_equal(lf_deadline_s(NULL, "devices.wait"), 300);
	assert_int_equal(lf_deadline_s(NULL, "script.onerror"), 3600);
	assert_int_equal(lf_deadline_s(NULL, "payload.pull"), 900 + 14400 + 32768);
	assert_int_equal(lf_deadline_s(NULL, "nobody.knows"), 1800);
	assert_false(lf_deadline_is_known("nobody.knows"));
}

static void durations_read_well(void **state)
{
	static const struct {
		unsigned seconds;
		const char *text;
	} rows[] = {
		{ 0, "0 s" },	 { 59, "59 s" },  { 60, "1 min" },	 { 61, "2 min" },
		{ 3541, "1 h" }, { 3600, "1 h" }, { 3601, "1 h 1 min" }, { 604800, "168 h" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = lf_duration_text(rows[i].seconds);

		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_deadline_grows_with_what_there_is_to_do),
		LF_TEST(a_pull_from_servers_has_time_for_outages),
		LF_TEST(each_script_has_an_hour),
		LF_TEST(without_a_plan_and_a_row_there_is_a_deadline_too),
		LF_TEST(durations_read_well),
		LF_TEST(encryption_is_aes_xts_with_sectors_of_4096),
		LF_TEST(argon_takes_a_quarter_of_the_memory),
		LF_TEST(a_machine_that_could_not_unlock_is_refused),
		LF_TEST(encryption_nobody_can_unlock_is_refused),
		LF_TEST(a_tpm_asked_for_and_absent_is_refused),
		LF_TEST(unlock_without_encryption_is_refused),
		LF_TEST(a_recovery_key_needs_a_certificate),
		LF_TEST(wrong_encryption_words_are_refused),
		LF_TEST(pbkdf2_has_no_memory_and_given_costs_are_kept),
		LF_TEST(data_partitions_are_encrypted_alike),
		LF_TEST(kernel_arguments_come_in_their_order),
		LF_TEST(an_open_root_has_no_luks_arguments),
		LF_TEST(a_payload_with_arguments_that_the_plan_decides_is_refused),
		LF_TEST(arguments_that_only_look_alike_are_kept),
		LF_TEST(the_ref_takes_the_flavour_once),
		LF_TEST(a_payload_that_is_not_the_wanted_one_is_refused),
		LF_TEST(wrong_payload_names_are_refused),
		LF_TEST(a_machine_without_uefi_is_unsupported),
		LF_TEST(uuids_are_of_version_4_and_differ_by_purpose),
		LF_TEST(the_same_input_gives_the_same_plan),
		LF_TEST(the_hash_knows_no_uuids_and_no_old_content),
		LF_TEST(the_hash_knows_every_wish),
		LF_TEST(secrets_are_in_no_rendering),
		LF_TEST(the_text_says_what_a_reader_must_know),
		LF_TEST(the_text_tells_of_the_installed_system),
		LF_TEST(the_last_hostname_counts),
		LF_TEST(the_command_line_may_name_the_host),
	};

	return LF_TEST_MAIN(tests);
}
