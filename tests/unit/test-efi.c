// The firmware's boot entry: its bytes, which old entries go, and the order. A directory stands for
// efivarfs.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/apply/effects.h"
#include "installer/apply/efi.h"
#include "installer/apply/efivars.h"
#include "tests/unit/test.h"

#define LOADER "\\EFI\\debian\\shimx64.efi"
#define LABEL  "debian"

static const char *const nothing_kept[] = { NULL };

static LfPlanPartition esp = { .number = 1,
			       .start_bytes = 1024 * 1024,
			       .size_bytes = 512 * 1024 * 1024,
			       .uuid = (char *)"0e2f3a4b-1111-4222-8333-444455556666" };

static GBytes *option_for(const char *uuid, const char *label, const char *loader)
{
	g_autoptr(GError) error = NULL;
	LfPlanPartition partition = esp;
	GBytes *option;

	partition.uuid = (char *)uuid;
	option = lf_efi_load_option(&partition, 512, label, loader, &error);
	assert_ok(option != NULL, error);
	return option;
}

static void the_entry_names_partition_and_file(void **state)
{
	// UEFI 2.10: attributes, length of the path, label, HD node, file node, end.
	static const uint8_t head[] = { 1,    0,    0,	  0,	0x62, 0,    'd',  0,	'e',  0,
					'b',  0,    'i',  0,	'a',  0,    'n',  0,	0,    0,
					4,    1,    42,	  0,	1,    0,    0,	  0,	0,    8,
					0,    0,    0,	  0,	0,    0,    0,	  0,	0x10, 0,
					0,    0,    0,	  0,	0x4b, 0x3a, 0x2f, 0x0e, 0x11, 0x11,
					0x22, 0x42, 0x83, 0x33, 0x44, 0x44, 0x55, 0x55, 0x66, 0x66,
					2,    2,    4,	  4 };
	g_autoptr(GBytes) option = option_for(esp.uuid, LABEL, LOADER);
	gsize size;
	const uint8_t *data = g_bytes_get_data(option, &size);

	assert_true(size > sizeof head + 4);
	assert_memory_equal(data, head, sizeof head);
	assert_memory_equal(data + size - 4, "\x7f\xff\x04\x00", 4);
}

static void sectors_of_4096_bytes_count_in_the_path(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) option = lf_efi_load_option(&esp, 4096, LABEL, LOADER, &error);
	const uint8_t *data;

	assert_ok(option != NULL, error);
	data = g_bytes_get_data(option, NULL);
	assert_memory_equal(data + 28, "\x00\x01\x00\x00\x00\x00\x00\x00", 8);
}

static void only_our_own_entry_of_no_kept_disk_is_stale(void **state)
{
	const char *const kept[] = { "0E2F3A4B-1111-4222-8333-444455556666", NULL };
	g_autoptr(GBytes) ours = option_for(esp.uuid, LABEL, LOADER);
	g_autoptr(GBytes) other_label = option_for(esp.uuid, "ubuntu", LOADER);
	g_autoptr(GBytes) other_file = option_for(esp.uuid, LABEL, "\\EFI\\debian\\grubx64.efi");

	assert_true(lf_efi_is_stale(ours, LABEL, LOADER, nothing_kept));
	assert_false(lf_efi_is_stale(ours, LABEL, LOADER, kept));
	assert_false(lf_efi_is_stale(other_label, LABEL, LOADER, nothing_kept));
	assert_false(lf_efi_is_stale(other_file, LABEL, LOADER, nothing_kept));
}

static void a_damaged_entry_is_left_alone(void **state)
{
	g_autoptr(GBytes) ours = option_for(esp.uuid, LABEL, LOADER);
	gsize size;
	const uint8_t *data = g_bytes_get_data(ours, &size);

	for (gsize cut = 0; cut < size - 4; cut++) {
		g_autoptr(GBytes) bytes = g_bytes_new(data, cut);

		assert_false(lf_efi_is_stale(bytes, LABEL, LOADER, nothing_kept));
	}
	for (gsize at = 0; at < size; at++) {
		g_autofree uint8_t *copy = g_memdup2(data, size);
		g_autoptr(GBytes) bytes = NULL;

		copy[at] ^= 0xff;
		bytes = g_bytes_new_take(g_steal_pointer(&copy), size);
		(void)lf_efi_is_stale(bytes, LABEL, LOADER, nothing_kept);
	}
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void put(int dir_fd, const char *name, const void *data, size_t size)
{
	g_autoptr(GError) error = NULL;

	assert_ok(lf_efivars_write(dir_fd, name, data, size, &error), error);
}

static void assert_variable(int dir_fd, const char *name, const void *data, size_t size)
{
	g_autoptr(GBytes) bytes = lf_efivars_read(dir_fd, name);

	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), size);
	assert_memory_equal(g_bytes_get_data(bytes, NULL), data, size);
}

