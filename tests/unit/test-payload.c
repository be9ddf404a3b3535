// The payload: what is refused before anything is written, and that no damaged object gets through.
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/payload-source.h"
#include "installer/apply/payload.h"

#define REF   "debian/13/test/standard"
#define BIG   (700 * 1024)
#define SMALL 3000
#define SUID  10 /* bytes */
#define BYTES (BIG + SMALL + SUID)
#define FILES 5 /* big, small, empty, suid, link */

#define ATTRIBUTE "user.landfall"

typedef struct {
	char *dir;
	char *url;
	char *keyring;
	char *stranger_keyring;
	char *checksum;
	OstreeRepo *repo;
} Fixture;

static char *below(const Fixture *f, const char *name)
{
	return g_build_filename(f->dir, name, NULL);
}

static void run(const char *const *argv)
{
	LfProc proc = { .argv = argv };
	g_autoptr(GError) error = NULL;

	if (!lf_proc_run(&proc, NULL, &error))
		fail_msg("%s", error->message);
}

static void write_tree(const char *tree)
{
	g_autofree char *usr = g_build_filename(tree, "usr/bin", NULL);
	g_autofree char *big = g_build_filename(usr, "big", NULL);
	g_autofree char *small = g_build_filename(usr, "small", NULL);
	g_autofree char *empty = g_build_filename(usr, "empty", NULL);
	g_autofree char *suid = g_build_filename(usr, "suid", NULL);
	g_autofree char *link = g_build_filename(tree, "usr/link", NULL);
	g_autofree guint8 *bytes = g_malloc(BIG);
	guint32 state = 12345;

	for (size_t i = 0; i < BIG; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (guint8)(state >> 26);
	}
	assert_int_equal(g_mkdir_with_parents(usr, 0755), 0);
	assert_true(g_file_set_contents(big, (char *)bytes, BIG, NULL));
	assert_true(g_file_set_contents(small, (char *)bytes + 7, SMALL, NULL));
	assert_true(g_file_set_contents(empty, "", 0, NULL));
	assert_true(g_file_set_contents(suid, "#!/bin/sh\n", -1, NULL));
	assert_int_equal(setxattr(suid, ATTRIBUTE, "kept", 4, 0), 0);
	assert_int_equal(chmod(suid, 04751), 0);
	assert_int_equal(symlink("bin/small", link), 0);
}

static char *make_keyring(const Fixture *f, const char *name)
{
	g_autofree char *home = g_build_filename(f->dir, name, NULL);
	g_autofree char *file = g_strconcat(home, ".gpg", NULL);

	assert_int_equal(g_mkdir(home, 0700), 0);
	run(LF_PROC_ARGV("/usr/bin/gpg", "--homedir", home, "--batch", "--quiet", "--passphrase",
			 "", "--quick-generate-key", name, "ed25519", "sign", "never"));
	run(LF_PROC_ARGV("/usr/bin/gpg", "--homedir", home, "--batch", "--quiet", "--output", file,
			 "--export", name));
	return g_steal_pointer(&file);
}

static char *repo_option(const Fixture *f)
{
	return g_strconcat("--repo=", f->dir, "/repo", NULL);
}

static void commit_tree(Fixture *f)
{
	g_autofree char *repo = repo_option(f);
	g_autofree char *tree = below(f, "tree");
	// Only root may give files to others.
	g_autofree char *uid = g_strdup_printf("--owner-uid=%u", geteuid());
	g_autofree char *gid = g_strdup_printf("--owner-gid=%u", getegid());

	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "init", "--mode=archive"));
	write_tree(tree);
	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "commit", "--branch=" REF, "--subject=test", uid,
			 gid, "--add-metadata-string=version=13.1",
			 "--add-metadata-string=landfall.flavour=standard",
			 "--add-metadata=landfall.size-bytes=uint64 719810", tree));
}

static void open_repo(Fixture *f)
{
	g_autofree char *path = below(f, "repo");
	g_autoptr(GFile) file = g_file_new_for_path(path);

	f->url = g_strconcat("file://", path, NULL);
	f->repo = ostree_repo_new(file);
	assert_true(ostree_repo_open(f->repo, NULL, NULL));
	assert_true(ostree_repo_resolve_rev(f->repo, REF, FALSE, &f->checksum, NULL));
}

static void sign(const Fixture *f, const char *key)
{
	g_autofree char *home = below(f, key);
	g_autofree char *repo = repo_option(f);

	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "gpg-sign", "--gpg-homedir", home, REF, key));
}

