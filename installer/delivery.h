#pragma once

#include "installer/apply/install.h"
#include "installer/report/reporter.h"

/**
 * LfDelivery: the reports of one run of the installer: carried off the machine while it works, the
 * final report, and what is left for the installed system's first boot.
 */
typedef struct LfDelivery LfDelivery;

/** lf_delivery_new: both outlive it. Nothing is sent yet: where to is in the profile. */
LfDelivery *lf_delivery_new(const LfHost *host, LfEvents *events);

/**
 * lf_delivery_start:
 * @access: (nullable): how servers are reached; its certificate and key sign the final report; must
 * outlive the delivery
 *
 * Begins to send what the profile's `report` and `logging` ask for, with all events of this boot
 * that were not sent yet. May be called again, with what was read since. What does not work is told
 * as notes: an install does not fail by its reports.
 */
void lf_delivery_start(LfDelivery *delivery, const LfProfile *profile, const LfHttpAccess *access);

/** lf_delivery_data: (transfer none): members that the final report shall have beside the
 * install's own, such as `network` and `clock`. */
json_t *lf_delivery_data(LfDelivery *delivery);

/** lf_delivery_keep: an LfKeepReports with the delivery as user data. */
bool lf_delivery_keep(int root_fd, const json_t *report, void *delivery, GError **error);

/** lf_delivery_done: the final report, signed when the machine has a key, and up to ten seconds to
 * send it. @report: the install's members. */
void lf_delivery_done(LfDelivery *delivery, const LfPlan *plan, const json_t *report);

/**
 * lf_delivery_failed:
 * @report: (nullable)
 * The final report of a failure, and time to send it. After the last try also the log is sent, and
 * a machine that reboots is told not to start the medium again.
 */
void lf_delivery_failed(LfDelivery *delivery, const GError *cause, const json_t *report);

void lf_delivery_free(LfDelivery *delivery);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfDelivery, lf_delivery_free)
