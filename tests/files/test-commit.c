// What a payload's commit must hold for a profile, asked of a real commit in a repository.
#include "installer/apply/commit.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/payload.h"
#include "installer/apply/services.h"
#include "installer/apply/tree.h"
#include "tests/unit/test.h"

#include <ostree.h>

#define REF	  "debian/13/test/standard"
#define UNITS	  "usr/lib/systemd/system/"
#define ETC_UNITS "usr/etc/systemd/system/"
#define ZONES	  "usr/share/zoneinfo/"
#define ESP	  "usr/lib/landfall/esp/EFI/"
#define SERVICE	  "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"

typedef struct {
	char *dir;
	LfPayload *payload;
	GFile *root;
	LfPlan plan;
} Bench;

static const struct {
	const char *path, *text;
} files[] = {
	{ "usr/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
			    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			    "backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n" },
	{ "usr/etc/shadow", "root:*:19000:0:99999:7:::\n" },
	{ "usr/etc/group", "root:x:0:\ndaemon:x:1:\nsudo:x:27:\nbackup:x:34:\n" },
	{ "usr/etc/gshadow", "root:*::\ndaemon:*::\nsudo:*::\nbackup:*::\n" },
	{ "usr/etc/init.d/old", "#!/bin/sh\n" },
	{ UNITS "ssh.service", SERVICE },
	{ UNITS "ssh.socket", "[Socket]\nListenStream=22\n" },
	{ UNITS "getty@.service", SERVICE "[Install]\nDefaultInstance=tty1\n" },
	{ UNITS "worker@.service", SERVICE "[Install]\n#DefaultInstance=x\n" },
	{ UNITS "empty.service", "" },
	{ UNITS "both.service", SERVICE },
	{ "usr/lib/elsewhere/ssh.service", SERVICE },
	{ ZONES "Europe/Berlin", "TZif2..." },
	{ ZONES "Etc/UTC", "TZif2..." },
	{ ZONES "zone.tab", "# zones\n" },
	{ ZONES "short", "TZ" },
	{ ZONES "nothing", "" },
	{ "usr/share/readme", "a file\n" },
	{ "usr/sbin/grub-mkconfig", "#!/bin/sh\n" },
	{ ESP "debian/shimx64.efi", "shim" },
	{ ESP "debian/grubx64.efi", "grub" },
	{ ESP "BOOT/grubx64.efi", "grub" },
	{ ESP "BOOT/BOOTX64.EFI", "shim" },
};

static const char *const programs[] = { "usr/bin/bash", "usr/bin/dash", "usr/sbin/nologin",
					"usr/etc/alternatives/shell" };

static const char *const links[][2] = {
	{ "/dev/null", UNITS "masked.service" },
	{ "/dev/null", "usr/etc/systemd/system/both.service" },
	{ "/usr/lib/systemd/system/ssh.service", ETC_UNITS "sshd.service" },
	{ "/lib/systemd/system/ssh.service", ETC_UNITS "merged.service" },
	{ "../../../usr/lib/systemd/system/ssh.service", ETC_UNITS "relative.service" },
	{ "sshd.service", UNITS "chain.service" },
	{ "loop2.service", UNITS "loop1.service" },
	{ "loop1.service", UNITS "loop2.service" },
	{ "self.service", UNITS "self.service" },
	{ "/usr/lib/systemd/system/nowhere.service", ETC_UNITS "dangling.service" },
	{ "masked.service", UNITS "hidden.service" },
	{ "old.service", UNITS "ancient.service" },
	{ "getty@.service", UNITS "autovt@.service" },
	{ "worker@.service", UNITS "job@.service" },
	{ "/usr/lib/systemd/system/worker@.service", ETC_UNITS "worker@9.service" },
	{ "/usr/lib/systemd/system/worker@.service", ETC_UNITS "plain.service" },
	{ "ssh.socket", UNITS "odd.service" },
	{ "../../elsewhere/ssh.service", UNITS "linked.service" },
	{ "../../elsewhere/nothing.service", UNITS "lost.service" },
	{ "usr/lib", "lib" },
	{ "usr/bin", "bin" },
	{ "usr/sbin", "sbin" },
	{ "../var/usrlocal", "usr/local" },
	{ "run/media", "media" },
	{ "var/srv", "srv" },
	{ "dash", "usr/bin/sh" },
	{ "/etc/alternatives/shell", "usr/bin/other" },
	{ "round", "usr/bin/round" },
	{ "Etc/UTC", ZONES "UTC" },
	{ "/etc/localtime", ZONES "localtime" },
	{ "../usr/share/zoneinfo/Etc/UTC", "usr/etc/localtime" },
	{ "/usr/share/zoneinfo/nowhere", ZONES "gone" },
	{ "var/home", "home" },
	{ "var/roothome", "root" },
};

