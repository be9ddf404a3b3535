// The profile: values as typed, defaults, what contradicts, and the text without secrets.
#include "tests/unit/kickstart.h"

static LfProfile *profile_of(const char *snippet)
{
	g_autofree char *text = g_strconcat(snippet, "\n", LF_TEST_KS, NULL);
	g_autofree char *findings = NULL;
	LfProfile *profile = lf_test_parse(text, LF_KICKSTART_WHOLE, NULL, NULL, &findings);

	if (!profile)
		fail_msg("'%s': %s", snippet, findings);
	return profile;
}

static void assert_secret(const LfSecret *secret, const char *text)
{
	assert_non_null(secret);
	assert_int_equal(lf_secret_size(secret), strlen(text));
	assert_memory_equal(lf_secret_data(secret), text, strlen(text));
}

// --- values -------------------------------------------------------------------------------------

static void nothing_given_leaves_the_defaults(void **state)
{
	g_autoptr(LfProfile) profile = profile_of("");

	assert_null(profile->lang);
	assert_null(profile->root);
	assert_false(profile->is_finish_given);
	assert_int_equal(profile->finish, LF_FINISH_HALT);
	assert_int_equal(profile->boot_timeout_s, -1);
	assert_int_equal(profile->onfailure_retries, -1);
	assert_int_equal(profile->unlock.pcr_mask, 1 << 7);
	assert_false(profile->unlock.wants_tpm2);
	assert_non_null(profile->services_enabled);
	assert_null(profile->services_enabled[0]);
	assert_int_equal(profile->networks->len, 0);
}

static void system_lines_are_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("lang de_DE.UTF-8\nkeyboard --xlayouts='de (nodeadkeys)',us us\n"
			   "timezone Europe/Berlin --utc\nservices --enabled=ssh,chrony "
			   "--disabled=cron\nreboot --eject");

	assert_string_equal(profile->lang, "de_DE.UTF-8");
	assert_string_equal(profile->keyboard, "de (nodeadkeys)");
	assert_string_equal(profile->timezone, "Europe/Berlin");
	assert_true(profile->is_utc);
	assert_string_equal(profile->services_enabled[1], "chrony");
	assert_string_equal(profile->services_disabled[0], "cron");
	assert_true(profile->is_finish_given);
	assert_true(profile->is_eject);
	assert_int_equal(profile->finish, LF_FINISH_REBOOT);
}

static void the_end_is_the_last_one_named(void **state)
{
	static const struct {
		const char *text;
		LfFinish finish;
	} rows[] = {
		{ "halt", LF_FINISH_HALT },
		{ "shutdown", LF_FINISH_POWEROFF },
		{ "poweroff", LF_FINISH_POWEROFF },
		{ "halt\nreboot", LF_FINISH_REBOOT },
		{ "reboot --eject\npoweroff", LF_FINISH_POWEROFF },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfProfile) profile = profile_of(rows[i].text);

		assert_int_equal(profile->finish, rows[i].finish);
		assert_true(profile->is_finish_given);
		assert_false(profile->is_eject);
	}
}

static void accounts_are_typed(void **state)
{
	g_autoptr(LfProfile) profile = profile_of(
		"rootpw --allow-ssh --plaintext 'a b'\n"
		"user --name=op --password $6$salt$abcdefgh --iscrypted --groups=sudo,adm(4) "
		"--uid=1000 "
		"--homedir=/var/home/op --shell /bin/bash --gecos='The Operator'\n"
		"user --name=other --lock\n"
		"sshkey --username=op \"ssh-ed25519 "
		"AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x y\"");
	const LfAccount *op = profile->users->pdata[0];
	const LfAccount *other = profile->users->pdata[1];
	const LfSshKey *key = profile->ssh_keys->pdata[0];

	assert_secret(profile->root->password, "a b");
	assert_false(profile->root->is_crypted);
	assert_true(profile->root->allows_ssh_password);
	assert_string_equal(profile->root->name, "root");
	assert_int_equal(profile->root->uid, -1);
	assert_string_equal(op->name, "op");
	assert_secret(op->password, "$6$salt$abcdefgh");
	assert_true(op->is_crypted);
	assert_string_equal(op->groups[1], "adm(4)");
	assert_int_equal(op->uid, 1000);
	assert_int_equal(op->gid, -1);
	assert_string_equal(op->home, "/var/home/op");
	assert_string_equal(op->shell, "/bin/bash");
	assert_string_equal(op->gecos, "The Operator");
	assert_int_equal(op->place.line, 2);
	assert_true(other->is_locked);
	assert_null(other->password);
	assert_null(other->groups[0]);
	assert_string_equal(key->user, "op");
	assert_true(g_str_has_suffix(key->key, " x y"));
}

