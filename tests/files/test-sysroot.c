// A commit becomes a deployment in a plain directory: repository, remote, /etc, kernel, boot entry.
// Needs root, as OSTree's bare repositories keep owners.
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/payload.h"
#include "installer/apply/sysroot.h"
#include "installer/apply/tree.h"
#include "tests/unit/test.h"

#define REF    "debian/13/test/standard"
#define KERNEL "usr/lib/modules/6.12.0-test/"

typedef struct {
	char *dir, *target, *keyring;
	LfPlan plan;
	LfPayload *payload;
	const char *ca_file;
	OstreeSysroot *sysroot;
	int target_fd;
} Bench;

static char *kargs[] = { (char *)"root=UUID=abcd", (char *)"rw", (char *)"console=ttyS0", NULL };

static void run(const char *const *argv)
{
	LfProc proc = { .argv = argv };
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&proc, NULL, &error), error);
}

static void write_tree(const char *tree)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ KERNEL "vmlinuz", "a kernel" },
		{ KERNEL "initramfs.img", "an initrd" },
		{ "usr/lib/os-release",
		  "NAME=Test\nID=test\nVERSION_ID=1\nPRETTY_NAME=\"Test 1\"\n" },
		{ "usr/etc/hostname", "image\n" },
	};
	static const char *const dirs[] = { "boot", "var", "sysroot", "proc", "sys", "dev", "run" };
	lf_autofd fd = -1;
	g_autoptr(GError) error = NULL;

	assert_int_equal(g_mkdir_with_parents(tree, 0755), 0);
	fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++)
		assert_ok(lf_tree_mkdirs(fd, dirs[i], 0755, &error), error);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *parent = g_path_get_dirname(files[i].path);

		assert_ok(lf_tree_mkdirs(fd, parent, 0755, &error), error);
		assert_ok(lf_tree_write(fd, files[i].path, files[i].text, 0644, &error), error);
	}
}

static void make_payload(Bench *bench)
{
	g_autofree char *tree = g_build_filename(bench->dir, "tree", NULL);
	g_autofree char *repo = g_strconcat("--repo=", bench->dir, "/repo", NULL);
	g_autofree char *from = g_strconcat("--tree=dir=", tree, NULL);
	LfPayloadRequest request = { .ref = REF };
	g_autoptr(GError) error = NULL;
	LfFactPayload *facts;

	write_tree(tree);
	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "init", "--mode=archive"));
	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "commit", "--branch=" REF, "--owner-uid=0",
			 "--owner-gid=0", "--no-xattrs", from));
	bench->plan.url = g_strconcat("file://", bench->dir, "/repo", NULL);
	bench->plan.upgrade_url = bench->plan.url;
	request.url = bench->plan.url;
	bench->payload = lf_payload_open(&request, &error);
	assert_ok(bench->payload != NULL, error);
	facts = lf_payload_facts(bench->payload);
	bench->plan.checksum = g_strdup(facts->checksum);
	lf_fact_payload_free(facts);
}

