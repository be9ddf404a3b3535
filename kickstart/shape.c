// What values must look like, as one table of patterns.
// Not here: whether a well-formed value is the right one.
#include "kickstart/shape.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/http.h"

typedef struct {
	const char *pattern;		/* matches the whole text */
	bool (*fits)(const char *text); /* nullable: asked after the pattern */
	size_t max_bytes;
	const char *noun;
	const char *advice;
} Row;

static bool is_ipv4(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_netmask(const char *text)
{
	struct in_addr address;
	uint32_t host_bits;

	if (inet_pton(AF_INET, text, &address) != 1)
		return false;
	host_bits = ~ntohl(address.s_addr);
	return (host_bits & (host_bits + 1)) == 0 && host_bits != UINT32_MAX;
}

static bool is_ipv6(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_address(const char *text)
{
	return is_ipv4(text) || is_ipv6(text);
}

static bool is_ipv6_wish(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	guint64 prefix = 64;

	if (strcmp(text, "auto") == 0 || strcmp(text, "dhcp") == 0)
		return true;
	if (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 1, 128, &prefix, NULL))
		return false;
	return is_ipv6(parts[0]);
}

static bool has_no_dot_parts(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **part = parts; *part; part++)
		if (strcmp(*part, ".") == 0 || strcmp(*part, "..") == 0)
			return false;
	return true;
}

static bool is_host_name(const char *text)
{
	g_auto(GStrv) labels = g_strsplit(text, ".", -1);

	for (char **label = labels; *label; label++)
		if (strlen(*label) > 63)
			return false;
	return true;
}

static bool is_domain(const char *text)
{
	return strlen(text) <= 253 && is_host_name(text);
}

static bool is_host(const char *text)
{
	bool is_number = strspn(text, "0123456789.") == strlen(text);

	return is_address(text) || (!strchr(text, ':') && !is_number && is_domain(text));
}

// Words that mean something else to the kernel, to systemd or in the language.
static bool is_free_ifname(const char *text)
{
	static const char *const taken[] = { "all",  "default", "lo",  "bonding_masters",
					     "link", "bootif",	"ibft" };

	for (size_t i = 0; i < G_N_ELEMENTS(taken); i++)
		if (strcmp(taken[i], text) == 0)
			return false;
	return strspn(text, "0123456789") < strlen(text);
}

// Whether the address has bits beyond the prefix is another question, with its own message.
static bool is_route(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);

	if (strcmp(text, "default") == 0)
		return true;
	return parts[0] && parts[1] && is_address(parts[0]) &&
	       g_ascii_string_to_unsigned(parts[1], 10, 0, is_ipv4(parts[0]) ? 32 : 128, NULL,
					  NULL);
}

// What fetches it decides: hosts and ports have rules of their own.
static bool is_url(const char *text)
{
	return g_str_has_prefix(text, "file:///") || lf_http_check_url(text, NULL);
}

static bool has_closed_quotes(const char *text)
{
	unsigned n_quotes = 0;

	for (; *text; text++)
		n_quotes += *text == '"';
	return n_quotes % 2 == 0;
}

// PCRs 0 to 23 exist.
static bool are_pcrs(const char *text)
{
	g_auto(GStrv) numbers = g_strsplit_set(text, "+,", -1);

	for (char **number = numbers; *number; number++)
		if (!g_ascii_string_to_unsigned(*number, 10, 0, 23, NULL, NULL))
			return false;
	return true;
}

#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
#define USER  "[A-Za-z_][A-Za-z0-9_.-]*"

