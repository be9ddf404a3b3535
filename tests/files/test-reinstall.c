// A reinstall beside a persistent partition, on image files: which bytes stay, and that the
// partition is found again whenever the power fails.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "installer/apply/disk.h"
#include "installer/apply/effects.h"
#include "installer/apply/gpt.h"
#include "installer/apply/sysroot.h"
#include "installer/apply/tools.h"
#include "installer/apply/wipe.h"
#include "installer/persist.h"
#include "installer/plan/persist.h"
#include "installer/probe/probe.h"
#include "tests/unit/machine.h"

#define LABEL	      "landfall-persist"
#define DISK_BYTES    (2 * TEST_GIB)
#define PERSIST_MIB   64
#define PERSIST_BYTES (PERSIST_MIB * TEST_MIB)
#define CHUNK_BYTES   ((size_t)TEST_MIB)

static uint64_t no_clock(void)
{
	return 0;
}

// --- a machine ----------------------------------------------------------------------------------

/** Machine: an image file with a system on it that has a persistent partition. */
typedef struct {
	char *dir, *path;
	int fd;
	uint32_t sector_bytes;
	uint64_t start_bytes;
	char *digest; /* of the persistent partition's bytes */
	char *uuid;
} Machine;

/** Run: an install onto it, from the facts as they are now. */
typedef struct {
	LfFacts *facts;
	LfProfile *profile;
	LfPlan *plan;
	LfEvents *events;
	LfInstall *install;
} Run;

static void run_clear(Run *run)
{
	lf_install_free(run->install);
	lf_events_free(run->events);
	lf_plan_free(run->plan);
	lf_profile_free(run->profile);
	lf_facts_free(run->facts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static Run run_new(const Machine *machine)
{
	Run run = { .facts = lf_test_facts(),
		    .profile = lf_test_profile(),
		    .events = lf_events_new(no_clock) };
	g_autoptr(GError) error = NULL;
	LfFactDisk *disk = lf_probe_image(machine->path, machine->sector_bytes, &error);

	assert_ok(disk, error);
	g_ptr_array_add(run.facts->disks, disk);
	run.facts->payload->size_bytes = TEST_MIB;
	run.profile->persist_label = g_strdup(LABEL);
	run.profile->persist_size_mib = PERSIST_MIB;
	run.plan = lf_plan_make(run.profile, run.facts, &error);
	assert_ok(run.plan, error);
	run.install = lf_install_new(run.plan, run.facts, run.events);
	return run;
}

static const LfPlanPartition *persist_of(const Run *run)
{
	return lf_plan_partition(run->plan, LF_ROLE_PERSIST);
}

static char *digest_of(int fd, uint64_t start_bytes, uint64_t size_bytes)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree uint8_t *bytes = g_malloc(CHUNK_BYTES);
	g_autoptr(GError) error = NULL;

	for (uint64_t at = 0; at < size_bytes; at += CHUNK_BYTES) {
		assert_ok(lf_pread_all(fd, bytes, CHUNK_BYTES, start_bytes + at, &error), error);
		g_checksum_update(sum, bytes, CHUNK_BYTES);
	}
	return g_strdup(g_checksum_get_string(sum));
}

// No block of it is zero, so nothing can be wiped unseen.
static void fill(int fd, uint64_t start_bytes, uint64_t size_bytes)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	g_autofree uint32_t *words = g_malloc(CHUNK_BYTES);
	g_autoptr(GError) error = NULL;

	for (uint64_t at = 0; at < size_bytes; at += CHUNK_BYTES) {
		size_t part = (size_t)MIN(CHUNK_BYTES, size_bytes - at);

		for (size_t i = 0; i < CHUNK_BYTES / 4; i++)
			words[i] = g_rand_int(random);
		assert_ok(lf_pwrite_all(fd, words, part, start_bytes + at, &error), error);
	}
}

