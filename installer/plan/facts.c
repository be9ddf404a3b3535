// Facts about a machine as values, and their JSON form.
// Not here: finding them out (installer/probe), deciding by them (plan.c).
#include "installer/plan/facts.h"

#include <string.h>

#include "installer/plan/members.h"
#include "installer/plan/uuid.h"

#define FACTS_VERSION  1
#define MAX_DISKS      1024
#define MAX_PARTITIONS 256
#define MAX_NICS       1024
#define MAX_DISK_BYTES ((uint64_t)1 << 60)

static const LfMember partition_members[] = {
	LF_MEMBER(LfFactPartition, number, UNSIGNED),
	LF_MEMBER(LfFactPartition, path, TEXT),
	LF_MEMBER(LfFactPartition, start_bytes, UINT64),
	LF_MEMBER(LfFactPartition, size_bytes, UINT64),
	LF_MEMBER(LfFactPartition, type, TEXT),
	LF_MEMBER(LfFactPartition, uuid, TEXT),
	LF_MEMBER(LfFactPartition, name, TEXT),
	LF_MEMBER(LfFactPartition, fstype, TEXT),
	LF_MEMBER(LfFactPartition, fslabel, TEXT),
	LF_MEMBER(LfFactPartition, fs_uuid, TEXT),
	LF_MEMBER(LfFactPartition, holders, TEXTS),
};

static const LfMember disk_members[] = {
	LF_MEMBER(LfFactDisk, path, TEXT),
	LF_MEMBER(LfFactDisk, name, TEXT),
	LF_MEMBER(LfFactDisk, links, TEXTS),
	LF_MEMBER(LfFactDisk, model, TEXT),
	LF_MEMBER(LfFactDisk, serial, TEXT),
	LF_MEMBER(LfFactDisk, wwn, TEXT),
	LF_MEMBER(LfFactDisk, transport, TEXT),
	LF_MEMBER(LfFactDisk, size_bytes, UINT64),
	LF_MEMBER(LfFactDisk, sector_bytes, UNSIGNED),
	LF_MEMBER(LfFactDisk, physical_bytes, UNSIGNED),
	LF_MEMBER(LfFactDisk, is_removable, BOOL),
	LF_MEMBER(LfFactDisk, is_readonly, BOOL),
	LF_MEMBER(LfFactDisk, is_rotational, BOOL),
	LF_MEMBER(LfFactDisk, is_cdrom, BOOL),
	LF_MEMBER(LfFactDisk, is_boot_medium, BOOL),
	LF_MEMBER(LfFactDisk, table, TEXT),
};

static const LfMember nic_members[] = {
	LF_MEMBER(LfFactNic, name, TEXT),
	LF_MEMBER(LfFactNic, mac, TEXT),
	LF_MEMBER(LfFactNic, driver, TEXT),
	LF_MEMBER(LfFactNic, has_carrier, BOOL),
};

static const LfMember payload_members[] = {
	LF_MEMBER(LfFactPayload, url, TEXT),	     LF_MEMBER(LfFactPayload, ref, TEXT),
	LF_MEMBER(LfFactPayload, checksum, TEXT),    LF_MEMBER(LfFactPayload, version, TEXT),
	LF_MEMBER(LfFactPayload, flavour, TEXT),     LF_MEMBER(LfFactPayload, kernel, TEXT),
	LF_MEMBER(LfFactPayload, kernel_args, TEXT), LF_MEMBER(LfFactPayload, size_bytes, UINT64),
	LF_MEMBER(LfFactPayload, objects, UINT64),
};

