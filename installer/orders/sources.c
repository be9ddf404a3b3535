// The profile and the files it names: read, and checked for what vouches for them.
// Not here: where the kickstart is (place.c), the language (kickstart/).
#include "installer/orders/sources.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/runtime.h"
#include "installer/orders/place.h"
#include "installer/orders/signature.h"
#include "installer/plan/template.h"
#include "installer/probe/probe.h"

#define MAX_FILE_BYTES	  (4 * 1024 * 1024)
#define TIMEOUT_MS	  (3 * 60 * 1000)
#define LEAST_BYTES_PER_S 64

/**
 * @asked: (nullable): what an operator named
 * @place: (nullable): path or URL, once it was found
 * @text: (nullable): the kickstart, once it was read and checked
 * @voucher: (nullable): what vouches for it, for people
 * @trouble: (nullable): why an include could not be loaded, when that is not the kickstart's fault
 */
struct LfSources {
	const LfHost *host;
	const LfAccess *access;
	char *asked;
	char *place;
	char *shown;
	char **headers;
	LfScope *held;
	GBytes *text;
	char *voucher;
	GError *trouble;
};

static void set_shown(LfSources *sources, const char *name)
{
	g_free(sources->shown);
	sources->shown = lf_kickstart_public_name(name);
}

LfSources *lf_sources_new(const LfHost *host, const char *path, const LfAccess *access)
{
	LfSources *sources = g_new0(LfSources, 1);
	g_autofree char *argument = lf_host_arg(host, "landfall.ks");

	sources->host = host;
	sources->access = access;
	sources->held = lf_scope_new();
	if (path)
		sources->asked = g_strdup(path);
	else if (argument && *argument)
		sources->asked = g_steal_pointer(&argument);
	set_shown(sources, sources->asked ? sources->asked : "/" LF_SEED_PROFILE);
	return sources;
}

const char *lf_sources_name(const LfSources *sources)
{
	return sources->shown;
}

bool lf_sources_needs_network(const LfSources *sources)
{
	const char *name = sources->place ? sources->place : sources->asked;

	return name && lf_place_is_url(name);
}

bool lf_sources_needs_mac(const LfSources *sources)
{
	return !sources->place && sources->asked && lf_place_asks_mac(sources->asked);
}

// --- reading ------------------------------------------------------------------------------------

// Below that root the path is relative, but it is told as it was written.
static GBytes *read_below(int root_fd, const char *path, size_t max_bytes, GError **error)
{
	lf_autofd fd =
		TEMP_FAILURE_RETRY(openat(root_fd, path + strspn(path, "/"), O_RDONLY | O_CLOEXEC));
	GBytes *bytes;

	if (fd < 0)
		return lf_throw_errno_null(error, "cannot open '%s'", path);
	bytes = lf_read_fd(fd, max_bytes, error);
	if (!bytes)
		lf_prefix(error, "'%s'", path);
	return bytes;
}

// An operator's path is meant as it is; the others stand below the host's root.
static GBytes *read_path(const LfSources *sources, const char *path, size_t max_bytes,
			 GError **error)
{
	path = lf_place_path(path);
	if (g_path_is_absolute(path) && sources->host->root_fd >= 0)
		return read_below(sources->host->root_fd, path, max_bytes, error);
	return lf_read_file_at(AT_FDCWD, path, max_bytes, error);
}

