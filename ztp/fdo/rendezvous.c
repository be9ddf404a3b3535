// RendezvousInfo: where a device looks for its owner.
// Not here: looking (to1), the addresses an owner registered (RVTO2Addr).
#include "ztp/fdo/rendezvous.h"

#include <arpa/inet.h>
#include <string.h>

#define WHAT "rendezvous info"

typedef bool (*ReadValue)(LfCbor *value, LfRvDirective *directive, const char *what,
			  GError **error);

/* @read: NULL for flags and for what is only noted */
typedef struct {
	const char *name;
	ReadValue read;
} Row;

static bool read_ip(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	LfSpan ip;

	if (!lf_cbor_bytes(value, what, &ip, error))
		return false;
	if (ip.size != 4 && ip.size != 16)
		return lf_throw(error, LF_ERROR_INPUT, "%s: an address has 4 or 16 bytes, not %zu",
				what, ip.size);
	if (ip.size == 16 && memcmp(ip.data, mapped, sizeof(mapped)) == 0)
		ip = (LfSpan){ ip.data + sizeof(mapped), 4 };
	inet_ntop(ip.size == 4 ? AF_INET : AF_INET6, ip.data, text, sizeof(text));
	directive->ip = g_strdup(text);
	return true;
}

static bool read_text(LfCbor *value, const char *what, char **ret, GError **error)
{
	LfSpan text;

	if (!lf_cbor_text(value, what, &text, error))
		return false;
	*ret = g_strndup((const char *)text.data, text.size);
	return true;
}

static bool read_dns(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	return read_text(value, what, &directive->dns, error);
}

static bool read_ssid(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	return read_text(value, what, &directive->wifi_ssid, error);
}

static bool read_password(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	LfSpan ignored;

	directive->has_wifi_password = true;
	return lf_cbor_text(value, what, &ignored, error);
}

static bool read_port(LfCbor *value, const char *what, uint16_t *ret, GError **error)
{
	uint64_t port;

	if (!lf_cbor_uint(value, what, G_MAXUINT16, &port, error))
		return false;
	if (port == 0)
		return lf_throw(error, LF_ERROR_INPUT, "%s: there is no port 0", what);
	*ret = (uint16_t)port;
	return true;
}

static bool read_device_port(LfCbor *value, LfRvDirective *directive, const char *what,
			     GError **error)
{
	return read_port(value, what, &directive->device_port, error);
}

static bool read_owner_port(LfCbor *value, LfRvDirective *directive, const char *what,
			    GError **error)
{
	return read_port(value, what, &directive->owner_port, error);
}

static bool read_server_hash(LfCbor *value, LfRvDirective *directive, const char *what,
			     GError **error)
{
	return lf_hash_parse(value, what, &directive->server_cert_hash, error);
}

static bool read_client_hash(LfCbor *value, LfRvDirective *directive, const char *what,
			     GError **error)
{
	return lf_hash_parse(value, what, &directive->client_cert_hash, error);
}

static bool read_user_input(LfCbor *value, LfRvDirective *directive, const char *what,
			    GError **error)
{
	return lf_cbor_bool(value, what, &directive->needs_user_input, error);
}

static bool read_small(LfCbor *value, const char *what, int *ret, GError **error)
{
	uint64_t number;

	if (!lf_cbor_uint(value, what, G_MAXUINT8, &number, error))
		return false;
	*ret = (int)number;
	return true;
}

static bool read_medium(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	return read_small(value, what, &directive->medium, error);
}

static bool read_protocol(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	return read_small(value, what, &directive->protocol, error);
}

static bool read_delay(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	uint64_t delay;

	if (!lf_cbor_uint(value, what, G_MAXUINT32, &delay, error))
		return false;
	directive->delay_s = (uint32_t)delay;
	directive->has_delay = true;
	return true;
}

/* [mechanism, …]: what follows the name is for that mechanism. */
static bool read_external(LfCbor *value, LfRvDirective *directive, const char *what, GError **error)
{
	LfCbor inner;
	LfSpan all;
	size_t length;

	if (!lf_cbor_item(value, what, &all, error))
		return false;
	lf_cbor_init(&inner, all);
	return lf_cbor_array(&inner, what, 1, LF_RV_MAX_INSTRUCTIONS, &length, error) &&
	       read_text(&inner, what, &directive->external, error);
}