static const LfMember machine_members[] = {
	LF_MEMBER(LfFacts, architecture, TEXT),	  LF_MEMBER(LfFacts, vendor, TEXT),
	LF_MEMBER(LfFacts, product, TEXT),	  LF_MEMBER(LfFacts, serial, TEXT),
	LF_MEMBER(LfFacts, uuid, TEXT),		  LF_MEMBER(LfFacts, asset_tag, TEXT),
	LF_MEMBER(LfFacts, memory_bytes, UINT64), LF_MEMBER(LfFacts, cpus, UNSIGNED),
	LF_MEMBER(LfFacts, is_uefi, BOOL),	  LF_MEMBER(LfFacts, has_efi_variables, BOOL),
	LF_MEMBER(LfFacts, is_secure_boot, BOOL), LF_MEMBER(LfFacts, is_setup_mode, BOOL),
	LF_MEMBER(LfFacts, tpm_version, TEXT),	  LF_MEMBER(LfFacts, tpm_device, TEXT),
	LF_MEMBER(LfFacts, boot_medium, TEXT),	  LF_MEMBER(LfFacts, network_args, TEXT),
	LF_MEMBER(LfFacts, salt, TEXT),
};

// --- values -------------------------------------------------------------------------------------

LfFactPartition *lf_fact_partition_new(void)
{
	LfFactPartition *partition = g_new0(LfFactPartition, 1);

	partition->holders = g_new0(char *, 1);
	return partition;
}

void lf_fact_partition_free(LfFactPartition *partition)
{
	if (!partition)
		return;
	lf_members_clear(partition_members, G_N_ELEMENTS(partition_members), partition);
	g_free(partition);
}

LfFactDisk *lf_fact_disk_new(void)
{
	LfFactDisk *disk = g_new0(LfFactDisk, 1);

	disk->links = g_new0(char *, 1);
	disk->partitions = g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_partition_free);
	return disk;
}

void lf_fact_disk_free(LfFactDisk *disk)
{
	if (!disk)
		return;
	lf_members_clear(disk_members, G_N_ELEMENTS(disk_members), disk);
	g_ptr_array_unref(disk->partitions);
	g_free(disk);
}

void lf_fact_nic_free(LfFactNic *nic)
{
	if (!nic)
		return;
	lf_members_clear(nic_members, G_N_ELEMENTS(nic_members), nic);
	g_free(nic);
}

void lf_fact_payload_free(LfFactPayload *payload)
{
	if (!payload)
		return;
	lf_members_clear(payload_members, G_N_ELEMENTS(payload_members), payload);
	g_free(payload);
}

LfFacts *lf_facts_new(void)
{
	LfFacts *facts = g_new0(LfFacts, 1);

	facts->disks = g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_disk_free);
	facts->nics = g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_nic_free);
	return facts;
}

void lf_facts_free(LfFacts *facts)
{
	if (!facts)
		return;
	lf_members_clear(machine_members, G_N_ELEMENTS(machine_members), facts);
	g_ptr_array_unref(facts->disks);
	g_ptr_array_unref(facts->nics);
	lf_fact_payload_free(facts->payload);
	g_free(facts);
}

// --- order --------------------------------------------------------------------------------------

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

int lf_natural_compare(const char *a, const char *b)
{
	while (*a && *b) {
		size_t n_a, n_b;
		int order;

		if (!g_ascii_isdigit(*a) || !g_ascii_isdigit(*b)) {
			if (*a != *b)
				return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
			a++, b++;
			continue;
		}
		a += strspn(a, "0");
		b += strspn(b, "0");
		n_a = count_digits(a);
		n_b = count_digits(b);
		order = n_a != n_b ? (n_a < n_b ? -1 : 1) : strncmp(a, b, n_a);
		if (order != 0)
			return order;
		a += n_a;
		b += n_b;
	}
	return *a ? 1 : *b ? -1 : 0;
}

static int compare_disks(gconstpointer a, gconstpointer b)
{
	return lf_natural_compare((*(LfFactDisk *const *)a)->path, (*(LfFactDisk *const *)b)->path);
}

static int compare_nics(gconstpointer a, gconstpointer b)
{
	return lf_natural_compare((*(LfFactNic *const *)a)->name, (*(LfFactNic *const *)b)->name);
}

void lf_facts_sort(LfFacts *facts)
{
	g_ptr_array_sort(facts->disks, compare_disks);
	g_ptr_array_sort(facts->nics, compare_nics);
}

// --- to JSON ------------------------------------------------------------------------------------

static json_t *object_of(const LfMember *members, size_t n_members, const void *thing)
{
	json_t *object = json_object();

	lf_members_add(object, members, n_members, thing);
	return object;
}