static int setup(void **state)
{
	Fixture *f = g_new0(Fixture, 1);

	f->dir = g_dir_make_tmp("lf-payload-XXXXXX", NULL);
	assert_non_null(f->dir);
	commit_tree(f);
	open_repo(f);
	f->keyring = make_keyring(f, "own@key.test");
	f->stranger_keyring = make_keyring(f, "strange@key.test");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	Fixture *f = *state;

	run(LF_PROC_ARGV("/bin/rm", "-rf", f->dir));
	g_clear_object(&f->repo);
	g_free(f->dir);
	g_free(f->url);
	g_free(f->keyring);
	g_free(f->stranger_keyring);
	g_free(f->checksum);
	g_free(f);
	return 0;
}

static LfPayload *open_payload(const char *url, const char *ref, const char *keyring,
			       GError **error)
{
	const LfPayloadRequest request = { .url = url, .ref = ref, .keyring = keyring };

	return lf_payload_open(&request, error);
}

static void assert_refused(const char *url, const char *ref, const char *keyring, int code,
			   const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPayload) payload = open_payload(url, ref, keyring, &error);

	assert_null(payload);
	assert_true(g_error_matches(error, LF_ERROR, code));
	if (!strstr(error->message, says))
		fail_msg("'%s' does not say '%s'", error->message, says);
}

static void what_is_not_there_is_named(void **state)
{
	const Fixture *f = *state;

	assert_refused("file:///nowhere/repo", REF, f->keyring, LF_ERROR_TARGET, "/nowhere/repo");
	assert_refused("ftp://example.org/repo", REF, f->keyring, LF_ERROR_UNSUPPORTED, "https://");
	assert_refused(f->url, "debian/12", f->keyring, LF_ERROR_INPUT, REF);
	assert_refused(f->url, "../../etc", f->keyring, LF_ERROR_INPUT, "not an OSTree ref");
}

static void an_unsigned_commit_is_refused(void **state)
{
	const Fixture *f = *state;

	assert_refused(f->url, REF, f->keyring, LF_ERROR_TRUST, "not signed with a key");
}

static void a_commit_signed_by_a_stranger_is_refused(void **state)
{
	const Fixture *f = *state;

	sign(f, "strange@key.test");
	assert_refused(f->url, REF, f->keyring, LF_ERROR_TRUST, "not signed with a key");
}

static void a_signed_commit_tells_what_it_is(void **state)
{
	const Fixture *f = *state;
	g_autoptr(GError) error = NULL;
	g_autoptr(LfPayload) payload = NULL;
	g_autoptr(LfFactPayload) facts = NULL;

	sign(f, "own@key.test");
	payload = open_payload(f->url, REF, f->keyring, &error);
	assert_null(error);
	facts = lf_payload_facts(payload);
	assert_string_equal(facts->checksum, f->checksum);
	assert_string_equal(facts->version, "13.1");
	assert_string_equal(facts->flavour, "standard");
	assert_int_equal(facts->size_bytes, BYTES);
	assert_null(facts->kernel);
}

static OstreeRepo *new_target(const Fixture *f)
{
	g_autofree char *path = below(f, "target");
	g_autoptr(GFile) file = g_file_new_for_path(path);
	OstreeRepo *repo = ostree_repo_new(file);

	run(LF_PROC_ARGV("/bin/rm", "-rf", path));
	assert_true(ostree_repo_create(repo, OSTREE_REPO_MODE_BARE, NULL, NULL));
	return repo;
}

static bool pull(const Fixture *f, OstreeRepo *target, LfPayloadProgress progress, void *user_data,
		 GError **error)
{
	g_autoptr(LfPayload) payload = open_payload(f->url, REF, NULL, error);

	return payload &&
	       lf_payload_pull(payload, target, "debian", progress, NULL, user_data, error);
}

static void remember_progress(uint64_t bytes, uint64_t total, void *user_data)
{
	uint64_t *last = user_data;

	assert_true(bytes >= *last && bytes <= total);
	*last = bytes;
}

