// Commands about language, services, remote logs, display mode and how it ends.
// Not here: accounts, disks, network, time; carrying them out.
#include <string.h>

#include "kickstart/parser.h"

// --- lang, keyboard -----------------------------------------------------------------------------

static void apply_lang(LfParser *parser, LfCall *call, void *values)
{
	g_free(parser->profile->lang);
	parser->profile->lang = g_strdup(lf_call_word(call, 0));
}

static const LfOption lang_options[] = {
	LF_OPTION_NOT_YET("--addsupport", LIST, "leave it out: the image has its languages in it"),
};

typedef struct {
	char *console_map;
	char **layouts;
} Keyboard;

static const LfOption keyboard_options[] = {
	LF_OPTION_FIELD("--vckeymap", TEXT, Keyboard, console_map, LF_SHAPE_KEYMAP),
	LF_OPTION_FIELD("--xlayouts", LIST, Keyboard, layouts, LF_SHAPE_LAYOUT),
	{ "--switch", LF_OPTION_LIST, LF_OPTION_IGNORED },
};

static void apply_keyboard(LfParser *parser, LfCall *call, void *values)
{
	Keyboard *keyboard = values;
	const char *chosen = keyboard->console_map;

	if (!chosen && keyboard->layouts)
		chosen = keyboard->layouts[0];
	if (!chosen)
		chosen = lf_call_word(call, 0);
	if (!chosen) {
		lf_call_error(call, call->place, "missing-argument", "write it as in 'keyboard us'",
			      "'keyboard' needs a layout");
		return;
	}
	g_free(parser->profile->keyboard);
	parser->profile->keyboard = g_strdup(chosen);
}

// --- services -----------------------------------------------------------------------------------

typedef struct {
	char **enabled;
	char **disabled;
} Services;

static const LfOption services_options[] = {
	LF_OPTION_FIELD("--enabled", LIST, Services, enabled, LF_SHAPE_UNIT),
	LF_OPTION_FIELD("--disabled", LIST, Services, disabled, LF_SHAPE_UNIT),
};

static const char *find_common(char **a, char **b)
{
	for (; a && b && *a; a++)
		if (g_strv_contains((const char *const *)b, *a))
			return *a;
	return NULL;
}

static void apply_services(LfParser *parser, LfCall *call, void *values)
{
	Services *services = values;
	const char *common = find_common(services->enabled, services->disabled);

	if (!services->enabled && !services->disabled)
		lf_call_error(call, call->place, "missing-option", NULL,
			      "'services' needs '--enabled' or '--disabled'");
	if (common)
		lf_call_error(call, lf_call_place(call, "--disabled"), "conflicting-options",
			      "name it once", "'%s' is both enabled and disabled", common);
	lf_take_list(&parser->profile->services_enabled, &services->enabled);
	lf_take_list(&parser->profile->services_disabled, &services->disabled);
}

// --- display mode: there is only one ------------------------------------------------------------

static const LfOption display_options[] = {
	{ "--non-interactive", LF_OPTION_FLAG, LF_OPTION_IGNORED },
};

static void apply_display(LfParser *parser, LfCall *call, void *values)
{
}

// --- logging ------------------------------------------------------------------------------------

typedef struct {
	char *host;
	uint32_t port;
	char *level;
} Logging;

static const LfOption logging_options[] = {
	LF_OPTION_FIELD("--host", TEXT, Logging, host, LF_SHAPE_HOST),
	LF_OPTION_FIELD("--port", U32, Logging, port, 0, 1, 65535),
	LF_OPTION_FIELD("--level", TEXT, Logging, level),
};

static void apply_logging(LfParser *parser, LfCall *call, void *values)
{
	Logging *logging = values;

	if (!logging->host && lf_call_has(call, "--port"))
		lf_call_error(call, lf_call_place(call, "--port"), "missing-option",
			      "add '--host=HOST'", "'--port' is given, but not '--host'");
	else if (!logging->host && !logging->level)
		lf_call_error(call, call->place, "missing-option",
			      "write it as in 'logging --host=logs.example.org'",
			      "'logging' needs the option '--host'");
	if (logging->level)
		lf_call_warn(call, lf_call_place(call, "--level"), "no-effect", "leave it out",
			     "'--level' has no effect: every message is sent");
	lf_take_text(&parser->profile->log_host, &logging->host);
	parser->profile->log_port = logging->port;
}

// --- the end ------------------------------------------------------------------------------------

typedef struct {
	bool is_eject;
} Finish;

static const LfOption finish_options[] = {
	LF_OPTION_FIELD("--eject", FLAG, Finish, is_eject),
	LF_OPTION_NOT_YET("--kexec", FLAG, "leave it out: the firmware shall start the new system"),
};

static const struct {
	const char *command;
	LfFinish finish;
} finishes[] = {
	{ "reboot", LF_FINISH_REBOOT },
	{ "poweroff", LF_FINISH_POWEROFF },
	{ "shutdown", LF_FINISH_POWEROFF },
	{ "halt", LF_FINISH_HALT },
};

static void apply_finish(LfParser *parser, LfCall *call, void *values)
{
	LfProfile *profile = parser->profile;

	for (size_t i = 0; i < G_N_ELEMENTS(finishes); i++)
		if (strcmp(finishes[i].command, call->command->name) == 0)
			profile->finish = finishes[i].finish;
	profile->is_finish_given = true;
	profile->is_eject = ((Finish *)values)->is_eject;
}

// clang-format off
#define FINISH_ROW \
	LF_COMMAND_OPTIONS(finish_options), .values_size = sizeof(Finish), \
	.flags = LF_COMMAND_ONCE, .slot = "finish", .apply = apply_finish
// clang-format on

static const LfCommand commands[] = {
	{ "lang", LF_COMMAND_OPTIONS(lang_options), .min_words = 1, .max_words = 1,
	  .words = "a locale", .word_shape = LF_SHAPE_LOCALE, .flags = LF_COMMAND_ONCE,
	  .apply = apply_lang },
	{ "keyboard", LF_COMMAND_OPTIONS(keyboard_options), .values_size = sizeof(Keyboard),
	  .max_words = 1, .words = "a layout", .word_shape = LF_SHAPE_KEYMAP,
	  .flags = LF_COMMAND_ONCE, .apply = apply_keyboard },
	{ "logging", LF_COMMAND_OPTIONS(logging_options), .values_size = sizeof(Logging),
	  .flags = LF_COMMAND_ONCE, .apply = apply_logging },
	{ "services", LF_COMMAND_OPTIONS(services_options), .values_size = sizeof(Services),
	  .flags = LF_COMMAND_ONCE, .apply = apply_services },
	{ "text", LF_COMMAND_OPTIONS(display_options), .apply = apply_display },
	{ "cmdline", LF_COMMAND_OPTIONS(display_options), .apply = apply_display },
	{ "graphical", LF_COMMAND_OPTIONS(display_options), .apply = apply_display },
	{ "reboot", FINISH_ROW },
	{ "poweroff", FINISH_ROW },
	{ "shutdown", FINISH_ROW },
	{ "halt", FINISH_ROW },
};

LF_COMMAND_TABLE(lf_system_commands, commands);
