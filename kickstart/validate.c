// What only the whole profile tells: things missing, and lines that contradict each other.
// Not here: single lines (their commands), whether it fits a machine (the planner).
#include <string.h>

#include "kickstart/parser.h"

static const LfPart *find_part(const LfProfile *profile, const char *mount)
{
	for (guint i = 0; i < profile->parts->len; i++)
		if (strcmp(((const LfPart *)profile->parts->pdata[i])->mount, mount) == 0)
			return profile->parts->pdata[i];
	return NULL;
}

static LfPlace nowhere(const LfParser *parser)
{
	return (LfPlace){ parser->file, 0, 0 };
}

// --- partitions ---------------------------------------------------------------------------------

static void check_layout(LfParser *parser)
{
	const LfProfile *profile = parser->profile;
	const LfPart *root = find_part(profile, "/");

	if (lf_parser_is_doubtful(parser, "part"))
		return;
	if (!root)
		lf_parser_error(parser, nowhere(parser), "missing-root",
				"write 'part / --grow', with '--encrypted' for an encrypted one",
				"there is no root file system");
	if (lf_parser_is_doubtful(parser, "reqpart"))
		return;
	if (!profile->is_reqpart && !find_part(profile, "/boot/efi"))
		lf_parser_error(parser, nowhere(parser), "missing-esp",
				"write 'reqpart --add-boot', or 'part /boot/efi --fstype=efi "
				"--size=512'",
				"there is no EFI system partition: the machine could not start");
	if (!profile->is_reqpart_boot && !find_part(profile, "/boot"))
		lf_parser_error(parser, nowhere(parser), "missing-boot",
				"write 'reqpart --add-boot', or 'part /boot --size=1024'",
				"there is no /boot that the boot loader can read");
}

// --- encryption ---------------------------------------------------------------------------------

// edge-passphrase.ks has it: whoever knows the project could unlock the machine.
static void check_placeholder(LfParser *parser, const LfPart *part)
{
	static const char placeholder[] = "replace this passphrase";
	const LfSecret *passphrase = part->encryption.passphrase;

	if (passphrase && lf_secret_size(passphrase) == strlen(placeholder) &&
	    memcmp(lf_secret_data(passphrase), placeholder, strlen(placeholder)) == 0)
		lf_parser_error(parser, part->place, "placeholder",
				"write a passphrase of your own",
				"the passphrase of 'part %s' is the example's, which everybody "
				"knows",
				part->mount);
}

static void check_encryption(LfParser *parser)
{
	const LfProfile *profile = parser->profile;
	const LfUnlock *unlock = &profile->unlock;
	bool is_any_encrypted = false;

	for (guint i = 0; i < profile->parts->len; i++) {
		const LfPart *part = profile->parts->pdata[i];

		if (!part->encryption.is_encrypted)
			continue;
		is_any_encrypted = true;
		check_placeholder(parser, part);
		if (!part->encryption.passphrase && !unlock->wants_tpm2 &&
		    !lf_parser_is_doubtful(parser, "unlock"))
			lf_parser_error(parser, part->place, "no-way-to-unlock",
					"write 'unlock --tpm2' in %addon com_landfall, or add "
					"'--passphrase='",
					"'part %s' is encrypted, but nothing can unlock it: nobody "
					"is there to type a passphrase",
					part->mount);
	}
	if (unlock->wants_tpm2 && !is_any_encrypted && !lf_parser_is_doubtful(parser, "part"))
		lf_parser_error(parser, unlock->place, "nothing-encrypted",
				"add '--encrypted' to 'part /', or remove the line",
				"'unlock' is given, but no partition is encrypted");
}

// --- payload and kernel -------------------------------------------------------------------------

static bool is_flavour(const char *text)
{
	return strcmp(text, "standard") == 0 || strcmp(text, "lowlatency") == 0;
}

static void check_payload(LfParser *parser)
{
	const LfProfile *profile = parser->profile;
	const char *slash = profile->ostree_ref ? strrchr(profile->ostree_ref, '/') : NULL;

	if (!profile->ostree_ref && !lf_parser_is_doubtful(parser, "ostreesetup"))
		lf_parser_error(parser, nowhere(parser), "missing-payload",
				"write an 'ostreesetup' line", "nothing says what to install");
	if (slash && profile->kernel_flavour && is_flavour(slash + 1) &&
	    strcmp(slash + 1, profile->kernel_flavour) != 0)
		lf_parser_error(parser, lf_parser_place(parser, "kernel"), "flavour-mismatch",
				"write the same flavour in both",
				"the kernel shall be '%s', but the ref ends in '%s'",
				profile->kernel_flavour, slash + 1);
}

// --- accounts -----------------------------------------------------------------------------------