// A kickstart, certificate or signature never begins like this.
static bool is_web_page(GBytes *bytes)
{
	return lf_http_is_web_page(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static GBytes *fetch_once(const LfSources *sources, const char *url, size_t max_bytes,
			  GError **error)
{
	bool is_ours = sources->place && lf_place_same_server(url, sources->place);
	LfHttp http = { .url = url,
			.access = lf_access_http(sources->access),
			.max_bytes = max_bytes,
			.timeout_ms = TIMEOUT_MS,
			.least_bytes_per_s = LEAST_BYTES_PER_S,
			.headers = is_ours ? (const char *const *)sources->headers : NULL };
	g_autofree char *shown = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!lf_access_open(sources->access, url, error))
		return NULL;
	bytes = lf_http_get(&http, error);
	if (!bytes || !is_web_page(bytes))
		return g_steal_pointer(&bytes);
	shown = lf_kickstart_public_name(url);
	return lf_throw_null(error, LF_ERROR_NETWORK,
			     "'%s' is a web page: something on the way answers in the server's "
			     "place (a captive portal), or the server has no such file",
			     shown);
}

// The first card or family that has an address need not be the one that leads there, and a start
// anew would take all addresses back.
static GBytes *fetch(const LfSources *sources, const char *url, size_t max_bytes, GError **error)
{
	g_autoptr(GError) local = NULL;
	GBytes *bytes;

	while (!(bytes = fetch_once(sources, url, max_bytes, &local)) &&
	       lf_access_again(sources->access, local))
		g_clear_error(&local);
	if (!bytes)
		g_propagate_error(error, g_steal_pointer(&local));
	return bytes;
}

static GBytes *read_any(const LfSources *sources, const char *place, size_t max_bytes,
			GError **error)
{
	return lf_place_is_url(place) ? fetch(sources, place, max_bytes, error)
				      : read_path(sources, place, max_bytes, error);
}

// --- what vouches for it ------------------------------------------------------------------------

static GBytes *read_signature(const LfSources *sources, const char *place, GError **error)
{
	g_autofree char *beside = lf_place_signature(place);
	GBytes *signature = read_any(sources, beside, LF_SIGNATURE_MAX_BYTES, error);

	// A server may heal; a signature that is not there does not come by waiting.
	if (!signature && (!lf_place_is_url(beside) ||
			   (error && g_error_matches(*error, LF_ERROR, LF_ERROR_INPUT)))) {
		lf_rethrow(error, LF_ERROR_TRUST);
		lf_prefix(error, "a signature is demanded");
	}
	return signature;
}

static bool check_signature(const LfSources *sources, const char *place, GBytes *bytes,
			    char **ret_key, GError **error)
{
	g_autofree char *shown = lf_kickstart_public_name(place);
	g_autoptr(GBytes) signature = read_signature(sources, place, error);

	return signature &&
	       lf_signature_check(sources->host, shown, bytes, signature, ret_key, error);
}

static char *wanted_sha256(const LfSources *sources)
{
	g_autofree char *hex = lf_host_arg(sources->host, "landfall.ks-sha256");

	return hex && *hex ? g_ascii_strdown(hex, -1) : NULL;
}

static bool check_sha256(const char *wanted, GBytes *bytes, GError **error)
{
	g_autofree char *found = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);

	if (strlen(wanted) != 64 || strspn(wanted, "0123456789abcdef") != 64)
		return lf_throw(error, LF_ERROR_INPUT,
				"landfall.ks-sha256= is no SHA-256: write 64 hexadecimal digits");
	return g_str_equal(found, wanted) ||
	       lf_throw(error, LF_ERROR_TRUST,
			"the kickstart's SHA-256 is %s, not that of landfall.ks-sha256=", found);
}

// Who owns the network on the way would own the machine.
static bool check_transport(const LfSources *sources, const char *place, bool has_checksum,
			    GError **error)
{
	g_autofree char *shown = NULL;

	if (!g_str_has_prefix(place, "http://") || has_checksum ||
	    lf_access_allows_http(sources->access) || lf_signature_is_wanted(sources->host))
		return true;
	shown = lf_kickstart_public_name(place);
	return lf_throw(error, LF_ERROR_INPUT,
			"'%s' comes without protection: use https, landfall.ks-sha256= for the "
			"kickstart, landfall.ks-key= with signatures, or landfall.insecure-http-ks",
			shown);
}

static bool check_kickstart(LfSources *sources, const char *sha256, GBytes *bytes, GError **error)
{
	g_autofree char *key = NULL;

	if (sha256 && !check_sha256(sha256, bytes, error))
		return false;
	if (lf_signature_is_wanted(sources->host) &&
	    !check_signature(sources, sources->place, bytes, &key, error))
		return false;
	if (key)
		sources->voucher = g_strdup_printf("signed by %s", key);
	else if (sha256)
		sources->voucher = g_strdup("its SHA-256 is the one of landfall.ks-sha256=");
	return true;
}

// --- files that the kickstart names -------------------------------------------------------------

static bool must_be_signed(const LfSources *sources, const char *place)
{
	return lf_signature_is_wanted(sources->host) &&
	       (lf_place_is_url(place) || lf_place_was_brought(place, sources->place));
}

static GBytes *load_place(const LfSources *sources, const char *place, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;

	if (!check_transport(sources, place, false, error))
		return NULL;
	bytes = read_any(sources, place, MAX_FILE_BYTES, error);
	if (!bytes || (must_be_signed(sources, place) &&
		       !check_signature(sources, place, bytes, NULL, error)))
		return NULL;
	return g_steal_pointer(&bytes);
}

