// The verb network: brings the network up as an install would, and shows what came of it.
// Not here: what the network is to be (installer/plan), and how it is done (installer/net).
#include <signal.h>
#include <stdio.h>

#include "base/json.h"
#include "installer/cards.h"
#include "installer/cmd.h"
#include "installer/net/network.h"
#include "installer/orders/sources.h"

static LfNet *plan(const LfCmd *cmd, const LfHost *host, GError **error)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(LfAccess) access = NULL;
	g_autoptr(LfSources) sources = NULL;
	g_autoptr(LfProfile) profile = NULL;
	g_autofree char *link = NULL;

	if (cmd->args[0]) {
		access = lf_access_new(host);
		sources = lf_sources_new(host, cmd->args[0], access);
		profile = lf_sources_profile(sources, LF_KICKSTART_WHOLE, diagnostics, error);
		if (!profile)
			return NULL;
	}
	return lf_cards_plan(host, profile, &link, error);
}

static void print_json(const GPtrArray *states, char **time_servers, const GError *failure)
{
	g_autoptr(json_t) object = json_object();
	g_autofree char *text = NULL;

	lf_json_set_bool(object, "is_usable", failure == NULL);
	lf_json_set_string(object, "error", failure ? failure->message : NULL);
	lf_json_set(object, "interfaces", lf_net_states_to_json(states));
	lf_json_set(object, "time_servers", lf_json_strv((const char *const *)time_servers));
	text = lf_json_print(object, false);
	puts(text);
}

static void print_state(const LfNetState *state)
{
	g_autofree char *addresses = g_strjoinv(" ", state->addresses);

	printf("%-15s %-17s %-10s %s%s%s\n", state->name, state->mac ? state->mac : "-",
	       !state->is_up	     ? "down"
	       : !state->has_carrier ? "no carrier"
				     : "carrier",
	       addresses, *addresses && state->trouble ? "; " : "",
	       state->trouble ? state->trouble : "");
}

static void print(const LfCmd *cmd, const LfNetRun *run, const GError *failure)
{
	g_autoptr(GPtrArray) states = lf_net_states(run);
	g_auto(GStrv) time_servers = lf_net_time_servers(run);

	if (cmd->is_json)
		print_json(states, time_servers, failure);
	else
		for (guint i = 0; i < states->len; i++)
			print_state(g_ptr_array_index(states, i));
	(void)fflush(stdout);
}

// The signals are blocked before there is a second thread, so that none of them takes one.
static sigset_t block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	return set;
}

int lf_cmd_network(const LfCmd *cmd, GError **error)
{
	sigset_t signals = block_signals();
	g_autoptr(LfHost) host = lf_cmd_host(cmd, error);
	g_autoptr(LfNet) net = host ? plan(cmd, host, error) : NULL;
	g_autoptr(LfNetRun) run = net ? lf_net_start(host, net, error) : NULL;
	GError *failure = NULL;
	int signal_number;

	if (!run)
		return 1;
	(void)lf_net_wait(run, &failure);
	print(cmd, run, failure);
	if (failure)
		g_propagate_error(error, failure);
	else if (!cmd->is_once)
		(void)sigwait(&signals, &signal_number);
	return failure ? 1 : 0;
}
