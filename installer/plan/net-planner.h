#pragma once

#include "installer/plan/netargs.h"

/**
 * LfNetPlanner: one planning of a network: what it is made of, and how far it is. For the files
 * that lf_net_plan() consists of.
 */
typedef struct {
	const LfProfile *profile; /* nullable */
	const LfNetArgs *args;
	const GPtrArray *nics;
	LfNet *net;
	guint n_kickstart; /* links that are the kickstart's; the command line's are behind them */
	bool is_for_later; /* only the installed system gets it */
} LfNetPlanner;

// --- net-card.c ---------------------------------------------------------------------------------

/** lf_card_name: what a card is called in the end: `ifname=` may give it another name. */
const char *lf_card_name(const LfNetPlanner *planner, const LfFactNic *nic);

/** lf_card_by_name: (transfer none) (nullable): the card that has this name in the end. */
const LfFactNic *lf_card_by_name(const LfNetPlanner *planner, const char *name);

/** lf_card_need: returns @nic. Errors: TARGET, with the cards there are, when it is NULL: @what
 * then fits none. @place: (nullable): where it was written */
const LfFactNic *lf_card_need(const LfNetPlanner *planner, const LfFactNic *nic, const char *what,
			      const LfPlace *place, GError **error);

/**
 * lf_card_resolve:
 * @device: a name, a MAC, "link" or "bootif"
 *
 * The name of the interface that is meant. Whether one of that name exists is asked when all links
 * are known. Errors: INPUT, TARGET, NETWORK as lf_net_plan(). Returns: (transfer full) (nullable)
 */
char *lf_card_resolve(const LfNetPlanner *planner, const char *device, const LfPlace *place,
		      GError **error);

/** lf_card_resolve_all: appends the names of all @devices to @list. */
bool lf_card_resolve_all(const LfNetPlanner *planner, char **devices, const LfPlace *place,
			 char ***list, GError **error);

/** lf_card_bind: binds a link to its card's MAC where the wish, @device, names the card so, or
 * @is_bound says so, or the card is renamed. */
void lf_card_bind(const LfNetPlanner *planner, LfNetLink *link, const char *device, bool is_bound);

/** lf_card_check_names: whether each `ifname=` has a card of its own. Errors: INPUT, TARGET. */
bool lf_card_check_names(const LfNetPlanner *planner, GError **error);

// --- net-line.c ---------------------------------------------------------------------------------

/** lf_net_lines_add: adds the links of the kickstart. Errors: as lf_net_plan(). */
bool lf_net_lines_add(LfNetPlanner *planner, GError **error);

// --- net-word.c ---------------------------------------------------------------------------------

/** lf_net_words_add: adds the links of the command line that the kickstart does not speak of.
 * Errors: as lf_net_plan(). */
bool lf_net_words_add(LfNetPlanner *planner, GError **error);

/** lf_net_word_link: (transfer none): adds a link as the command line has them: for the installer
 * and the installed system. */
LfNetLink *lf_net_word_link(LfNetPlanner *planner, LfLinkKind kind, const char *name);

/** lf_net_word_prefix: puts the word in front of an error. Returns: false. */
bool lf_net_word_prefix(GError **error, const char *word);