static json_t *disk_to_json(const LfFactDisk *disk)
{
	json_t *object = object_of(disk_members, G_N_ELEMENTS(disk_members), disk);
	json_t *partitions = json_array();

	for (guint i = 0; i < disk->partitions->len; i++)
		lf_json_append(partitions,
			       object_of(partition_members, G_N_ELEMENTS(partition_members),
					 disk->partitions->pdata[i]));
	lf_json_set(object, "partitions", partitions);
	return object;
}

json_t *lf_facts_to_json(const LfFacts *facts)
{
	json_t *object = json_object();
	json_t *disks = json_array();
	json_t *nics = json_array();

	lf_json_set_uint(object, "version", FACTS_VERSION);
	lf_members_add(object, machine_members, G_N_ELEMENTS(machine_members), facts);
	for (guint i = 0; i < facts->disks->len; i++)
		lf_json_append(disks, disk_to_json(facts->disks->pdata[i]));
	for (guint i = 0; i < facts->nics->len; i++)
		lf_json_append(nics, object_of(nic_members, G_N_ELEMENTS(nic_members),
					       facts->nics->pdata[i]));
	lf_json_set(object, "disks", disks);
	lf_json_set(object, "nics", nics);
	if (facts->payload)
		lf_json_set(
			object, "payload",
			object_of(payload_members, G_N_ELEMENTS(payload_members), facts->payload));
	return object;
}

// --- from JSON ----------------------------------------------------------------------------------

static bool is_power_of_two(uint32_t value)
{
	return value > 0 && (value & (value - 1)) == 0;
}

// A list of objects, at most @max of them; NULL when the member is missing.
static bool get_list(const json_t *object, const char *key, size_t max, json_t **ret,
		     GError **error)
{
	if (!lf_json_get_array(object, key, ret, error))
		return false;
	if (json_array_size(*ret) > max)
		return lf_throw(error, LF_ERROR_INPUT, "member '%s' has more than %zu elements",
				key, max);
	return true;
}

static bool read_partition(const json_t *object, const char *what, LfFactDisk *disk, GError **error)
{
	LfFactPartition *partition = g_new0(LfFactPartition, 1);
	uint64_t end_bytes;

	g_ptr_array_add(disk->partitions, partition);
	if (!lf_members_get(object, partition_members, G_N_ELEMENTS(partition_members), NULL, what,
			    partition, error))
		return false;
	if (partition->number > MAX_PARTITIONS)
		return lf_throw(error, LF_ERROR_INPUT, "%s: member 'number' is over %d", what,
				MAX_PARTITIONS);
	if (__builtin_add_overflow(partition->start_bytes, partition->size_bytes, &end_bytes) ||
	    end_bytes > MAX_DISK_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "%s lies outside any disk", what);
	return true;
}

static bool read_partitions(const json_t *object, const char *what, LfFactDisk *disk,
			    GError **error)
{
	json_t *list = NULL;
	json_t *value;
	size_t i;

	if (!get_list(object, "partitions", MAX_PARTITIONS, &list, error))
		return lf_prefix(error, "%s", what);
	json_array_foreach (list, i, value) {
		g_autofree char *which = g_strdup_printf("%s, partitions[%zu]", what, i);

		if (!read_partition(value, which, disk, error))
			return false;
	}
	return true;
}

static bool check_disk(const LfFactDisk *disk, const char *what, GError **error)
{
	if (!disk->path || !g_path_is_absolute(disk->path))
		return lf_throw(error, LF_ERROR_INPUT, "%s: member 'path' must be an absolute path",
				what);
	if (!disk->name || !*disk->name)
		return lf_throw(error, LF_ERROR_INPUT, "%s: member 'name' is missing", what);
	if (disk->size_bytes > MAX_DISK_BYTES)
		return lf_throw(error, LF_ERROR_INPUT, "%s: member 'size_bytes' is over 1 EiB",
				what);
	if (!is_power_of_two(disk->sector_bytes) || disk->sector_bytes < 512 ||
	    disk->sector_bytes > 65536)
		return lf_throw(error, LF_ERROR_INPUT,
				"%s: member 'sector_bytes' must be a power of two from 512 to "
				"65536",
				what);
	return true;
}