static void the_last_line_for_a_user_counts(void **state)
{
	g_autoptr(LfProfile) profile = profile_of("user --name=a --uid=5\nuser --name=b\n"
						  "user --name=a --uid=6");
	const LfAccount *last = profile->users->pdata[1];

	assert_int_equal(profile->users->len, 2);
	assert_string_equal(last->name, "a");
	assert_int_equal(last->uid, 6);
}

static void disks_are_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("zerombr\nclearpart --drives=vda,nvme* --linux --initlabel\n"
			   "ignoredisk --only-use='vd*|nvme*'");
	g_autoptr(LfProfile) listed = profile_of("clearpart --list=sda2,sda3\n"
						 "ignoredisk --drives=sdb");

	assert_true(profile->is_zerombr);
	assert_true(profile->is_clearpart_given);
	assert_true(profile->is_initlabel);
	assert_int_equal(profile->clear_mode, LF_CLEAR_LINUX);
	assert_string_equal(profile->clear_drives[1], "nvme*");
	assert_string_equal(profile->only_use[0], "vd*|nvme*");
	assert_int_equal(profile->clear_place.line, 2);
	assert_int_equal(profile->ignoredisk_place.line, 3);
	assert_int_equal(listed->clear_mode, LF_CLEAR_LIST);
	assert_string_equal(listed->clear_list[1], "sda3");
	assert_string_equal(listed->ignore_drives[0], "sdb");
}

static void partitions_are_typed(void **state)
{
	g_autoptr(LfProfile) profile = profile_of(
		"partition /var//log/ --size 10 --grow --maxsize=20 --fstype=xfs --label=logs "
		"--fsoptions=noatime,nodev --mkfsoptions='-m 1' --ondisk=vdb --encrypted "
		"--passphrase='p q' --luks-version=luks2 --cipher=aes-xts-plain64 --pbkdf=argon2id "
		"--pbkdf-memory=65536 --pbkdf-time=500\npart swap --size=64 --asprimary");
	const LfPart *part = profile->parts->pdata[0];
	const LfPart *swap = profile->parts->pdata[1];

	assert_string_equal(part->mount, "/var/log");
	assert_string_equal(part->fstype, "xfs");
	assert_true(part->is_grow);
	assert_int_equal(part->size_mib, 10);
	assert_int_equal(part->maxsize_mib, 20);
	assert_string_equal(part->label, "logs");
	assert_string_equal(part->fsoptions, "noatime,nodev");
	assert_string_equal(part->mkfsoptions, "-m 1");
	assert_string_equal(part->ondisk, "vdb");
	assert_true(part->encryption.is_encrypted);
	assert_secret(part->encryption.passphrase, "p q");
	assert_string_equal(part->encryption.cipher, "aes-xts-plain64");
	assert_int_equal(part->encryption.pbkdf_memory_kib, 65536);
	assert_int_equal(part->encryption.pbkdf_time_ms, 500);
	assert_int_equal(part->encryption.pbkdf_iterations, 0);
	assert_string_equal(swap->mount, "swap");
	assert_int_equal(profile->parts->len, 3);
}

