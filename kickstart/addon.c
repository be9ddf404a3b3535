// The lines of %addon com_landfall: what the standard language cannot say.
// Not here: the section around them (section.c), what contradicts other commands (validate.c).
#include "kickstart/parser.h"

static const char escrow_advice[] = "add '--escrow=CERT': the recovery key leaves the machine only "
				    "encrypted to that certificate";

// --- kernel -------------------------------------------------------------------------------------

typedef struct {
	char *flavour;
	char *append;
} Kernel;

static const LfChoice flavours[] = {
	{ "standard", NULL },
	{ "lowlatency", NULL },
	{ NULL, NULL },
};

static const LfOption kernel_options[] = {
	{ "--flavour", LF_OPTION_CHOICE, LF_OPTION_REQUIRED, offsetof(Kernel, flavour),
	  .choices = flavours },
	LF_OPTION_FIELD("--append", TEXT, Kernel, append, LF_SHAPE_KERNEL_ARGS),
};

static void apply_kernel(LfParser *parser, LfCall *call, void *values)
{
	Kernel *kernel = values;

	lf_call_check_kargs(call, "--append", kernel->append);
	lf_take_text(&parser->profile->kernel_flavour, &kernel->flavour);
	lf_take_text(&parser->profile->kernel_append, &kernel->append);
}

// --- unlock -------------------------------------------------------------------------------------

typedef struct {
	bool wants_tpm2;
	char *pcrs;
	bool wants_recovery;
	char *escrow;
} Unlock;

static const LfOption unlock_options[] = {
	LF_OPTION_FIELD("--tpm2", FLAG, Unlock, wants_tpm2),
	{ "--pcrs", LF_OPTION_TEXT, LF_OPTION_FILLED, offsetof(Unlock, pcrs), LF_SHAPE_PCRS },
	LF_OPTION_FIELD("--recovery", FLAG, Unlock, wants_recovery),
	{ "--escrow", LF_OPTION_TEXT, LF_OPTION_FILLED, offsetof(Unlock, escrow) },
};

// The text fits LF_SHAPE_PCRS: numbers from 0 to 23.
static uint32_t pcr_mask(const char *text)
{
	g_auto(GStrv) numbers = g_strsplit_set(text, "+,", -1);
	uint32_t mask = 0;

	for (char **number = numbers; *number; number++)
		mask |= 1u << g_ascii_strtoull(*number, NULL, 10);
	return mask;
}

static void apply_unlock(LfParser *parser, LfCall *call, void *values)
{
	LfUnlock *unlock = &parser->profile->unlock;
	Unlock *line = values;

	if (!line->wants_tpm2)
		lf_call_error(call, call->place, "missing-option",
			      "add '--tpm2', or remove the line",
			      "'unlock' needs the option '--tpm2'");
	if (line->wants_recovery && !line->escrow)
		lf_call_error(call, lf_call_place(call, "--recovery"), "missing-escrow",
			      escrow_advice,
			      "'--recovery' has no certificate to encrypt the key to");
	if (line->escrow && !line->wants_recovery)
		lf_call_error(call, lf_call_place(call, "--escrow"), "missing-option",
			      "add '--recovery', or leave '--escrow' out",
			      "'--escrow' is given, but not '--recovery'");
	if (line->escrow && lf_url_has_user(line->escrow))
		lf_call_error(call, lf_call_place(call, "--escrow"), "url-credentials",
			      "serve the certificate without a password",
			      "a user or password in the URL would show in logs");
	unlock->place = call->place;
	unlock->wants_tpm2 = line->wants_tpm2;
	unlock->pcr_mask = line->pcrs ? pcr_mask(line->pcrs) : 1u << 7;
	unlock->wants_recovery = line->wants_recovery;
	lf_take_text(&unlock->escrow, &line->escrow);
}

// --- upgrade ------------------------------------------------------------------------------------

typedef struct {
	char *url;
} Upgrade;

static const LfOption upgrade_options[] = {
	{ "--url", LF_OPTION_TEXT, LF_OPTION_REQUIRED, offsetof(Upgrade, url),
	  LF_SHAPE_PAYLOAD_URL },
};

static void apply_upgrade(LfParser *parser, LfCall *call, void *values)
{
	Upgrade *line = values;

	lf_call_check_url(call, "--url", line->url);
	lf_take_text(&parser->profile->upgrade_url, &line->url);
}

// --- onfailure ----------------------------------------------------------------------------------

typedef struct {
	LfOnFailure action;
	int64_t retries;
} OnFailure;

static const LfOption onfailure_options[] = {
	LF_OPTION_FIELD("--reboot", SET, OnFailure, action, 0, LF_ONFAILURE_REBOOT),
	LF_OPTION_FIELD("--poweroff", SET, OnFailure, action, 0, LF_ONFAILURE_POWEROFF),
	LF_OPTION_FIELD("--retry", I64, OnFailure, retries, 0, 0, 1000),
};

static void apply_onfailure(LfParser *parser, LfCall *call, void *values)
{
	OnFailure *line = values;

	if (line->action == LF_ONFAILURE_DEFAULT)
		lf_call_error(call, call->place, "missing-option",
			      "add one of them, or remove the line",
			      "'onfailure' needs '--reboot' or '--poweroff'");
	parser->profile->onfailure = line->action;
	parser->profile->onfailure_retries = lf_call_has(call, "--retry") ? line->retries : -1;
}

static const LfCommand commands[] = {
	{ "kernel", LF_COMMAND_OPTIONS(kernel_options), .values_size = sizeof(Kernel),
	  .flags = LF_COMMAND_ONCE, .apply = apply_kernel },
	{ "unlock", LF_COMMAND_OPTIONS(unlock_options), .values_size = sizeof(Unlock),
	  .flags = LF_COMMAND_ONCE, .apply = apply_unlock },
	{ "upgrade", LF_COMMAND_OPTIONS(upgrade_options), .values_size = sizeof(Upgrade),
	  .flags = LF_COMMAND_ONCE, .apply = apply_upgrade },
	{ "onfailure", LF_COMMAND_OPTIONS(onfailure_options), .values_size = sizeof(OnFailure),
	  .flags = LF_COMMAND_ONCE, .apply = apply_onfailure },
};

LF_COMMAND_TABLE(lf_addon_commands, commands);
