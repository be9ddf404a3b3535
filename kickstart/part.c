// The command part: one partition, its file system and its encryption.
// Not here: what is missing in the whole (validate.c), sizes and places on a disk (the planner).
#include <string.h>

#include "base/fd.h"
#include "kickstart/parser.h"

#define MAX_SIZE_MIB  ((uint64_t)1 << 34)
#define MAX_PARTS     126 /* a GPT has 128 entries, two may be added by reqpart */
#define ENCRYPTION(x) offsetof(LfPart, encryption.x)

// --- options ------------------------------------------------------------------------------------

#define PLAIN "write 'ext4' or 'xfs'"

static const LfChoice fstypes[] = {
	{ "ext4", NULL },
	{ "xfs", NULL },
	{ "vfat", NULL },
	{ "efi", NULL },
	{ "swap", NULL },
	{ "ext2", PLAIN },
	{ "ext3", PLAIN },
	{ "btrfs", PLAIN },
	{ "tmpfs", PLAIN },
	{ "lvmpv", "LVM is not supported yet: write plain partitions" },
	{ "mdmember", "RAID is not supported yet: write plain partitions" },
	{ "biosboot", "leave it out: the machine starts by UEFI" },
	{ "prepboot", "leave it out: the machine starts by UEFI" },
	{ NULL, NULL },
};

static const LfChoice luks_versions[] = {
	{ "luks2", NULL },
	{ "luks1", "write 'luks2': the keys in a TPM need it" },
	{ "luks2-hw-opal", "write 'luks2': a disk's own encryption cannot be verified" },
	{ NULL, NULL },
};

static const LfChoice pbkdfs[] = {
	{ "argon2id", NULL },
	{ "argon2i", NULL },
	{ "pbkdf2", NULL },
	{ NULL, NULL },
};

#define NEW_ONLY "leave it out: partitions are made anew; there is no way yet to keep one"

static const LfOption options[] = {
	LF_OPTION_FIELD("--size", U64, LfPart, size_mib, 0, 1, MAX_SIZE_MIB),
	LF_OPTION_FIELD("--maxsize", U64, LfPart, maxsize_mib, 0, 1, MAX_SIZE_MIB),
	LF_OPTION_FIELD("--grow", FLAG, LfPart, is_grow),
	{ "--fstype", LF_OPTION_CHOICE, 0, offsetof(LfPart, fstype), .choices = fstypes },
	{ "--type", LF_OPTION_CHOICE, 0, offsetof(LfPart, fstype), .choices = fstypes },
	LF_OPTION_FIELD("--label", TEXT, LfPart, label, LF_SHAPE_FSTAB_FIELD),
	LF_OPTION_FIELD("--fsoptions", TEXT, LfPart, fsoptions, LF_SHAPE_FSTAB_FIELD),
	LF_OPTION_FIELD("--mkfsoptions", TEXT, LfPart, mkfsoptions),
	LF_OPTION_FIELD("--ondisk", TEXT, LfPart, ondisk),
	LF_OPTION_FIELD("--ondrive", TEXT, LfPart, ondisk),
	{ "--asprimary", LF_OPTION_FLAG, LF_OPTION_IGNORED },
	LF_OPTION_FIELD("--encrypted", FLAG, LfPart, encryption.is_encrypted),
	{ "--passphrase", LF_OPTION_SECRET, 0, ENCRYPTION(passphrase) },
	{ "--luks-version", LF_OPTION_CHOICE, 0, ENCRYPTION(luks_version),
	  .choices = luks_versions },
	{ "--cipher", LF_OPTION_TEXT, 0, ENCRYPTION(cipher), LF_SHAPE_CIPHER },
	{ "--pbkdf", LF_OPTION_CHOICE, 0, ENCRYPTION(pbkdf), .choices = pbkdfs },
	{ "--pbkdf-memory", LF_OPTION_U32, 0, ENCRYPTION(pbkdf_memory_kib), 0, 32, 4194304 },
	{ "--pbkdf-time", LF_OPTION_U32, 0, ENCRYPTION(pbkdf_time_ms), 0, 1, 600000 },
	{ "--pbkdf-iterations", LF_OPTION_U32, 0, ENCRYPTION(pbkdf_iterations), 0, 4, UINT32_MAX },
	LF_OPTION_NOT_YET("--onpart", TEXT, NEW_ONLY),
	LF_OPTION_NOT_YET("--usepart", TEXT, NEW_ONLY),
	LF_OPTION_NOT_YET("--noformat", FLAG, NEW_ONLY),
	LF_OPTION_NOT_YET("--resize", FLAG, NEW_ONLY),
	LF_OPTION_NOT_YET("--onbiosdisk", TEXT, "write '--ondisk'"),
	LF_OPTION_NOT_YET("--fsprofile", TEXT, "write '--mkfsoptions'"),
	LF_OPTION_NOT_YET("--recommended", FLAG, "write '--size'"),
	LF_OPTION_NOT_YET("--hibernation", FLAG, "write '--size'"),
	LF_OPTION_NOT_YET("--escrowcert", TEXT,
			  "write 'unlock --tpm2 --recovery --escrow=CERT' in %addon com_landfall"),
	LF_OPTION_NOT_YET("--backuppassphrase", FLAG,
			  "write 'unlock --tpm2 --recovery --escrow=CERT' in %addon com_landfall"),
};