static void write_entry(int dir_fd, bool is_first)
{
	g_autoptr(GBytes) option = option_for(esp.uuid, LABEL, LOADER);
	g_autoptr(GError) error = NULL;

	assert_ok(lf_efi_write_entry(dir_fd, option, LABEL, LOADER, nothing_kept, is_first, &error),
		  error);
}

static void a_new_entry_takes_a_free_number_and_the_first_place(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd dir_fd = open_dir(dir);
	g_autoptr(GBytes) option = option_for(esp.uuid, LABEL, LOADER);
	gsize size;
	const void *data = g_bytes_get_data(option, &size);

	put(dir_fd, "Boot0000", "abc", 3);
	put(dir_fd, "Boot0002", "abc", 3);
	put(dir_fd, "BootOrder", "\x02\x00\x00\x00", 4);
	write_entry(dir_fd, true);
	assert_variable(dir_fd, "Boot0001", data, size);
	assert_variable(dir_fd, "BootOrder", "\x01\x00\x02\x00\x00\x00", 6);
	assert_variable(dir_fd, "Boot0000", "abc", 3);
}

static void leavebootorder_puts_it_last(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd dir_fd = open_dir(dir);

	put(dir_fd, "Boot0000", "abc", 3);
	put(dir_fd, "BootOrder", "\x00\x00", 2);
	write_entry(dir_fd, false);
	assert_variable(dir_fd, "BootOrder", "\x00\x00\x01\x00", 4);
}

static void an_install_again_leaves_one_entry(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd dir_fd = open_dir(dir);
	g_autoptr(GBytes) old = option_for("99999999-1111-4222-8333-444455556666", LABEL, LOADER);
	gsize size;
	const void *data = g_bytes_get_data(old, &size);

	put(dir_fd, "Boot0003", data, size);
	put(dir_fd, "BootOrder", "\x03\x00", 2);
	write_entry(dir_fd, true);
	write_entry(dir_fd, true);
	assert_null(lf_efivars_read(dir_fd, "Boot0003"));
	assert_variable(dir_fd, "BootOrder", "\x00\x00", 2);
}

static void a_machine_without_an_order_gets_one(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	lf_autofd dir_fd = open_dir(dir);

	write_entry(dir_fd, true);
	assert_variable(dir_fd, "BootOrder", "\x00\x00", 2);
}

static void variables_that_cannot_be_written_are_an_io_error(void **state)
{
	g_autoptr(GBytes) option = option_for(esp.uuid, LABEL, LOADER);
	lf_autofd dir_fd = open_dir("/proc/self");
	g_autoptr(GError) error = NULL;

	assert_throws(lf_efi_write_entry(dir_fd, option, LABEL, LOADER, nothing_kept, true, &error),
		      error, LF_ERROR_IO, "Boot0000");
}

static uint64_t no_clock(void)
{
	return 0;
}

// Whatever firmware does, the disk boots by its default path: the installation goes on, and says
// so.
static void firmware_without_variables_is_a_warning(void **state)
{
	LfPlan plan = { .sector_bytes = 512 };
	LfFacts facts = { .has_efi_variables = false };
	g_autoptr(LfEvents) events = lf_events_new(no_clock);
	LfInstall install = { .plan = &plan, .facts = &facts, .events = events };
	g_autoptr(GError) error = NULL;
	g_autofree char *said = NULL;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	lf_events_add_sink(events, LF_SINK_JSON, ends[1]);
	assert_ok(lf_effect_boot_entry(&install, &error), error);
	g_clear_pointer(&events, lf_events_free);
	said = g_malloc0(4096);
	assert_true(read(ends[0], said, 4095) > 0);
	close(ends[0]);
	assert_contains(said, "the firmware got no boot entry (it has no variables)");
	assert_contains(said, "EFI/BOOT");
}

static void put_number(int dir_fd, const char *name, unsigned number)
{
	uint16_t value = GUINT16_TO_LE((uint16_t)number);

	put(dir_fd, name, &value, sizeof value);
}