static bool read_disk(const json_t *object, const char *what, LfFacts *facts, GError **error)
{
	static const char *const others[] = { "partitions", NULL };
	LfFactDisk *disk = g_new0(LfFactDisk, 1);

	disk->partitions = g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_partition_free);
	g_ptr_array_add(facts->disks, disk);
	return lf_members_get(object, disk_members, G_N_ELEMENTS(disk_members), others, what, disk,
			      error) &&
	       check_disk(disk, what, error) && read_partitions(object, what, disk, error);
}

static bool read_disks(const json_t *object, LfFacts *facts, GError **error)
{
	json_t *list = NULL;
	json_t *value;
	size_t i;

	if (!get_list(object, "disks", MAX_DISKS, &list, error))
		return false;
	json_array_foreach (list, i, value) {
		g_autofree char *what = g_strdup_printf("disks[%zu]", i);

		if (!read_disk(value, what, facts, error))
			return false;
	}
	return true;
}

static bool read_nics(const json_t *object, LfFacts *facts, GError **error)
{
	json_t *list = NULL;
	json_t *value;
	size_t i;

	if (!get_list(object, "nics", MAX_NICS, &list, error))
		return false;
	json_array_foreach (list, i, value) {
		g_autofree char *what = g_strdup_printf("nics[%zu]", i);
		LfFactNic *nic = g_new0(LfFactNic, 1);

		g_ptr_array_add(facts->nics, nic);
		if (!lf_members_get(value, nic_members, G_N_ELEMENTS(nic_members), NULL, what, nic,
				    error))
			return false;
		if (!nic->name)
			return lf_throw(error, LF_ERROR_INPUT, "%s: member 'name' is missing",
					what);
	}
	return true;
}

static bool read_payload(const json_t *object, LfFacts *facts, GError **error)
{
	json_t *payload = NULL;

	if (!lf_json_get_object(object, "payload", &payload, error))
		return false;
	if (!payload)
		return true;
	facts->payload = g_new0(LfFactPayload, 1);
	return lf_members_get(payload, payload_members, G_N_ELEMENTS(payload_members), NULL,
			      "payload", facts->payload, error);
}

static bool read_facts(const json_t *object, LfFacts *facts, GError **error)
{
	static const char *const others[] = { "version", "disks", "nics", "payload", NULL };
	uint64_t version;

	if (!lf_members_get(object, machine_members, G_N_ELEMENTS(machine_members), others, "facts",
			    facts, error) ||
	    !lf_json_get_uint(object, "version", &version, error))
		return false;
	if (version != FACTS_VERSION)
		return lf_throw(error, LF_ERROR_INPUT, "member 'version' must be %d",
				FACTS_VERSION);
	if (!read_disks(object, facts, error) || !read_nics(object, facts, error) ||
	    !read_payload(object, facts, error))
		return false;
	if (!facts->salt)
		return lf_throw(error, LF_ERROR_INPUT, "member 'salt' is missing");
	return lf_is_salt(facts->salt) ||
	       lf_throw(error, LF_ERROR_INPUT, "member 'salt' must be 32 lower-case hex digits");
}

LfFacts *lf_facts_from_json(const json_t *object, GError **error)
{
	g_autoptr(LfFacts) facts = lf_facts_new();

	if (!read_facts(object, facts, error))
		return NULL;
	lf_facts_sort(facts);
	return g_steal_pointer(&facts);
}

// --- text of the outside world ------------------------------------------------------------------

#define MAX_FACT_BYTES 256

char *lf_fact_text(const char *raw)
{
	g_autofree char *valid = raw ? g_utf8_make_valid(raw, -1) : NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	for (const char *c = valid; c && *c && text->len < MAX_FACT_BYTES;
	     c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);

		if (g_unichar_iscntrl(u))
			u = ' ';
		// Firmware and drives pad their texts with blanks.
		if (u != ' ' || (text->len > 0 && text->str[text->len - 1] != ' '))
			g_string_append_unichar(text, u);
	}
	g_strchomp(text->str);
	if (*text->str == '\0')
		return NULL;
	return g_string_free(g_steal_pointer(&text), FALSE);
}
