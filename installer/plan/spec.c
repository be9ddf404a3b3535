// Part lines to wanted partitions: roles, file systems, least sizes, what reqpart adds.
// Not here: places on a disk (layout.c), encryption (luks.c).
#include "installer/plan/spec.h"

#include <string.h>

#include "installer/plan/text.h"

#define ESP_BYTES  (512 * LF_MIB)
#define BOOT_BYTES (1024 * LF_MIB)
// Two deployments of a kernel (12 MiB) and an initrd for every machine (100 MiB), and their file
// system.
#define BOOT_LEAST_BYTES (300 * LF_MIB)
#define ESP_LEAST_BYTES	 (64 * LF_MIB)
// Journal (at most 64 MiB at these sizes), inode tables, and what the first boot writes.
#define ROOT_SLACK_BYTES (256 * LF_MIB)
// Where the payload does not tell its size: a small Debian.
#define ROOT_UNKNOWN_BYTES (1024 * LF_MIB)
#define MAX_PART_MIB	   ((uint64_t)1 << 34)
#define MAX_PARTITIONS	   128

// --- tables -------------------------------------------------------------------------------------

// The Discoverable Partitions Specification's types for the root, by architecture.
static const struct {
	const char *architecture;
	const char *type;
} root_types[] = {
	{ "x86_64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709" },
	{ "aarch64", "b921b045-1df0-41c3-af44-4c6f280d3fae" },
};

// Mount points with a role or a type of their own. Source: UAPI group, DPS; UEFI 2.10, 5.3.3.
static const struct {
	const char *mount;
	LfRole role;
	const char *type;
	const char *fstypes[3]; /* the first is the default */
} mounts[] = {
	{ "/boot/efi", LF_ROLE_ESP, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", { "vfat", "efi" } },
	{ "/boot", LF_ROLE_BOOT, "bc13c2ff-59e6-4262-a352-b275fd6f7172", { "ext4" } },
	{ "/", LF_ROLE_ROOT, NULL, { "ext4", "xfs" } },
	{ "swap", LF_ROLE_SWAP, "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", { "swap" } },
	{ "/home", LF_ROLE_DATA, "933ac7e1-2eb4-4f13-b844-0e14e2aef915", { "ext4", "xfs" } },
	{ "/srv", LF_ROLE_DATA, "3b8f8425-20e0-4f3b-907f-1a25a76f98e8", { "ext4", "xfs" } },
	{ "/var", LF_ROLE_DATA, "4d21b016-b534-45c2-a9fb-5c16e091fd2d", { "ext4", "xfs" } },
	{ NULL, LF_ROLE_DATA, "0fc63daf-8483-4772-8e79-3d69d8477de4", { "ext4", "xfs" } },
};

// Links of the image's root into /var: systemd mounts only on real directories.
static const struct {
	const char *link;
	const char *target;
} links[] = {
	{ "/home", "/var/home" }, { "/opt", "/var/opt" },	{ "/srv", "/var/srv" },
	{ "/mnt", "/var/mnt" },	  { "/root", "/var/roothome" }, { "/usr/local", "/var/usrlocal" },
};

static const struct {
	const char *fstype;
	size_t max_label_bytes;
	uint64_t least_bytes;
} filesystems[] = {
	{ "vfat", 11, LF_MIB },
	{ "ext4", 16, 16 * LF_MIB },
	{ "xfs", 12, 304 * LF_MIB },
	{ "swap", 15, 1 * LF_MIB },
};

// --- mount points -------------------------------------------------------------------------------

static char *real_mount(const char *mount)
{
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		size_t length = strlen(links[i].link);

		if (g_str_has_prefix(mount, links[i].link) &&
		    (mount[length] == '\0' || mount[length] == '/'))
			return g_strconcat(links[i].target, mount + length, NULL);
	}
	return g_strdup(mount);
}

// Absolute, each part a name of plain characters, no "." and "..": it goes into fstab as it is.
static bool is_clean_path(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	if (*path != '/' || strlen(path) > 255)
		return false;
	for (char **part = parts + 1; *part; part++) {
		if (**part == '\0' || strcmp(*part, ".") == 0 || strcmp(*part, "..") == 0)
			return false;
		for (const char *c = *part; *c; c++)
			if (!g_ascii_isalnum(*c) && !strchr("._-+@", *c))
				return false;
	}
	return true;
}