// An entry with these attributes and this device path, which gets its end.
static void put_entry(int dir_fd, const char *name, uint32_t attributes, const char *path,
		      size_t size)
{
	g_autoptr(GByteArray) option = g_byte_array_new();
	uint32_t words = GUINT32_TO_LE(attributes);
	uint16_t length = GUINT16_TO_LE((uint16_t)(size + 4));

	g_byte_array_append(option, (const uint8_t *)&words, 4);
	g_byte_array_append(option, (const uint8_t *)&length, 2);
	g_byte_array_append(option, (const uint8_t *)"x\0\0", 4);
	g_byte_array_append(option, (const uint8_t *)path, (guint)size);
	g_byte_array_append(option, (const uint8_t *)"\x7f\xff\x04", 4);
	put(dir_fd, name, option->data, option->len);
}

// Device paths: a PCI slot; a port of the USB bus in it; a partition there; another slot.
#define STICK	   "\1\1\6\0\0\1\3\5\6\0\2\0"
#define STICK_PART STICK "\4\1\4\0"
#define DISK	   "\1\1\6\0\0\2"

static void the_next_start_is_not_from_the_medium(void **state)
{
	static const struct {
		const char *order;
		size_t size;
		bool has_left;
		const char *next;
	} rows[] = {
		// 0: the stick, 1: a partition of it, 2: a disk, 3: switched off, 4: firmware's own
		{ "\0\0\2\0", 4, true, "\2\0" },
		{ "\1\0\0\0\2\0", 6, true, "\2\0" },
		{ "\4\0\3\0\0\0\2\0", 8, true, "\2\0" },
		{ "\0\0\1\0", 4, false, NULL },
		{ "\0\0\3\0\4\0\x99\0", 8, false, NULL },
		{ "\2", 1, false, NULL },
		{ "", 0, false, NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfTestDir) dir = lf_test_dir();
		g_autoptr(GError) error = NULL;
		lf_autofd dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool has_left = !rows[i].has_left;

		put_number(dir_fd, "BootCurrent", 0);
		put(dir_fd, "BootOrder", rows[i].order, rows[i].size);
		put_entry(dir_fd, "Boot0000", 1, STICK, sizeof STICK - 1);
		put_entry(dir_fd, "Boot0001", 1, STICK_PART, sizeof STICK_PART - 1);
		put_entry(dir_fd, "Boot0002", 1, DISK, sizeof DISK - 1);
		put_entry(dir_fd, "Boot0003", 0, DISK, sizeof DISK - 1);
		put_entry(dir_fd, "Boot0004", 0x109, DISK, sizeof DISK - 1);
		assert_ok(lf_efi_leave_medium(dir_fd, &has_left, &error), error);
		assert_int_equal(has_left, rows[i].has_left);
		if (rows[i].next)
			assert_variable(dir_fd, "BootNext", rows[i].next, 2);
		else
			assert_null(lf_efivars_read(dir_fd, "BootNext"));
	}
}

static void a_machine_started_by_no_entry_goes_to_the_first_that_boots(void **state)
{
	g_autoptr(LfTestDir) dir = lf_test_dir();
	g_autoptr(GError) error = NULL;
	lf_autofd dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool has_left = false;

	put(dir_fd, "BootOrder", "\5\0\2\0", 4);
	// A path whose node reaches beyond its end starts nothing.
	put_entry(dir_fd, "Boot0005", 1, "\1\1\x60\0\0\1", 6);
	put_entry(dir_fd, "Boot0002", 1, DISK, sizeof DISK - 1);
	assert_ok(lf_efi_leave_medium(dir_fd, &has_left, &error), error);
	assert_true(has_left);
	assert_variable(dir_fd, "BootNext", "\2\0", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(the_entry_names_partition_and_file),
		LF_TEST(sectors_of_4096_bytes_count_in_the_path),
		LF_TEST(only_our_own_entry_of_no_kept_disk_is_stale),
		LF_TEST(a_damaged_entry_is_left_alone),
		LF_TEST(a_new_entry_takes_a_free_number_and_the_first_place),
		LF_TEST(leavebootorder_puts_it_last),
		LF_TEST(an_install_again_leaves_one_entry),
		LF_TEST(a_machine_without_an_order_gets_one),
		LF_TEST(variables_that_cannot_be_written_are_an_io_error),
		LF_TEST(firmware_without_variables_is_a_warning),
		LF_TEST(the_next_start_is_not_from_the_medium),
		LF_TEST(a_machine_started_by_no_entry_goes_to_the_first_that_boots),
	};

	return LF_TEST_MAIN(tests);
}