static void write_tree(const char *tree)
{
	static const char *const dirs[] = { "var", "run", "data", "usr/etc/systemd/system" };
	g_autoptr(GError) error = NULL;
	lf_autofd fd = -1;

	assert_int_equal(g_mkdir_with_parents(tree, 0755), 0);
	fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++)
		assert_ok(lf_tree_mkdirs(fd, dirs[i], 0755, &error), error);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *parent = g_path_get_dirname(files[i].path);

		assert_ok(lf_tree_mkdirs(fd, parent, 0755, &error), error);
		assert_ok(lf_tree_write(fd, files[i].path, files[i].text, 0644, &error), error);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *parent = g_path_get_dirname(programs[i]);

		assert_ok(lf_tree_mkdirs(fd, parent, 0755, &error), error);
		assert_ok(lf_tree_write(fd, programs[i], "#!/bin/sh\n", 0755, &error), error);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		assert_int_equal(symlinkat(links[i][0], fd, links[i][1]), 0);
}

static void run(const char *const *argv, char **ret_output)
{
	LfProc proc = { .argv = argv };
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&proc, ret_output, &error), error);
}

static Bench *bench_new(void)
{
	Bench *bench = g_new0(Bench, 1);
	g_autofree char *tree = NULL;
	g_autofree char *repo = NULL;
	g_autofree char *from = NULL;
	LfPayloadRequest request = { .ref = REF };
	g_autoptr(GError) error = NULL;

	bench->dir = lf_test_dir();
	tree = g_build_filename(bench->dir, "tree", NULL);
	repo = g_strconcat("--repo=", bench->dir, "/repo", NULL);
	from = g_strconcat("--tree=dir=", tree, NULL);
	write_tree(tree);
	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "init", "--mode=archive"), NULL);
	run(LF_PROC_ARGV("/usr/bin/ostree", repo, "commit", "--branch=" REF, "--owner-uid=0",
			 "--owner-gid=0", "--no-xattrs", from),
	    &bench->plan.checksum);
	g_strchomp(bench->plan.checksum);
	bench->plan.url = g_strconcat("file://", bench->dir, "/repo", NULL);
	bench->plan.ref = (char *)REF;
	bench->plan.partitions = g_ptr_array_new();
	bench->plan.profile = lf_profile_new();
	request.url = bench->plan.url;
	bench->payload = lf_payload_open(&request, &error);
	assert_ok(bench->payload, error);
	bench->root = lf_payload_root(bench->payload);
	return bench;
}