static void put_ext4(const Machine *machine, uint64_t start_bytes)
{
	g_autofree char *path = g_build_filename(machine->dir, "fs.img", NULL);
	g_autofree char *size = g_strdup_printf("%dm", PERSIST_MIB);
	g_autofree char *tree = g_build_filename(machine->dir, "tree", NULL);
	g_autofree char *repo = g_build_filename(tree, "repo", NULL);
	g_autofree char *config = g_build_filename(repo, "config", NULL);
	LfProc proc = { .argv = LF_PROC_ARGV(LF_TOOL_MKFS_EXT4, "-q", "-F", "-E", "nodiscard", "-L",
					     LABEL, "-d", tree, path, size) };
	g_autoptr(GError) error = NULL;
	lf_autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(g_mkdir_with_parents(repo, 0755), 0);
	assert_ok(g_file_set_contents(config, "prestaged", -1, &error), error);
	fill(fd, 0, PERSIST_BYTES);
	assert_ok(lf_proc_run(&proc, NULL, &error), error);
	assert_int_equal(lseek(machine->fd, (off_t)start_bytes, SEEK_SET), (off_t)start_bytes);
	assert_ok(lf_copy_fd(fd, machine->fd, &error), error);
	assert_int_equal(unlink(path), 0);
}

static void put_text(const Machine *machine, const char *text, uint64_t at)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_pwrite_all(machine->fd, text, strlen(text), at, &error), error);
}

// What a first install leaves, and old bytes where nothing uses them.
static void install_first(Machine *machine)
{
	g_auto(Run) run = run_new(machine);
	LfPlanPartition *persist = (LfPlanPartition *)persist_of(&run);
	g_autoptr(GError) error = NULL;

	assert_false(persist->is_kept);
	if (machine->start_bytes) {
		LfPlanPartition *root = run.plan->partitions->pdata[run.plan->partitions->len - 2];

		persist->start_bytes = machine->start_bytes;
		root->size_bytes = persist->start_bytes - root->start_bytes;
	}
	machine->start_bytes = persist->start_bytes;
	machine->uuid = g_strdup(persist->uuid);
	assert_ok(lf_gpt_write(machine->fd, machine->path, run.plan, &error), error);
	for (guint i = 0; i + 1 < run.plan->partitions->len; i++) {
		const LfPlanPartition *partition = run.plan->partitions->pdata[i];

		fill(machine->fd, partition->start_bytes, 4096);
		put_text(machine, "old system", partition->start_bytes);
	}
	put_text(machine, "old boot code", lf_gpt_head_bytes(machine->sector_bytes));
	put_text(machine, "old raid", DISK_BYTES - lf_gpt_tail_bytes(machine->sector_bytes) - 512);
}

