// Finds a line's command and carries it out on the profile; knows the commands that are not there
// yet. Not here: the commands themselves (one file for each kind).
#include <stdarg.h>
#include <string.h>

#include "kickstart/near.h"
#include "kickstart/parser.h"
#include "kickstart/redact.h"

#define MAX_QUOTED_NAME 24
#define PLAIN_NAME	"%" G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-"

static const LfCommandTable *const tables[] = {
	&lf_system_commands, &lf_account_commands, &lf_disk_commands, &lf_part_commands,
	&lf_boot_commands,   &lf_network_commands, &lf_time_commands,
};

static const LfCommandTable *const addon_tables[] = { &lf_addon_commands, &lf_site_commands };

// --- commands of the language that are not carried out ------------------------------------------

#define ONLY_OSTREE "write 'ostreesetup': the payload is an OSTree commit"
#define ONLY_PLAIN  "write 'reqpart --add-boot' and 'part' lines"
#define NOT_YET	    "leave it out, or do it in %post"
#define NO_USE	    "remove the line"

/* @topic: the command whose part it would have played. @is_harmless: there is nothing to do for it.
 */
static const struct {
	const char *name;
	const char *topic;
	bool is_harmless;
	const char *advice;
} others[] = {
	{ "autopart", "part", false, ONLY_PLAIN },
	{ "btrfs", "part", false, ONLY_PLAIN },
	{ "logvol", "part", false, ONLY_PLAIN },
	{ "mount", "part", false, ONLY_PLAIN },
	{ "raid", "part", false, ONLY_PLAIN },
	{ "snapshot", "part", false, ONLY_PLAIN },
	{ "volgroup", "part", false, ONLY_PLAIN },
	{ "bootc", "ostreesetup", false, ONLY_OSTREE },
	{ "cdrom", "ostreesetup", false, ONLY_OSTREE },
	{ "harddrive", "ostreesetup", false, ONLY_OSTREE },
	{ "hmc", "ostreesetup", false, ONLY_OSTREE },
	{ "liveimg", "ostreesetup", false, ONLY_OSTREE },
	{ "nfs", "ostreesetup", false, ONLY_OSTREE },
	{ "ostreecontainer", "ostreesetup", false, ONLY_OSTREE },
	{ "url", "ostreesetup", false, ONLY_OSTREE },
	{ "module", NULL, false, ONLY_OSTREE },
	{ "repo", NULL, false, ONLY_OSTREE },
	{ "device", NULL, false, NOT_YET },
	{ "dmraid", NULL, false, NOT_YET },
	{ "driverdisk", NULL, false, NOT_YET },
	{ "fcoe", NULL, false, NOT_YET },
	{ "firewall", NULL, false, NOT_YET },
	{ "group", NULL, false, NOT_YET },
	{ "iscsi", NULL, false, NOT_YET },
	{ "iscsiname", NULL, false, NOT_YET },
	{ "multipath", NULL, false, NOT_YET },
	{ "nvdimm", NULL, false, NOT_YET },
	{ "rdp", NULL, false, NOT_YET },
	{ "realm", NULL, false, NOT_YET },
	{ "rescue", NULL, false, NOT_YET },
	{ "rhsm", NULL, false, NOT_YET },
	{ "selinux", NULL, false, NOT_YET },
	{ "sshpw", NULL, false, NOT_YET },
	{ "syspurpose", NULL, false, NOT_YET },
	{ "updates", NULL, false, NOT_YET },
	{ "vnc", NULL, false, NOT_YET },
	{ "zfcp", NULL, false, NOT_YET },
	{ "zipl", NULL, false, NOT_YET },
	{ "auth", NULL, true, NO_USE },
	{ "authconfig", NULL, true, NO_USE },
	{ "authselect", NULL, true, NO_USE },
	{ "autostep", NULL, true, NO_USE },
	{ "deviceprobe", NULL, true, NO_USE },
	{ "eula", NULL, true, NO_USE },
	{ "firstboot", NULL, true, NO_USE },
	{ "install", NULL, true, NO_USE },
	{ "mediacheck", NULL, true, NO_USE },
	{ "skipx", NULL, true, NO_USE },
	{ "xconfig", NULL, true, NO_USE },
};