static Bench *bench_new(void)
{
	Bench *bench = g_new0(Bench, 1);

	bench->dir = lf_test_dir();
	bench->target = g_build_filename(bench->dir, "target", NULL);
	bench->keyring = g_build_filename(bench->dir, "keyring.gpg", NULL);
	assert_true(g_file_set_contents(bench->keyring, "keys", -1, NULL));
	assert_int_equal(g_mkdir(bench->target, 0755), 0);
	bench->target_fd = open(bench->target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bench->plan.osname = (char *)"debian";
	bench->plan.remote = (char *)"origin";
	bench->plan.ref = (char *)REF;
	bench->plan.kernel_args = kargs;
	bench->plan.verifies_signature = true;
	make_payload(bench);
	return bench;
}

// OSTree makes a deployment's directory immutable.
static void make_mutable(Bench *bench)
{
	g_autoptr(GPtrArray) deployments = NULL;

	if (!bench->sysroot || !ostree_sysroot_load(bench->sysroot, NULL, NULL))
		return;
	deployments = ostree_sysroot_get_deployments(bench->sysroot);
	for (guint i = 0; i < deployments->len; i++)
		ostree_sysroot_deployment_set_mutable(bench->sysroot, deployments->pdata[i], TRUE,
						      NULL, NULL);
}

static void bench_free(Bench *bench)
{
	make_mutable(bench);
	g_clear_object(&bench->sysroot);
	lf_payload_free(bench->payload);
	close(bench->target_fd);
	g_free(bench->plan.url);
	g_free(bench->plan.checksum);
	g_free(bench->target);
	g_free(bench->keyring);
	lf_test_dir_remove(bench->dir);
	g_free(bench);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static void prepare(Bench *bench)
{
	g_autoptr(GError) error = NULL;

	bench->sysroot = lf_sysroot_prepare(bench->target, &bench->plan, bench->keyring,
					    bench->ca_file, &error);
	assert_ok(bench->sysroot != NULL, error);
}

static char *deploy(Bench *bench)
{
	g_autoptr(GError) error = NULL;
	char *deployment = NULL;

	prepare(bench);
	assert_ok(lf_payload_pull(bench->payload, ostree_sysroot_repo(bench->sysroot), "origin",
				  NULL, NULL, NULL, &error),
		  error);
	assert_ok(lf_sysroot_deploy(bench->sysroot, &bench->plan, &deployment, &error), error);
	return deployment;
}

static char *get(const Bench *bench, const char *path)
{
	g_autoptr(GError) error = NULL;
	char *text = lf_tree_read(bench->target_fd, path, 65536, &error);

	assert_ok(text != NULL, error);
	return text;
}

#define need_root()                                                                                \
	do {                                                                                       \
		if (geteuid() != 0)                                                                \
			lf_test_skip("needs root: a bare repository keeps owners");                \
	} while (0)

static void the_remote_verifies_with_the_key_ring(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *config = NULL;
	g_autofree char *keys = NULL;
	g_autofree char *url = g_strconcat("url=", bench->plan.url, NULL);

	prepare(bench);
	config = get(bench, "ostree/repo/config");
	keys = get(bench, "ostree/repo/origin.trustedkeys.gpg");
	assert_contains(config, "mode=bare\n");
	assert_contains(config, "readonly=true\n");
	assert_contains(config, "[remote \"origin\"]");
	assert_contains(config, "gpg-verify=true\n");
	assert_contains(config, url);
	assert_string_equal(keys, "keys");
}

static void nogpg_stays_visible_on_the_target(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *config = NULL;

	bench->plan.verifies_signature = false;
	prepare(bench);
	config = get(bench, "ostree/repo/config");
	assert_contains(config, "gpg-verify=false\n");
	assert_false(lf_tree_exists(bench->target_fd, "ostree/repo/origin.trustedkeys.gpg"));
}

static void the_authority_of_the_upgrades_server_is_there(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *ca_file = g_build_filename(bench->dir, "ca.pem", NULL);
	char *url = bench->plan.upgrade_url;
	g_autofree char *config = NULL;
	g_autofree char *copy = NULL;

	assert_true(g_file_set_contents(ca_file, "authority\n", -1, NULL));
	bench->ca_file = ca_file;
	bench->plan.upgrade_url = (char *)"https://updates.example/repo";
	prepare(bench);
	config = get(bench, "ostree/repo/config");
	assert_contains(config, "tls-ca-path=/sysroot/ostree/repo/origin.ca.pem\n");
	copy = get(bench, "ostree/repo/origin.ca.pem");
	assert_string_equal(copy, "authority\n");
	bench->plan.upgrade_url = url;
}

static void without_a_key_ring_nothing_is_trusted(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(OstreeSysroot) sysroot =
		lf_sysroot_prepare(bench->target, &bench->plan, NULL, NULL, &error);

	assert_throws(sysroot != NULL, error, LF_ERROR_TRUST, "key ring");
}

static void the_link_that_chooses_the_menus_backend_is_there(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *path = g_build_filename(bench->target, "boot/grub/grub.cfg", NULL);
	g_autofree char *target = NULL;

	prepare(bench);
	target = g_file_read_link(path, NULL);
	assert_string_equal(target, "../loader/grub.cfg");
}

static void the_deployment_has_its_own_etc(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *deployment = deploy(bench);
	g_autofree char *path = g_build_filename(deployment, "etc/hostname", NULL);
	g_autofree char *origin = g_strconcat(deployment, ".origin", NULL);
	g_autofree char *text = get(bench, path);
	g_autofree char *refspec = get(bench, origin);

	assert_string_equal(text, "image\n");
	assert_contains(refspec, "refspec=origin:" REF "\n");
	assert_true(lf_tree_exists(bench->target_fd, "ostree/deploy/debian/var"));
}

static void the_boot_entry_has_the_planned_arguments(void **state)
{
	need_root();
	g_autoptr(Bench) bench = bench_new();
	g_autofree char *deployment = deploy(bench);
	g_autoptr(GPtrArray) deployments = NULL;
	OstreeBootconfigParser *config;
	g_autofree char *kernel = NULL;
	g_autofree char *text = NULL;

	assert_true(ostree_sysroot_load(bench->sysroot, NULL, NULL));
	deployments = ostree_sysroot_get_deployments(bench->sysroot);
	assert_int_equal(deployments->len, 1);
	config = ostree_deployment_get_bootconfig(deployments->pdata[0]);
	assert_contains(ostree_bootconfig_parser_get(config, "options"),
			"root=UUID=abcd rw console=ttyS0 ostree=/ostree/boot.");
	kernel = g_strconcat("boot", ostree_bootconfig_parser_get(config, "linux"), NULL);
	text = get(bench, kernel);
	assert_string_equal(text, "a kernel");
}

static void *end_with(void *user_data)
{
	return user_data;
}

static void what_the_flushing_thread_could_not_write_is_told_once(void **state)
{
	LfInstall install = { .flusher = NULL };
	g_autoptr(GError) none = NULL;
	g_autoptr(GError) error = NULL;

	assert_ok(lf_sysroot_join_flusher(&install, &none), none);
	install.flusher = g_thread_new("whole", end_with, GINT_TO_POINTER(0));
	assert_ok(lf_sysroot_join_flusher(&install, &none), none);
	install.flusher = g_thread_new("failed", end_with, GINT_TO_POINTER(EIO));
	assert_throws(lf_sysroot_join_flusher(&install, &error), error, LF_ERROR_IO,
		      "Input/output error");
	assert_null(install.flusher);
	assert_ok(lf_sysroot_join_flusher(&install, &none), none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_remote_verifies_with_the_key_ring),
		LF_TEST(nogpg_stays_visible_on_the_target),
		LF_TEST(the_authority_of_the_upgrades_server_is_there),
		LF_TEST(without_a_key_ring_nothing_is_trusted),
		LF_TEST(the_link_that_chooses_the_menus_backend_is_there),
		LF_TEST(the_deployment_has_its_own_etc),
		LF_TEST(the_boot_entry_has_the_planned_arguments),
		LF_TEST(what_the_flushing_thread_could_not_write_is_told_once),
	};

	return LF_TEST_MAIN(tests);
}