// @start_bytes: of the persistent partition; 0: where the plan puts it
static Machine *machine_new(uint32_t sector_bytes, uint64_t start_bytes)
{
	Machine *machine = g_new0(Machine, 1);

	machine->dir = lf_test_dir();
	machine->path = g_build_filename(machine->dir, "disk.img", NULL);
	machine->fd = open(machine->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	machine->sector_bytes = sector_bytes;
	machine->start_bytes = start_bytes;
	assert_true(machine->fd >= 0);
	assert_int_equal(ftruncate(machine->fd, (off_t)DISK_BYTES), 0);
	install_first(machine);
	put_ext4(machine, machine->start_bytes);
	machine->digest = digest_of(machine->fd, machine->start_bytes, PERSIST_BYTES);
	return machine;
}

static void machine_free(Machine *machine)
{
	lf_close_fd(&machine->fd);
	lf_test_dir_remove(machine->dir);
	g_free(machine->path);
	g_free(machine->digest);
	g_free(machine->uuid);
	g_free(machine);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)

static const struct {
	uint32_t sector_bytes;
	uint64_t start_bytes;
} kinds[] = {
	{ 512, 0 },
	{ 4096, 0 },
	{ 512, 1900 * TEST_MIB + 512 }, /* neither aligned nor at the end */
};

// --- what must hold -----------------------------------------------------------------------------

static void assert_bytes_are_kept(const Machine *machine)
{
	g_autofree char *digest = digest_of(machine->fd, machine->start_bytes, PERSIST_BYTES);

	assert_string_equal(digest, machine->digest);
}

// As the next start would see it.
static void assert_found_again(const Machine *machine)
{
	g_auto(Run) run = run_new(machine);

	assert_true(persist_of(&run)->is_kept);
	assert_int_equal(persist_of(&run)->start_bytes, machine->start_bytes);
	assert_int_equal(persist_of(&run)->size_bytes, PERSIST_BYTES);
	assert_string_equal(persist_of(&run)->uuid, machine->uuid);
}

static bool is_zero_at(int fd, uint64_t offset)
{
	uint8_t bytes[512];
	g_autoptr(GError) error = NULL;

	assert_ok(lf_pread_all(fd, bytes, sizeof bytes, offset, &error), error);
	for (size_t i = 0; i < sizeof bytes; i++)
		if (bytes[i])
			return false;
	return true;
}

static void assert_old_system_is_gone(const Machine *machine, const Run *run)
{
	for (guint i = 0; i + 1 < run->plan->partitions->len; i++) {
		const LfPlanPartition *partition = run->plan->partitions->pdata[i];

		assert_true(is_zero_at(machine->fd, partition->start_bytes));
	}
}

// --- steps --------------------------------------------------------------------------------------

static bool write_table(LfInstall *install, GError **error)
{
	int fd = lf_disk_fd(install->disk);

	return lf_gpt_write(fd, install->plan->disk, install->plan, error) &&
	       lf_gpt_verify(fd, install->plan->disk, install->plan, error);
}

static bool wipe_around(LfInstall *install, GError **error)
{
	return lf_wipe_around_table(install, error);
}

static void at_every_stop_the_partition_is_whole_and_found(void **state)
{
	static bool (*const steps[])(LfInstall *, GError **) = {
		lf_effect_check_disk,
		lf_effect_wipe,
		write_table,
		wipe_around,
	};

	for (size_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
		g_autoptr(Machine) machine =
			machine_new(kinds[kind].sector_bytes, kinds[kind].start_bytes);

		for (size_t stop = 0; stop <= G_N_ELEMENTS(steps); stop++) {
			g_auto(Run) run = run_new(machine);
			g_autoptr(GError) error = NULL;

			for (size_t i = 0; i < stop; i++)
				assert_ok(steps[i](run.install, &error), error);
			if (stop >= 2)
				assert_old_system_is_gone(machine, &run);
			g_clear_pointer(&run.install, lf_install_free);
			assert_bytes_are_kept(machine);
			assert_found_again(machine);
		}
		assert_true(is_zero_at(machine->fd, lf_gpt_head_bytes(machine->sector_bytes)));
		assert_true(is_zero_at(
			machine->fd, DISK_BYTES - 512 - lf_gpt_tail_bytes(machine->sector_bytes)));
	}
}

// Even a step that is told to cannot touch it.
static void the_disk_itself_spares_it(void **state)
{
	g_autoptr(Machine) machine = machine_new(512, 1900 * TEST_MIB + 512);
	g_auto(Run) run = run_new(machine);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_effect_check_disk(run.install, &error), error);
	assert_ok(lf_disk_zero(run.install->disk, 0, DISK_BYTES, &error), error);
	assert_ok(lf_disk_zero(run.install->disk, machine->start_bytes + 4096, 8192, &error),
		  error);
	assert_ok(lf_disk_zero(run.install->disk, machine->start_bytes - 4096, 8192, &error),
		  error);
	assert_bytes_are_kept(machine);
	assert_true(is_zero_at(machine->fd, machine->start_bytes - 512));
	assert_true(is_zero_at(machine->fd, machine->start_bytes + PERSIST_BYTES));
}

// --- a table half written -----------------------------------------------------------------------

typedef struct {
	uint8_t *head, *tail;
} Table;

static void table_clear(Table *table)
{
	g_free(table->head);
	g_free(table->tail);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

static Table table_read(const Machine *machine)
{
	size_t head = lf_gpt_head_bytes(512), tail = lf_gpt_tail_bytes(512);
	Table table = { g_malloc(head), g_malloc(tail) };
	g_autoptr(GError) error = NULL;

	assert_ok(lf_pread_all(machine->fd, table.head, head, 0, &error), error);
	assert_ok(lf_pread_all(machine->fd, table.tail, tail, DISK_BYTES - tail, &error), error);
	return table;
}

// The sectors before @cut are of one, those behind of the other.
static void put_mixed(const Machine *machine, uint64_t start, size_t size, const uint8_t *before,
		      const uint8_t *behind, size_t cut)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_pwrite_all(machine->fd, before, cut, start, &error), error);
	assert_ok(lf_pwrite_all(machine->fd, behind + cut, size - cut, start + cut, &error), error);
}