static void bench_free(Bench *bench)
{
	g_object_unref(bench->root);
	lf_payload_free(bench->payload);
	lf_profile_free((LfProfile *)bench->plan.profile);
	g_ptr_array_unref(bench->plan.partitions);
	g_free(bench->plan.url);
	g_free(bench->plan.checksum);
	lf_test_dir_remove(bench->dir);
	g_free(bench);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static LfProfile *profile_of(Bench *bench)
{
	return (LfProfile *)bench->plan.profile;
}

static LfAccount *add_user(Bench *bench, const char *name)
{
	LfAccount *account = g_new0(LfAccount, 1);

	account->name = g_strdup(name);
	account->uid = account->gid = -1;
	account->groups = g_new0(char *, 1);
	g_ptr_array_add(profile_of(bench)->users, account);
	return account;
}

static void add_key(Bench *bench, const char *user)
{
	LfSshKey *key = g_new0(LfSshKey, 1);

	key->user = g_strdup(user);
	key->key = g_strdup("ssh-ed25519 AAAA");
	g_ptr_array_add(profile_of(bench)->ssh_keys, key);
}

static void refuse(Bench *bench, const char *text)
{
	g_autoptr(GError) error = NULL;

	assert_throws(lf_commit_check(bench->root, &bench->plan, &error), error, LF_ERROR_INPUT,
		      text);
}

static void set_list(char ***list, const char *text)
{
	g_strfreev(*list);
	*list = g_strsplit(text, ",", -1);
}

static void a_profile_that_fits_the_commit_passes(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;
	LfAccount *account = add_user(bench, "op");

	account->is_crypted = true;
	account->password = lf_secret_new_text("$6$saltsalt$hash");
	add_key(bench, "op");
	add_key(bench, "root");
	add_key(bench, "backup");
	set_list(&profile_of(bench)->services_enabled, "ssh,getty@tty3,old,ssh.socket");
	set_list(&profile_of(bench)->services_disabled, "not-here");
	assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
}

static void a_user_the_commit_already_has_is_refused(void **state)
{
	g_autoptr(Bench) bench = bench_new();

	add_user(bench, "daemon");
	refuse(bench, "already has a user 'daemon': choose another name");
}

static void a_number_the_commit_already_gave_is_refused(void **state)
{
	g_autoptr(Bench) bench = bench_new();

	add_user(bench, "op")->uid = 34;
	refuse(bench, "user 'op' cannot have number 34");
}

static void a_key_for_a_user_that_is_nowhere_is_refused(void **state)
{
	g_autoptr(Bench) bench = bench_new();

	add_key(bench, "ghost");
	refuse(bench, "no user 'ghost' for an ssh key: add a user line");
}

static void a_hash_of_no_known_kind_is_refused(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	LfAccount *account = add_user(bench, "op");

	account->is_crypted = true;
	account->password = lf_secret_new_text("$nonsense$abcdefgh");
	refuse(bench, "the crypted password of 'op' is no crypt(3) hash");
}

static void a_home_that_cannot_be_written_is_refused(void **state)
{
	static const char *const homes[] = { "/usr/op",	 "/nonexistent/op", "/etc/op",
					     "/bin/op",	 "/media/op",	    "/run/op",
					     "/data/op", "/var/run/op",	    "/var/lock" };

	for (size_t i = 0; i < G_N_ELEMENTS(homes); i++) {
		g_autoptr(Bench) bench = bench_new();

		add_user(bench, "op")->home = g_strdup(homes[i]);
		refuse(bench, homes[i]);
	}
}

static void a_home_that_is_a_directory_of_the_system_is_refused(void **state)
{
	static const char *const homes[] = { "/var",	      "/root",	    "/home",	"/var/log",
					     "/var/roothome", "/var/home",  "/srv",	"/var/lib",
					     "/var/tmp",      "/usr/local", "/var/mail" };

	for (size_t i = 0; i < G_N_ELEMENTS(homes); i++) {
		g_autoptr(Bench) bench = bench_new();
		g_autofree char *text =
			g_strdup_printf("'--homedir=%s' of user 'op' is a directory of the system: "
					"choose one below /home",
					homes[i]);

		add_user(bench, "op")->home = g_strdup(homes[i]);
		refuse(bench, text);
	}
}

static void a_home_can_be_anywhere_that_lasts(void **state)
{
	static const char *const homes[] = { "/home/op", "/var/lib/op", "/srv/sites/op",
					     "/root/op", "/data/op",	"/var/disk" };
	LfPlanPartition data = { .role = LF_ROLE_DATA, .mount = (char *)"/data" };
	LfPlanPartition disk = { .role = LF_ROLE_DATA, .mount = (char *)"/var/disk" };

	for (size_t i = 0; i < G_N_ELEMENTS(homes); i++) {
		g_autoptr(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;

		g_ptr_array_add(bench->plan.partitions, &data);
		g_ptr_array_add(bench->plan.partitions, &disk);
		add_user(bench, "op")->home = g_strdup(homes[i]);
		assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
	}
}

static void a_home_around_a_mount_point_is_refused(void **state)
{
	LfPlanPartition data = { .role = LF_ROLE_DATA, .mount = (char *)"/srv/sites/www" };
	g_autoptr(Bench) bench = bench_new();

	g_ptr_array_add(bench->plan.partitions, &data);
	add_user(bench, "op")->home = g_strdup("/srv/sites");
	refuse(bench, "'--homedir=/srv/sites'");
}

static void homes_in_each_other_are_refused(void **state)
{
	static const char *const homes[][2] = {
		{ "/var/home/first", NULL },
		{ "/home/second/first", NULL },
		{ NULL, "/home/first/second" },
		{ "/srv/both", "/var/srv/both" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(homes); i++) {
		g_autoptr(Bench) bench = bench_new();

		add_user(bench, "first")->home = g_strdup(homes[i][0]);
		add_user(bench, "second")->home = g_strdup(i == 0 ? "/home/first" : homes[i][1]);
		refuse(bench, "choose another --homedir for one");
	}
}

static void homes_side_by_side_pass(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	add_user(bench, "op");
	add_user(bench, "op2");
	add_user(bench, "op3")->home = g_strdup("/home/o");
	assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
}

static void a_shell_must_be_a_program_of_the_commit(void **state)
{
	static const char *const shells[] = { "",
					      "/bin/bash",
					      "/usr/bin/bash",
					      "/bin/sh",
					      "/sbin/nologin",
					      "/usr/sbin/nologin",
					      "/usr/bin/other" };
	static const char *const others[] = {
		"/bin/zsh",   "/usr/bin/zsh",	   "/bin",
		"/bin/round", "/usr/share/readme", "/usr/local/bin/x"
	};

	for (size_t i = 0; i < G_N_ELEMENTS(shells); i++) {
		g_autoptr(Bench) bench = bench_new();
		g_autoptr(GError) error = NULL;

		add_user(bench, "op")->shell = g_strdup(shells[i]);
		assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autoptr(Bench) bench = bench_new();
		g_autofree char *text =
			g_strdup_printf("no shell '%s' for user 'op': choose", others[i]);

		add_user(bench, "op")->shell = g_strdup(others[i]);
		refuse(bench, text);
	}
}

static void a_key_for_a_user_whose_home_is_in_usr_is_refused(void **state)
{
	g_autoptr(Bench) bench = bench_new();

	add_key(bench, "daemon");
	refuse(bench, "'/usr/sbin', the home directory of 'daemon'");
}

static void a_service_the_commit_cannot_enable_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "ssh,typo", "'typo' is not in the payload" },
		{ "masked", "'masked' is masked in the payload" },
		{ "both.service", "'both.service' is masked in the payload" },
		{ "worker@", "'worker@' is a template: name an instance behind the '@'" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Bench) bench = bench_new();

		set_list(&profile_of(bench)->services_enabled, rows[i][0]);
		refuse(bench, rows[i][1]);
	}
}