// --- mount point --------------------------------------------------------------------------------

static const struct {
	const char *prefix;
	const char *advice;
} other_mounts[] = {
	{ "pv.", "LVM is not supported yet: write plain partitions" },
	{ "raid.", "RAID is not supported yet: write plain partitions" },
	{ "btrfs.", "btrfs is not supported: write plain partitions" },
	{ "biosboot", "leave it out: the machine starts by UEFI" },
	{ "prepboot", "leave it out: the machine starts by UEFI" },
};

// An OSTree system is one read-only tree; its data is in /var and in what links there.
static const char *const data_mounts[] = {
	"/var", "/home", "/srv", "/opt", "/root", "/mnt", "/usr/local",
};

static bool is_possible_mount(const char *mount)
{
	if (strcmp(mount, "/") == 0 || strcmp(mount, "/boot") == 0 ||
	    strcmp(mount, "/boot/efi") == 0)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(data_mounts); i++)
		if (lf_path_is_below(mount, data_mounts[i]))
			return true;
	return false;
}

/* Returns: (transfer full): without doubled and trailing slashes, as the language reads them. */
static char *clean_mount(const char *word)
{
	GString *out = g_string_new(NULL);

	for (; *word; word++)
		if (*word != '/' || out->len == 0 || out->str[out->len - 1] != '/')
			g_string_append_c(out, *word);
	if (out->len > 1 && out->str[out->len - 1] == '/')
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static void check_mount(LfCall *call, const char *mount)
{
	LfPlace place = lf_call_word_place(call, 0);

	if (strcmp(mount, "swap") == 0)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(other_mounts); i++) {
		if (!g_str_has_prefix(mount, other_mounts[i].prefix))
			continue;
		lf_call_error(call, place, "unsupported-mount", other_mounts[i].advice,
			      "'part %s' is not supported", mount);
		return;
	}
	if (*mount != '/')
		lf_call_error(call, place, "relative-mount", "begin it with '/', or write 'swap'",
			      "'%s' is not a mount point", mount);
	else if (!lf_shape_fits(LF_SHAPE_FSTAB_PATH, mount))
		lf_call_error(call, place, "invalid-value", lf_shape_advice(LF_SHAPE_FSTAB_PATH),
			      "'%s' is not a mount point", mount);
	else if (!is_possible_mount(mount))
		lf_call_error(call, place, "impossible-mount",
			      "use /var, /home, /srv, /opt, /root, /mnt, /usr/local or a folder "
			      "below one",
			      "'%s' cannot be a partition of its own: the system is one read-only "
			      "tree",
			      mount);
}

