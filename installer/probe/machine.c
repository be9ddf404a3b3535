// The machine besides its disks: firmware, identity, TPM, memory, processors, network cards.
// Not here: disks (disks.c), setting up the network (installer/init).
#include "installer/probe/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "installer/plan/netargs.h"
#include "installer/probe/probe.h"
#include "installer/probe/world.h"

#define EFI_GLOBAL     "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define EFI_VARIABLES  "sys/firmware/efi/efivars"
#define MAX_CPUS       65536
#define MAX_INFO_BYTES 65536
#define ARPHRD_ETHER   1

// --- firmware -----------------------------------------------------------------------------------

// A file of efivarfs: four bytes of attributes, then the value. UEFI 2.10, 3.3 (global variables)
static bool efi_flag(int root_fd, const char *name)
{
	g_autoptr(GBytes) bytes = lf_world_bytes(root_fd, EFI_VARIABLES "/%s-" EFI_GLOBAL, name);
	gsize size = 0;
	const guint8 *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return size == 5 && data[4] == 1;
}

static void load_firmware(int root_fd, const LfHolders *holders, LfFacts *facts)
{
	facts->is_uefi = lf_world_has(root_fd, "sys/firmware/efi");
	facts->has_efi_variables =
		facts->is_uefi && lf_holders_writable(holders, "/" EFI_VARIABLES, "efivarfs");
	facts->is_secure_boot = efi_flag(root_fd, "SecureBoot");
	facts->is_setup_mode = efi_flag(root_fd, "SetupMode");
}

// --- identity -----------------------------------------------------------------------------------

// What boards say when nobody filled their SMBIOS in.
static bool is_placeholder(const char *text)
{
	static const char *const words[] = {
		"to be filled by o.e.m.",
		"default string",
		"not specified",
		"none",
		"n/a",
		"unknown",
		"system serial number",
		"system product name",
		"system manufacturer",
		"asset tag",
		"no asset tag",
		"0123456789",
		"chassis asset tag",
		"asset-1234567890",
		"o.e.m.",
		"invalid",
		"not applicable",
		"empty",
		"00000000",
		"to be filled by o.e.m",
	};
	g_autofree char *lower = g_ascii_strdown(text, -1);

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(lower, words[i]) == 0)
			return true;
	return strspn(lower, "0") == strlen(lower) || strspn(lower, "-0f") == strlen(lower);
}

static char *identity(int root_fd, const char *smbios, const char *devicetree)
{
	g_autofree char *text = lf_world_text(root_fd, "sys/class/dmi/id/%s", smbios);

	if (!text && devicetree)
		text = lf_world_text(root_fd, "sys/firmware/devicetree/base/%s", devicetree);
	if (!text || is_placeholder(text))
		return NULL;
	return g_steal_pointer(&text);
}

static void load_identity(int root_fd, LfFacts *facts)
{
	g_autofree char *uuid = identity(root_fd, "product_uuid", NULL);

	facts->vendor = identity(root_fd, "sys_vendor", NULL);
	facts->product = identity(root_fd, "product_name", "model");
	facts->serial = identity(root_fd, "product_serial", "serial-number");
	facts->asset_tag = identity(root_fd, "chassis_asset_tag", NULL);
	facts->uuid = uuid ? g_ascii_strdown(uuid, -1) : NULL;
}

static char *architecture(int root_fd)
{
	g_autofree char *text = lf_world_text(root_fd, "proc/sys/kernel/arch");
	struct utsname names;

	// The file is there since Linux 6.1.
	if (!text && uname(&names) == 0)
		text = lf_fact_text(names.machine);
	return g_steal_pointer(&text);
}

// --- TPM ----------------------------------------------------------------------------------------

static char *tpm_version(int root_fd, const char *name)
{
	uint64_t major = lf_world_uint(root_fd, 0, "sys/class/tpm/%s/tpm_version_major", name);

	if (major == 1)
		return g_strdup("1.2");
	return major ? g_strdup_printf("%" G_GUINT64_FORMAT, major) : NULL;
}

// The first TPM 2.0, else the first of any version.
static void load_tpm(int root_fd, LfFacts *facts)
{
	g_auto(GStrv) names = lf_world_list(root_fd, "sys/class/tpm");

	for (char **name = names; *name; name++) {
		g_autofree char *version = tpm_version(root_fd, *name);

		if (!version || (facts->tpm_version && strcmp(version, "2") != 0))
			continue;
		g_free(facts->tpm_version);
		facts->tpm_version = g_steal_pointer(&version);
		g_clear_pointer(&facts->tpm_device, g_free);
		// tpm0 has its resource manager at /dev/tpmrm0.
		if (g_str_has_prefix(*name, "tpm") &&
		    lf_world_has(root_fd, "dev/tpmrm%s", *name + 3))
			facts->tpm_device = g_strdup_printf("/dev/tpmrm%s", *name + 3);
		if (strcmp(facts->tpm_version, "2") == 0)
			return;
	}
}