static bool check_data_mount(const LfPart *part, const char *mount, GError **error)
{
	static const char *const volumes[] = { "pv.", "raid.", "btrfs." };

	for (size_t i = 0; i < G_N_ELEMENTS(volumes); i++)
		if (g_str_has_prefix(part->mount, volumes[i]))
			return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &part->place,
					   "'part %s': LVM, RAID and btrfs are not supported yet: "
					   "write plain partitions",
					   part->mount);
	if (strcmp(part->mount, "biosboot") == 0 || strcmp(part->mount, "prepboot") == 0)
		return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &part->place,
				   "'part %s' is not for UEFI machines: leave it out", part->mount);
	if (!is_clean_path(mount))
		return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
				   "'%s' is no mount point: write an absolute path of plain "
				   "characters",
				   part->mount);
	if (strcmp(mount, "/var") != 0 && !g_str_has_prefix(mount, "/var/"))
		return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &part->place,
				   "'%s' cannot be a partition of its own: the installed system is "
				   "one read-only tree, and /var, /home, /srv, /opt, /root, /mnt, "
				   "/usr/local and what lies below them hold its data",
				   part->mount);
	return true;
}

// --- file systems -------------------------------------------------------------------------------

static bool choose_fstype(LfSpec *spec, const char *const *fstypes, GError **error)
{
	const char *wanted = spec->part->fstype;
	g_autofree char *known = NULL;

	spec->fstype = fstypes[0];
	if (!wanted)
		return true;
	for (size_t i = 0; i < 3 && fstypes[i]; i++) {
		if (strcmp(wanted, fstypes[i]) != 0)
			continue;
		// "efi" is Kickstart's word for vfat on the ESP.
		spec->fstype = strcmp(wanted, "efi") == 0 ? fstypes[0] : fstypes[i];
		return true;
	}
	known = g_strjoin(" or ", fstypes[0], fstypes[1], NULL);
	return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &spec->part->place,
			   "'part %s --fstype=%s' is not supported: write %s", spec->part->mount,
			   wanted, known);
}

static bool check_label(const LfSpec *spec, GError **error)
{
	const char *label = spec->part->label;

	if (!label)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(filesystems); i++)
		if (strcmp(filesystems[i].fstype, spec->fstype) == 0 &&
		    strlen(label) > filesystems[i].max_label_bytes)
			return lf_throw_at(
				error, LF_ERROR_INPUT, &spec->part->place,
				"label '%s' is longer than the %zu bytes that %s has for "
				"it",
				label, filesystems[i].max_label_bytes, spec->fstype);
	for (const char *c = label; *c; c++)
		if (!g_ascii_isgraph(*c))
			return lf_throw_at(error, LF_ERROR_INPUT, &spec->part->place,
					   "a label may hold plain characters only, no blanks");
	return true;
}

// --- sizes --------------------------------------------------------------------------------------

static uint64_t whole_mib(uint64_t bytes)
{
	return (bytes + LF_MIB - 1) / LF_MIB * LF_MIB;
}

// The unpacked objects, a quarter for blocks that are not full and directories, and slack.
static bool root_least(const LfFacts *facts, uint64_t *ret, GError **error)
{
	uint64_t size_bytes = facts->payload ? facts->payload->size_bytes : 0;

	if (size_bytes > MAX_PART_MIB / 2 * LF_MIB)
		return lf_throw(error, LF_ERROR_INPUT, "the payload's size is out of any range");
	if (size_bytes == 0)
		size_bytes = ROOT_UNKNOWN_BYTES;
	*ret = size_bytes + size_bytes / 4 + ROOT_SLACK_BYTES;
	return true;
}

static uint64_t filesystem_least(const char *fstype)
{
	for (size_t i = 0; i < G_N_ELEMENTS(filesystems); i++)
		if (strcmp(filesystems[i].fstype, fstype) == 0)
			return filesystems[i].least_bytes;
	return LF_MIB;
}

static bool least_size(LfSpec *spec, const LfFacts *facts, GError **error)
{
	uint64_t least_bytes = filesystem_least(spec->fstype);
	uint64_t root_bytes = 0;

	if (spec->role == LF_ROLE_ESP)
		least_bytes = ESP_LEAST_BYTES;
	else if (spec->role == LF_ROLE_BOOT)
		least_bytes = BOOT_LEAST_BYTES;
	else if (spec->role == LF_ROLE_ROOT) {
		if (!root_least(facts, &root_bytes, error))
			return false;
		least_bytes = MAX(least_bytes, root_bytes);
	}
	if (spec->part && spec->part->encryption.is_encrypted)
		least_bytes += LF_LUKS_HEADER_BYTES;
	spec->least_bytes = whole_mib(least_bytes);
	return true;
}

