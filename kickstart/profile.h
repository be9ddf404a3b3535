#pragma once

#include "base/secret.h"
#include "kickstart/diagnostic.h"

#include <stdint.h>

/**
 * LfProfile: what a kickstart asks for, typed and validated, as the language says it; nothing is
 * decided here that depends on a machine. Text members are NULL when not given; arrays are never
 * NULL. Element types of GPtrArray are named beside them; the arrays own their elements.
 */

typedef enum { LF_CLEAR_NONE, LF_CLEAR_ALL, LF_CLEAR_LINUX, LF_CLEAR_LIST } LfClearMode;

typedef enum { LF_FINISH_HALT, LF_FINISH_REBOOT, LF_FINISH_POWEROFF } LfFinish;

/** What to do when the install failed for good (`onfailure` in %addon com_landfall). */
typedef enum { LF_ONFAILURE_DEFAULT, LF_ONFAILURE_REBOOT, LF_ONFAILURE_POWEROFF } LfOnFailure;

/** LfAccount: rootpw and user lines. @password: as written: plain text or crypt(3) hash. */
typedef struct {
	LfPlace place;
	char *name;
	LfSecret *password; /* nullable */
	bool is_crypted;
	bool is_locked;
	bool allows_ssh_password; /* rootpw --allow-ssh */
	char **groups;
	int64_t uid; /* -1: not given */
	int64_t gid; /* -1: not given */
	char *home;
	char *shell;
	char *gecos;
} LfAccount;

typedef struct {
	LfPlace place;
	char *user;
	char *key;
} LfSshKey;

/** LfEncryption: the LUKS options of part (and later raid, logvol). */
typedef struct {
	bool is_encrypted;
	LfSecret *passphrase;	   /* nullable */
	char *luks_version;	   /* "luks1", "luks2"; NULL: luks2 */
	char *cipher;		   /* NULL: aes-xts-plain64 */
	char *pbkdf;		   /* "pbkdf2", "argon2i", "argon2id"; NULL: argon2id */
	uint32_t pbkdf_memory_kib; /* 0: not given */
	uint32_t pbkdf_time_ms;	   /* 0: not given */
	uint32_t pbkdf_iterations; /* 0: not given */
} LfEncryption;

/** LfPart: a part line. @mount: "/path", "swap", … as written. Sizes in MiB as the language has
 * them. */
typedef struct {
	LfPlace place;
	char *mount;
	char *fstype;
	uint64_t size_mib;    /* 0: not given */
	uint64_t maxsize_mib; /* 0: no limit */
	bool is_grow;
	char *label;
	char *fsoptions;
	char *mkfsoptions;
	char *ondisk;
	LfEncryption encryption;
} LfPart;

/**
 * LfNetwork: a network line.
 *
 * What it makes: a bond of @bond_slaves, a bridge of @bridge_slaves, each called @device; a VLAN
 * when @vlan_id is given, on @device. A line with @bond_slaves and @vlan_id makes both: the bond
 * @device without an address, and a VLAN on it, which has the line's addresses. Members are names
 * of interfaces; a bond's are network cards, a bridge's may be bonds or VLANs that other lines
 * make. A line about a member gives it no address. Nothing lies on itself.
 */
typedef struct {
	LfPlace place;
	char *device;	 /* name, MAC (small letters), "link", "bootif"; NULL: every Ethernet
			    interface, or the line only names the host */
	char *bootproto; /* "dhcp" or "static"; NULL: dhcp */
	char *hostname;
	char *ip, *netmask, *gateway;
	char **nameservers;
	char *ipv6; /* "auto", "dhcp" or address/prefix; NULL: auto */
	char *ipv6gateway;
	bool is_noipv4, is_noipv6;
	bool is_nodefroute, is_nodns;
	bool is_onboot;
	bool is_activate;     /* the first line that is not only about the host, and --activate */
	uint32_t mtu;	      /* 0: not given */
	bool is_bound_to_mac; /* --bindto=mac; of a bond or bridge its members */
	char *dhcp_class;
	char **dns_search;			/* --ipv4-dns-search, then --ipv6-dns-search */
	bool ignores_dns4, ignores_dns6;	/* --ipvX-ignore-auto-dns */
	uint32_t vlan_id;			/* 0: no VLAN */
	char *interface_name;			/* of the VLAN; NULL: DEVICE.ID */
	char **bond_slaves, **bond_options;	/* not NULL: a bond; options: lf_bond_options() */
	char **bridge_slaves, **bridge_options; /* not NULL: a bridge; the language's names */
} LfNetwork;

/**
 * lf_network_name: (transfer full) (nullable): name of the interface that has the line's addresses:
 * a VLAN's, else @device. NULL when only the machine tells: "link", "bootif", a MAC, no device.
 */
