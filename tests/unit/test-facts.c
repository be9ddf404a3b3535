// Facts: JSON there and back, strict and bounded; natural order; texts of the outside world.
#include "tests/unit/machine.h"

static LfFacts *read_text(const char *text, GError **error)
{
	g_autoptr(json_t) object = lf_json_parse(text, strlen(text), "facts", error);

	return object ? lf_facts_from_json(object, error) : NULL;
}

static void facts_survive_the_way_to_json_and_back(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LfFacts) facts = lf_test_facts();
	LfFactDisk *disk = lf_test_disk(facts, "vda", 20 * TEST_GIB);
	LfFactPartition *partition = lf_test_partition(disk, 2, "ext4");
	g_autoptr(json_t) first = NULL;
	g_autoptr(json_t) second = NULL;
	g_autoptr(LfFacts) back = NULL;

	lf_test_set(&partition->fslabel, "dätä");
	g_strfreev(partition->holders);
	partition->holders = lf_test_strv("swap,dm-0 (root)");
	g_ptr_array_add(facts->nics, g_new0(LfFactNic, 1));
	((LfFactNic *)facts->nics->pdata[0])->name = g_strdup("eth0");
	first = lf_facts_to_json(facts);
	back = lf_facts_from_json(first, &error);
	assert_ok(back, error);
	second = lf_facts_to_json(back);
	assert_true(json_equal(first, second));
	disk = back->disks->pdata[0];
	assert_int_equal(disk->size_bytes, 20 * TEST_GIB);
	partition = disk->partitions->pdata[0];
	assert_string_equal(partition->holders[1], "dm-0 (root)");
}

static void wrong_facts_are_refused_with_the_member(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "[]", "facts must be a JSON object" },
		{ "{}", "'version' must be 1" },
		{ "{\"version\":2}", "'version' must be 1" },
		{ "{\"version\":1}", "'salt' is missing" },
		{ "{\"version\":1,\"salt\":\"00112233445566778899AABBCCDDEEFF\"}",
		  "'salt' must be 32 lower-case" },
		{ "{\"version\":1,\"colour\":1}", "unknown member 'colour'" },
		{ "{\"version\":1,\"cpus\":-1}", "member 'cpus'" },
		{ "{\"version\":1,\"cpus\":4294967296}", "'cpus' is too large" },
		{ "{\"version\":1,\"is_uefi\":1}", "member 'is_uefi'" },
		{ "{\"version\":1,\"vendor\":\"a\\u001bb\"}", "control character" },
		{ "{\"version\":1,\"disks\":{}}", "member 'disks'" },
		{ "{\"version\":1,\"disks\":[1]}", "disks[0] must be a JSON object" },
		{ "{\"version\":1,\"disks\":[{}]}", "disks[0]: member 'path'" },
		{ "{\"version\":1,\"disks\":[{\"path\":\"/dev/vda\"}]}", "'name' is missing" },
		{ "{\"version\":1,\"disks\":[{\"path\":\"/dev/vda\",\"name\":\"vda\"}]}",
		  "'sector_bytes'" },
		{ "{\"version\":1,\"disks\":[{\"path\":\"/dev/vda\",\"name\":\"vda\","
		  "\"sector_bytes\":513}]}",
		  "'sector_bytes'" },
		{ "{\"version\":1,\"disks\":[{\"path\":\"/dev/vda\",\"name\":\"vda\","
		  "\"sector_bytes\":512,\"size_bytes\":2305843009213693952}]}",
		  "over 1 EiB" },
		{ "{\"version\":1,\"disks\":[{\"path\":\"/dev/vda\",\"name\":\"vda\","
		  "\"sector_bytes\":512,\"partitions\":[{\"number\":1,"
		  "\"start_bytes\":9223372036854775807,\"size_bytes\":9223372036854775807}]}]}",
		  "disks[0], partitions[0] lies outside" },
		{ "{\"version\":1,\"disks\":[{\"path\":\"/dev/vda\",\"name\":\"vda\","
		  "\"sector_bytes\":512,\"links\":[1]}]}",
		  "member 'links'" },
		{ "{\"version\":1,\"nics\":[{}]}", "nics[0]: member 'name'" },
		{ "{\"version\":1,\"payload\":{\"x\":1}}", "payload has an unknown member 'x'" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(LfFacts) facts = read_text(rows[i].text, &error);

		assert_throws(facts, error, LF_ERROR_INPUT, rows[i].says);
	}
}

static void lists_without_end_are_refused(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) text = g_string_new("{\"version\":1,\"nics\":[");
	g_autoptr(LfFacts) facts = NULL;

	for (int i = 0; i < 1025; i++)
		g_string_append_printf(text, "%s{\"name\":\"e%d\"}", i ? "," : "", i);
	g_string_append(text, "]}");
	facts = read_text(text->str, &error);
	assert_throws(facts, error, LF_ERROR_INPUT, "more than 1024");
}

static void disks_come_in_natural_order(void **state)
{
	static const char *const wanted[] = { "/dev/nvme0n1", "/dev/nvme2n1", "/dev/nvme10n1",
					      "/dev/sda", "/dev/sdaa" };
	g_autoptr(LfFacts) facts = lf_facts_new();

	lf_test_disk(facts, "sdaa", 1);
	lf_test_disk(facts, "nvme10n1", 1);
	lf_test_disk(facts, "sda", 1);
	lf_test_disk(facts, "nvme0n1", 1);
	lf_test_disk(facts, "nvme2n1", 1);
	lf_facts_sort(facts);
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		assert_string_equal(((LfFactDisk *)facts->disks->pdata[i])->path, wanted[i]);
}

static void natural_order_counts_runs_of_digits(void **state)
{
	assert_int_equal(lf_natural_compare("a2", "a10"), -1);
	assert_int_equal(lf_natural_compare("a10", "a2"), 1);
	assert_int_equal(lf_natural_compare("a002", "a2"), 0);
	assert_int_equal(lf_natural_compare("a", "a1"), -1);
	assert_int_equal(lf_natural_compare("a99999999999999999999998", "a99999999999999999999999"),
			 -1);
}

static void texts_of_the_world_are_made_harmless(void **state)
{
	static const struct {
		const char *raw;
		const char *wanted;
	} rows[] = {
		{ "  QEMU   HARDDISK \n", "QEMU HARDDISK" },
		{ "a\033[31mb", "a [31mb" },
		{ "\xff\xfe", "��" },
		{ " \t\n", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};
	g_autofree char *endless = g_strnfill(10000, 'x');
	g_autofree char *cut = lf_fact_text(endless);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = lf_fact_text(rows[i].raw);

		if (rows[i].wanted)
			assert_string_equal(text, rows[i].wanted);
		else
			assert_null(text);
	}
	assert_int_equal(strlen(cut), 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(facts_survive_the_way_to_json_and_back),
		LF_TEST(wrong_facts_are_refused_with_the_member),
		LF_TEST(lists_without_end_are_refused),
		LF_TEST(disks_come_in_natural_order),
		LF_TEST(natural_order_counts_runs_of_digits),
		LF_TEST(texts_of_the_world_are_made_harmless),
	};

	return LF_TEST_MAIN(tests);
}