static void a_table_half_written_still_leads_to_it(void **state)
{
	g_autoptr(Machine) machine = machine_new(512, 0);
	size_t head = lf_gpt_head_bytes(512), tail = lf_gpt_tail_bytes(512);
	g_auto(Table) old = table_read(machine);
	g_auto(Run) run = run_new(machine);
	g_auto(Table) new = { NULL, NULL };
	g_autoptr(GError) error = NULL;

	// Another layout, so that nothing of the two tables is the same.
	run.plan->table_uuid[0] = run.plan->table_uuid[0] == '1' ? '2' : '1';
	((LfPlanPartition *)run.plan->partitions->pdata[2])->size_bytes -= TEST_MIB;
	assert_ok(lf_gpt_write(machine->fd, machine->path, run.plan, &error), error);
	new = table_read(machine);
	assert_memory_not_equal(old.head + 512, new.head + 512, 512);
	for (int is_upward = 0; is_upward < 2; is_upward++) {
		const Table *first = is_upward ? &new : &old, *last = is_upward ? &old : &new;

		put_mixed(machine, 0, head, old.head, old.head, 0);
		for (size_t cut = 0; cut <= tail; cut += 512) {
			put_mixed(machine, DISK_BYTES - tail, tail, first->tail, last->tail, cut);
			assert_found_again(machine);
		}
		put_mixed(machine, DISK_BYTES - tail, tail, new.tail, new.tail, 0);
		for (size_t cut = 0; cut <= head; cut += 512) {
			put_mixed(machine, 0, head, first->head, last->head, cut);
			assert_found_again(machine);
		}
	}
}

// The same disk, but its second table cannot be written: the file ends before it and cannot grow.
static int open_without_tail(const Table *table)
{
	int fd = memfd_create("disk", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	g_autoptr(GError) error = NULL;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(DISK_BYTES - lf_gpt_tail_bytes(512))), 0);
	assert_ok(lf_pwrite_all(fd, table->head, lf_gpt_head_bytes(512), 0, &error), error);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	return fd;
}

// Else a second cut could take the only whole one.
static void the_copy_that_is_not_whole_is_written_first(void **state)
{
	for (int is_first_whole = 0; is_first_whole < 2; is_first_whole++) {
		g_autoptr(Machine) machine = machine_new(512, 0);
		g_auto(Run) run = run_new(machine);
		g_auto(Table) before = { NULL, NULL };
		g_autofree uint8_t *head = g_malloc(lf_gpt_head_bytes(512));
		g_autoptr(GError) error = NULL;
		lf_autofd fd = -1;

		if (!is_first_whole)
			fill(machine->fd, 1024, 512);
		run.plan->table_uuid[0] = run.plan->table_uuid[0] == '1' ? '2' : '1';
		before = table_read(machine);
		fd = open_without_tail(&before);
		assert_throws(lf_gpt_write(fd, "disk", run.plan, &error), error, LF_ERROR_IO,
			      "partition table");
		g_clear_error(&error);
		assert_ok(lf_pread_all(fd, head, lf_gpt_head_bytes(512), 0, &error), error);
		assert_int_equal(memcmp(before.head, head, lf_gpt_head_bytes(512)) == 0,
				 is_first_whole);
		put_mixed(machine, 0, lf_gpt_head_bytes(512), head, head, 0);
		assert_found_again(machine);
	}
}

// --- as a source, on a real block device --------------------------------------------------------

static bool can_have_devices(void)
{
	return geteuid() == 0 && access("/dev/loop-control", R_OK | W_OK) == 0 &&
	       unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, NULL) == 0 &&
	       mount("none", "/mnt", "tmpfs", 0, NULL) == 0;
}

static char *attach_disk(const Machine *machine)
{
	LfProc proc = { .argv = LF_PROC_ARGV("/sbin/losetup", "--find", "--show", "--partscan",
					     machine->path) };
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&proc, &output, &error), error);
	return g_strdup(g_strchomp(output));
}

static void detach_disk(const char *node)
{
	LfProc proc = { .argv = LF_PROC_ARGV("/sbin/losetup", "--detach", node) };
	g_autoptr(GError) error = NULL;

	assert_ok(lf_proc_run(&proc, NULL, &error), error);
}

static Run run_on(const Machine *machine, const char *node)
{
	Run run = run_new(machine);
	LfFactDisk *disk = run.facts->disks->pdata[0];

	lf_test_set(&disk->path, node);
	lf_test_set(&run.plan->disk, node);
	return run;
}

static bool reread(LfInstall *install, GError **error)
{
	return lf_disk_reread(install->disk, error);
}

typedef bool (*Step)(LfInstall *install, GError **error);

