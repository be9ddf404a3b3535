// Keys, certificates and words with which a site's machines reach servers, into a seed.
// Not here: kickstarts and rules (seed-check.c), using them (installer/orders).
#include "ztp/seed-access.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/pem.h"
#include "installer/plan/template.h"

#define MAX_KEYS_BYTES (64 * 1024)

#define FILE_CA		"ca.pem"
#define FILE_CERT	"client.pem"
#define FILE_KEY	"client.key"
#define MAX_PROXY_BYTES 4096
#define FILE_PROXY	"proxy"
#define FILE_SSH	"authorized_keys"

static void add_word(GPtrArray *words, const char *name, const char *value)
{
	g_ptr_array_add(words, g_strdup_printf("%s=%s", name, value));
}

static bool add_file(LfSeed *seed, const char *name, const char *path, size_t max_bytes,
		     GError **error)
{
	g_autoptr(GBytes) bytes = lf_read_file_at(AT_FDCWD, path, max_bytes, error);

	if (!bytes)
		return lf_rethrow(error, LF_ERROR_INPUT);
	return lf_seed_add(seed, name, bytes, error);
}

LfHttpAccess lf_seed_access_http(const LfSeedAccess *access)
{
	return (LfHttpAccess){ .ca_file = access->ca,
			       .cert_file = access->cert,
			       .key_file = access->key,
			       .pin = access->pin };
}

// The installer asks the same of the files.
static bool check(const LfSeedAccess *access, GError **error)
{
	bool is_in_file = access->proxy && access->proxy[0] == '@';
	g_autofree char *secret = NULL;
	LfHttpAccess http = lf_seed_access_http(access);

	if (is_in_file) {
		secret = lf_read_text_at(AT_FDCWD, access->proxy + 1, MAX_PROXY_BYTES, error);
		if (!secret)
			return lf_rethrow(error, LF_ERROR_INPUT);
	}
	http.proxy = is_in_file ? g_strchomp(secret) : access->proxy;
	return lf_http_access_check(&http, error);
}

static bool add_trust(LfSeed *seed, const LfSeedAccess *access, GPtrArray *words, GError **error)
{
	const struct {
		const char *path, *name, *word;
	} files[] = { { access->ca, FILE_CA, "landfall.ca" },
		      { access->cert, FILE_CERT, "landfall.cert" },
		      { access->key, FILE_KEY, "landfall.key" } };

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		if (!files[i].path)
			continue;
		if (!add_file(seed, files[i].name, files[i].path, LF_PEM_MAX_BYTES, error))
			return false;
		add_word(words, files[i].word, files[i].name);
	}
	if (access->pin)
		add_word(words, "landfall.pin", access->pin);
	return true;
}

static bool is_one_word(const char *text)
{
	return text[strcspn(text, " \t\n\"")] == '\0';
}

static bool add_secret_proxy(LfSeed *seed, const char *path, GPtrArray *words, GError **error)
{
	if (!add_file(seed, FILE_PROXY, path, MAX_PROXY_BYTES, error))
		return false;
	add_word(words, "landfall.proxy", "@" FILE_PROXY);
	return true;
}

// Everyone on the desk's machine sees the command lines of the others.
static bool add_proxy(LfSeed *seed, const char *proxy, GPtrArray *words, GError **error)
{
	if (!proxy)
		return true;
	if (proxy[0] == '@')
		return add_secret_proxy(seed, proxy + 1, words, error);
	if (strchr(proxy, '@'))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"--proxy: a password on a command line can be seen by others: write "
			"the URL into a file and give --proxy=@FILE");
	add_word(words, "landfall.proxy", proxy);
	return is_one_word(proxy) ||
	       lf_throw(error, LF_ERROR_INPUT, "--proxy= holds a blank or a quote");
}

// A machine that tells everything of itself shows whether the templates are known.
static bool check_templates(const char *url, GError **error)
{
	g_autoptr(LfFacts) machine = lf_facts_new();
	LfFactNic *nic = g_new0(LfFactNic, 1);
	g_autofree char *expanded = NULL;

	machine->serial = g_strdup("serial");
	machine->uuid = g_strdup("uuid");
	machine->asset_tag = g_strdup("tag");
	nic->name = g_strdup("eth0");
	nic->mac = g_strdup("02:00:00:00:00:01");
	g_ptr_array_add(machine->nics, nic);
	expanded = lf_template_expand(url, machine, NULL, error);
	return expanded && lf_http_check_url(expanded, error);
}

static bool add_ks_url(const char *url, GPtrArray *words, GError **error)
{
	const char *rest = url ? strstr(url, "://") : NULL;

	if (!url)
		return true;
	if ((!g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://")) ||
	    !is_one_word(url))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"--ks-url=: write https://host/path, perhaps with {serial}, {uuid}, "
			"{mac} or {asset-tag}");
	if (memchr(rest + 3, '@', strcspn(rest + 3, "/?#")))
		return lf_throw(
			error, LF_ERROR_INPUT,
			"--ks-url= holds a user or password, which would stand in logs: use "
			"--cert and --key");
	if (!check_templates(url, error))
		return lf_prefix(error, "--ks-url");
	add_word(words, "landfall.ks", url);
	return true;
}

// "type base64 comment" a line; options in front are OpenSSH's, and the installer's server knows
// most of them.
static bool is_key_line(const char *line)
{
	static const char *const types[] = { "ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-nistp",
					     "sk-ssh-ed25519@openssh.com ",
					     "sk-ecdsa-sha2-nistp256@openssh.com " };

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (strstr(line, types[i]))
			return true;
	return false;
}

static bool check_ssh_keys(const char *path, GError **error)
{
	g_autofree char *text = lf_read_text_at(AT_FDCWD, path, MAX_KEYS_BYTES, error);
	g_auto(GStrv) lines = NULL;
	size_t n = 0;

	if (!text)
		return lf_rethrow(error, LF_ERROR_INPUT);
	lines = g_strsplit(text, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);

		if (*line == '\0' || *line == '#')
			continue;
		if (strstr(line, "PRIVATE KEY"))
			return lf_throw(error, LF_ERROR_INPUT,
					"'%s' is a private key: give its .pub", path);
		if (!is_key_line(line))
			return lf_throw(error, LF_ERROR_INPUT, "'%s':%zu is no public SSH key",
					path, i + 1);
		n++;
	}
	return n > 0 || lf_throw(error, LF_ERROR_INPUT, "'%s' holds no public SSH key", path);
}

static bool add_ssh_keys(LfSeed *seed, const char *path, GError **error)
{
	return !path || (check_ssh_keys(path, error) &&
			 add_file(seed, FILE_SSH, path, MAX_KEYS_BYTES, error));
}

bool lf_seed_add_access(LfSeed *seed, const LfSeedAccess *access, GPtrArray *words, GError **error)
{
	return check(access, error) && add_trust(seed, access, words, error) &&
	       add_proxy(seed, access->proxy, words, error) &&
	       add_ks_url(access->ks_url, words, error) &&
	       add_ssh_keys(seed, access->ssh_key, error);
}