static const Row rows[] = {
	[LF_SHAPE_ANY] = { ".*", NULL, 65536, "a text", "write a shorter text" },
	[LF_SHAPE_LOCALE] = { "(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\\.[A-Za-z0-9-]+)?(@[a-z]+)?", NULL,
			      64, "a locale", "write it as in 'en_US.UTF-8'" },
	[LF_SHAPE_KEYMAP] = { "[A-Za-z0-9][A-Za-z0-9_./-]*", has_no_dot_parts, 64, "a keyboard map",
			      "write a name such as 'us' or 'de-latin1'" },
	[LF_SHAPE_LAYOUT] = { "[A-Za-z0-9_-]+( ?\\([A-Za-z0-9_-]+\\))?", NULL, 64,
			      "a keyboard layout", "write it as in 'us' or 'cz (qwerty)'" },
	[LF_SHAPE_TIMEZONE] = { "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", NULL, 64,
				"a time zone", "write it as in 'Europe/Berlin' or 'UTC'" },
	[LF_SHAPE_HOSTNAME] = { LABEL "(\\." LABEL ")*", is_host_name, 64, "a host name",
				"write letters, digits and '-', parts divided by '.', 64 at most" },
	[LF_SHAPE_ACCOUNT] = { USER, NULL, 32, "a user name",
			       "write letters, digits, '_', '.' and '-', no digit first, 32 at "
			       "most" },
	[LF_SHAPE_GROUP_ENTRY] = { USER "(\\([0-9]{1,10}\\))?", NULL, 44, "a group",
				   "write names divided by commas, as in 'sudo,adm' or "
				   "'ops(900)'" },
	[LF_SHAPE_PASSWD_PATH] = { "(/[A-Za-z0-9_.@+-]+)+", has_no_dot_parts, 255,
				   "an absolute path", "begin it with '/', without ':' and '..'" },
	[LF_SHAPE_PASSWD_TEXT] = { "[^:]*", NULL, 255, "fit for the user list", "leave out ':'" },
	[LF_SHAPE_FSTAB_FIELD] = { "[!\"$-\\[\\]-~]+", NULL, 1024, "fit for fstab",
				   "write it without blanks, '#' and backslashes" },
	[LF_SHAPE_FSTAB_PATH] = { "(/[A-Za-z0-9_.@+-]+)+|/", has_no_dot_parts, 255, "a mount point",
				  "write an absolute path of letters, digits and '._@+-', or "
				  "'swap'" },
	[LF_SHAPE_ABSOLUTE_PATH] = { "/.*", NULL, 4095, "an absolute path", "begin it with '/'" },
	[LF_SHAPE_CIPHER] = { "[a-z0-9]+-[a-z0-9]+-[a-z0-9:]+", NULL, 64, "a cipher",
			      "write it as in 'aes-xts-plain64'" },
	[LF_SHAPE_OSNAME] = { "[A-Za-z0-9][A-Za-z0-9_.-]*", NULL, 64, "a name",
			      "write letters, digits, '_', '.' and '-'" },
	[LF_SHAPE_REF] = { "[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", NULL, 255,
			   "a ref", "write it as in 'debian/13/x86_64/standard'" },
	[LF_SHAPE_PAYLOAD_URL] = { "(file:///|https?://[A-Za-z0-9.:_\\[\\]-]+)[!-~]*", is_url, 2048,
				   "a repository's URL",
				   "begin it with 'file:///', 'https://HOST' or 'http://HOST', "
				   "perhaps "
				   "with ':' and a port from 1 to 65535 behind HOST" },
	[LF_SHAPE_UNIT] = { "[A-Za-z0-9][A-Za-z0-9:_.@\\\\-]*", NULL, 255, "a service",
			    "write names of units divided by commas, as in 'ssh,chrony'" },
	[LF_SHAPE_KERNEL_ARGS] = { "[\t -~]*", has_closed_quotes, 2048,
				   "fit for the kernel's command line",
				   "write 2048 bytes of ASCII text at most, and close each '\"'" },
	[LF_SHAPE_NIC] = { "[A-Za-z0-9][A-Za-z0-9_.-]{0,14}|([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}",
			   NULL, 17, "a network device",
			   "write a name such as 'eno1', a MAC address, 'link' or 'bootif'" },
	[LF_SHAPE_IPV4] = { ".+", is_ipv4, 15, "an IPv4 address", "write it as in '192.0.2.10'" },
	[LF_SHAPE_NETMASK] = { ".+", is_netmask, 15, "a netmask",
			       "write it as in '255.255.255.0'" },
	[LF_SHAPE_ADDRESS] = { ".+", is_address, 45, "an address",
			       "write addresses divided by commas, as in '192.0.2.1,2001:db8::1'" },
	[LF_SHAPE_IPV6] = { ".+", is_ipv6, 45, "an IPv6 address", "write it as in '2001:db8::1'" },
	[LF_SHAPE_IPV6_WISH] = { ".+", is_ipv6_wish, 49, "an IPv6 setting",
				 "write 'auto', 'dhcp' or an address as in '2001:db8::10/64'" },
	[LF_SHAPE_PCRS] = { "[0-9]{1,2}([+,][0-9]{1,2})*", are_pcrs, 80, "a list of PCRs",
			    "write numbers from 0 to 23, as in '7' or '7+11'" },
	[LF_SHAPE_IFNAME] = { "[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", is_free_ifname, 15,
			      "an interface's name",
			      "write up to 15 letters, digits, '_', '.' and '-', as in 'bond0'" },
	[LF_SHAPE_DOMAIN] = { LABEL "(\\." LABEL ")*", is_domain, 253, "a domain",
			      "write names divided by commas, as in 'example.org,example.net'" },
	[LF_SHAPE_HOST] = { "[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|" LABEL "(\\." LABEL ")*", is_host, 253,
			    "a host",
			    "write a name or an address, as in 'ntp.example.org' or '192.0.2.1'" },
	[LF_SHAPE_DHCP_CLASS] = { "[A-Za-z0-9][A-Za-z0-9 ._:/+@,=()-]*", NULL, 128,
				  "a class of DHCP clients",
				  "write letters, digits, blanks and '._:/+@,=()-'" },
	[LF_SHAPE_REPORT_URL] = { "https?://[A-Za-z0-9.:_\\[\\]-]+[!-~]*", is_url, 2048,
				  "a URL to report to",
				  "begin it with 'https://HOST' or 'https://HOST:PORT', the port "
				  "from 1 to 65535" },
	[LF_SHAPE_SEED_FILE] = { "[A-Za-z0-9_][A-Za-z0-9._-]*", NULL, 100, "a file of the seed",
				 "write its name: letters, digits, '.', '_' and '-'" },
	[LF_SHAPE_RATE] = { "[0-9]{1,12}([KkMmGg]?[Bb][Ii][Tt])", NULL, 16, "a rate",
			    "write a whole number of bits per second with its unit, as in "
			    "'500kbit', '20mbit' or '1gbit'" },
	[LF_SHAPE_ROUTE] = { ".+", is_route, 49, "a route's destination",
			     "write 'default', or a network as in '198.51.100.0/24'" },
	[LF_SHAPE_DISK_LABEL] = { "[A-Za-z0-9][A-Za-z0-9_.-]*", NULL, 16, "a label",
				  "write up to 16 letters, digits, '_', '.' and '-'" },
	[LF_SHAPE_SSH_KEY] = { "(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|"
			       "sk-ssh-ed25519@openssh\\.com|sk-ecdsa-sha2-nistp256@openssh\\.com)"
			       " +[A-Za-z0-9+/]+={0,3}( +.*)?",
			       NULL, 16384, "an SSH public key",
			       "write the line of the .pub file in quotes, as in \"ssh-ed25519 "
			       "AAAA… "
			       "comment\"" },
};