static void payload_and_boot_loader_are_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("bootloader --append='quiet console=ttyS0' --timeout=0 "
			   "--boot-drive=vda --leavebootorder --location=mbr");

	assert_string_equal(profile->boot_append, "quiet console=ttyS0");
	assert_int_equal(profile->boot_timeout_s, 0);
	assert_string_equal(profile->boot_drive, "vda");
	assert_true(profile->leaves_boot_order);
	assert_string_equal(profile->ostree_osname, "debian");
	assert_null(profile->ostree_remote);
	assert_string_equal(profile->ostree_url, "file:///repo");
	assert_string_equal(profile->ostree_ref, "debian/13/x86_64/standard");
	assert_false(profile->is_nogpg);
	assert_true(profile->is_reqpart_boot);
	assert_int_equal(profile->ostree_place.line, 2);
}

static void an_empty_value_is_none(void **state)
{
	g_autoptr(LfProfile) profile = profile_of("bootloader --append=quiet --append=''");

	assert_null(profile->boot_append);
}

static void network_lines_are_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("network --bootproto=bootp --hostname=edge-1.example.org\n"
			   "network --device=eno2 --bootproto=static --ip=192.0.2.10 "
			   "--netmask=255.255.255.0 --gateway=192.0.2.1 "
			   "--nameserver=192.0.2.53,2001:db8::53 --ipv6=2001:db8::10/64 --mtu=9000 "
			   "--onboot=no --nodefroute --nodns");
	const LfNetwork *first = profile->networks->pdata[0];
	const LfNetwork *second = profile->networks->pdata[1];

	assert_string_equal(first->bootproto, "dhcp");
	assert_string_equal(first->hostname, "edge-1.example.org");
	assert_null(first->device);
	assert_true(first->is_onboot);
	assert_true(first->is_activate);
	assert_string_equal(second->ip, "192.0.2.10");
	assert_string_equal(second->netmask, "255.255.255.0");
	assert_string_equal(second->gateway, "192.0.2.1");
	assert_string_equal(second->nameservers[1], "2001:db8::53");
	assert_string_equal(second->ipv6, "2001:db8::10/64");
	assert_int_equal(second->mtu, 9000);
	assert_false(second->is_onboot);
	assert_false(second->is_activate);
	assert_true(second->is_nodefroute && second->is_nodns);
}

static void scripts_are_kept_byte_for_byte(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("%pre --interpreter=/usr/bin/python3 --log=/tmp/l --erroronfail\n"
			   "print('%end')\n\n\t# x \\\n%end\n"
			   "%post --nochroot\r\necho \xff\r\n  %foo\r\n%end\r\n"
			   "%pre-install\n%end\n%onerror\nls\n%end");
	const LfScript *pre = profile->scripts->pdata[0];
	const LfScript *post = profile->scripts->pdata[1];
	const LfScript *pre_install = profile->scripts->pdata[2];
	const LfScript *onerror = profile->scripts->pdata[3];

	assert_int_equal(pre->kind, LF_SCRIPT_PRE);
	assert_string_equal(pre->interpreter, "/usr/bin/python3");
	assert_string_equal(pre->log, "/tmp/l");
	assert_true(pre->is_erroronfail);
	assert_string_equal(pre->body, "print('%end')\n\n\t# x \\\n");
	assert_int_equal(post->kind, LF_SCRIPT_POST);
	assert_true(post->is_nochroot);
	assert_string_equal(post->body, "echo \xff\n  %foo\n");
	assert_int_equal(post->place.line, 6);
	assert_int_equal(pre_install->kind, LF_SCRIPT_PRE_INSTALL);
	assert_string_equal(pre_install->body, "");
	assert_int_equal(onerror->kind, LF_SCRIPT_ONERROR);
}

static void the_add_on_is_typed(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("part /var --size=1 --encrypted\n%addon com_landfall\n"
			   "# a comment with 'a quote\n\nkernel --flavour=standard --append='a b'\n"
			   "unlock --tpm2 --pcrs=7+11,0 --recovery --escrow=recovery.pem\n"
			   "onfailure --poweroff --retry=0\n%end");

	assert_string_equal(profile->kernel_flavour, "standard");
	assert_string_equal(profile->kernel_append, "a b");
	assert_true(profile->unlock.wants_tpm2);
	assert_int_equal(profile->unlock.pcr_mask, 1 << 7 | 1 << 11 | 1);
	assert_true(profile->unlock.wants_recovery);
	assert_string_equal(profile->unlock.escrow, "recovery.pem");
	assert_int_equal(profile->unlock.place.line, 6);
	assert_int_equal(profile->onfailure, LF_ONFAILURE_POWEROFF);
	assert_int_equal(profile->onfailure_retries, 0);
}

