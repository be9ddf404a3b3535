// Configuration files of the installed system, on a directory tree.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/configure.h"
#include "installer/plan/persist.h"
#include "installer/apply/tree.h"
#include "tests/unit/test.h"

typedef struct {
	char *dir;
	int root;
	LfProfile *profile;
	LfPlan plan;
} Tree;

static LfPlanPartition *add_partition(Tree *tree, LfRole role, const char *mount,
				      const char *fstype, const char *uuid)
{
	LfPlanPartition *partition = g_new0(LfPlanPartition, 1);

	partition->role = role;
	partition->mount = (char *)mount;
	partition->fstype = (char *)fstype;
	partition->fs_uuid = (char *)uuid;
	g_ptr_array_add(tree->plan.partitions, partition);
	return partition;
}

static Tree *tree_new(void)
{
	static const char *const dirs[] = { "etc", "var/home", "boot/efi",
					    "usr/share/zoneinfo/Europe" };
	Tree *tree = g_new0(Tree, 1);
	g_autoptr(GError) error = NULL;

	tree->dir = lf_test_dir();
	tree->root = open(tree->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++)
		assert_ok(lf_tree_mkdirs(tree->root, dirs[i], 0755, &error), error);
	assert_ok(lf_tree_link(tree->root, "var/home", "home", &error), error);
	assert_ok(lf_tree_write(tree->root, "usr/share/zoneinfo/Europe/Berlin", "TZ", 0644, &error),
		  error);
	tree->profile = lf_profile_new();
	tree->plan.profile = tree->profile;
	tree->plan.net = lf_net_new();
	tree->plan.partitions = g_ptr_array_new_with_free_func(g_free);
	add_partition(tree, LF_ROLE_ESP, "/boot/efi", "vfat", "ABCD-1234");
	add_partition(tree, LF_ROLE_BOOT, "/boot", "ext4", "u-boot");
	add_partition(tree, LF_ROLE_ROOT, "/", "ext4", "u-root");
	return tree;
}

static void tree_free(Tree *tree)
{
	g_ptr_array_unref(tree->plan.partitions);
	lf_profile_free(tree->profile);
	lf_net_free(tree->plan.net);
	close(tree->root);
	lf_test_dir_remove(tree->dir);
	g_free(tree);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tree, tree_free)

static void configure(Tree *tree)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_configure(tree->root, &tree->plan, &error), error);
}

static void assert_file(const Tree *tree, const char *path, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = lf_tree_read(tree->root, path, 65536, &error);

	assert_ok(text != NULL, error);
	assert_string_equal(text, wanted);
}

static void what_is_not_asked_for_is_not_written(void **state)
{
	static const char *const paths[] = { "etc/hostname",
					     "etc/locale.conf",
					     "etc/vconsole.conf",
					     "etc/localtime",
					     "etc/adjtime",
					     "etc/crypttab",
					     "etc/systemd/network",
					     "etc/machine-id",
					     "etc/systemd/timesyncd.conf.d",
					     "etc/systemd/system/systemd-timesyncd.service" };
	g_autoptr(Tree) tree = tree_new();

	configure(tree);
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		assert_false(lf_tree_exists(tree->root, paths[i]));
}

static void names_language_and_time_are_written(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *link = g_build_filename(tree->dir, "etc/localtime", NULL);
	g_autofree char *target = NULL;

	tree->plan.hostname = (char *)"edge-1";
	tree->profile->lang = g_strdup("de_DE.UTF-8");
	tree->profile->keyboard = g_strdup("de-nodeadkeys");
	tree->profile->timezone = g_strdup("Europe/Berlin");
	tree->profile->is_utc = true;
	configure(tree);
	assert_file(tree, "etc/hostname", "edge-1\n");
	assert_file(tree, "etc/locale.conf", "LANG=de_DE.UTF-8\n");
	assert_file(tree, "etc/vconsole.conf", "KEYMAP=de-nodeadkeys\n");
	assert_false(lf_tree_exists(tree->root, "etc/adjtime"));
	target = g_file_read_link(link, NULL);
	assert_string_equal(target, "../usr/share/zoneinfo/Europe/Berlin");
}

static void add_time_source(Tree *tree, const char *host, bool is_nts)
{
	LfTimeSource *source = g_new0(LfTimeSource, 1);

	source->host = g_strdup(host);
	source->is_nts = is_nts;
	g_ptr_array_add(tree->profile->time_sources, source);
}

static void the_installed_system_asks_the_same_time_servers(void **state)
{
	g_autoptr(Tree) tree = tree_new();

	add_time_source(tree, "ntp.example.org", false);
	add_time_source(tree, "nts.example.org", true);
	add_time_source(tree, "2001:db8::123", false);
	configure(tree);
	assert_file(tree, "etc/systemd/timesyncd.conf.d/10-landfall.conf",
		    "[Time]\nNTP=ntp.example.org 2001:db8::123\n");
}

