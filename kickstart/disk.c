// Commands about which disks may be used and what may be cleared.
// Not here: partitions (part.c), which disk it will be (the planner).
#include "kickstart/parser.h"

static void apply_zerombr(LfParser *parser, LfCall *call, void *values)
{
	parser->profile->is_zerombr = true;
}

// --- clearpart ----------------------------------------------------------------------------------

typedef struct {
	LfClearMode mode;
	char **drives;
	char **list;
	bool is_initlabel;
	char *disklabel;
} Clearpart;

static const LfChoice disklabels[] = {
	{ "gpt", NULL },
	{ "mbr", "write 'gpt': the firmware starts from GPT" },
	{ "msdos", "write 'gpt': the firmware starts from GPT" },
	{ NULL, NULL },
};

static const LfOption clearpart_options[] = {
	LF_OPTION_FIELD("--all", SET, Clearpart, mode, 0, LF_CLEAR_ALL),
	LF_OPTION_FIELD("--linux", SET, Clearpart, mode, 0, LF_CLEAR_LINUX),
	LF_OPTION_FIELD("--none", SET, Clearpart, mode, 0, LF_CLEAR_NONE),
	LF_OPTION_FIELD("--drives", LIST, Clearpart, drives),
	LF_OPTION_FIELD("--list", LIST, Clearpart, list),
	LF_OPTION_FIELD("--initlabel", FLAG, Clearpart, is_initlabel),
	{ "--disklabel", LF_OPTION_CHOICE, 0, offsetof(Clearpart, disklabel),
	  .choices = disklabels },
	LF_OPTION_NOT_YET("--cdl", FLAG, "leave it out: it is for S/390 disks"),
};

static void apply_clearpart(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Clearpart *clear = values;

	// Clearing is not a thing to guess about.
	if (clear->list && (lf_call_has(call, "--all") || lf_call_has(call, "--linux") ||
			    lf_call_has(call, "--none")))
		lf_call_error(call, lf_call_place(call, "--list"), "conflicting-options",
			      "leave the others out",
			      "'--list' cannot be given with '--all', '--linux' or '--none'");
	profile->is_clearpart_given = true;
	profile->clear_place = call->place;
	profile->clear_mode = clear->list ? LF_CLEAR_LIST : clear->mode;
	profile->is_initlabel = clear->is_initlabel;
	lf_take_list(&profile->clear_drives, &clear->drives);
	lf_take_list(&profile->clear_list, &clear->list);
}

// --- ignoredisk ---------------------------------------------------------------------------------

typedef struct {
	char **drives;
	char **only_use;
} Ignoredisk;

static const LfOption ignoredisk_options[] = {
	LF_OPTION_FIELD("--drives", LIST, Ignoredisk, drives),
	LF_OPTION_FIELD("--only-use", LIST, Ignoredisk, only_use),
};

static void apply_ignoredisk(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;
	Ignoredisk *ignore = values;

	if (ignore->drives && ignore->only_use)
		lf_call_error(call, call->place, "conflicting-options", "leave one of them out",
			      "'--drives' and '--only-use' cannot both be given");
	if (!ignore->drives && !ignore->only_use)
		lf_call_error(call, call->place, "missing-option", NULL,
			      "'ignoredisk' needs one of '--drives' and '--only-use'");
	profile->ignoredisk_place = call->place;
	lf_take_list(&profile->ignore_drives, &ignore->drives);
	lf_take_list(&profile->only_use, &ignore->only_use);
}

// --- reqpart ------------------------------------------------------------------------------------

typedef struct {
	bool is_boot;
} Reqpart;

static const LfOption reqpart_options[] = {
	LF_OPTION_FIELD("--add-boot", FLAG, Reqpart, is_boot),
};

static void apply_reqpart(LfParser *parser, LfCall *call, void *values)
{
	parser->profile->is_reqpart = true;
	parser->profile->is_reqpart_boot = ((Reqpart *)values)->is_boot;
}

static const LfCommand commands[] = {
	{ "zerombr", .flags = LF_COMMAND_ONCE, .apply = apply_zerombr },
	{ "clearpart", LF_COMMAND_OPTIONS(clearpart_options), .values_size = sizeof(Clearpart),
	  .flags = LF_COMMAND_ONCE, .apply = apply_clearpart },
	{ "ignoredisk", LF_COMMAND_OPTIONS(ignoredisk_options), .values_size = sizeof(Ignoredisk),
	  .flags = LF_COMMAND_ONCE, .apply = apply_ignoredisk },
	{ "reqpart", LF_COMMAND_OPTIONS(reqpart_options), .values_size = sizeof(Reqpart),
	  .flags = LF_COMMAND_ONCE, .apply = apply_reqpart },
};

LF_COMMAND_TABLE(lf_disk_commands, commands);
