// Makes file systems by their own programs.
// Not here: mounting them (mounts.c).
#include "installer/apply/mkfs.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/effects.h"
#include "installer/apply/tools.h"
#include "installer/plan/spec.h"

#define MIB ((uint64_t)1024 * 1024)
// mke2fs asks this instead of a device. Source: e2fsprogs, misc/mke2fs.c.
#define EXT4_SECTOR_ENV "MKE2FS_DEVICE_SECTSIZE"
#define TRIAL_FD	3
#define TRIAL_NODE	"/proc/self/fd/3"
#define MAX_WORDS_BYTES 300

static void add(GPtrArray *argv, const char *argument)
{
	g_ptr_array_add(argv, g_strdup(argument));
}

static void add_pair(GPtrArray *argv, const char *option, const char *value)
{
	if (!value)
		return;
	add(argv, option);
	add(argv, value);
}

// FAT32 is what firmware vendors test; its least size depends on the sector.
static void vfat_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	g_autofree char *id = g_strdup(partition->fs_uuid);

	if (partition->size_bytes >= 300 * MIB)
		add_pair(argv, "-F", "32");
	if (id) {
		char *dash = strchr(id, '-');

		if (dash)
			memmove(dash, dash + 1, strlen(dash));
	}
	add_pair(argv, "-i", id);
	add_pair(argv, "-n", partition->fs_label);
}

// The inode tables were discarded or never read: the kernel zeroes them later, in the background.
static void ext4_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	add(argv, "-q");
	add(argv, "-F");
	add_pair(argv, "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1");
	add_pair(argv, "-U", partition->fs_uuid);
	add_pair(argv, "-L", partition->fs_label);
}

static void xfs_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	g_autofree char *uuid = g_strconcat("uuid=", partition->fs_uuid, NULL);

	add(argv, "-q");
	add(argv, "-f");
	add(argv, "-K");
	if (partition->fs_uuid)
		add_pair(argv, "-m", uuid);
	add_pair(argv, "-L", partition->fs_label);
}

static void swap_options(GPtrArray *argv, const LfPlanPartition *partition)
{
	add_pair(argv, "-U", partition->fs_uuid);
	add_pair(argv, "-L", partition->fs_label);
}

/*
 * What passes the trial and does not make the planned file system: dry runs, help and versions,
 * other places than the whole partition, parts that lie elsewhere, files that the trial does not
 * read. @with_value: short options whose value is not to be read as more of them; @bad: those that
 * are refused; @bad_long: the same, long; @bad_values: an option and what its value may not name
 * Source: the getopt() strings of e2fsprogs 1.47, xfsprogs 6.13, dosfstools 4.2, util-linux 2.41.
 */
typedef struct {
	const char *with_value, *bad;
	const char *const *bad_long, *const *bad_values;
} Options;

/*
 * How each program is tried out on a sparse file in memory: .trial keeps it from writing. Those
 * without such an option really write there: mkswap one page, mkfs.vfat its tables, which a smaller
 * file bounds to 64 MiB.
 */
typedef struct {
	const char *maker;
	void (*options)(GPtrArray *argv, const LfPlanPartition *partition);
	const char *trial;
	const char *trial_sector[2]; /* option and its prefix that stand for the device's sector */
	uint64_t max_trial_bytes;
	Options own; /* those of a kickstart */
} Kind;

static const char *const none[] = { NULL };
static const char *const vfat_long[] = { "help", "offset", NULL };
static const char *const swap_long[] = { "file", "help", "offset", "size", "version", NULL };
static const char *const ext4_values[] = { "Eoffset", "Roffset", "Ojournal_dev", "Jdevice", NULL };
static const char *const xfs_values[] = { "llogdev", "lname", "rrtdev", "rname", NULL };