static bool run_other(LfParser *parser, const LfPlace *place, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		if (strcmp(others[i].name, name) != 0)
			continue;
		if (others[i].topic)
			lf_parser_doubt(parser, others[i].topic);
		if (others[i].is_harmless)
			lf_parser_warn(parser, *place, "ignored-command", others[i].advice,
				       "'%s' has no meaning here and is ignored", name);
		else
			lf_parser_error(parser, *place, "unsupported-command", others[i].advice,
					"'%s' is not supported yet", name);
		return true;
	}
	return false;
}

// --- the parser's common things -----------------------------------------------------------------

void lf_parser_error(LfParser *parser, LfPlace place, const char *code, const char *advice,
		     const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	lf_diagnostics_add(parser->diagnostics, LF_SEVERITY_ERROR, &place, code, advice, "%s",
			   message);
}

void lf_parser_warn(LfParser *parser, LfPlace place, const char *code, const char *advice,
		    const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	lf_diagnostics_add(parser->diagnostics, LF_SEVERITY_WARNING, &place, code, advice, "%s",
			   message);
}

LfPlace lf_parser_place(const LfParser *parser, const char *slot)
{
	const LfPlace *place = g_hash_table_lookup(parser->seen, slot);

	return place ? *place : (LfPlace){ parser->file, 0, 0 };
}

void lf_parser_doubt(LfParser *parser, const char *slot)
{
	g_hash_table_add(parser->doubtful, (void *)slot);
}

bool lf_parser_is_doubtful(const LfParser *parser, const char *slot)
{
	return g_hash_table_contains(parser->doubtful, slot);
}

// --- running a line -----------------------------------------------------------------------------