static void units_are_looked_up_as_systemctl_does(void **state)
{
	static const struct {
		const char *name;
		LfUnitState state;
	} rows[] = {
		{ "ssh", LF_UNIT_PRESENT },	   { "ssh.service", LF_UNIT_PRESENT },
		{ "sshd", LF_UNIT_PRESENT },	   { "ssh.socket", LF_UNIT_PRESENT },
		{ "ssh.timer", LF_UNIT_ABSENT },   { "ssh.foo", LF_UNIT_ABSENT },
		{ "getty@tty1", LF_UNIT_PRESENT }, { "getty@a.b.service", LF_UNIT_PRESENT },
		{ "getty@", LF_UNIT_PRESENT },	   { "getty", LF_UNIT_ABSENT },
		{ "worker@", LF_UNIT_TEMPLATE },   { "worker@1", LF_UNIT_PRESENT },
		{ "other@x", LF_UNIT_ABSENT },	   { "old", LF_UNIT_PRESENT },
		{ "old.socket", LF_UNIT_ABSENT },  { "empty", LF_UNIT_MASKED },
		{ "masked", LF_UNIT_MASKED },	   { "both", LF_UNIT_MASKED },
		{ "..", LF_UNIT_ABSENT },	   { "hidden", LF_UNIT_MASKED },
		{ "dangling", LF_UNIT_ABSENT },	   { "loop1", LF_UNIT_ABSENT },
		{ "self", LF_UNIT_ABSENT },	   { "plain", LF_UNIT_ABSENT },
		{ "odd", LF_UNIT_ABSENT },	   { "lost", LF_UNIT_ABSENT },
		{ "job@", LF_UNIT_TEMPLATE },	   { "worker@9", LF_UNIT_PRESENT },
	};
	g_autoptr(Bench) bench = bench_new();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (lf_services_look_up(bench->root, rows[i].name, NULL) != rows[i].state)
			fail_msg("'%s' is not %d", rows[i].name, rows[i].state);
}

