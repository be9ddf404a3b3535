// A profile's memory.
// Not here: what its members mean (the planner), where they come from (the commands' files).
#include "kickstart/profile.h"

#include "kickstart/parser.h"

static char **empty_list(void)
{
	return g_new0(char *, 1);
}

void lf_account_free(LfAccount *account)
{
	if (!account)
		return;
	g_free(account->name);
	g_clear_pointer(&account->password, lf_secret_free);
	g_strfreev(account->groups);
	g_free(account->home);
	g_free(account->shell);
	g_free(account->gecos);
	g_free(account);
}

void lf_ssh_key_free(LfSshKey *key)
{
	g_free(key->user);
	g_free(key->key);
	g_free(key);
}

void lf_part_free(LfPart *part)
{
	g_free(part->mount);
	g_free(part->fstype);
	g_free(part->label);
	g_free(part->fsoptions);
	g_free(part->mkfsoptions);
	g_free(part->ondisk);
	g_clear_pointer(&part->encryption.passphrase, lf_secret_free);
	g_free(part->encryption.luks_version);
	g_free(part->encryption.cipher);
	g_free(part->encryption.pbkdf);
	g_free(part);
}

void lf_network_free(LfNetwork *network)
{
	g_free(network->device);
	g_free(network->bootproto);
	g_free(network->hostname);
	g_free(network->ip);
	g_free(network->netmask);
	g_free(network->gateway);
	g_strfreev(network->nameservers);
	g_free(network->ipv6);
	g_free(network->ipv6gateway);
	g_free(network->dhcp_class);
	g_strfreev(network->dns_search);
	g_free(network->interface_name);
	g_strfreev(network->bond_slaves);
	g_strfreev(network->bond_options);
	g_strfreev(network->bridge_slaves);
	g_strfreev(network->bridge_options);
	g_free(network);
}

void lf_route_free(LfRoute *route)
{
	g_free(route->device);
	g_free(route->to);
	g_free(route->via);
	g_free(route);
}

void lf_time_source_free(LfTimeSource *source)
{
	g_free(source->host);
	g_free(source);
}

void lf_script_free(LfScript *script)
{
	if (!script)
		return;
	g_free(script->interpreter);
	g_free(script->log);
	g_free(script->body);
	g_free(script);
}

LfProfile *lf_profile_new(void)
{
	LfProfile *profile = g_new0(LfProfile, 1);

	profile->users = g_ptr_array_new_with_free_func((GDestroyNotify)lf_account_free);
	profile->ssh_keys = g_ptr_array_new_with_free_func((GDestroyNotify)lf_ssh_key_free);
	profile->parts = g_ptr_array_new_with_free_func((GDestroyNotify)lf_part_free);
	profile->networks = g_ptr_array_new_with_free_func((GDestroyNotify)lf_network_free);
	profile->routes = g_ptr_array_new_with_free_func((GDestroyNotify)lf_route_free);
	profile->time_sources = g_ptr_array_new_with_free_func((GDestroyNotify)lf_time_source_free);
	profile->scripts = g_ptr_array_new_with_free_func((GDestroyNotify)lf_script_free);
	profile->clear_drives = empty_list();
	profile->clear_list = empty_list();
	profile->ignore_drives = empty_list();
	profile->only_use = empty_list();
	profile->mirrors = empty_list();
	profile->services_enabled = empty_list();
	profile->services_disabled = empty_list();
	profile->boot_timeout_s = -1;
	profile->onfailure_retries = -1;
	profile->unlock.pcr_mask = 1u << 7;
	return profile;
}

static void free_texts(LfProfile *profile)
{
	char *texts[] = {
		profile->lang,		profile->keyboard,	 profile->timezone,
		profile->boot_append,	profile->boot_drive,	 profile->ostree_osname,
		profile->ostree_remote, profile->ostree_url,	 profile->upgrade_url,
		profile->ostree_ref,	profile->kernel_flavour, profile->kernel_append,
		profile->unlock.escrow, profile->redacted,	 profile->log_host,
		profile->report_url,	profile->report_token,	 profile->persist_label,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
}

void lf_profile_free(LfProfile *profile)
{
	if (!profile)
		return;
	free_texts(profile);
	lf_account_free(profile->root);
	g_ptr_array_unref(profile->users);
	g_ptr_array_unref(profile->ssh_keys);
	g_ptr_array_unref(profile->parts);
	g_ptr_array_unref(profile->networks);
	g_ptr_array_unref(profile->routes);
	g_ptr_array_unref(profile->time_sources);
	g_ptr_array_unref(profile->scripts);
	g_strfreev(profile->clear_drives);
	g_strfreev(profile->clear_list);
	g_strfreev(profile->ignore_drives);
	g_strfreev(profile->only_use);
	g_strfreev(profile->mirrors);
	g_strfreev(profile->services_enabled);
	g_strfreev(profile->services_disabled);
	g_free(profile);
}
