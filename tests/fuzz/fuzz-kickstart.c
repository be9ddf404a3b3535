// Kickstart text, hostile: no input may crash the parser, or let a secret into the redacted text.
// The first byte chooses the pass; what follows "%include" comes from the input's own lines.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kickstart/kickstart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
	const char *text;
	size_t size;
} Input;

/* An included file is the second half of the input: loops and depth are met by chance. */
static GBytes *load(const char *name, const char *from, void *user_data, GError **error)
{
	const Input *input = user_data;
	g_autofree char *resolved = lf_kickstart_resolve(name, from);

	// Few names, so that the table of interned names does not grow for ever.
	if (strlen(resolved) > 2)
		return lf_throw_null(error, LF_ERROR_INPUT, "there is no such file");
	return g_bytes_new(input->text + input->size / 2, input->size - input->size / 2);
}

static void print_all(const LfDiagnostics *diagnostics)
{
	const LfDiagnostic *finding;

	for (size_t i = 0; (finding = lf_diagnostics_get(diagnostics, i)); i++) {
		g_autofree char *text = lf_diagnostic_text(finding);

		g_assert(g_utf8_validate(text, -1, NULL));
	}
}

static void check_network(const LfNetwork *network)
{
	g_autofree char *name = lf_network_name(network);

	g_assert(network->nameservers && network->dns_search);
	g_assert((network->bond_slaves == NULL) == (network->bond_options == NULL));
	g_assert((network->bridge_slaves == NULL) == (network->bridge_options == NULL));
	g_assert(network->vlan_id <= 4094 && (network->vlan_id == 0 || network->device));
	g_assert(!network->bond_slaves || (network->bond_slaves[0] && network->device));
	g_assert(!network->bridge_slaves || (network->bridge_slaves[0] && name));
	g_assert(!network->ip || network->netmask);
	for (char **option = network->bond_options; option && *option; option++)
		g_assert(strchr(*option, '='));
}

/* What others rely on. */
static void check_profile(const LfProfile *profile)
{
	g_assert(profile->mirrors && profile->services_enabled && profile->services_disabled);
	for (guint i = 0; i < profile->networks->len; i++)
		check_network(profile->networks->pdata[i]);
	for (guint i = 0; i < profile->routes->len; i++)
		g_assert(((const LfRoute *)profile->routes->pdata[i])->via);
	for (guint i = 0; i < profile->time_sources->len; i++)
		g_assert(((const LfTimeSource *)profile->time_sources->pdata[i])->host);
	g_assert(!profile->report_token || profile->report_url);
	g_assert((profile->persist_label == NULL) == (profile->persist_size_mib == 0));
}

/* What is kept on the target must itself be a kickstart that hides the same things. */
static void check_redacted(const char *redacted)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GBytes) bytes = g_bytes_new(redacted, strlen(redacted));
	g_autoptr(LfProfile) again = lf_kickstart_parse(bytes, "redacted", LF_KICKSTART_DESK, NULL,
							NULL, diagnostics, NULL);

	if (again)
		g_assert_cmpstr(again->redacted, ==, redacted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const LfKickstartPass passes[] = { LF_KICKSTART_WHOLE, LF_KICKSTART_SCRIPTS_ONLY,
						  LF_KICKSTART_DESK, LF_KICKSTART_SHOW };
	Input input = { (const char *)data + 1, size - 1 };
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfProfile) profile = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;
	LfKickstartPass pass;

	if (size == 0)
		return 0;
	pass = passes[data[0] % G_N_ELEMENTS(passes)];
	bytes = g_bytes_new(input.text, input.size);
	profile = lf_kickstart_parse(bytes, "site.ks", pass, load, &input, diagnostics, &error);
	g_assert((profile == NULL) == (error != NULL));
	g_assert((profile == NULL) == (lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) > 0));
	print_all(diagnostics);
	if (profile)
		check_profile(profile);
	if (profile && profile->redacted)
		check_redacted(profile->redacted);
	return 0;
}