const LfCommand *lf_command_find(const LfCommandTable *table, const char *name)
{
	for (size_t i = 0; i < table->n_rows; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	return NULL;
}

static const char *slot_of(const LfCommand *command)
{
	return command->slot ? command->slot : command->name;
}

static void note_seen(LfParser *parser, const LfCommand *command, const LfPlace *place)
{
	const char *slot = slot_of(command);
	const LfPlace *former = g_hash_table_lookup(parser->seen, slot);

	if (former && (command->flags & LF_COMMAND_ONCE))
		lf_parser_warn(parser, *place, "repeated-command", "remove one of them",
			       "this line takes the place of line %u%s%s", former->line,
			       former->file == place->file ? "" : " of ",
			       former->file == place->file ? "" : former->file);
	g_hash_table_insert(parser->seen, (void *)slot, g_memdup2(place, sizeof(*place)));
}

void lf_command_run_row(LfParser *parser, const LfCommand *command, const LfLine *line,
			const LfWords *words)
{
	g_auto(LfCall) call = { 0 };

	if (lf_call_parse(command, &line->place, words, parser->diagnostics, &call))
		command->apply(parser, &call, call.values);
	note_seen(parser, command, &call.place);
	if (parser->redacted)
		lf_redact_line(parser->redacted, line->text, line->size, words, call.cuts);
	if (call.is_broken)
		lf_parser_doubt(parser, slot_of(command));
}

static const LfCommand *find_in(const LfCommandTable *const *known, size_t n_known,
				const char *name)
{
	const LfCommand *command = NULL;

	for (size_t i = 0; !command && i < n_known; i++)
		command = lf_command_find(known[i], name);
	return command;
}

static const LfCommand *find_known(const char *name)
{
	return find_in(tables, G_N_ELEMENTS(tables), name);
}

void lf_command_doubt(LfParser *parser, const char *name)
{
	const LfCommand *command = find_known(name);

	if (command)
		lf_parser_doubt(parser, slot_of(command));
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		if (others[i].topic && strcmp(others[i].name, name) == 0)
			lf_parser_doubt(parser, others[i].topic);
}

static void try_names(LfNear *near, const LfCommandTable *const *known, size_t n_known)
{
	for (size_t i = 0; i < n_known; i++)
		for (size_t j = 0; j < known[i]->n_rows; j++)
			lf_near_try(near, known[i]->rows[j].name);
	for (size_t i = 0; known == tables && i < G_N_ELEMENTS(others); i++)
		lf_near_try(near, others[i].name);
}

static char *addon_advice(void)
{
	g_autoptr(GString) advice = g_string_new("remove it; the commands here are");

	for (size_t i = 0; i < G_N_ELEMENTS(addon_tables); i++)
		for (size_t j = 0; j < addon_tables[i]->n_rows; j++)
			g_string_append_printf(advice, "%s '%s'", i + j ? "," : "",
					       addon_tables[i]->rows[j].name);
	return g_string_free(g_steal_pointer(&advice), FALSE);
}

static char *unknown_advice(const LfNear *near, bool is_addon)
{
	if (near->best)
		return lf_near_advice(near);
	if (is_addon)
		return addon_advice();
	return g_strdup("remove it; what the installed system needs done can be done in '%post'");
}

char *lf_parser_quotable(const char *name)
{
	size_t size = strcspn(name, "=");

	// A longer one is no command that somebody mistyped, but may well be a password.
	if (size == 0 || size > MAX_QUOTED_NAME || strspn(name, PLAIN_NAME) < size)
		return NULL;
	return g_strndup(name, size);
}

static bool is_in_tables(const char *name, const LfCommandTable *const *known, size_t n_known)
{
	if (find_in(known, n_known, name))
		return true;
	for (size_t i = 0; known == tables && i < G_N_ELEMENTS(others); i++)
		if (strcmp(others[i].name, name) == 0)
			return true;
	return false;
}

/* @shown: (nullable): what may be quoted of the name. Returns: (transfer full) */
static char *unknown_message(const char *shown, bool is_command)
{
	if (!shown)
		return g_strdup("the line does not begin with a command");
	if (is_command)
		return g_strdup_printf("'=' cannot follow '%s'", shown);
	return g_strdup_printf("there is no command '%s'", shown);
}

// What was most likely meant counts as written, though not how.
static void unknown(LfParser *parser, const LfPlace *place, const char *name,
		    const LfCommandTable *const *known, size_t n_known)
{
	g_autofree char *shown = lf_parser_quotable(name);
	bool is_command = shown && is_in_tables(shown, known, n_known);
	g_autofree char *message = unknown_message(shown, is_command);
	g_autofree char *advice = NULL;
	LfNear near;

	lf_near_init(&near, shown ? shown : name);
	if (lf_diagnostics_has_room(parser->diagnostics))
		try_names(&near, known, n_known);
	advice = is_command ? g_strdup("write a blank between the command and what follows")
			    : unknown_advice(&near, known != tables);
	lf_parser_error(parser, *place, "unknown-command", advice, "%s", message);
	if (is_command)
		lf_command_doubt(parser, shown);
	if (near.best)
		lf_command_doubt(parser, near.best);
}

static LfPlace name_place(const LfLine *line, const LfWords *words)
{
	return (LfPlace){ line->place.file, line->place.line, words->items[0].column };
}

void lf_command_run(LfParser *parser, const LfLine *line, const LfWords *words)
{
	LfPlace place = name_place(line, words);
	const char *name = words->items[0].text;
	const LfCommand *command = find_known(name);

	if (command) {
		lf_command_run_row(parser, command, line, words);
		return;
	}
	if (!run_other(parser, &place, name))
		unknown(parser, &place, name, tables, G_N_ELEMENTS(tables));
	if (parser->redacted)
		lf_redact_line(parser->redacted, line->text, line->size, words, NULL);
}

void lf_command_addon(LfParser *parser, const LfLine *line, const LfWords *words)
{
	const char *name = words->items[0].text;
	const LfCommand *command = find_in(addon_tables, G_N_ELEMENTS(addon_tables), name);
	LfPlace place = name_place(line, words);

	if (command) {
		lf_command_run_row(parser, command, line, words);
		return;
	}
	unknown(parser, &place, name, addon_tables, G_N_ELEMENTS(addon_tables));
	lf_parser_doubt(parser, "unlock");
}
