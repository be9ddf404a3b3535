// The words and files that say how servers are reached: authorities, client certificate, pin,
// proxy. Not here: what libcurl makes of them (base/http-access.c), who asks the servers.
#include "installer/orders/access.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "base/secret.h"

#define MAX_PROXY_BYTES 4096

struct LfAccess {
	const LfHost *host;
	char *ca, *cert, *key, *pin, *proxy;
	LfSecret *proxy_url; /* of a file: it may hold a password; nullable */
	LfHttpAccess http;
	bool allows_http;
	GError *trouble;     /* what the check says */
	LfAccessGate gate;   /* nullable */
	LfAccessAgain again; /* nullable */
	void *gate_data;
};

// A bare word, or NAME=1.
static bool has_word(const LfHost *host, const char *name)
{
	g_autofree char *value = lf_host_arg(host, name);

	return value && (*value == '\0' || g_str_equal(value, "1"));
}

// Empty is as if it were not there.
static char *word(const LfHost *host, const char *name)
{
	g_autofree char *value = lf_host_arg(host, name);

	return value && *value ? g_steal_pointer(&value) : NULL;
}

char *lf_access_seed_path(const char *name)
{
	if (*name == '/')
		return g_strdup(name + strspn(name, "/"));
	if (strchr(name, '/') || *name == '.')
		return NULL;
	return g_build_filename(LF_SEED_DIR, name, NULL);
}

static bool throw_no_name(const char *option, const char *name, GError **error)
{
	return lf_throw(error, LF_ERROR_INPUT,
			"%s=%s: write the name of a file of the seed, or an absolute path", option,
			name);
}

// libcurl opens files by path, from the root of this program.
static char *path_below(int root_fd, const char *path)
{
	struct stat ours, root;

	if (fstat(root_fd, &ours) == 0 && stat("/", &root) == 0 && ours.st_dev == root.st_dev &&
	    ours.st_ino == root.st_ino)
		return g_strconcat("/", path, NULL);
	return g_strdup_printf("/proc/self/fd/%d/%s", root_fd, path);
}

static bool find_file(LfAccess *access, const char *option, char **inout_name, const char **ret,
		      GError **error)
{
	g_autofree char *path = *inout_name ? lf_access_seed_path(*inout_name) : NULL;

	if (!*inout_name)
		return true;
	if (!path)
		return throw_no_name(option, *inout_name, error);
	if (faccessat(access->host->root_fd, path, R_OK, 0) < 0)
		return lf_throw(error, LF_ERROR_INPUT, "%s=%s: there is no such file%s", option,
				*inout_name, **inout_name == '/' ? "" : " in the seed");
	g_free(*inout_name);
	*inout_name = path_below(access->host->root_fd, path);
	*ret = *inout_name;
	return true;
}

// The text of a file, without the line feed at its end.
static LfSecret *chomped(const LfSecret *file)
{
	const char *text = lf_secret_data(file);
	size_t size = lf_secret_size(file);

	while (size > 0 && g_ascii_isspace(text[size - 1]))
		size--;
	return lf_secret_new(text, size);
}

static bool read_proxy(LfAccess *access, GError **error)
{
	g_autofree char *path = lf_access_seed_path(access->proxy + 1);
	g_autoptr(LfSecret) file = NULL;

	if (!path)
		return throw_no_name("landfall.proxy", access->proxy, error);
	file = lf_secret_load(access->host->root_fd, path, MAX_PROXY_BYTES, error);
	if (!file) {
		lf_rethrow(error, LF_ERROR_INPUT);
		return lf_prefix(error, "landfall.proxy=%s", access->proxy);
	}
	access->proxy_url = chomped(file);
	access->http.proxy = lf_secret_data(access->proxy_url);
	return true;
}

static bool find_proxy(LfAccess *access, GError **error)
{
	if (!access->proxy)
		return true;
	if (*access->proxy == '@')
		return read_proxy(access, error);
	// The command line is read by everyone, and stands in logs.
	if (strchr(access->proxy, '@'))
		return lf_throw(error, LF_ERROR_INPUT,
				"landfall.proxy= holds a user or password: put the URL into a file "
				"of the seed and write landfall.proxy=@NAME");
	access->http.proxy = access->proxy;
	return true;
}

static bool check(LfAccess *access, GError **error)
{
	access->http.pin = access->pin;
	if (!find_file(access, "landfall.ca", &access->ca, &access->http.ca_file, error) ||
	    !find_file(access, "landfall.cert", &access->cert, &access->http.cert_file, error) ||
	    !find_file(access, "landfall.key", &access->key, &access->http.key_file, error) ||
	    !find_proxy(access, error))
		return false;
	return lf_http_access_check(&access->http, error) ||
	       lf_prefix(error, "how servers are reached");
}

LfAccess *lf_access_new(const LfHost *host)
{
	LfAccess *access = g_new0(LfAccess, 1);

	access->host = host;
	access->ca = word(host, "landfall.ca");
	access->cert = word(host, "landfall.cert");
	access->key = word(host, "landfall.key");
	access->pin = word(host, "landfall.pin");
	access->proxy = word(host, "landfall.proxy");
	access->allows_http = has_word(host, "landfall.insecure-http-ks");
	access->http.is_insecure_tls = has_word(host, "landfall.insecure-tls");
	check(access, &access->trouble);
	return access;
}

bool lf_access_check(const LfAccess *access, GError **error)
{
	if (!access->trouble)
		return true;
	return lf_throw(error, (LfErrorCode)access->trouble->code, "%s", access->trouble->message);
}

const LfHttpAccess *lf_access_http(const LfAccess *access)
{
	return &access->http;
}

void lf_access_set_limit(LfAccess *access, LfHttpLimit *limit)
{
	access->http.limit = limit;
}

bool lf_access_allows_http(const LfAccess *access)
{
	return access->allows_http;
}

void lf_access_mark(const LfAccess *access, LfEvents *events)
{
	if (access->http.is_insecure_tls)
		lf_events_mark(events, "insecure-tls");
	if (access->allows_http)
		lf_events_mark(events, "insecure-http-ks");
}

void lf_access_set_gate(LfAccess *access, LfAccessGate gate, LfAccessAgain again, void *user_data)
{
	access->gate = gate;
	access->again = again;
	access->gate_data = user_data;
}

bool lf_access_open(const LfAccess *access, const char *url, GError **error)
{
	if (!g_str_has_prefix(url, "http://") && !g_str_has_prefix(url, "https://"))
		return true;
	return lf_access_check(access, error) &&
	       (!access->gate || access->gate(url, access->gate_data, error));
}

bool lf_access_again(const LfAccess *access, const GError *failure)
{
	return access->again && g_error_matches(failure, LF_ERROR, LF_ERROR_NETWORK) &&
	       access->again(access->gate_data);
}

void lf_access_free(LfAccess *access)
{
	if (!access)
		return;
	g_clear_error(&access->trouble);
	g_free(access->ca);
	g_free(access->cert);
	g_free(access->key);
	g_free(access->pin);
	g_free(access->proxy);
	lf_secret_free(access->proxy_url);
	g_free(access);
}
