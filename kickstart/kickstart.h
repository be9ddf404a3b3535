#pragma once

#include "kickstart/profile.h"

/**
 * lf_kickstart_wipe: gives back the bytes of a kickstart (transfer full) and overwrites them, for
 * there may be passwords in them. The last owner calls it; with other owners it only gives them
 * back.
 */
void lf_kickstart_wipe(GBytes *text);

/**
 * lf_kickstart_resolve:
 * @name: file or URL as an %include has it
 * @from: file or URL of the kickstart that includes it
 *
 * Where an included file is: relative to the file that includes it. Pure.
 *
 * Returns: (transfer full): path or URL
 */
char *lf_kickstart_resolve(const char *name, const char *from);

/**
 * lf_kickstart_public_name:
 * @name: path or URL of a kickstart
 *
 * What may stand in messages: of a URL neither user nor query, for there may be a token in it. It
 * still tells where a relative name leads. Pure.
 *
 * Returns: (transfer full)
 */
char *lf_kickstart_public_name(const char *name);

/**
 * lf_kickstart_check_name: to be asked before a kickstart is fetched: a URL with a user or password
 * in it is refused, as %include refuses it.
 *
 * Errors: INPUT, which is a finding too.
 */
bool lf_kickstart_check_name(const char *name, LfDiagnostics *diagnostics, GError **error);

/**
 * LfKickstartLoad: how the parser reaches %include files; the parser itself does no I/O.
 * @name: as written in the text: path or URL
 * @from: the file that includes it, itself resolved; see lf_kickstart_resolve()
 * Returns: (transfer full) (nullable): the bytes, or NULL with @error set
 */
typedef GBytes *(*LfKickstartLoad)(const char *name, const char *from, void *user_data,
				   GError **error);

typedef enum {
	LF_KICKSTART_WHOLE,
	/* First pass, before %pre scripts ran: only sections are collected (scripts, and the lines
	 * of %addon com_landfall), commands are not looked at, and an include that cannot be loaded
	 * yet is no error (a %pre script may write it). The profile has no redacted text. */
	LF_KICKSTART_SCRIPTS_ONLY,
	/* The whole, away from the machine: when there is a %pre script, an absolute include that
	 * cannot be loaded is a warning, and nothing is said to be missing that it may bring. That
	 * nobody could log in is a warning. */
	LF_KICKSTART_DESK,
	/* To be shown: an include that is not loaded is no error, stays as a line in the redacted
	 * text (a URL without its query), and nothing is said to be missing that it may bring. */
	LF_KICKSTART_SHOW,
} LfKickstartPass;

/**
 * lf_kickstart_parse:
 * @text: the kickstart's bytes; hostile
 * @file: path or URL; messages have its public name
 * @load: (nullable): includes are errors without it
 * @diagnostics: (inout): findings are added, all of them, not only the first
 *
 * Reads a kickstart into a profile and validates what can be known without a machine. Pure.
 * Memory is bounded by a constant times the size of the text (at most 4 MiB a file; includes: at
 * most 32 files, 8 deep).
 *
 * Errors: UNSUPPORTED when every error is of the kind "unsupported-…", else INPUT; the message is
 * the first diagnostic's text and how many more there are.
 * Source: kickstart language as pykickstart 3.74 implements it for RHEL 10.
 * Returns: (transfer full) (nullable)
 */
LfProfile *lf_kickstart_parse(GBytes *text, const char *file, LfKickstartPass pass,
			      LfKickstartLoad load, void *user_data, LfDiagnostics *diagnostics,
			      GError **error);