static void every_object_arrives_whole(void **state)
{
	const Fixture *f = *state;
	g_autoptr(OstreeRepo) target = new_target(f);
	g_autoptr(GHashTable) objects = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *rev = NULL;
	uint64_t bytes = 0;
	GHashTableIter iter;
	gpointer key;

	assert_true(pull(f, target, remember_progress, &bytes, &error));
	assert_int_equal(bytes, BYTES);
	assert_true(ostree_repo_resolve_rev(target, "debian:" REF, FALSE, &rev, NULL));
	assert_string_equal(rev, f->checksum);
	assert_true(ostree_repo_traverse_commit(target, rev, 0, &objects, NULL, NULL));
	assert_int_equal(g_hash_table_size(objects), 1 + 3 + 1 + FILES);
	g_hash_table_iter_init(&iter, objects);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const char *checksum;
		OstreeObjectType type;

		ostree_object_name_deserialize(key, &checksum, &type);
		assert_true(ostree_repo_fsck_object(target, type, checksum, NULL, &error));
	}
}

static char *deployed(const Fixture *f, const char *name)
{
	return g_build_filename(f->dir, "checkout/usr/bin", name, NULL);
}

static void check_out(const Fixture *f)
{
	g_autofree char *repo = g_strconcat("--repo=", f->dir, "/target", NULL);
	g_autofree char *path = below(f, "checkout");

	run(LF_PROC_ARGV("/bin/rm", "-rf", path));
	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "checkout", "--require-hardlinks", f->checksum,
			 path));
}

static void what_a_file_is_beside_its_content_arrives_too(void **state)
{
	const Fixture *f = *state;
	g_autoptr(OstreeRepo) target = new_target(f);
	g_autofree char *suid = deployed(f, "suid");
	g_autofree char *link = below(f, "checkout/usr/link");
	g_autofree char *points_to = NULL;
	g_autoptr(GError) error = NULL;
	char value[16];
	struct stat st;

	if (!pull(f, target, NULL, NULL, &error))
		fail_msg("%s", error->message);
	check_out(f);
	assert_int_equal(stat(suid, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 04751);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mtime, OSTREE_TIMESTAMP);
	assert_int_equal(getxattr(suid, ATTRIBUTE, value, sizeof value), 4);
	assert_memory_equal(value, "kept", 4);
	points_to = g_file_read_link(link, NULL);
	assert_string_equal(points_to, "bin/small");
	assert_int_equal(lstat(link, &st), 0);
	assert_int_equal(st.st_mtime, OSTREE_TIMESTAMP);
}

static void a_target_that_is_not_bare_is_a_bug(void **state)
{
	const Fixture *f = *state;
	g_autofree char *path = below(f, "other");
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autoptr(OstreeRepo) target = ostree_repo_new(file);
	g_autoptr(GError) error = NULL;

	assert_true(ostree_repo_create(target, OSTREE_REPO_MODE_BARE_USER, NULL, NULL));
	assert_false(pull(f, target, NULL, NULL, &error));
	assert_true(g_error_matches(error, LF_ERROR, LF_ERROR_INTERNAL));
}

// A file's greatest size stands for a disk that is full: both end a write early.
static void a_target_that_takes_no_more_is_named(void **state)
{
	const Fixture *f = *state;
	g_autoptr(OstreeRepo) target = new_target(f);
	g_autoptr(GError) error = NULL;
	struct rlimit before, limit;
	bool is_pulled;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = BIG / 2;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	is_pulled = pull(f, target, NULL, NULL, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(is_pulled);
	assert_true(g_error_matches(error, LF_ERROR, LF_ERROR_IO));
	assert_non_null(strstr(error->message, "cannot write file object"));
	assert_non_null(strstr(error->message, g_strerror(EFBIG)));
}

static void assert_no_half_object(const Fixture *f, const char *source)
{
	g_autofree char *dir = g_path_get_dirname(source);
	g_autofree char *first = g_path_get_basename(dir);
	g_autofree char *rest = g_path_get_basename(source);
	g_autofree char *path = NULL;

	// ".filez" is ".file" in a bare repository.
	if (g_str_has_suffix(rest, "z"))
		rest[strlen(rest) - 1] = '\0';
	path = g_build_filename(f->dir, "target/objects", first, rest, NULL);
	assert_false(g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK));
}

static GPtrArray *object_files(const Fixture *f)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *objects = below(f, "repo/objects");
	g_autoptr(GDir) dir = g_dir_open(objects, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *sub = g_build_filename(objects, name, NULL);
		g_autoptr(GDir) inner = g_dir_open(sub, 0, NULL);
		const char *file;

		while ((file = g_dir_read_name(inner)))
			if (!g_str_has_suffix(file, ".commitmeta"))
				g_ptr_array_add(paths, g_build_filename(sub, file, NULL));
	}
	return paths;
}

typedef char *(*Damage)(const char *bytes, gsize size, gsize *ret_size);