// systemctl refuses to enable an alias in /etc.
static void an_alias_is_given_to_systemctl_as_the_unit_behind_it(void **state)
{
	static const char *const rows[][2] = {
		{ "sshd", "ssh.service" },	     { "sshd.service", "ssh.service" },
		{ "merged", "ssh.service" },	     { "relative", "ssh.service" },
		{ "chain", "ssh.service" },	     { "ssh", "ssh.service" },
		{ "ssh.socket", "ssh.socket" },	     { "old", "old.service" },
		{ "ancient", "old.service" },	     { "autovt@tty3", "getty@tty3.service" },
		{ "autovt@", "getty@.service" },     { "getty@tty4", "getty@tty4.service" },
		{ "job@a.b", "worker@a.b.service" }, { "worker@9", "worker@9.service" },
		{ "linked", "linked.service" },
	};
	g_autoptr(Bench) bench = bench_new();
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *names[] = { (char *)rows[i][0], NULL };
		g_auto(GStrv) units = lf_services_units(bench->root, names);

		assert_int_equal(g_strv_length(units), 1);
		assert_string_equal(units[0], rows[i][1]);
	}
	set_list(&profile_of(bench)->services_enabled, "sshd,chain,autovt@tty3");
	assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
}

static void what_is_not_there_is_not_given_to_systemctl(void **state)
{
	char *names[] = { (char *)"typo", (char *)"sshd", (char *)"dangling", NULL };
	g_autoptr(Bench) bench = bench_new();
	g_auto(GStrv) units = lf_services_units(bench->root, names);
	g_auto(GStrv) none = lf_services_units(bench->root, NULL);

	assert_int_equal(g_strv_length(units), 1);
	assert_string_equal(units[0], "ssh.service");
	assert_int_equal(g_strv_length(none), 0);
}

static void a_mount_point_must_be_there(void **state)
{
	g_autoptr(Bench) bench = bench_new();
	static const char *const mounts[] = { "/nonexistent", "/bin/x", "/usr/x", "/etc/x" };
	static const char *const places[] = { "/data", "/var/x", "/home", "/srv/x" };
	LfPlanPartition data = { .role = LF_ROLE_DATA };

	g_ptr_array_add(bench->plan.partitions, &data);
	for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
		g_autofree char *text = g_strdup_printf("'%s' cannot be a mount point", mounts[i]);

		data.mount = (char *)mounts[i];
		refuse(bench, text);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autoptr(GError) error = NULL;

		data.mount = (char *)places[i];
		assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
	}
}

static void set_zone(Bench *bench, const char *zone)
{
	g_free(profile_of(bench)->timezone);
	profile_of(bench)->timezone = g_strdup(zone);
}

static void a_time_zone_must_be_a_file_of_zone_data(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "Etc/UTC", "UTC" };
	static const char *const others[] = { "Mars/Base", "Europe", "zone.tab",  "short",
					      "nothing",   "gone",   "localtime", "Etc/UTC/x" };
	g_autoptr(Bench) bench = bench_new();

	for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
		g_autoptr(GError) error = NULL;

		set_zone(bench, zones[i]);
		assert_ok(lf_commit_check(bench->root, &bench->plan, &error), error);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autofree char *text = g_strdup_printf("no time zone '%s'", others[i]);

		set_zone(bench, others[i]);
		refuse(bench, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_profile_that_fits_the_commit_passes),
		LF_TEST(a_user_the_commit_already_has_is_refused),
		LF_TEST(a_number_the_commit_already_gave_is_refused),
		LF_TEST(a_key_for_a_user_that_is_nowhere_is_refused),
		LF_TEST(a_hash_of_no_known_kind_is_refused),
		LF_TEST(a_home_that_cannot_be_written_is_refused),
		LF_TEST(a_home_that_is_a_directory_of_the_system_is_refused),
		LF_TEST(a_home_can_be_anywhere_that_lasts),
		LF_TEST(a_home_around_a_mount_point_is_refused),
		LF_TEST(homes_in_each_other_are_refused),
		LF_TEST(homes_side_by_side_pass),
		LF_TEST(a_shell_must_be_a_program_of_the_commit),
		LF_TEST(a_key_for_a_user_whose_home_is_in_usr_is_refused),
		LF_TEST(a_service_the_commit_cannot_enable_is_refused),
		LF_TEST(units_are_looked_up_as_systemctl_does),
		LF_TEST(an_alias_is_given_to_systemctl_as_the_unit_behind_it),
		LF_TEST(what_is_not_there_is_not_given_to_systemctl),
		LF_TEST(a_mount_point_must_be_there),
		LF_TEST(a_time_zone_must_be_a_file_of_zone_data),
	};

	return LF_TEST_MAIN(tests);
}