static const Kind kinds[] = {
	{ LF_TOOL_MKFS_VFAT,
	  vfat_options,
	  NULL,
	  { "-S", "" },
	  4096 * MIB,
	  { "bDfFghilmMnrRsS", "C", vfat_long, none } },
	{ LF_TOOL_MKFS_EXT4,
	  ext4_options,
	  "-n",
	  { NULL }, // EXT4_SECTOR_ENV
	  UINT64_MAX,
	  { "bCdeEgGiIJlLmMNoOrRtTUz", "dlnSVz", none, ext4_values } },
	{ LF_TOOL_MKFS_XFS,
	  xfs_options,
	  "-N",
	  { "-s", "size=" },
	  UINT64_MAX,
	  { "bcdilLmnprs", "NV", none, xfs_values } },
	{ LF_TOOL_MKSWAP,
	  swap_options,
	  NULL,
	  { NULL },
	  UINT64_MAX,
	  { "eLopsUv", "FhosV", swap_long, none } },
};

static const Kind *kind_of(const LfPlanPartition *partition, GError **error)
{
	const char *maker = lf_tools_maker(partition->fstype);

	for (size_t i = 0; maker && i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].maker, maker) == 0)
			return &kinds[i];
	return lf_throw_null(error, LF_ERROR_UNSUPPORTED, "file system '%s' is not known",
			     partition->fstype);
}

// getopt_long() takes the beginning of a name for the whole.
static bool is_bad_long(const Options *own, const char *word)
{
	g_autofree char *name = g_strndup(word + 2, strcspn(word + 2, "="));

	for (const char *const *bad = own->bad_long; *name && *bad; bad++)
		if (g_str_has_prefix(*bad, name))
			return true;
	return false;
}

static bool is_bad_value(const Options *own, char option, const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, ",", -1);

	for (char **part = parts; *part; part++) {
		gsize length = strcspn(*part, "=");

		for (const char *const *bad = own->bad_values; *bad; bad++)
			if (**bad == option && strlen(*bad + 1) == length &&
			    strncmp(*bad + 1, *part, length) == 0)
				return true;
	}
	return false;
}

// @word: one that holds short options. @inout_words: stands at it, and is moved to its value
static bool is_bad_short(const Options *own, char ***inout_words)
{
	for (const char *option = **inout_words + 1; *option; option++) {
		const char *value = option + 1;

		if (strchr(own->bad, *option))
			return true;
		if (!strchr(own->with_value, *option))
			continue;
		if (!*value && (*inout_words)[1])
			value = *++*inout_words;
		return is_bad_value(own, *option, value);
	}
	return false;
}

static bool check_words(const Kind *kind, char **words, const char *options, GError **error)
{
	for (char **word = words; *word; word++) {
		const char *first = *word;
		bool is_bad = g_str_has_prefix(first, "--")
				      ? is_bad_long(&kind->own, first)
				      : *first == '-' && is_bad_short(&kind->own, &word);

		if (is_bad)
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' would not make the planned file system with '%s': "
					"leave it out of --mkfsoptions '%s'",
					kind->maker, first, options);
	}
	return true;
}

static bool add_own_options(GPtrArray *argv, const Kind *kind, const char *options, GError **error)
{
	g_auto(GStrv) words = NULL;

	if (!options || !*options)
		return true;
	if (!g_shell_parse_argv(options, NULL, &words, error)) {
		lf_prefix(error, "--mkfsoptions '%s'", options);
		return lf_rethrow(error, LF_ERROR_INPUT);
	}
	if (!check_words(kind, words, options, error))
		return false;
	for (size_t i = 0; words[i]; i++)
		add(argv, words[i]);
	return true;
}

static void add_trial(GPtrArray *argv, const Kind *kind, unsigned sector_bytes)
{
	if (kind->trial)
		add(argv, kind->trial);
	if (kind->trial_sector[0]) {
		g_autofree char *value =
			g_strdup_printf("%s%u", kind->trial_sector[1], sector_bytes);

		add_pair(argv, kind->trial_sector[0], value);
	}
}