static void check_repeated(LfParser *parser, LfCall *call, const LfPart *part)
{
	const GPtrArray *parts = parser->profile->parts;

	for (guint i = 0; i < parts->len; i++) {
		const LfPart *other = parts->pdata[i];
		LfPlace place = lf_call_word_place(call, 0);

		if (strcmp(other->mount, part->mount) == 0 && strcmp(part->mount, "swap") != 0)
			lf_call_error(call, place, "repeated-mount", "remove one of them",
				      "there is a partition for '%s' already, on line %u",
				      part->mount, other->place.line);
		place = lf_call_place(call, "--label");
		if (part->label && g_strcmp0(part->label, other->label) == 0)
			lf_call_error(call, place, "repeated-label", "give each its own",
				      "label '%s' is taken already, on line %u", part->label,
				      other->place.line);
	}
}

// --- file system --------------------------------------------------------------------------------

static const struct {
	const char *mount;	/* NULL: every other */
	const char *fstypes[3]; /* the first is the default */
} fitting[] = {
	{ "/boot/efi", { "vfat", "efi" } },
	{ "/boot", { "ext4" } },
	{ "swap", { "swap" } },
	{ NULL, { "ext4", "xfs" } },
};

static const struct {
	const char *fstype;
	size_t max_label_bytes;
} label_sizes[] = {
	{ "vfat", 11 }, { "efi", 11 }, { "ext4", 16 }, { "xfs", 12 }, { "swap", 15 },
};

static const char *const *fitting_fstypes(const char *mount)
{
	size_t i = 0;

	while (fitting[i].mount && strcmp(fitting[i].mount, mount) != 0)
		i++;
	return fitting[i].fstypes;
}

static void check_fstype(LfCall *call, const LfPart *part)
{
	const char *const *known = fitting_fstypes(part->mount);
	g_autofree char *advice = NULL;

	if (!part->fstype || g_strv_contains(known, part->fstype))
		return;
	advice = g_strdup_printf("write '%s'", known[0]);
	lf_call_error(call, lf_call_place(call, "--fstype"), "unfit-fstype", advice,
		      "'%s' cannot be %s", part->mount, part->fstype);
}

static void check_label(LfCall *call, const LfPart *part)
{
	const char *fstype = part->fstype ? part->fstype : fitting_fstypes(part->mount)[0];

	for (size_t i = 0; part->label && i < G_N_ELEMENTS(label_sizes); i++) {
		size_t max_bytes = label_sizes[i].max_label_bytes;

		if (strcmp(label_sizes[i].fstype, fstype) == 0 && strlen(part->label) > max_bytes)
			lf_call_error(call, lf_call_place(call, "--label"), "out-of-range",
				      "write a shorter one",
				      "label '%s' is longer than the %zu bytes of %s", part->label,
				      max_bytes, fstype);
	}
}

// The words are taken apart as a shell would, when the file system is made.
static void check_mkfsoptions(LfCall *call, const LfPart *part)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GError) error = NULL;

	if (!part->mkfsoptions || g_shell_parse_argv(part->mkfsoptions, NULL, &words, &error))
		return;
	if (g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
		lf_call_error(call, lf_call_place(call, "--mkfsoptions"), "empty-value",
			      "write one, or leave the option out", "'--mkfsoptions' has no words");
	else
		lf_call_error(call, lf_call_place(call, "--mkfsoptions"), "invalid-value",
			      "close every quote, and put '\\' before one that stands for itself",
			      "the quotes in '--mkfsoptions=%s' do not match", part->mkfsoptions);
}

static void check_size(LfCall *call, const LfPart *part)
{
	if (part->size_mib == 0 && !part->is_grow)
		lf_call_error(call, call->place, "missing-size",
			      "write '--size=' in MiB, or '--grow' for the space that is left",
			      "'part %s' has no size", part->mount);
	if (part->maxsize_mib && part->maxsize_mib < part->size_mib)
		lf_call_error(call, lf_call_place(call, "--maxsize"), "conflicting-options",
			      "write a larger '--maxsize' or a smaller '--size'",
			      "'--maxsize' is smaller than '--size'");
	if (part->maxsize_mib && !part->is_grow)
		lf_call_warn(call, lf_call_place(call, "--maxsize"), "no-effect",
			     "add '--grow', or leave it out",
			     "'--maxsize' does nothing without '--grow'");
}