// A relative name stands beside the file that names it.
static char *resolve(const char *name, const char *from)
{
	g_autofree char *dir = NULL;

	if (lf_place_is_url(name) || g_str_has_prefix(name, "file://") || g_path_is_absolute(name))
		return g_strdup(name);
	if (lf_place_is_url(from))
		return g_uri_resolve_relative(from, name, G_URI_FLAGS_NONE, NULL);
	dir = g_path_get_dirname(from);
	return g_build_filename(dir, name, NULL);
}

static GBytes *load_named(const char *name, const char *from, const LfSources *sources,
			  GError **error)
{
	g_autofree char *place = resolve(name, from);

	if (!place)
		return lf_throw_null(error, LF_ERROR_INPUT, "'%s' is no place beside '%s'", name,
				     from);
	return load_place(sources, place, error);
}

// The parser makes a finding of each include that fails, and findings are the operator's to
// correct; a server that is down and a wrong signature are of another class.
static GBytes *load(const char *name, const char *from, void *user_data, GError **error)
{
	LfSources *sources = user_data;
	GError *local = NULL;
	GBytes *bytes = load_named(name, from, sources, &local);

	if (bytes)
		return bytes;
	if (!sources->trouble && (g_error_matches(local, LF_ERROR, LF_ERROR_NETWORK) ||
				  g_error_matches(local, LF_ERROR, LF_ERROR_TRUST)))
		sources->trouble = g_error_copy(local);
	g_propagate_error(error, local);
	return NULL;
}

GBytes *lf_sources_file(const char *name, void *sources, GError **error)
{
	return load_named(name, ((LfSources *)sources)->shown, sources, error);
}

// --- the kickstart ------------------------------------------------------------------------------

static bool find_place(LfSources *sources, GError **error)
{
	g_autoptr(LfFacts) machine = NULL;

	if (sources->place)
		return true;
	machine = lf_probe_identity(sources->host);
	sources->place =
		lf_place_find(sources->host, sources->asked, machine, sources->held, error);
	if (!sources->place)
		return false;
	sources->headers = lf_template_headers(machine);
	set_shown(sources, sources->place);
	return true;
}

static bool read_kickstart(LfSources *sources, GError **error)
{
	g_autofree char *sha256 = wanted_sha256(sources);
	GBytes *bytes;

	if (!check_transport(sources, sources->place, sha256 != NULL, error))
		return false;
	bytes = read_any(sources, sources->place, MAX_FILE_BYTES, error);
	if (!bytes) {
		lf_prefix(error, "kickstart");
		// What the operator named is not there: trying again reads the same. A server may
		// heal.
		return lf_place_is_url(sources->place) ? false : lf_rethrow(error, LF_ERROR_INPUT);
	}
	if (!check_kickstart(sources, sha256, bytes, error)) {
		lf_kickstart_wipe(bytes);
		return lf_prefix(error, "kickstart");
	}
	sources->text = bytes;
	return true;
}

// Without its includes the first pass would pass over their %pre scripts in silence.
static LfProfile *parse(LfSources *sources, LfKickstartPass pass, LfDiagnostics *diagnostics,
			GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(LfProfile) profile = NULL;

	g_clear_error(&sources->trouble);
	profile = lf_kickstart_parse(sources->text, sources->place, pass, load, sources,
				     diagnostics, &local);
	if (sources->trouble) {
		g_propagate_error(error, g_steal_pointer(&sources->trouble));
		lf_prefix(error, "%%include");
		return NULL;
	}
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	return g_steal_pointer(&profile);
}

LfProfile *lf_sources_profile(LfSources *sources, LfKickstartPass pass, LfDiagnostics *diagnostics,
			      GError **error)
{
	if (sources->asked && !lf_kickstart_check_name(sources->asked, diagnostics, error))
		return NULL;
	if (!find_place(sources, error) || (!sources->text && !read_kickstart(sources, error)))
		return NULL;
	return parse(sources, pass, diagnostics, error);
}

char *lf_sources_describe(const LfSources *sources)
{
	return g_strdup_printf("the kickstart is '%s'%s%s", sources->shown,
			       sources->voucher ? ", " : "",
			       sources->voucher ? sources->voucher : "");
}

void lf_sources_free(LfSources *sources)
{
	if (!sources)
		return;
	if (sources->text)
		lf_kickstart_wipe(sources->text);
	g_clear_error(&sources->trouble);
	lf_scope_free(sources->held);
	g_strfreev(sources->headers);
	g_free(sources->voucher);
	g_free(sources->asked);
	g_free(sources->place);
	g_free(sources->shown);
	g_free(sources);
}