// --- memory and processors ----------------------------------------------------------------------

static uint64_t memory_bytes(int root_fd)
{
	g_autofree char *text = lf_read_text_at(root_fd, "proc/meminfo", MAX_INFO_BYTES, NULL);
	const char *total = text ? strstr(text, "MemTotal:") : NULL;
	unsigned long long kib;

	if (!total || sscanf(total, "MemTotal: %llu kB", &kib) != 1)
		return 0;
	return MIN((uint64_t)kib, G_MAXUINT64 >> 11) * 1024;
}

// "0-3,8": ranges of the processors that are on.
static unsigned count_cpus(int root_fd)
{
	g_autofree char *text = lf_world_text(root_fd, "sys/devices/system/cpu/online");
	g_auto(GStrv) ranges = g_strsplit(text ? text : "", ",", -1);
	unsigned n_cpus = 0;

	for (char **range = ranges; *range; range++) {
		unsigned first, last;
		int n = sscanf(*range, "%u-%u", &first, &last);

		if (n == 1)
			last = first;
		if (n >= 1 && first <= last && last < MAX_CPUS)
			n_cpus += last - first + 1;
	}
	return n_cpus;
}

// --- network cards ------------------------------------------------------------------------------

static bool is_wired_card(int root_fd, const char *name)
{
	return lf_world_has(root_fd, "sys/class/net/%s/device", name) &&
	       !lf_world_has(root_fd, "sys/class/net/%s/phy80211", name) &&
	       lf_world_uint(root_fd, 0, "sys/class/net/%s/type", name) == ARPHRD_ETHER;
}

// A card in a bond bears the bond's address; its own is kept beside.
static char *permanent_mac(int root_fd, const char *name)
{
	char *own = lf_world_text(root_fd, "sys/class/net/%s/bonding_slave/perm_hwaddr", name);

	return own ? own : lf_world_text(root_fd, "sys/class/net/%s/address", name);
}

static LfFactNic *load_nic(int root_fd, const char *name)
{
	g_autofree char *driver = lf_world_link(root_fd, "sys/class/net/%s/device/driver", name);
	LfFactNic *nic = g_new0(LfFactNic, 1);

	nic->name = g_strdup(name);
	nic->mac = permanent_mac(root_fd, name);
	nic->driver = driver ? g_path_get_basename(driver) : NULL;
	nic->has_carrier = lf_world_uint(root_fd, 0, "sys/class/net/%s/carrier", name) == 1;
	return nic;
}

static int compare_nics(gconstpointer a, gconstpointer b)
{
	const LfFactNic *const *left = a, *const *right = b;

	return lf_natural_compare((*left)->name, (*right)->name);
}

GPtrArray *lf_probe_nics(const LfHost *host)
{
	g_auto(GStrv) names = lf_world_list(host->root_fd, "sys/class/net");
	GPtrArray *nics = g_ptr_array_new_with_free_func((GDestroyNotify)lf_fact_nic_free);

	for (char **name = names; *name; name++)
		if (is_wired_card(host->root_fd, *name))
			g_ptr_array_add(nics, load_nic(host->root_fd, *name));
	g_ptr_array_sort(nics, compare_nics);
	return nics;
}

LfFacts *lf_probe_identity(const LfHost *host)
{
	LfFacts *facts = lf_facts_new();

	load_identity(host->root_fd, facts);
	g_ptr_array_unref(facts->nics);
	facts->nics = lf_probe_nics(host);
	return facts;
}

void lf_machine_load(const LfHost *host, const LfHolders *holders, LfFacts *facts)
{
	int root_fd = host->root_fd;

	facts->architecture = architecture(root_fd);
	load_identity(root_fd, facts);
	facts->memory_bytes = memory_bytes(root_fd);
	facts->cpus = count_cpus(root_fd);
	load_firmware(root_fd, holders, facts);
	load_tpm(root_fd, facts);
	g_ptr_array_unref(facts->nics);
	facts->nics = lf_probe_nics(host);
	facts->network_args = lf_netargs_words(host->cmdline);
}