static bool too_small(const LfSpec *spec, const char *option, uint64_t size_bytes, GError **error)
{
	g_autofree char *size = lf_size_text(size_bytes);
	g_autofree char *least = lf_size_text(spec->least_bytes);

	return lf_throw_at(error, LF_ERROR_INPUT, &spec->part->place,
			   "'part %s' with a %s of %s is too small: at least %s are needed, write "
			   "%" G_GUINT64_FORMAT,
			   spec->part->mount, option, size, least, spec->least_bytes / LF_MIB);
}

static bool check_options(const LfPart *part, GError **error)
{
	for (const char *c = part->fsoptions ? part->fsoptions : ""; *c; c++)
		if (!g_ascii_isgraph(*c) || *c == '#' || *c == '\\')
			return lf_throw_at(
				error, LF_ERROR_INPUT, &part->place,
				"'--fsoptions=%s' goes into fstab: write options and commas "
				"without blanks, '#' and '\\'",
				part->fsoptions);
	return true;
}

static bool choose_size(LfSpec *spec, GError **error)
{
	const LfPart *part = spec->part;

	if (part->size_mib > MAX_PART_MIB || part->maxsize_mib > MAX_PART_MIB)
		return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
				   "'part %s': a size is out of any range", part->mount);
	if (part->size_mib == 0 && !part->is_grow)
		return lf_throw_at(error, LF_ERROR_INPUT, &part->place,
				   "'part %s' has no size: write --size= or --grow", part->mount);
	spec->base_bytes = part->size_mib * LF_MIB;
	spec->most_bytes = spec->base_bytes;
	if (!part->is_grow)
		return spec->base_bytes >= spec->least_bytes ||
		       too_small(spec, "--size", spec->base_bytes, error);
	spec->least_bytes = MAX(spec->least_bytes, spec->base_bytes);
	spec->most_bytes = part->maxsize_mib ? part->maxsize_mib * LF_MIB : G_MAXUINT64;
	return spec->most_bytes >= spec->least_bytes ||
	       too_small(spec, "--maxsize", spec->most_bytes, error);
}

// --- the list -----------------------------------------------------------------------------------

static void spec_free(LfSpec *spec)
{
	g_free(spec->mount);
	g_free(spec);
}

static const char *root_type(const LfFacts *facts)
{
	for (size_t i = 0; i < G_N_ELEMENTS(root_types); i++)
		if (g_strcmp0(facts->architecture, root_types[i].architecture) == 0)
			return root_types[i].type;
	return NULL;
}

static size_t find_mount(const char *mount)
{
	size_t i = 0;

	while (mounts[i].mount && strcmp(mounts[i].mount, mount) != 0)
		i++;
	return i;
}

static bool fill_spec(LfSpec *spec, const LfFacts *facts, GError **error)
{
	const LfPart *part = spec->part;
	size_t row = find_mount(part->mount);

	spec->role = mounts[row].role;
	spec->type = mounts[row].type;
	if (spec->role == LF_ROLE_ROOT)
		spec->type = root_type(facts);
	if (!spec->type)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"the architecture '%s' is not supported",
				facts->architecture ? facts->architecture : "(unknown)");
	if (spec->role == LF_ROLE_DATA)
		spec->mount = real_mount(part->mount);
	else if (spec->role != LF_ROLE_SWAP)
		spec->mount = g_strdup(part->mount);
	if (spec->role == LF_ROLE_DATA && !check_data_mount(part, spec->mount, error))
		return false;
	if ((spec->role == LF_ROLE_ESP || spec->role == LF_ROLE_BOOT) &&
	    part->encryption.is_encrypted)
		return lf_throw_at(
			error, LF_ERROR_UNSUPPORTED, &part->place,
			"'part %s' cannot be encrypted: firmware and boot loader read it; "
			"leave --encrypted out there",
			part->mount);
	return choose_fstype(spec, mounts[row].fstypes, error) && check_label(spec, error) &&
	       check_options(part, error) && least_size(spec, facts, error) &&
	       choose_size(spec, error);
}

static bool is_taken(const GPtrArray *specs, const LfSpec *new)
{
	for (guint i = 0; i < specs->len; i++)
		if (new->mount &&
		    g_strcmp0(((const LfSpec *)specs->pdata[i])->mount, new->mount) == 0)
			return true;
	return false;
}

