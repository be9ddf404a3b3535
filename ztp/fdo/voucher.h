#pragma once

#include "ztp/fdo/cose.h"
#include "ztp/fdo/rendezvous.h"

#define LF_FDO_VERSION		 101
#define LF_FDO_GUID_BYTES	 16
#define LF_VOUCHER_MAX_BYTES	 ((size_t)1 << 20)
#define LF_VOUCHER_MAX_ENTRIES	 255
#define LF_DEVICE_INFO_MAX_BYTES 4096

/**
 * LfVoucherHeader: OVHeader.
 * @raw: as received, borrowed: what HMAC and entry 0 are computed over
 * @device_info_raw: the bytes of @device_info
 * @chain_hash: of type LF_HASH_NONE when there is none
 */
typedef struct {
	LfSpan raw;
	unsigned version;
	LfSpan guid;
	LfRendezvous *rendezvous;
	char *device_info;
	LfSpan device_info_raw;
	LfKey *manufacturer;
	LfHash chain_hash;
} LfVoucherHeader;

/**
 * LfVoucherEntry: OVEntry: who handed over to whom.
 * @message: signed by the owner before
 * @previous_hash, @header_hash: OVEHashPrevEntry, OVEHashHdrInfo
 * @n_extras: how many additional values it carries
 * @owner: the new owner's key
 */
typedef struct {
	LfCoseSign1 message;
	LfHash previous_hash;
	LfHash header_hash;
	size_t n_extras;
	LfKey *owner;
} LfVoucherEntry;

/**
 * LfVoucher: an Ownership Voucher.
 * @bytes: what all spans point into
 * @hmac: OVHeaderHMac
 * @device_chain: (nullable)
 * @entries: (element-type LfVoucherEntry): in order of time
 */
typedef struct {
	GBytes *bytes;
	LfVoucherHeader *header;
	LfHash hmac;
	LfChain *device_chain;
	GPtrArray *entries;
} LfVoucher;

/**
 * lf_voucher_header_parse:
 * @bytes: the header as it stands in its byte string; must outlive the result
 *
 * Errors: INPUT; UNSUPPORTED for another protocol version than 101.
 * Source: FDO 1.1, 3.4.1.
 * Returns: (transfer full) (nullable)
 */
LfVoucherHeader *lf_voucher_header_parse(LfSpan bytes, GError **error);
void lf_voucher_header_free(LfVoucherHeader *header);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfVoucherHeader, lf_voucher_header_free)

/** lf_voucher_entry_parse: one OVEntry; what it was read from must outlive the result. */
LfVoucherEntry *lf_voucher_entry_parse(LfCbor *cbor, const char *what, GError **error);
void lf_voucher_entry_free(LfVoucherEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfVoucherEntry, lf_voucher_entry_free)

/** lf_voucher_parse: @bytes: CBOR, at most LF_VOUCHER_MAX_BYTES. Nothing is verified. Errors:
 * INPUT, UNSUPPORTED. Returns: (transfer full) (nullable) */
LfVoucher *lf_voucher_parse(GBytes *bytes, GError **error);
void lf_voucher_free(LfVoucher *voucher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfVoucher, lf_voucher_free)

/** lf_voucher_owner: (transfer none): the key of who owns the device by this voucher. */
const LfKey *lf_voucher_owner(const LfVoucher *voucher);

/**
 * The parts of lf_voucher_verify() that a device needs when entries come one by one.
 * @previous: (nullable): the entry before; NULL for the first
 * Errors: TRUST.
 */
bool lf_voucher_entry_verify_signature(const LfVoucherEntry *entry, const LfVoucherEntry *previous,
				       const LfVoucherHeader *header, GError **error);
bool lf_voucher_entry_verify_previous(const LfVoucherEntry *entry, const LfVoucherEntry *previous,
				      const LfVoucherHeader *header, const LfHash *hmac,
				      GError **error);
bool lf_voucher_entry_verify_header(const LfVoucherEntry *entry, const LfVoucherEntry *previous,
				    const LfVoucherHeader *header, GError **error);

/**
 * lf_voucher_verify:
 * @hmac_secret: (nullable): the device's secret, when it is known
 * @verdicts: (element-type LfVerdict): gets one more for each check
 *
 * Checks all that the voucher itself can prove.
 */
void lf_voucher_verify(const LfVoucher *voucher, const LfSpan *hmac_secret, GPtrArray *verdicts);