static const Row rows[] = {
	[LF_RV_DEVICE_ONLY] = { "RVDevOnly", NULL },
	[LF_RV_OWNER_ONLY] = { "RVOwnerOnly", NULL },
	[LF_RV_IP_ADDRESS] = { "RVIPAddress", read_ip },
	[LF_RV_DEVICE_PORT] = { "RVDevPort", read_device_port },
	[LF_RV_OWNER_PORT] = { "RVOwnerPort", read_owner_port },
	[LF_RV_DNS] = { "RVDns", read_dns },
	[LF_RV_SERVER_CERT_HASH] = { "RVSvCertHash", read_server_hash },
	[LF_RV_CLIENT_CERT_HASH] = { "RVClCertHash", read_client_hash },
	[LF_RV_USER_INPUT] = { "RVUserInput", read_user_input },
	[LF_RV_WIFI_SSID] = { "RVWifiSsid", read_ssid },
	[LF_RV_WIFI_PASSWORD] = { "RVWifiPw", read_password },
	[LF_RV_MEDIUM] = { "RVMedium", read_medium },
	[LF_RV_PROTOCOL] = { "RVProtocolValue", read_protocol },
	[LF_RV_DELAY] = { "RVDelaysec", read_delay },
	[LF_RV_BYPASS] = { "RVBypass", NULL },
	[LF_RV_EXTERNAL] = { "RVExtRV", read_external },
};

const char *lf_rv_variable_name(unsigned variable)
{
	return variable < G_N_ELEMENTS(rows) ? rows[variable].name : NULL;
}

static bool note_variable(LfRvDirective *directive, uint8_t variable, GError **error)
{
	for (guint i = 0; i < directive->variables->len; i++)
		if (g_array_index(directive->variables, uint8_t, i) == variable)
			return lf_throw(error, LF_ERROR_INPUT,
					WHAT ": variable %u stands twice in a directive", variable);
	g_array_append_val(directive->variables, variable);
	directive->is_device_only |= variable == LF_RV_DEVICE_ONLY;
	directive->is_owner_only |= variable == LF_RV_OWNER_ONLY;
	directive->is_bypass |= variable == LF_RV_BYPASS;
	return true;
}

/* The value is CBOR in a byte string. */
static bool parse_value(LfCbor *cbor, uint8_t variable, LfRvDirective *directive, GError **error)
{
	const Row *row = variable < G_N_ELEMENTS(rows) ? &rows[variable] : NULL;
	LfSpan value, ignored;
	LfCbor inner;

	if (!row || !row->read)
		return lf_cbor_item(cbor, WHAT, &ignored, error);
	if (!lf_cbor_bytes(cbor, row->name, &value, error))
		return false;
	lf_cbor_init(&inner, value);
	return row->read(&inner, directive, row->name, error) &&
	       lf_cbor_end(&inner, row->name, error);
}

static bool parse_instruction(LfCbor *cbor, LfRvDirective *directive, GError **error)
{
	uint64_t variable;
	size_t length;

	if (!lf_cbor_array(cbor, WHAT, 1, 2, &length, error) ||
	    !lf_cbor_uint(cbor, WHAT, G_MAXUINT8, &variable, error) ||
	    !note_variable(directive, (uint8_t)variable, error))
		return false;
	if (length == 2)
		return parse_value(cbor, (uint8_t)variable, directive, error);
	if (variable < G_N_ELEMENTS(rows) && rows[variable].read)
		return lf_throw(error, LF_ERROR_INPUT, WHAT ": %s has no value",
				rows[variable].name);
	return true;
}

static void free_directive(void *data)
{
	LfRvDirective *directive = data;

	g_array_unref(directive->variables);
	g_free(directive->ip);
	g_free(directive->dns);
	g_free(directive->wifi_ssid);
	g_free(directive->external);
	g_free(directive);
}

static LfRvDirective *new_directive(void)
{
	LfRvDirective *directive = g_new0(LfRvDirective, 1);

	directive->variables = g_array_new(FALSE, FALSE, sizeof(uint8_t));
	directive->medium = -1;
	directive->protocol = LF_RV_PROTOCOL_NONE;
	return directive;
}

static bool parse_directive(LfCbor *cbor, LfRvDirective *directive, GError **error)
{
	size_t length;

	if (!lf_cbor_array(cbor, WHAT, 1, LF_RV_MAX_INSTRUCTIONS, &length, error))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!parse_instruction(cbor, directive, error))
			return false;
	return true;
}