char *lf_network_name(const LfNetwork *network);

/** lf_network_is_host_only: does the line say nothing but the host's name? */
bool lf_network_is_host_only(const LfNetwork *network);

/** LfRoute: `route` of %addon com_landfall. @to: "network/prefix" as the system writes it, no bits
 * behind the prefix, or "default"; @via: of the same family. */
typedef struct {
	LfPlace place;
	char *device; /* NULL: that whose network holds @via */
	char *to;
	char *via;
	uint32_t metric; /* 0: not given */
} LfRoute;

/** LfTimeSource: a server of `timesource`, or of `timezone --ntpservers`. Each is there once. */
typedef struct {
	LfPlace place;
	char *host; /* name or address */
	bool is_of_timezone;
	bool is_pool;
	bool is_nts;
} LfTimeSource;

void lf_time_source_free(LfTimeSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfTimeSource, lf_time_source_free)

typedef enum {
	LF_SCRIPT_PRE,
	LF_SCRIPT_PRE_INSTALL,
	LF_SCRIPT_POST,
	LF_SCRIPT_ONERROR,
} LfScriptKind;

/** LfScript: a section with an operator's script. @body: as written, byte for byte, between its
 * lines; only CRLF line ends become LF. */
typedef struct {
	LfPlace place;
	LfScriptKind kind;
	char *interpreter; /* NULL: /bin/sh */
	char *log;	   /* nullable */
	bool is_nochroot;  /* of %post */
	bool is_erroronfail;
	char *body;
} LfScript;

/** LfUnlock: `unlock` of %addon com_landfall. */
typedef struct {
	LfPlace place;
	bool wants_tpm2;
	uint32_t pcr_mask; /* bit n is PCR n; default PCR 7 */
	bool wants_recovery;
	char *escrow; /* certificate: path in the seed (relative) or absolute path or URL */
} LfUnlock;

typedef struct {
	/* Locale, time, end */
	char *lang;
	char *keyboard; /* --vckeymap, else the first of --xlayouts, else the bare word */
	char *timezone;
	bool is_utc;
	LfFinish finish;
	bool is_finish_given;
	bool is_eject;

	/* Accounts */
	LfAccount *root;     /* nullable: no rootpw line: locked */
	GPtrArray *users;    /* LfAccount */
	GPtrArray *ssh_keys; /* LfSshKey */

	/* Storage */
	bool is_zerombr;
	bool is_clearpart_given;
	LfClearMode clear_mode;
	char **clear_drives;
	char **clear_list;
	bool is_initlabel;
	LfPlace clear_place;
	char **ignore_drives; /* ignoredisk --drives */
	char **only_use;      /* ignoredisk --only-use */
	LfPlace ignoredisk_place;
	bool is_reqpart;
	bool is_reqpart_boot; /* --add-boot */
	GPtrArray *parts;     /* LfPart */

	/* Boot loader */
	char *boot_append;
	int64_t boot_timeout_s; /* -1: not given */
	char *boot_drive;
	bool leaves_boot_order;

	/* Payload */
	LfPlace ostree_place;
	char *ostree_osname;
	char *ostree_remote; /* NULL: osname */
	char *ostree_url;
	char *upgrade_url; /* NULL: ostree_url */
	char *ostree_ref;
	bool is_nogpg;
	char **mirrors;		    /* of %addon com_landfall, in order: tried after ostree_url */
	uint64_t limit_bytes_per_s; /* bandwidth --limit; 0: none */

	GPtrArray *networks;	 /* LfNetwork */
	GPtrArray *routes;	 /* LfRoute */
	GPtrArray *time_sources; /* LfTimeSource */
	bool is_ntp_disabled;	 /* timesource --ntp-disable, timezone --nontp */
	char *log_host;		 /* logging --host; nullable */
	uint32_t log_port;	 /* 0: not given */
	char **services_enabled;
	char **services_disabled;
	GPtrArray *scripts; /* LfScript, in the order of the text */

	/* %addon com_landfall */
	char *kernel_flavour; /* "standard", "lowlatency"; NULL: as the ref says */
	char *kernel_append;
	LfUnlock unlock;
	LfOnFailure onfailure;
	int64_t onfailure_retries; /* -1: not given */
	char *report_url;	   /* nullable; http or https, without user and query */
	char *report_token;	   /* name of a seed's file with the token; nullable */
	LfPlace persist_place;
	char *persist_label; /* nullable: no persistent partition; GPT name and label */
	uint64_t persist_size_mib;

	/* The text that was read, includes expanded, secrets replaced by "********"; kept on the
	 * target. Scripts are in it as they are: what an operator writes into one is not hidden. */
	char *redacted;
} LfProfile;

LfProfile *lf_profile_new(void);
void lf_profile_free(LfProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfProfile, lf_profile_free)