// @trial_sector_bytes: 0 when it is meant seriously
static char **make_argv(const Kind *kind, const LfPlanPartition *partition,
			unsigned trial_sector_bytes, const char *node, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

	add(argv, kind->maker);
	if (trial_sector_bytes)
		add_trial(argv, kind, trial_sector_bytes);
	kind->options(argv, partition);
	if (!add_own_options(argv, kind, partition->mkfs_options, error))
		return NULL;
	add(argv, node);
	g_ptr_array_set_free_func(argv, NULL);
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

char **lf_mkfs_argv(const LfPlanPartition *partition, const char *node, GError **error)
{
	const Kind *kind = kind_of(partition, error);

	return kind ? make_argv(kind, partition, 0, node, error) : NULL;
}

static bool open_trial(const Kind *kind, const LfPlanPartition *partition, int *ret_fd,
		       GError **error)
{
	uint64_t header_bytes = partition->luks ? LF_LUKS_HEADER_BYTES : 0;
	uint64_t size_bytes = partition->size_bytes - MIN(partition->size_bytes, header_bytes);
	lf_autofd fd = memfd_create("mkfs", MFD_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    ftruncate(fd, (off_t)MIN(size_bytes, kind->max_trial_bytes)) < 0)
		return lf_throw_errno(error, "cannot make a file in memory");
	*ret_fd = lf_steal_fd(&fd);
	return true;
}

// The reason comes first; what follows is how the program is used.
static void keep_first_words(const char *line, void *user_data)
{
	GString *words = user_data;

	if (words->len < MAX_WORDS_BYTES && *line)
		g_string_append_printf(words, "%s%.*s", words->len ? "; " : "", MAX_WORDS_BYTES,
				       line);
}

bool lf_mkfs_check(const LfPlanPartition *partition, unsigned sector_bytes, GError **error)
{
	unsigned sector = partition->luks ? partition->luks->sector_bytes : sector_bytes;
	g_autofree char *env = g_strdup_printf(EXT4_SECTOR_ENV "=%u", sector);
	const Kind *kind = kind_of(partition, error);
	g_auto(GStrv) argv = kind ? make_argv(kind, partition, sector, TRIAL_NODE, error) : NULL;
	g_autoptr(GString) words = g_string_new(NULL);
	LfProcFd pass = { .child_fd = TRIAL_FD };
	LfProc proc = { .argv = (const char *const *)argv,
			.env = (const char *const[]){ env, NULL },
			.fds = &pass,
			.n_fds = 1,
			.on_line = keep_first_words,
			.user_data = words };
	lf_autofd fd = -1;
	int status = 0;

	if (!argv || !open_trial(kind, partition, &fd, error))
		return false;
	pass.fd = fd;
	if (!lf_proc_status(&proc, &status, NULL, error))
		return false;
	return status == 0 ||
	       lf_throw(error, LF_ERROR_INPUT,
			"'%s' refuses the options of '%s': correct --mkfsoptions '%s': %s",
			kind->maker, partition->mount ? partition->mount : partition->fstype,
			partition->mkfs_options ? partition->mkfs_options : "", words->str);
}

static bool format(const LfVolume *volume, GError **error)
{
	g_auto(GStrv) argv = lf_mkfs_argv(volume->partition, volume->fs_node, error);
	LfProc proc = { .argv = (const char *const *)argv };

	if (!argv)
		return false;
	return lf_proc_run(&proc, NULL, error) ||
	       lf_prefix(error, "cannot make %s on '%s'", volume->partition->fstype,
			 volume->fs_node);
}

bool lf_effect_format(LfInstall *install, GError **error)
{
	for (guint i = 0; i < install->volumes->len; i++) {
		const LfVolume *volume = g_ptr_array_index(install->volumes, i);

		if (!volume->partition->is_kept && !format(volume, error))
			return false;
	}
	return true;
}
