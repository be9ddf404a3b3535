// The verb `facts`: prints what is true of this machine.
// Not here: finding it out (installer/probe), what it is good for (plan).
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "installer/cmd.h"

int lf_cmd_facts(const LfCmd *cmd, GError **error)
{
	g_autoptr(LfHost) host = lf_host_new(cmd->root, error);
	g_autoptr(LfFacts) facts = host ? lf_cmd_probe(cmd, host, error) : NULL;
	g_autoptr(json_t) object = NULL;
	g_autofree char *text = NULL;

	if (!facts)
		return 1;
	object = lf_facts_to_json(facts);
	text = lf_json_print(object, true);
	return lf_write_all(STDOUT_FILENO, text, strlen(text), error) ? 0 : 1;
}