static bool has_user(const LfProfile *profile, const char *name)
{
	if (strcmp(name, "root") == 0)
		return true;
	for (guint i = 0; i < profile->users->len; i++)
		if (strcmp(((const LfAccount *)profile->users->pdata[i])->name, name) == 0)
			return true;
	return false;
}

static void check_keys(LfParser *parser)
{
	const LfProfile *profile = parser->profile;

	for (guint i = 0; i < profile->ssh_keys->len; i++) {
		const LfSshKey *key = profile->ssh_keys->pdata[i];

		if (!has_user(profile, key->user) && !lf_parser_is_doubtful(parser, "user"))
			lf_parser_warn(parser, key->place, "unknown-user",
				       "add a 'user' line, unless the image has this user",
				       "no line makes the user '%s' of this key", key->user);
	}
}

static bool can_log_in(const LfAccount *account)
{
	return account && account->password && !account->is_locked;
}

// Told at the desk, where something can still be done about it.
static void check_login(LfParser *parser)
{
	const LfProfile *profile = parser->profile;
	bool is_any = profile->ssh_keys->len > 0 || can_log_in(profile->root);

	for (guint i = 0; i < profile->users->len; i++)
		is_any = is_any || can_log_in(profile->users->pdata[i]);
	if (is_any || parser->pass != LF_KICKSTART_DESK || lf_parser_is_doubtful(parser, "user") ||
	    lf_parser_is_doubtful(parser, "rootpw") || lf_parser_is_doubtful(parser, "sshkey"))
		return;
	lf_parser_warn(parser, nowhere(parser), "no-login",
		       "add an 'sshkey' line, unless the image or a %post script brings a way in",
		       "nobody can log in: each account is locked or has no password, and there is "
		       "no SSH key");
}

// --- payload over the network -------------------------------------------------------------------

static void check_mirrors(LfParser *parser)
{
	const LfProfile *profile = parser->profile;

	if (profile->ostree_url &&
	    g_strv_contains((const char *const *)profile->mirrors, profile->ostree_url))
		lf_parser_warn(parser, lf_parser_place(parser, "mirror"), "repeated-mirror",
			       "remove the line, or write another address",
			       "a mirror is the address of 'ostreesetup' itself");
}

/* What the plan calls the partition of @mount, unless there are several of a name. */
static char *partition_name(const char *mount)
{
	static const char *const names[][2] = { { "/boot/efi", "esp" },
						{ "/boot", "boot" },
						{ "/", "root" } };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i][0], mount) == 0)
			return g_strdup(names[i][1]);
	return g_strdelimit(g_strndup(mount + (*mount == '/'), 32), "/", '-');
}

// A reinstall finds the partition by its label, so nothing else may be called so.
static void check_persist(LfParser *parser)
{
	static const char *const taken[] = { "esp", "boot", "root", "swap", NULL };
	const LfProfile *profile = parser->profile;
	const char *label = profile->persist_label;
	bool is_taken = label && g_strv_contains(taken, label);

	for (guint i = 0; label && i < profile->parts->len; i++) {
		const LfPart *part = profile->parts->pdata[i];
		g_autofree char *name = partition_name(part->mount);

		is_taken =
			is_taken || strcmp(name, label) == 0 || g_strcmp0(part->label, label) == 0;
	}
	if (is_taken)
		lf_parser_error(parser, profile->persist_place, "repeated-label",
				"write another '--label'",
				"another partition is called '%s' too, and would be taken for the "
				"persistent one",
				label);
}

// --- time ---------------------------------------------------------------------------------------

static void check_time(LfParser *parser)
{
	const LfProfile *profile = parser->profile;
	const LfTimeSource *first = NULL;
	bool is_old = false;
	bool is_new = parser->is_timesource_disabled;

	for (guint i = 0; i < profile->time_sources->len; i++) {
		const LfTimeSource *source = profile->time_sources->pdata[i];

		first = first ? first : source;
		is_old = is_old || source->is_of_timezone;
		is_new = is_new || !source->is_of_timezone;
	}
	if (lf_parser_is_doubtful(parser, "timezone") ||
	    lf_parser_is_doubtful(parser, "timesource"))
		return;
	if (first && profile->is_ntp_disabled)
		lf_parser_error(parser, first->place, "conflicting-options",
				"remove the servers, or what disables them",
				"time servers are named here, but not asked: another line says so");
	else if (is_old && is_new)
		lf_parser_warn(parser, lf_parser_place(parser, "timezone"), "mixed-sources",
			       "write all of them as 'timesource' lines",
			       "'timezone' and 'timesource' both name time servers; all are used");
}

void lf_validate(LfParser *parser)
{
	check_payload(parser);
	check_layout(parser);
	check_encryption(parser);
	check_keys(parser);
	check_login(parser);
	check_mirrors(parser);
	check_persist(parser);
	check_time(parser);
	lf_validate_network(parser);
}
