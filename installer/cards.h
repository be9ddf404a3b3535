#pragma once

#include "base/host.h"
#include "installer/plan/net.h"

/**
 * LfCards: the machine's wired cards while somebody waits for one of them: to appear, as with a
 * slow driver, or to have a carrier, which a card tells only when it is up.
 */
typedef struct LfCards LfCards;

/** lf_cards_new: waits until the devices are there, as far as they come; then the time for a
 * carrier (`rd.net.timeout.carrier`) begins. @host must outlive it. Returns: (transfer full) */
LfCards *lf_cards_new(const LfHost *host);

/** lf_cards_look: (transfer full) (element-type LfFactNic): the cards as they are now. */
GPtrArray *lf_cards_look(LfCards *cards);

/**
 * lf_cards_wait:
 * Brings up the cards that were seen last, so that they can have a carrier, and waits until
 * something about links changes. They stay up. Returns: false when the time is over.
 */
bool lf_cards_wait(LfCards *cards);

void lf_cards_free(LfCards *cards);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfCards, lf_cards_free)

/**
 * lf_cards_plan:
 * @profile: (nullable): as lf_net_plan()
 * @inout_link: (inout) (nullable) (transfer full): the card that `link` means, found by an earlier
 * call; that of this one when it was NULL or lost its carrier
 *
 * Plans the network of this machine, and waits for the cards and the carrier that the plan needs.
 * A wish that needs none of them waits for nothing.
 *
 * Errors: those of lf_net_plan(); TARGET and NETWORK only when the time for a carrier is over.
 * Returns: (transfer full) (nullable)
 */
LfNet *lf_cards_plan(const LfHost *host, const LfProfile *profile, char **inout_link,
		     GError **error);

/** lf_cards_await_mac: waits until the machine has a MAC that it is known by (lf_template_mac()):
 * that of BOOTIF, else of a card with a carrier, else of the only card; as long as the time for a
 * carrier allows. */
void lf_cards_await_mac(const LfHost *host);

/**
 * lf_cards_prefer:
 * @nics: (element-type LfFactNic)
 * @link: (nullable): name of the card that `link` means already
 *
 * As long as that card has a carrier, those in front of it count as without one: what is decided
 * later must be decided alike, whichever carriers came in between.
 */
void lf_cards_prefer(GPtrArray *nics, const char *link);