static bool add_part(GPtrArray *specs, const LfPart *part, const LfFacts *facts, GError **error)
{
	LfSpec *spec = g_new0(LfSpec, 1);
	bool is_twice;

	spec->part = part;
	if (!fill_spec(spec, facts, error)) {
		spec_free(spec);
		return false;
	}
	is_twice = is_taken(specs, spec);
	g_ptr_array_add(specs, spec);
	return !is_twice || lf_throw_at(error, LF_ERROR_INPUT, &part->place,
					"there is a second partition for '%s'", part->mount);
}

static const LfSpec *find_role(const GPtrArray *specs, LfRole role)
{
	for (guint i = 0; i < specs->len; i++)
		if (((const LfSpec *)specs->pdata[i])->role == role)
			return specs->pdata[i];
	return NULL;
}

static void add_required(GPtrArray *specs, const char *mount, uint64_t size_bytes)
{
	size_t row = find_mount(mount);
	LfSpec *spec;

	if (find_role(specs, mounts[row].role))
		return;
	spec = g_new0(LfSpec, 1);
	spec->role = mounts[row].role;
	spec->type = mounts[row].type;
	spec->mount = g_strdup(mount);
	spec->fstype = mounts[row].fstypes[0];
	spec->base_bytes = spec->least_bytes = spec->most_bytes = size_bytes;
	g_ptr_array_add(specs, spec);
}

static bool check_roles(const GPtrArray *specs, GError **error)
{
	const LfSpec *root = find_role(specs, LF_ROLE_ROOT);

	if (!root)
		return lf_throw(error, LF_ERROR_INPUT,
				"there is no root file system: write 'part / --grow'");
	if (!find_role(specs, LF_ROLE_ESP))
		return lf_throw(error, LF_ERROR_INPUT,
				"there is no EFI system partition: write 'reqpart --add-boot', or "
				"'part /boot/efi --fstype=efi --size=512'");
	if (find_role(specs, LF_ROLE_BOOT))
		return true;
	if (root->part->encryption.is_encrypted)
		return lf_throw_at(error, LF_ERROR_INPUT, &root->part->place,
				   "an encrypted root needs a /boot that the boot loader can read: "
				   "write 'reqpart --add-boot', or 'part /boot --size=1024'");
	return lf_throw_at(error, LF_ERROR_UNSUPPORTED, &root->part->place,
			   "/boot inside the root file system is not supported yet: write "
			   "'reqpart --add-boot', or 'part /boot --size=1024'");
}

// Roles are in the order of the disk; what has the same role stays as written.
static int compare_specs(gconstpointer a, gconstpointer b)
{
	LfRole role_a = (*(const LfSpec *const *)a)->role;
	LfRole role_b = (*(const LfSpec *const *)b)->role;

	role_a = MIN(role_a, LF_ROLE_ROOT);
	role_b = MIN(role_b, LF_ROLE_ROOT);
	return (int)role_a - (int)role_b;
}

GPtrArray *lf_specs_new(const LfProfile *profile, const LfFacts *facts, GError **error)
{
	g_autoptr(GPtrArray) specs = g_ptr_array_new_with_free_func((GDestroyNotify)spec_free);

	// Those of reqpart and persist come on top.
	if (profile->parts->len > MAX_PARTITIONS - 3)
		return lf_throw_null(error, LF_ERROR_INPUT, "more than %d part lines",
				     MAX_PARTITIONS - 3);
	for (guint i = 0; i < profile->parts->len; i++)
		if (!add_part(specs, profile->parts->pdata[i], facts, error))
			return NULL;
	if (profile->is_reqpart)
		add_required(specs, "/boot/efi", ESP_BYTES);
	if (profile->is_reqpart && profile->is_reqpart_boot)
		add_required(specs, "/boot", BOOT_BYTES);
	if (!check_roles(specs, error))
		return NULL;
	g_ptr_array_sort(specs, compare_specs);
	return g_steal_pointer(&specs);
}

uint64_t lf_specs_least(const GPtrArray *specs)
{
	// A MiB before the first partition, and one behind the last that holds the second table.
	uint64_t sum_bytes = 2 * LF_MIB;

	// No overflow: at most 128 sizes of at most 2⁵⁴ bytes each.
	for (guint i = 0; i < specs->len; i++) {
		const LfSpec *spec = specs->pdata[i];

		sum_bytes += MAX(spec->least_bytes, MIN(spec->base_bytes, spec->most_bytes));
	}
	return sum_bytes;
}