LfRendezvous *lf_rendezvous_parse(LfCbor *cbor, GError **error)
{
	g_autoptr(LfRendezvous) rendezvous = g_new0(LfRendezvous, 1);
	size_t length;
	LfCbor inner;

	rendezvous->directives = g_ptr_array_new_with_free_func(free_directive);
	if (!lf_cbor_item(cbor, WHAT, &rendezvous->raw, error))
		return NULL;
	lf_cbor_init(&inner, rendezvous->raw);
	if (!lf_cbor_array(&inner, WHAT, 0, LF_RV_MAX_DIRECTIVES, &length, error))
		return NULL;
	for (size_t i = 0; i < length; i++) {
		g_ptr_array_add(rendezvous->directives, new_directive());
		if (!parse_directive(&inner, rendezvous->directives->pdata[i], error))
			return NULL;
	}
	return g_steal_pointer(&rendezvous);
}

void lf_rendezvous_free(LfRendezvous *rendezvous)
{
	if (!rendezvous)
		return;
	g_ptr_array_unref(rendezvous->directives);
	g_free(rendezvous);
}

static void set_protocol(json_t *object, int protocol)
{
	static const char *const names[] = { "rest", "http",	 "https",   "tcp",
					     "tls",  "coap+tcp", "coap+udp" };
	g_autofree char *number = NULL;

	if (protocol == LF_RV_PROTOCOL_NONE)
		return;
	if ((size_t)protocol < G_N_ELEMENTS(names)) {
		lf_json_set_string(object, "protocol", names[protocol]);
		return;
	}
	number = g_strdup_printf("unknown (%d)", protocol);
	lf_json_set_string(object, "protocol", number);
}

static void set_medium(json_t *object, int medium)
{
	g_autofree char *name = NULL;

	if (medium < 0)
		return;
	if (medium < 20)
		name = g_strdup_printf("%s %d", medium < 10 ? "ethernet" : "wifi", medium % 10);
	else if (medium < 22)
		name = g_strdup(medium == 20 ? "any ethernet" : "any wifi");
	else
		name = g_strdup_printf("unknown (%d)", medium);
	lf_json_set_string(object, "medium", name);
}

static void set_cert_hash(json_t *object, const char *key, const LfHash *hash)
{
	g_autofree char *hex = NULL;
	g_autofree char *text = NULL;

	if (hash->type == LF_HASH_NONE)
		return;
	hex = lf_span_hex(hash->value);
	text = g_strdup_printf("%s %s", lf_hash_name(hash->type), hex);
	lf_json_set_string(object, key, text);
}

static void set_unknown(json_t *object, const GArray *variables)
{
	json_t *unknown = NULL;

	for (guint i = 0; i < variables->len; i++) {
		uint8_t variable = g_array_index(variables, uint8_t, i);

		if (lf_rv_variable_name(variable))
			continue;
		if (!unknown)
			unknown = json_array();
		lf_json_append(unknown, json_integer(variable));
	}
	if (unknown)
		lf_json_set(object, "unknown_variables", unknown);
}

static void set_flag(json_t *object, const char *key, bool is_set)
{
	if (is_set)
		lf_json_set_bool(object, key, true);
}

static void set_port(json_t *object, const char *key, uint16_t port)
{
	if (port > 0)
		lf_json_set_uint(object, key, port);
}

static json_t *directive_to_json(const LfRvDirective *directive)
{
	json_t *object = json_object();
	const char *audience = directive->is_owner_only && directive->is_device_only ? "nobody"
			       : directive->is_owner_only			     ? "owner"
			       : directive->is_device_only			     ? "device"
										     : "both";

	lf_json_set_string(object, "for", audience);
	lf_json_set_string(object, "dns", directive->dns);
	lf_json_set_string(object, "ip", directive->ip);
	set_protocol(object, directive->protocol);
	set_port(object, "device_port", directive->device_port);
	set_port(object, "owner_port", directive->owner_port);
	set_flag(object, "bypass", directive->is_bypass);
	if (directive->has_delay)
		lf_json_set_uint(object, "delay_seconds", directive->delay_s);
	set_medium(object, directive->medium);
	lf_json_set_string(object, "wifi_ssid", directive->wifi_ssid);
	set_flag(object, "has_wifi_password", directive->has_wifi_password);
	set_flag(object, "needs_user_input", directive->needs_user_input);
	lf_json_set_string(object, "external", directive->external);
	set_cert_hash(object, "server_cert_hash", &directive->server_cert_hash);
	set_cert_hash(object, "client_cert_hash", &directive->client_cert_hash);
	set_unknown(object, directive->variables);
	return object;
}

json_t *lf_rendezvous_to_json(const LfRendezvous *rendezvous)
{
	json_t *array = json_array();

	for (guint i = 0; i < rendezvous->directives->len; i++)
		lf_json_append(array, directive_to_json(rendezvous->directives->pdata[i]));
	return array;
}