// --- encryption ---------------------------------------------------------------------------------

static const char *const luks_options[] = {
	"--passphrase",	  "--luks-version", "--cipher",		  "--pbkdf",
	"--pbkdf-memory", "--pbkdf-time",   "--pbkdf-iterations",
};

static void check_pbkdf(LfCall *call, const LfEncryption *encryption)
{
	bool is_pbkdf2 = g_strcmp0(encryption->pbkdf, "pbkdf2") == 0;

	if (encryption->pbkdf_time_ms && encryption->pbkdf_iterations)
		lf_call_error(call, lf_call_place(call, "--pbkdf-iterations"),
			      "conflicting-options", "leave one of them out",
			      "'--pbkdf-time' and '--pbkdf-iterations' cannot both be given");
	if (is_pbkdf2 && encryption->pbkdf_memory_kib)
		lf_call_error(call, lf_call_place(call, "--pbkdf-memory"), "conflicting-options",
			      "leave it out, or write '--pbkdf=argon2id'", "pbkdf2 uses no memory");
	if (is_pbkdf2 && encryption->pbkdf_iterations && encryption->pbkdf_iterations < 1000)
		lf_call_error(call, lf_call_place(call, "--pbkdf-iterations"), "out-of-range",
			      "write 1000 or more, or leave it out",
			      "%u iterations of pbkdf2 protect nothing",
			      encryption->pbkdf_iterations);
}

static void check_encryption(LfCall *call, const LfPart *part)
{
	bool is_boot = strcmp(part->mount, "/boot") == 0;

	if (part->encryption.is_encrypted && (is_boot || strcmp(part->mount, "/boot/efi") == 0))
		lf_call_error(call, lf_call_place(call, "--encrypted"), "encrypted-boot",
			      "leave '--encrypted' out here",
			      "'%s' cannot be encrypted: %s reads it", part->mount,
			      is_boot ? "the boot loader" : "the firmware");
	for (size_t i = 0; i < G_N_ELEMENTS(luks_options); i++)
		if (!part->encryption.is_encrypted && lf_call_has(call, luks_options[i]))
			lf_call_error(call, lf_call_place(call, luks_options[i]),
				      "missing-encrypted",
				      "add '--encrypted', or leave this option out",
				      "'%s' is given, but not '--encrypted'", luks_options[i]);
	check_pbkdf(call, &part->encryption);
}

// --- the line -----------------------------------------------------------------------------------

static void apply_part(LfParser *parser, LfCall *call, void *values)
{
	LfPart *part = values;

	if (parser->profile->parts->len >= MAX_PARTS) {
		lf_call_error(call, call->place, "too-many", NULL, "more than %d partitions",
			      MAX_PARTS);
		return;
	}
	part->mount = clean_mount(lf_call_word(call, 0));
	check_mount(call, part->mount);
	check_repeated(parser, call, part);
	check_fstype(call, part);
	check_label(call, part);
	check_mkfsoptions(call, part);
	check_size(call, part);
	check_encryption(call, part);
	part = g_memdup2(values, sizeof(LfPart));
	memset(values, 0, sizeof(LfPart));
	part->place = call->place;
	g_ptr_array_add(parser->profile->parts, part);
}

static const LfCommand commands[] = {
	{ "part", LF_COMMAND_OPTIONS(options), .values_size = sizeof(LfPart), .min_words = 1,
	  .max_words = 1, .words = "a mount point", .slot = "part", .apply = apply_part },
	{ "partition", LF_COMMAND_OPTIONS(options), .values_size = sizeof(LfPart), .min_words = 1,
	  .max_words = 1, .words = "a mount point", .slot = "part", .apply = apply_part },
};

LF_COMMAND_TABLE(lf_part_commands, commands);
