#pragma once

#include "base/address.h"
#include "installer/plan/netargs.h"

/**
 * LfNetWord: a word of the command line that is being read, for the files that lf_netargs_parse()
 * consists of. @word: whole, for messages; @value: behind "=", "" without one
 */
typedef struct {
	const char *word;
	const char *value;
	LfNetArgs *args;
	GError **error;
} LfNetWord;

#define LF_MIN_MTU 68
#define LF_MAX_MTU 65535

// --- netarg-field.c -----------------------------------------------------------------------------

/** lf_word_refuse: throws INPUT with the word in front. Returns: false. */
bool lf_word_refuse(const LfNetWord *word, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** lf_word_split: (transfer full): the fields between separators; what stands in brackets is one,
 * with its brackets. */
char **lf_word_split(const char *text, char separator);
char *lf_word_without_brackets(const char *text);

/** lf_word_parse_address: whether a field, perhaps in brackets, is an address. */
bool lf_word_parse_address(const char *field, LfAddress *ret);

/** lf_word_address and the others: the value of a field. Errors: INPUT, with what to write. */
bool lf_word_address(const LfNetWord *word, const char *field, char **ret);
bool lf_word_number(const LfNetWord *word, const char *field, uint32_t min, uint32_t max,
		    uint32_t *ret);
bool lf_word_mac(const LfNetWord *word, const char *field, char **ret);
bool lf_word_hostname(const LfNetWord *word, const char *field, char **ret);
bool lf_word_check_name(const LfNetWord *word, const char *name);

/** lf_word_device: a name, a MAC, or "bootif". */
bool lf_word_device(const LfNetWord *word, const char *field, char **ret);

/** lf_word_add_server: appends an address to a list. */
bool lf_word_add_server(const LfNetWord *word, const char *field, char ***list);

// --- netarg-ip.c, netarg-link.c -----------------------------------------------------------------

/** lf_word_parse_ip and the others: add what a word says to its @args. Errors: INPUT, UNSUPPORTED.
 */
bool lf_word_parse_ip(const LfNetWord *word);
bool lf_word_parse_vlan(const LfNetWord *word);
bool lf_word_parse_bond(const LfNetWord *word);
bool lf_word_parse_bridge(const LfNetWord *word);
bool lf_word_parse_team(const LfNetWord *word);
