// The device's FDO program: its table of verbs.
// Not here: the verbs (cmd-*.c), finding and running them (ztp/verb.c).
#include "ztp/fdo/cmd.h"

static const LfVerb *const verbs[] = { &lf_fdo_verb_inspect, NULL };

static const LfProgram landfall_fdo = {
	.name = "landfall-fdo",
	.summary =
		"Explains what FIDO Device Onboard leaves on devices and desks. Offline: it talks "
		"to no\nserver and onboards no device.",
	.verbs = verbs,
};

int main(int argc, char **argv)
{
	return lf_program_main(&landfall_fdo, argc, argv);
}