static char *flip_in_the_middle(const char *bytes, gsize size, gsize *ret_size)
{
	char *damaged = g_memdup2(bytes, size);

	damaged[size / 2] ^= 0x20;
	*ret_size = size;
	return damaged;
}

static char *flip_in_the_header(const char *bytes, gsize size, gsize *ret_size)
{
	char *damaged = g_memdup2(bytes, size);

	damaged[MIN(size - 1, 19)] ^= 1;
	*ret_size = size;
	return damaged;
}

static char *cut_short(const char *bytes, gsize size, gsize *ret_size)
{
	*ret_size = size - 1;
	return g_memdup2(bytes, size - 1);
}

static char *cut_to_nothing(const char *bytes, gsize size, gsize *ret_size)
{
	*ret_size = 0;
	return g_strdup("");
}

static char *huge_header(const char *bytes, gsize size, gsize *ret_size)
{
	char *damaged = g_memdup2(bytes, size);

	memset(damaged, 0x7f, MIN(size, 4));
	*ret_size = size;
	return damaged;
}

// The length is the first eight bytes of a file's header.
static char *endless(const char *bytes, gsize size, gsize *ret_size)
{
	char *damaged = g_memdup2(bytes, size);

	memset(damaged + MIN(size, 8), 0xff, MIN(size, 16) - MIN(size, 8));
	*ret_size = size;
	return damaged;
}

static void assert_damage_is_seen(const Fixture *f, const char *path, Damage damage)
{
	g_autoptr(OstreeRepo) target = new_target(f);
	g_autoptr(GError) error = NULL;
	g_autofree char *bytes = NULL;
	g_autofree char *damaged = NULL;
	g_autofree char *rev = NULL;
	gsize size, damaged_size;

	assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	damaged = damage(bytes, size, &damaged_size);
	assert_true(g_file_set_contents(path, damaged, (gssize)damaged_size, NULL));
	if (pull(f, target, NULL, NULL, &error))
		fail_msg("damage in '%s' went unnoticed", path);
	if (!g_error_matches(error, LF_ERROR, LF_ERROR_TRUST))
		fail_msg("'%s': %s", path, error->message);
	assert_true(ostree_repo_resolve_rev(target, "debian:" REF, TRUE, &rev, NULL));
	assert_null(rev);
	assert_no_half_object(f, path);
	assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
}

static void damage_in_any_object_is_seen(void **state)
{
	static const Damage damages[] = { flip_in_the_middle, flip_in_the_header, cut_short,
					  cut_to_nothing,     huge_header,	  endless };
	const Fixture *f = *state;
	g_autoptr(GPtrArray) paths = object_files(f);

	assert_int_equal(paths->len, 1 + 3 + 1 + FILES);
	for (guint i = 0; i < paths->len; i++)
		for (size_t d = 0; d < G_N_ELEMENTS(damages); d++)
			assert_damage_is_seen(f, g_ptr_array_index(paths, i), damages[d]);
}

static void a_missing_object_is_seen(void **state)
{
	const Fixture *f = *state;
	g_autoptr(GPtrArray) paths = object_files(f);

	for (guint i = 0; i < paths->len; i++) {
		const char *path = g_ptr_array_index(paths, i);
		g_autofree char *aside = g_strconcat(path, ".aside", NULL);
		g_autoptr(OstreeRepo) target = new_target(f);
		g_autoptr(GError) error = NULL;

		assert_int_equal(g_rename(path, aside), 0);
		assert_false(pull(f, target, NULL, NULL, &error));
		assert_true(g_error_matches(error, LF_ERROR, LF_ERROR_TRUST));
		assert_int_equal(g_rename(aside, path), 0);
	}
}

// --- a medium that cannot be read ---------------------------------------------------------------

// No page is mapped below mmap_min_addr: a read there is an input/output error.
#define UNREADABLE "/proc/self/mem"

static void a_read_error_names_object_and_place(void **state)
{
	lf_autofd fd = open(UNREADABLE, O_RDONLY | O_CLOEXEC);
	LfPayloadExtent extent = { .fd = fd, .offset_bytes = 2048, .size_bytes = 4096 };
	g_autoptr(GError) error = NULL;
	char data[512];
	size_t n = 7;

	assert_true(fd >= 0);
	assert_false(
		lf_payload_extent_read(&extent, "0123456789abcdef", data, sizeof data, &n, &error));
	assert_true(g_error_matches(error, LF_ERROR, LF_ERROR_IO));
	assert_non_null(
		strstr(error->message, "object 0123456789ab of the payload cannot be read"));
	assert_non_null(strstr(error->message, "/mem' at byte 2048: Input/output error)"));
	assert_non_null(strstr(error->message, "write the medium again or use another drive"));
	assert_int_equal(n, 7);
	assert_int_equal(extent.offset_bytes, 2048);
	assert_true(extent.is_unreadable);
}

