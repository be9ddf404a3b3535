// What a machine tells of itself in a request: in the URL's path, and in headers.
// Not here: the request (installer/orders), finding out the facts (installer/probe).
#include "installer/plan/template.h"

#include <string.h>

static bool is_bootif(const char *mac, const char *bootif)
{
	g_autofree char *plain = g_strdelimit(g_ascii_strdown(bootif, -1), "-", ':');
	// In front stands the hardware type of ARP; 01 is Ethernet (PXELINUX).
	const char *wanted =
		strlen(plain) == 20 && g_str_has_prefix(plain, "01:") ? plain + 3 : plain;

	return g_ascii_strcasecmp(mac, wanted) == 0;
}

const char *lf_template_mac(const GPtrArray *nics, const char *bootif)
{
	const char *with_carrier = NULL;
	const char *any = NULL;
	guint n = 0;

	for (guint i = 0; i < nics->len; i++) {
		const LfFactNic *nic = nics->pdata[i];

		if (!nic->mac)
			continue;
		if (bootif && is_bootif(nic->mac, bootif))
			return nic->mac;
		if (nic->has_carrier && !with_carrier)
			with_carrier = nic->mac;
		any = nic->mac;
		n++;
	}
	return with_carrier ? with_carrier : n == 1 ? any : NULL;
}

// @ret_value: NULL when the machine does not tell it. Returns: false for an unknown name.
static bool fact_of(const char *name, const LfFacts *machine, const char *bootif,
		    const char **ret_value)
{
	const struct {
		const char *name, *value;
	} facts[] = {
		{ "serial", machine->serial },
		{ "uuid", machine->uuid },
		{ "mac", lf_template_mac(machine->nics, bootif) },
		{ "asset-tag", machine->asset_tag },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
		if (g_str_equal(name, facts[i].name)) {
			*ret_value = facts[i].value;
			return true;
		}
	return false;
}

// A cable may still be plugged in; what the firmware does not tell stays untold.
static bool throw_untold(const char *name, const LfFacts *machine, GError **error)
{
	if (g_str_equal(name, "mac") && machine->nics->len > 0)
		return lf_throw(error, LF_ERROR_NETWORK,
				"no network card has a carrier, and so none is the '{mac}' that "
				"the kickstart's URL asks for: plug a cable in, or use another "
				"name in it");
	return lf_throw(error, LF_ERROR_TARGET,
			"this machine does not tell the '{%s}' that the kickstart's URL asks for: "
			"use another name in it, or set it in the firmware",
			name);
}

static bool append_fact(GString *url, const char *name, const LfFacts *machine, const char *bootif,
			GError **error)
{
	g_autofree char *escaped = NULL;
	const char *value = NULL;

	if (!fact_of(name, machine, bootif, &value))
		return lf_throw(error, LF_ERROR_INPUT,
				"'{%s}' in the kickstart's URL is unknown: write {serial}, {uuid}, "
				"{mac} or {asset-tag}",
				name);
	if (!value)
		return throw_untold(name, machine, error);
	escaped = g_uri_escape_string(value, NULL, FALSE);
	// Nothing of a machine's names may walk through a server's folders.
	if (g_str_equal(escaped, ".") || g_str_equal(escaped, ".."))
		return lf_throw(error, LF_ERROR_TARGET, "the machine's '{%s}' is no name", name);
	g_string_append(url, escaped);
	return true;
}

char *lf_template_expand(const char *text, const LfFacts *machine, const char *bootif,
			 GError **error)
{
	g_autoptr(GString) url = g_string_new(NULL);

	while (*text) {
		size_t plain = strcspn(text, "{}");
		size_t length;
		g_autofree char *name = NULL;

		g_string_append_len(url, text, (gssize)plain);
		text += plain;
		if (*text == '\0')
			break;
		length = *text == '{' ? strcspn(text + 1, "{}") : 0;
		if (*text == '}' || text[1 + length] != '}')
			return lf_throw_null(error, LF_ERROR_INPUT,
					     "the kickstart's URL has a brace without its other");
		name = g_strndup(text + 1, length);
		if (!append_fact(url, name, machine, bootif, error))
			return NULL;
		text += length + 2;
	}
	return g_string_free(g_steal_pointer(&url), FALSE);
}

static void add_header(GPtrArray *headers, const char *name, const char *value)
{
	char *header;

	if (!value)
		return;
	header = g_strdup_printf("X-Landfall-%s: %s", name, value);
	for (char *c = header; *c; c++)
		if (!g_ascii_isprint(*c))
			*c = '_';
	g_ptr_array_add(headers, header);
}

char **lf_template_headers(const LfFacts *machine)
{
	GPtrArray *headers = g_ptr_array_new();

	add_header(headers, "Serial", machine->serial);
	add_header(headers, "UUID", machine->uuid);
	add_header(headers, "Asset-Tag", machine->asset_tag);
	for (unsigned has_carrier = 2; has_carrier-- > 0;)
		for (guint i = 0; i < machine->nics->len; i++) {
			const LfFactNic *nic = machine->nics->pdata[i];

			if (nic->has_carrier == has_carrier)
				add_header(headers, "MAC", nic->mac);
		}
	g_ptr_array_add(headers, NULL);
	return (char **)g_ptr_array_free(headers, FALSE);
}
