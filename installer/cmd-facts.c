// The verb `facts`: prints what is true of this machine and, with a kickstart, of its payload.
// Not here: finding it out (installer/probe), what it is good for (plan).
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/cmd.h"
#include "installer/orders/sources.h"

// A plan needs the payload's facts too, and only a kickstart tells which payload.
static bool add_payload(const LfCmd *cmd, const LfHost *host, LfFacts *facts, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfScope) held = lf_scope_new();
	g_autoptr(LfAccess) access = NULL;
	g_autoptr(LfSources) sources = NULL;
	g_autoptr(LfProfile) profile = NULL;

	if (!cmd->args[0])
		return true;
	access = lf_access_new(host);
	sources = lf_sources_new(host, cmd->args[0], access);
	profile = lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, error);
	return profile && lf_cmd_payload(profile, host, access, facts, held, error);
}

int lf_cmd_facts(const LfCmd *cmd, GError **error)
{
	g_autoptr(LfHost) host = lf_cmd_host(cmd, error);
	g_autoptr(LfFacts) facts = host ? lf_cmd_probe(cmd, host, error) : NULL;
	g_autoptr(json_t) object = NULL;
	g_autofree char *text = NULL;

	if (!facts || !add_payload(cmd, host, facts, error))
		return 1;
	object = lf_facts_to_json(facts);
	text = lf_json_print(object, true);
	return lf_write_all(STDOUT_FILENO, text, strlen(text), error) ? 0 : 1;
}