static void assert_unreadable(const Fixture *f, const char *path, const char *says)
{
	g_autoptr(OstreeRepo) target = new_target(f);
	g_autoptr(GError) error = NULL;
	g_autofree char *rev = NULL;

	if (pull(f, target, NULL, NULL, &error))
		fail_msg("the read error in '%s' went unnoticed", path);
	if (!g_error_matches(error, LF_ERROR, LF_ERROR_IO) || !strstr(error->message, says))
		fail_msg("'%s': %s: %s", path, lf_error_class(error)->name, error->message);
	assert_true(ostree_repo_resolve_rev(target, "debian:" REF, TRUE, &rev, NULL));
	assert_null(rev);
}

// A directory can be opened like a file, and fails when it is read.
static void an_object_that_cannot_be_read_is_no_damage(void **state)
{
	const Fixture *f = *state;
	g_autoptr(GPtrArray) paths = object_files(f);

	for (guint i = 0; i < paths->len; i++) {
		const char *path = g_ptr_array_index(paths, i);
		g_autofree char *aside = g_strconcat(path, ".aside", NULL);
		g_autofree char *inside = g_build_filename(path, "x", NULL);

		if (g_str_has_suffix(path, ".commit"))
			continue;
		assert_int_equal(g_rename(path, aside), 0);
		assert_int_equal(g_mkdir_with_parents(inside, 0755), 0);
		assert_unreadable(f, path, "use another drive");
		assert_int_equal(g_rmdir(inside), 0);
		assert_int_equal(g_rmdir(path), 0);
		assert_int_equal(g_rename(aside, path), 0);
	}
}

static void a_repository_that_cannot_be_read_is_not_missing_or_damaged(void **state)
{
	const Fixture *f = *state;
	g_autofree char *commit =
		g_strdup_printf("repo/objects/%.2s/%s.commit", f->checksum, f->checksum + 2);
	const char *const names[] = { "repo/config", "repo/refs/heads/" REF, commit };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = below(f, names[i]);
		g_autofree char *aside = g_strconcat(path, ".aside", NULL);

		assert_int_equal(g_rename(path, aside), 0);
		assert_int_equal(symlink(UNREADABLE, path), 0);
		assert_unreadable(f, path, "use another drive");
		assert_int_equal(g_unlink(path), 0);
		assert_int_equal(g_rename(aside, path), 0);
	}
}

static void a_repository_with_a_broken_config_is_damaged(void **state)
{
	const Fixture *f = *state;
	g_autofree char *path = below(f, "repo/config");
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_true(g_file_set_contents(path, "[core\nmo\x01", -1, NULL));
	assert_refused(f->url, REF, f->keyring, LF_ERROR_TRUST, "is damaged");
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void away_from_a_medium_what_is_missing_is_missing(void **state)
{
	const Fixture *f = *state;
	g_autofree char *path = below(f, "not/there/at/all");
	g_autoptr(GError) error = NULL;

	assert_true(lf_payload_source_check(path, &error));
	assert_null(error);
	assert_true(lf_payload_source_check("/proc/nothing", &error));
	assert_null(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_there_is_named),
		cmocka_unit_test(an_unsigned_commit_is_refused),
		cmocka_unit_test(a_commit_signed_by_a_stranger_is_refused),
		cmocka_unit_test(a_signed_commit_tells_what_it_is),
		cmocka_unit_test(every_object_arrives_whole),
		cmocka_unit_test(what_a_file_is_beside_its_content_arrives_too),
		cmocka_unit_test(a_target_that_is_not_bare_is_a_bug),
		cmocka_unit_test(a_target_that_takes_no_more_is_named),
		cmocka_unit_test(damage_in_any_object_is_seen),
		cmocka_unit_test(a_missing_object_is_seen),
		cmocka_unit_test(a_read_error_names_object_and_place),
		cmocka_unit_test(an_object_that_cannot_be_read_is_no_damage),
		cmocka_unit_test(a_repository_that_cannot_be_read_is_not_missing_or_damaged),
		cmocka_unit_test(a_repository_with_a_broken_config_is_damaged),
		cmocka_unit_test(away_from_a_medium_what_is_missing_is_missing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