static void install_beside(const Machine *machine, const char *disk, const Step *steps)
{
	g_auto(Run) run = run_on(machine, disk);
	g_autoptr(LfScope) held = lf_scope_new();
	const char *path = lf_persist_mount(run.facts, LABEL, NULL, held);
	g_autofree char *file = g_build_filename(LF_PERSIST, "repo", "config", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	assert_non_null(path);
	for (; *steps; steps++)
		assert_ok((*steps)(run.install, &error), error);
	text = lf_read_text_at(AT_FDCWD, file, 64, &error);
	assert_ok(text, error);
	assert_string_equal(text, "prestaged");
	assert_int_equal(open(file, O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
	g_clear_pointer(&run.install, lf_install_free);
	assert_ok(lf_scope_unwind(held, 0, &error), error);
}

// On a device, with its claim and the kernel's word to the new table; in a file, with all of its
// partitions as devices.
static void an_install_goes_on_while_it_is_read_from(void **state)
{
	static const Step on_device[] = { lf_effect_check_disk, lf_effect_wipe, write_table,
					  wipe_around,		reread,		NULL };
	static const Step in_file[] = { lf_effect_check_disk, lf_effect_wipe, lf_effect_table,
					lf_effect_format, NULL };
	g_autoptr(Machine) machine = NULL;
	g_autofree char *node = NULL;

	if (!can_have_devices())
		lf_test_skip("needs root, loop devices and a mount namespace");
	machine = machine_new(512, 0);
	node = attach_disk(machine);
	install_beside(machine, node, on_device);
	detach_disk(node);
	install_beside(machine, machine->path, in_file);
	assert_bytes_are_kept(machine);
	assert_found_again(machine);
}

// --- in the installed system's tree -------------------------------------------------------------

// The group descriptors, behind a super block that is whole.
static void damage(const Machine *machine)
{
	fill(machine->fd, machine->start_bytes + 2048, 64 * 1024);
}

static void scripts_find_it_in_its_place(void **state)
{
	static const char *const place = LF_SYSROOT LF_PERSIST_MOUNT;
	static const Step steps[] = { lf_effect_check_disk, lf_effect_wipe, lf_effect_table,
				      lf_effect_format, lf_sysroot_mount_data };

	for (int is_damaged = 0; is_damaged < 2; is_damaged++) {
		g_autofree char *file = g_build_filename(place, "repo", "config", NULL);
		g_autofree char *own = g_build_filename(place, "of-a-script", NULL);
		g_autoptr(Machine) machine = NULL;
		g_auto(Run) run = { NULL };
		g_autoptr(GError) error = NULL;

		if (!can_have_devices())
			lf_test_skip("needs root, loop devices and a mount namespace");
		machine = machine_new(512, 0);
		if (is_damaged)
			damage(machine);
		run = run_new(machine);
		assert_int_equal(g_mkdir_with_parents(LF_SYSROOT, 0755), 0);
		assert_ok(lf_openat(AT_FDCWD, LF_SYSROOT, O_PATH, 0, &run.install->root_fd, &error),
			  error);
		for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
			assert_ok(steps[i](run.install, &error), error);
		assert_int_equal(access(file, R_OK) == 0, !is_damaged);
		assert_true(g_file_set_contents(own, "x", 1, NULL));
		assert_ok(lf_scope_unwind(run.install->held, 0, &error), error);
		assert_int_equal(access(file, F_OK), -1);
		assert_found_again(machine);
	}
}

static void a_damaged_one_is_no_source_and_no_failure(void **state)
{
	g_autoptr(Machine) machine = machine_new(512, 0);
	g_autoptr(LfScope) held = lf_scope_new();
	g_auto(Run) run = run_new(machine);

	if (!can_have_devices())
		lf_test_skip("needs root, loop devices and a mount namespace");
	damage(machine);
	assert_null(lf_persist_mount(run.facts, LABEL, run.events, held));
	assert_int_equal(lf_scope_depth(held), 0);
	assert_null(lf_persist_mount(run.facts, "another", run.events, held));
	assert_null(lf_persist_mount(run.facts, NULL, run.events, held));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(at_every_stop_the_partition_is_whole_and_found),
		LF_TEST(the_disk_itself_spares_it),
		LF_TEST(a_table_half_written_still_leads_to_it),
		LF_TEST(the_copy_that_is_not_whole_is_written_first),
		LF_TEST(an_install_goes_on_while_it_is_read_from),
		LF_TEST(scripts_find_it_in_its_place),
		LF_TEST(a_damaged_one_is_no_source_and_no_failure),
	};

	return LF_TEST_MAIN(tests);
}