static GRegex *compile(const char *pattern)
{
	g_autofree char *whole = g_strconcat("\\A(?:", pattern, ")\\z", NULL);
	g_autoptr(GError) error = NULL;
	GRegex *regex = g_regex_new(whole, G_REGEX_DOTALL, 0, &error);

	g_assert_no_error(error);
	return regex;
}

bool lf_shape_fits(LfShape shape, const char *text)
{
	static GRegex *compiled[G_N_ELEMENTS(rows)];
	const Row *row = &rows[shape];

	if (strlen(text) > row->max_bytes)
		return false;
	if (g_once_init_enter(&compiled[shape])) {
		GRegex *regex = compile(row->pattern);

		g_once_init_leave(&compiled[shape], regex);
	}
	return g_regex_match(compiled[shape], text, 0, NULL) && (!row->fits || row->fits(text));
}

const char *lf_shape_noun(LfShape shape)
{
	return rows[shape].noun;
}

const char *lf_shape_advice(LfShape shape)
{
	return rows[shape].advice;
}

bool lf_url_has_user(const char *text)
{
	const char *scheme = strstr(text, "://");
	size_t length = scheme ? strcspn(scheme + 3, "/?#") : 0;

	return length > 0 && memchr(scheme + 3, '@', length);
}

bool lf_url_has_query(const char *text)
{
	const char *scheme = strstr(text, "://");

	return scheme && strpbrk(scheme, "?#");
}