static void before_pre_scripts_only_sections_are_collected(void **state)
{
	g_autofree char *findings = NULL;
	g_autoptr(LfProfile) profile =
		lf_test_parse("lang en_US\nno 'command\n%pre\necho\n%end\n%addon com_landfall\n"
			      "onfailure --reboot\n%end\n",
			      LF_KICKSTART_SCRIPTS_ONLY, NULL, NULL, &findings);

	assert_string_equal(findings, "");
	assert_null(profile->lang);
	assert_null(profile->redacted);
	assert_int_equal(profile->scripts->len, 1);
	assert_int_equal(profile->onfailure, LF_ONFAILURE_REBOOT);
}

// --- what contradicts ---------------------------------------------------------------------------

static void what_is_missing_is_an_error(void **state)
{
	static const struct {
		const char *text;
		const char *findings;
	} rows[] = {
		{ "",
		  "0:0 error missing-payload; 0:0 error missing-root; 0:0 error missing-esp; 0:0 "
		  "error missing-boot" },
		{ "reqpart\npart / --grow\n"
		  "ostreesetup --osname=a --url=file:///r --ref=b",
		  "0:0 error missing-boot" },
		{ "part / --grow\npart /boot --size=1\n"
		  "ostreesetup --osname=a --url=file:///r --ref=b",
		  "0:0 error missing-esp" },
		{ "ostreesetup --osname=a --url=file:///r --ref=b\nreqpart --add-boot",
		  "0:0 error missing-root" },
		{ "autopart\nliveimg --url=x",
		  "1:1 error unsupported-command; 2:1 error unsupported-command" },
		{ "part / --bogus\nostreesetup", "1:8 error unknown-option; 2:1 error "
						 "missing-option; 2:1 error missing-option; 2:1 "
						 "error missing-option" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *findings = NULL;

		assert_null(lf_test_parse(rows[i].text, LF_KICKSTART_WHOLE, NULL, NULL, &findings));
		assert_string_equal(findings, rows[i].findings);
	}
}

static void a_static_address_is_whole_and_dhcp_has_none(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "network --bootproto=static", "1:1 error missing-option" },
		{ "network --bootproto=static --ip=192.0.2.1", "1:1 error missing-option" },
		{ "network --bootproto=static --noipv4 --ipv6=2001:db8::1/64",
		  "1:1 warning missing-device" },
		{ "network --device=a --bootproto=static --noipv4 --ipv6=2001:db8::1/64", "" },
		{ "network --ip=192.0.2.1", "1:9 error conflicting-options" },
		{ "network --noipv4 --noipv6", "1:1 error conflicting-options" },
		{ "network --noipv6 --ipv6=auto", "1:18 error conflicting-options" },
		{ "network --device=ibft", "1:9 error unsupported-value" },
		{ "network --bootproto=query", "1:21 error unsupported-value" },
		{ "network --bootproto=dynamic", "1:21 error invalid-value" },
		{ "network --activate --no-activate", "1:20 error conflicting-options" },
		{ "network --device=00:11:22:aa:BB:cc --ipv6=dhcp", "" },
		{ "network --device=eth0.100000000000", "1:18 error invalid-value" },
		{ "network --ipv6=2001:db8::1/129", "1:16 error invalid-value" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void what_goes_into_passwd_and_fstab_fits_there(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "user --name='a\tb'", "1:13 error invalid-value" },
		{ "user --name=1a", "1:13 error invalid-value" },
		{ "user --name=-a", "1:13 error invalid-value" },
		{ "user --name=abcdefghijklmnopqrstuvwxyz0123456", "1:13 error invalid-value" },
		{ "user --name=a --shell=/bin/a:b", "1:23 error invalid-value" },
		{ "user --name=a --homedir='/a b'", "1:25 error invalid-value" },
		{ "user --name=a --password='$6$a:b$cccccc' --iscrypted", "1:15 error not-a-hash" },
		{ "user --name=a --password=$y$j9T$abcdefgh", "1:15 warning looks-crypted" },
		{ "part '/var/a b' --size=1", "1:6 error invalid-value" },
		{ "part /var/../etc --size=1", "1:6 error invalid-value" },
		{ "part /proc --size=1", "1:6 error impossible-mount" },
		{ "part /usr --size=1", "1:6 error impossible-mount" },
		{ "part /usr/local/ --size=1", "" },
		{ "part None --size=1", "1:6 error relative-mount" },
		{ "part biosboot --size=1", "1:6 error unsupported-mount" },
		{ "part /var --size=1 --label=a\\ b", "1:28 error invalid-value" },
		{ "lang en_US.UTF-8@euro", "" },
		{ "lang en-US", "1:6 error invalid-value" },
		{ "keyboard ../../etc/x", "1:10 error invalid-value" },
		{ "timezone Europe/../x", "1:10 error invalid-value" },
		{ "timezone", "1:1 error missing-argument" },
		{ "timezone --isUtc UTC", "1:10 warning old-option" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void lists_of_things_are_bounded(void **state)
{
	static const struct {
		const char *format;
		guint most;
	} rows[] = {
		{ "user --name=u%u\n", 1000 },
		{ "network --device=n%u\n", 256 },
		{ "part /var/%u --size=1\n", 126 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) parts = g_strsplit(rows[i].format, "%u", 2);
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *findings = NULL;

		for (guint n = 0; n <= rows[i].most; n++)
			g_string_append_printf(text, "%s%u%s", parts[0], n, parts[1]);
		assert_null(lf_test_parse(text->str, LF_KICKSTART_WHOLE, NULL, NULL, &findings));
		assert_contains(findings, "error too-many");
	}
}

#define ADDON(line) "\n%addon com_landfall\n" line "\n%end"
#define CRYPT	    "part /var --size=1 --encrypted"

static void encryption_needs_a_way_to_unlock(void **state)
{
	static const LfTestSnippet rows[] = {
		{ CRYPT, "1:1 error no-way-to-unlock" },
		{ CRYPT ADDON("unlock --tpm2"), "" },
		{ CRYPT " --passphrase=x", "" },
		{ CRYPT " --passphrase=x" ADDON("unlock --tpm2"), "" },
		{ CRYPT ADDON("unlock --tmp2"), "3:8 error unknown-option" },
		{ "lang C" ADDON("unlock --tpm2"), "3:1 error nothing-encrypted" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void a_recovery_key_needs_a_certificate(void **state)
{
	static const LfTestSnippet rows[] = {
		{ CRYPT ADDON("unlock --tpm2 --recovery"), "3:15 error missing-escrow" },
		{ CRYPT ADDON("unlock --tpm2 --escrow=a.pem"), "3:15 error missing-option" },
		{ CRYPT ADDON("unlock --recovery --escrow=a.pem"), "3:1 error missing-option" },
		{ CRYPT ADDON("unlock --tpm2 --pcrs=24"), "3:22 error invalid-value" },
		{ CRYPT ADDON("unlock --tpm2 --pcrs=7++8"), "3:22 error invalid-value" },
		{ CRYPT ADDON("unlock --tpm2 --recovery --escrow=https://a:b@h/c"),
		  "3:26 error url-credentials" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void the_flavour_must_agree_with_the_ref(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "lang C" ADDON("kernel --flavour=standard"), "" },
		{ "lang C" ADDON("kernel --flavour=lowlatency"), "3:1 error flavour-mismatch" },
	};
	g_autofree char *findings = NULL;
	g_autoptr(LfProfile) profile = lf_test_parse(
		"ostreesetup --osname=a --url=file:///r --ref=debian/13/x86_64\n"
		"reqpart --add-boot\npart / --grow" ADDON("kernel --flavour=lowlatency"),
		LF_KICKSTART_WHOLE, NULL, NULL, &findings);

	LF_TEST_SNIPPETS(rows);
	assert_non_null(profile);
}

static void at_the_desk_it_is_a_warning_that_nobody_can_log_in(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "", "0:0 warning no-login" },
		{ "rootpw --lock", "0:0 warning no-login" },
		{ "rootpw --lock x", "0:0 warning no-login" },
		{ "user --name=a --groups=sudo", "0:0 warning no-login" },
		{ "user --name=a --password=x --lock", "0:0 warning no-login" },
		{ "rootpw x", "" },
		{ "user --name=a\nuser --name=b --password=x", "" },
		{ "sshkey --username=root \"ssh-ed25519 "
		  "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x\"",
		  "" },
		{ "rootpw", "1:1 error missing-argument" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].text, "\n", LF_TEST_KS, NULL);
		g_autofree char *findings = NULL;
		g_autoptr(LfProfile) profile =
			lf_test_parse(text, LF_KICKSTART_DESK, NULL, NULL, &findings);

		assert_string_equal(findings, rows[i].findings);
	}
}

static void the_examples_passphrase_is_refused(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "part /var --size=9 --encrypted --passphrase='replace this passphrase'",
		  "1:1 error placeholder" },
		{ "part /var --size=9 --encrypted --passphrase='replace this passphrase!'", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void quotes_in_the_options_of_a_file_system_match(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "part /var --size=9 --mkfsoptions=\"-L 'a b'\"", "" },
		{ "part /var --size=9 --mkfsoptions=\"-L 'x\"", "1:20 error invalid-value" },
		{ "part /var --size=9 --mkfsoptions='-L \"x'", "1:20 error invalid-value" },
		{ "lang C\npart /var  --mkfsoptions \"-L it's\" --size=9",
		  "2:12 error invalid-value" },
		{ "part /var --size=9 --mkfsoptions=' '", "1:20 error empty-value" },
		{ "part /var --size=9 --mkfsoptions=''", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void a_repositorys_url_has_no_query(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "lang C" ADDON("upgrade --url=https://h/r"), "" },
		{ "lang C" ADDON("upgrade --url=https://h/r?t=x"), "3:9 error url-query" },
		{ "lang C" ADDON("upgrade '--url=https://h/r#x'"), "3:9 error url-query" },
		{ "lang C" ADDON("upgrade --url=https://a@h/r?t=x"), "3:9 error url-credentials" },
		{ "ostreesetup --osname=a --url=https://h/?t=x --ref=a/standard",
		  "1:24 error url-query; 2:1 warning repeated-command" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void a_key_for_an_unknown_user_is_a_warning(void **state)
{
#define KEY " \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\""
	static const LfTestSnippet rows[] = {
		{ "sshkey --username=a" KEY, "1:1 warning unknown-user" },
		{ "sshkey --username=root" KEY, "" },
		{ "sshkey --username=a" KEY "\nuser --name=a", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

// --- secrets ------------------------------------------------------------------------------------

/* The redacted text without the lines of LF_TEST_KS. */
static char *redact(const char *snippet)
{
	g_autoptr(LfProfile) profile = profile_of(snippet);

	assert_true(g_str_has_suffix(profile->redacted, "\n" LF_TEST_KS));
	return g_strndup(profile->redacted, strlen(profile->redacted) - strlen("\n" LF_TEST_KS));
}

static void secrets_are_replaced_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		const char *redacted;
	} rows[] = {
		{ "  lang  C # x", "  lang  C # x" },
		{ "rootpw --plaintext  'a b'   # why", "rootpw --plaintext  ********   # why" },
		{ "rootpw x --allow-ssh", "rootpw ******** --allow-ssh" },
		{ "rootpw --lock", "rootpw --lock" },
		{ "user --name=a --password=x --lock", "user --name=a --password=******** --lock" },
		{ "user --name=a --password  x --lock",
		  "user --name=a --password  ******** --lock" },
		{ "user --name=a --pass=x", "user --name=a --password=********" },
		{ "user --name=a \"--password=x y\"", "user --name=a --password=********" },
		{ "user --name=a --pass\"word=x\"y", "user --name=a --password=********" },
		{ "user --name=a --password=x --password=y",
		  "user --name=a --password=******** --password=********" },
		{ "part /var --size=1 --encrypted --passphrase=\"a#b\" --grow",
		  "part /var --size=1 --encrypted --passphrase=******** --grow" },
		{ "rootpw a#b", "rootpw ******** # ********" },
		{ "rootpw a #b", "rootpw ******** #b" },
		{ "lang C#rest", "lang C#rest" },
		{ "#rootpw --plaintext x", "#rootpw ********" },
		{ "# user --name=a --password=x", "# user --name=a --pas ********" },
		{ "lang C # rootpw x", "lang C # rootpw ********" },
		{ "%post\necho password\n%end ignored", "%post\necho password\n%end" },
		{ "%addon other x\nkey = y\n%end",
		  "%addon other ********\n# (what stood here is not kept)\n%end" },
		{ "%addon other --enable --password=x --key y -pz a=b 'c d=e'\n%end",
		  "%addon other --enable --password=******** --key ******** ******** a=******** "
		  "********\n"
		  "# (what stood here is not kept)\n%end" },
		{ "%addon --password x other\n%end",
		  "%addon --password ******** ********\n# (what stood here is not kept)\n%end" },
		{ "%addon other --password=a#b\n%end",
		  "%addon other --password=******** # ********\n# (what stood here is not "
		  "kept)\n%end" },
		{ "%addon com_landfall\n kernel --flavour=standard\n# x\n%end",
		  "%addon com_landfall\n kernel --flavour=standard\n# x\n%end" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *redacted = redact(rows[i].text);

		assert_string_equal(redacted, rows[i].redacted);
	}
}

static void the_redacted_text_is_a_kickstart_with_the_same_meaning(void **state)
{
	g_autoptr(LfProfile) profile =
		profile_of("rootpw --plaintext 'a b'\nuser --name=a --password x --groups=b\n" CRYPT
			   " --passphrase=\"x\"\n%post\necho\n%end" ADDON("unlock --tpm2"));
	g_autofree char *findings = NULL;
	g_autoptr(LfProfile) again =
		lf_test_parse(profile->redacted, LF_KICKSTART_WHOLE, NULL, NULL, &findings);

	assert_string_equal(findings, "");
	assert_string_equal(again->redacted, profile->redacted);
	assert_secret(again->root->password, "********");
	assert_int_equal(again->parts->len, 2);
	assert_int_equal(again->scripts->len, 1);
}

static GBytes *load(const char *name, const char *from, void *user_data, GError **error)
{
	return g_bytes_new("rootpw x\n", 9);
}

static void included_text_is_redacted_in_its_place(void **state)
{
	g_autofree char *findings = NULL;
	g_autoptr(LfProfile) profile =
		lf_test_parse("lang C\n%include https://h.example/pw?token=t\n" LF_TEST_KS,
			      LF_KICKSTART_WHOLE, load, NULL, &findings);

	assert_non_null(profile);
	assert_string_equal(profile->redacted, "lang C\nrootpw ********\n" LF_TEST_KS);
}

static void no_finding_shows_a_secret(void **state)
{
	static const char *const lines[] = {
		"rootpw XSECRETX XSECRETX XSECRETX",
		"rootpw --bogus=XSECRETX XSECRETX",
		"rootpw --iscrypted XSECRETX",
		"rootpw --iscrypted $6$a:XSECRETX",
		"rootpw 'XSECRETX",
		"rootpw XSECRETX#XSECRETX",
		"rootpw XSECRETX\\",
		"user --name=a --password XSECRETX XSECRETX",
		"user --name=a --passwrod=XSECRETX",
		"user --password=XSECRETX",
		"user --name=a --password=$6$XSECRETX$abc",
		"part /boot --size=1 --passphrase=XSECRETX",
		"part /boot --size=1 --encrypted --passphrase XSECRETX XSECRETX",
		"bootloader --password=XSECRETX --md5pass XSECRETX",
		"network --wpakey=XSECRETX --wepkey XSECRETX",
		"%addon com_landfall\nreport --url=https://u:XSECRETX@h/\n%end",
		"%addon com_landfall\nreport --url=https://h/?token=XSECRETX\n%end",
		"%addon com_landfall\nreport --url=ftp://u:XSECRETX@h/\n%end",
		"%addon com_landfall\nmirror --url=https://u:XSECRETX@h/\n%end",
		"%addon com_landfall\nmirror --url=https://h/?token=XSECRETX\n%end",
		"sshpw --username=root XSECRETX",
		"ostreesetup --osname=a --url=https://u:XSECRETX@h/ --ref=b",
		"ostreesetup --osname=a --url=ftp://u:XSECRETX@h/ --ref=b",
		"ostreesetup --osname=a --url=https://h/?token=XSECRETX --ref=b",
		"ostreesetup --osname=a --url=ftp://h/?token=XSECRETX --ref=b",
		"%addon com_landfall\nupgrade --url=https://h/r?token=XSECRETX\n%end",
		"%addon com_landfall\nupgrade '--url=https://h/r#XSECRETX'\n%end",
		"%include https://u:XSECRETX@h/x",
		"rootpw=XSECRETX",
		"rootpw=--XSECRETX x",
		"rotpw=XSECRETX",
		"=XSECRETX",
		"root:XSECRETX",
		"rootpw\\ --plaintext\\ XSECRETX",
		"'rootpw --plaintext XSECRETX'",
		"%addon=XSECRETX",
		"%addon com_landfall\nrecovery=XSECRETX\n%end",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
		g_autoptr(GBytes) bytes = g_bytes_new(lines[i], strlen(lines[i]));
		g_autoptr(json_t) found = NULL;
		g_autofree char *text = NULL;

		assert_null(lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE, load, NULL,
					       diagnostics, NULL));
		found = lf_diagnostics_to_json(diagnostics);
		text = lf_json_print(found, true);
		if (strstr(text, "XSECRETX"))
			fail_msg("'%s' shows its secret: %s", lines[i], text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(nothing_given_leaves_the_defaults),
		LF_TEST(system_lines_are_typed),
		LF_TEST(the_end_is_the_last_one_named),
		LF_TEST(accounts_are_typed),
		LF_TEST(the_last_line_for_a_user_counts),
		LF_TEST(disks_are_typed),
		LF_TEST(partitions_are_typed),
		LF_TEST(payload_and_boot_loader_are_typed),
		LF_TEST(an_empty_value_is_none),
		LF_TEST(network_lines_are_typed),
		LF_TEST(scripts_are_kept_byte_for_byte),
		LF_TEST(the_add_on_is_typed),
		LF_TEST(before_pre_scripts_only_sections_are_collected),
		LF_TEST(what_is_missing_is_an_error),
		LF_TEST(a_static_address_is_whole_and_dhcp_has_none),
		LF_TEST(what_goes_into_passwd_and_fstab_fits_there),
		LF_TEST(lists_of_things_are_bounded),
		LF_TEST(encryption_needs_a_way_to_unlock),
		LF_TEST(a_recovery_key_needs_a_certificate),
		LF_TEST(the_flavour_must_agree_with_the_ref),
		LF_TEST(at_the_desk_it_is_a_warning_that_nobody_can_log_in),
		LF_TEST(the_examples_passphrase_is_refused),
		LF_TEST(quotes_in_the_options_of_a_file_system_match),
		LF_TEST(a_repositorys_url_has_no_query),
		LF_TEST(a_key_for_an_unknown_user_is_a_warning),
		LF_TEST(secrets_are_replaced_and_nothing_else),
		LF_TEST(the_redacted_text_is_a_kickstart_with_the_same_meaning),
		LF_TEST(included_text_is_redacted_in_its_place),
		LF_TEST(no_finding_shows_a_secret),
	};

	return LF_TEST_MAIN(tests);
}
