#pragma once

#include "ztp/fdo/hash.h"

#include "base/json.h"

/** LfRvVariable: RVVariable. Source: FDO 1.1, 3.7. */
typedef enum {
	LF_RV_DEVICE_ONLY = 0,
	LF_RV_OWNER_ONLY = 1,
	LF_RV_IP_ADDRESS = 2,
	LF_RV_DEVICE_PORT = 3,
	LF_RV_OWNER_PORT = 4,
	LF_RV_DNS = 5,
	LF_RV_SERVER_CERT_HASH = 6,
	LF_RV_CLIENT_CERT_HASH = 7,
	LF_RV_USER_INPUT = 8,
	LF_RV_WIFI_SSID = 9,
	LF_RV_WIFI_PASSWORD = 10,
	LF_RV_MEDIUM = 11,
	LF_RV_PROTOCOL = 12,
	LF_RV_DELAY = 13,
	LF_RV_BYPASS = 14,
	LF_RV_EXTERNAL = 15,
} LfRvVariable;

/** LfRvProtocol: RVProtocolValue; not the numbers of RVTO2Addr. */
typedef enum {
	LF_RV_PROTOCOL_NONE = -1, // none is written
	LF_RV_PROTOCOL_REST = 0,
	LF_RV_PROTOCOL_HTTP = 1,
	LF_RV_PROTOCOL_HTTPS = 2,
	LF_RV_PROTOCOL_TCP = 3,
	LF_RV_PROTOCOL_TLS = 4,
	LF_RV_PROTOCOL_COAP_TCP = 5,
	LF_RV_PROTOCOL_COAP_UDP = 6,
} LfRvProtocol;

/**
 * LfRvDirective: one place to look for the owner. What is not written is NULL, 0, or -1 for
 * @medium and @protocol; hashes then have the type LF_HASH_NONE.
 * @variables: (element-type uint8_t): all that were there, known or not, in their order
 * @ip: as text; IPv4 addresses written as IPv6 ones are IPv4 here
 * @medium: 0-9 Ethernet N, 10-19 Wi-Fi N-10, 20 any Ethernet, 21 any Wi-Fi
 * @external: the mechanism's name
 * A Wi-Fi password is not kept: @has_wifi_password tells that there is one.
 */
typedef struct {
	GArray *variables;
	bool is_device_only;
	bool is_owner_only;
	bool is_bypass;
	bool needs_user_input;
	bool has_delay;
	bool has_wifi_password;
	char *ip;
	char *dns;
	char *wifi_ssid;
	char *external;
	uint16_t device_port;
	uint16_t owner_port;
	int medium;
	int protocol;
	uint32_t delay_s;
	LfHash server_cert_hash;
	LfHash client_cert_hash;
} LfRvDirective;

/** LfRendezvous: @raw: as received, borrowed; @directives: (element-type LfRvDirective). */
typedef struct {
	LfSpan raw;
	GPtrArray *directives;
} LfRendezvous;

#define LF_RV_MAX_DIRECTIVES   64
#define LF_RV_MAX_INSTRUCTIONS 64

/**
 * lf_rendezvous_parse:
 * Variables that are not known are kept in @variables and otherwise passed over; one that stands
 * twice in a directive is an error. Flags may have a value, which does not count.
 *
 * Errors: INPUT.
 * Returns: (transfer full) (nullable)
 */
LfRendezvous *lf_rendezvous_parse(LfCbor *cbor, GError **error);

void lf_rendezvous_free(LfRendezvous *rendezvous);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfRendezvous, lf_rendezvous_free)

/** lf_rv_variable_name: "RVDns", …; NULL for one that is not known. */
const char *lf_rv_variable_name(unsigned variable);

/** lf_rendezvous_to_json: (transfer full): an array of objects with what is written; no password.
 */
json_t *lf_rendezvous_to_json(const LfRendezvous *rendezvous);
