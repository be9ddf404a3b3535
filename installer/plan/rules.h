#pragma once

#include "installer/plan/facts.h"

/**
 * LfRules: which of a seed's kickstarts is meant for which machine. The form is in docs/formats.md
 * (Seed).
 */
typedef struct LfRules LfRules;

/**
 * lf_rules_parse:
 * @text: hostile
 * @file: for messages
 *
 * Pure. At most 64 KiB, 1024 rules, 16 terms each.
 *
 * Errors: INPUT with file and line: a term or name that is none, a glob that fits no MAC address, a
 * rule behind one that fits every machine, no rule at all. Returns: (transfer full) (nullable)
 */
LfRules *lf_rules_parse(GBytes *text, const char *file, GError **error);

/**
 * lf_rules_choose:
 * @machine: identity and network cards
 * Pure. Returns: (transfer none) (nullable): name of the kickstart of the first rule that fits
 */
const char *lf_rules_choose(const LfRules *rules, const LfFacts *machine);

/** lf_rules_describe_machine: (transfer full): what rules see of a machine: "serial=…, uuid=…". */
char *lf_rules_describe_machine(const LfFacts *machine);

size_t lf_rules_count(const LfRules *rules);
/** lf_rules_name: (transfer none): kickstart of rule number @index, in the order of the text. */
const char *lf_rules_name(const LfRules *rules, size_t index);
/** lf_rules_text: (transfer none): terms of rule number @index, as written. */
const char *lf_rules_text(const LfRules *rules, size_t index);
/** lf_rules_line: where rule number @index stands, from 1. */
unsigned lf_rules_line(const LfRules *rules, size_t index);
/** lf_rules_fits_all: whether a rule fits every machine. */
bool lf_rules_fits_all(const LfRules *rules);

void lf_rules_free(LfRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfRules, lf_rules_free)