static void who_wants_no_time_servers_gets_none(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autofree char *unit =
		g_build_filename(tree->dir, "etc/systemd/system/systemd-timesyncd.service", NULL);
	g_autofree char *target = NULL;

	tree->profile->is_ntp_disabled = true;
	configure(tree);
	target = g_file_read_link(unit, NULL);
	assert_string_equal(target, "/dev/null");
}

static void a_clock_in_local_time_is_told(void **state)
{
	g_autoptr(Tree) tree = tree_new();

	tree->profile->timezone = g_strdup("Europe/Berlin");
	configure(tree);
	assert_file(tree, "etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n");
}

static void an_unknown_time_zone_is_refused(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	g_autoptr(GError) error = NULL;

	tree->profile->timezone = g_strdup("Europe/Atlantis");
	assert_throws(lf_configure(tree->root, &tree->plan, &error), error, LF_ERROR_INPUT,
		      "Europe/Atlantis");
}

static void fstab_has_what_the_initrd_does_not_mount(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	LfPlanPartition *home = add_partition(tree, LF_ROLE_DATA, "/home", "xfs", "u-home");
	LfPlanLuks luks = { .name = (char *)"swap", .uuid = (char *)"u-luks" };
	LfPlanPartition *swap = add_partition(tree, LF_ROLE_SWAP, NULL, "swap", "u-swap");
	LfPlanPartition *persist =
		add_partition(tree, LF_ROLE_PERSIST, LF_PERSIST_MOUNT, "ext4", "u-persist");

	persist->mount_options = (char *)"nofail,nosuid,nodev";
	home->mount_options = (char *)"nodev,nosuid";
	swap->luks = &luks;
	configure(tree);
	assert_file(tree, "etc/fstab",
		    "# The root is mounted by the initrd.\n"
		    "UUID=ABCD-1234 /boot/efi vfat umask=0077,noatime,nofail 0 2\n"
		    "UUID=u-boot /boot ext4 nofail 0 2\n"
		    "UUID=u-home /var/home xfs nodev,nosuid 0 2\n"
		    "/dev/mapper/swap none swap sw 0 0\n"
		    "UUID=u-persist /var/lib/landfall/persist ext4 nofail,nosuid,nodev 0 2\n");
	assert_file(tree, "etc/crypttab", "swap UUID=u-luks none luks\n");
}

static void crypttab_leaves_the_root_to_the_initrd(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	LfPlanLuks luks = { .name = (char *)"root", .uuid = (char *)"u-luks", .wants_tpm2 = true };
	LfPlanLuks data = { .name = (char *)"data", .uuid = (char *)"u-data", .wants_tpm2 = true };
	LfPlanPartition *root = g_ptr_array_index(tree->plan.partitions, 2);
	g_autofree char *text = NULL;

	root->luks = &luks;
	add_partition(tree, LF_ROLE_DATA, "/srv", "ext4", "u")->luks = &data;
	text = lf_configure_crypttab(&tree->plan);
	assert_string_equal(text, "data UUID=u-data none luks,tpm2-device=auto\n");
}

static void the_network_is_written_as_units(void **state)
{
	g_autoptr(Tree) tree = tree_new();
	LfNetLink *vlan = lf_net_link_new(LF_LINK_VLAN, "vlan5");
	g_autofree char *text = NULL;

	g_ptr_array_add(tree->plan.net->links, lf_net_link_new(LF_LINK_ETHERNET, "eno1"));
	g_ptr_array_add(tree->plan.net->links, vlan);
	vlan->parent = g_strdup("eno1");
	vlan->vlan_id = 5;
	configure(tree);
	assert_true(lf_tree_exists(tree->root, "etc/systemd/network/10-landfall-eno1.network"));
	assert_true(lf_tree_exists(tree->root, "etc/systemd/network/10-landfall-vlan5.network"));
	text = lf_read_text_at(tree->root, "etc/systemd/network/10-landfall-vlan5.netdev", 4096,
			       NULL);
	assert_string_equal(text, "[NetDev]\nName=vlan5\nKind=vlan\n\n[VLAN]\nId=5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(what_is_not_asked_for_is_not_written),
		LF_TEST(names_language_and_time_are_written),
		LF_TEST(the_installed_system_asks_the_same_time_servers),
		LF_TEST(who_wants_no_time_servers_gets_none),
		LF_TEST(a_clock_in_local_time_is_told),
		LF_TEST(an_unknown_time_zone_is_refused),
		LF_TEST(fstab_has_what_the_initrd_does_not_mount),
		LF_TEST(crypttab_leaves_the_root_to_the_initrd),
		LF_TEST(the_network_is_written_as_units),
	};

	return LF_TEST_MAIN(tests);
}
