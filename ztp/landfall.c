// The operator's program: its table of verbs.
// Not here: the verbs (cmd-*.c), finding and running them (verb.c).
#include "ztp/verb.h"

static const LfVerb *const verbs[] = {
	&lf_verb_check, &lf_verb_plan, &lf_verb_iso_seed, &lf_verb_iso_show, NULL,
};

static const LfProgram landfall = {
	.name = "landfall",
	.summary = "Takes bare servers to an encrypted Debian with nobody on site.",
	.verbs = verbs,
};

int main(int argc, char **argv)
{
	return lf_program_main(&landfall, argc, argv);
}
