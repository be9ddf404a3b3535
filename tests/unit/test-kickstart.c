// Kickstart text: structure, options and values; every finding with its place and code.
#include "tests/unit/kickstart.h"

// --- structure ----------------------------------------------------------------------------------

static void a_whole_kickstart_has_no_findings(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "", "" },
		{ "lang de_DE.UTF-8\nkeyboard de\ntimezone Europe/Berlin --utc\ntext", "" },
		{ "  \t lang\tC.UTF-8  # a comment", "" },
		{ "#version=RHEL10\n#platform=x86\n\n\t\n", "" },
		{ "cmdline --non-interactive\ngraphical", "" },
		{ "%post\necho\n%end\nlang C", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void windows_line_ends_are_accepted(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "lang C\r\nkeyboard us\r\n%post\r\necho\r\n%end\r", "" },
		{ "lang C\rkeyboard us", "1:7 error control-character" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void a_byte_order_mark_is_an_error(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "\xef\xbb\xbflang C\nlnag",
		  "1:1 error byte-order-mark; 2:1 error unknown-command" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void text_in_utf_16_is_an_error(void **state)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GBytes) bytes = g_bytes_new_static("\xff\xfel\0a\0n\0g\0", 10);
	g_autoptr(GError) error = NULL;
	g_autofree char *findings = NULL;

	assert_null(lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE, NULL, NULL,
				       diagnostics, &error));
	findings = lf_test_findings(diagnostics);
	assert_string_equal(findings, "1:1 error not-text");
	assert_int_equal(error->code, LF_ERROR_INPUT);
}

static void a_file_that_cannot_be_read_has_that_one_finding(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "lang C\rkeyboard us\rtext\r", "1:1 error line-ends" },
		{ "lang C\r\rkeyboard us\r\n", "1:1 error line-ends" },
		{ "\xef\xbb\xbflang C\rkeyboard us", "1:1 error line-ends" },
	};
	g_autofree char *long_text = g_strnfill(((size_t)4 << 20) + 1, '#');
	g_autofree char *long_findings = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *findings = NULL;

		assert_null(lf_test_parse(rows[i].text, LF_KICKSTART_DESK, NULL, NULL, &findings));
		assert_string_equal(findings, rows[i].findings);
	}
	assert_null(lf_test_parse(long_text, LF_KICKSTART_WHOLE, NULL, NULL, &long_findings));
	assert_string_equal(long_findings, "1:1 error too-long");
}

static void unknown_commands_are_errors(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "foo bar", "1:1 error unknown-command" },
		{ "  LANG en_US", "1:3 error unknown-command" },
		{ "\"\"", "1:1 error unknown-command" },
		{ "lang C\nkeybord us\nzerombrr", "2:1 error unknown-command; 3:1 error "
						  "unknown-command" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void the_nearest_known_name_is_the_advice(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "keybaord us", "did you mean 'keyboard'?" },
		{ "keybaord=us", "did you mean 'keyboard'?" },
		{ "autopart=x", "write a blank between the command and what follows" },
		{ "keyboard=us", "write a blank between the command and what follows" },
		{ "autoprat", "did you mean 'autopart'?" },
		{ "part /var --sise=10", "did you mean '--size'?" },
		{ "%psot\n%end", "did you mean '%post'?" },
		{ "%addon com_landfall\nunlok --tpm2\n%end", "did you mean 'unlock'?" },
		{ "%addon com_landfall\nonfailure --halt\n%end",
		  "write '--reboot', '--poweroff', '--retry'" },
		{ "zerombr --halt", "leave it out: there are no options" },
		{ "part / --nonsense", "the kickstart page lists the options" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
		g_autoptr(GBytes) bytes = g_bytes_new(rows[i].text, strlen(rows[i].text));

		assert_null(lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE, NULL, NULL,
					       diagnostics, NULL));
		assert_string_equal(lf_diagnostics_get(diagnostics, 0)->advice, rows[i].says);
	}
}

static void commands_that_are_not_carried_out_are_errors(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "firewall --enabled --ssh", "1:1 error unsupported-command" },
		{ "selinux --enforcing", "1:1 error unsupported-command" },
		{ "autopart --type=plain", "1:1 error unsupported-command" },
		{ "skipx\nfirstboot --disable\neula --agreed",
		  "1:1 warning ignored-command; 2:1 warning ignored-command; 3:1 warning "
		  "ignored-command" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void single_commands_replace_each_other_with_a_warning(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "lang C\nlang de_DE", "2:1 warning repeated-command" },
		{ "reboot\npoweroff", "2:1 warning repeated-command" },
		{ "clearpart --all\nclearpart --none", "2:1 warning repeated-command" },
		{ "services --enabled=a\nservices --enabled=b", "2:1 warning repeated-command" },
		{ "user --name=a\nuser --name=b", "" },
		{ "user --name=a\nuser --name=a", "2:6 warning repeated-user" },
		{ "network --device=a\nnetwork --device=a", "2:9 warning repeated-device" },
	};

	LF_TEST_SNIPPETS(rows);
}

// --- sections -----------------------------------------------------------------------------------

static void a_section_must_have_its_end(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%post\necho\n%pre\n%end", "1:1 error unterminated-section" },
		{ "lang C\n%pre\necho\n%addon com_landfall\nkernel --flavour=standard\n%end",
		  "2:1 error unterminated-section" },
	};
	g_autofree char *findings = NULL;

	LF_TEST_SNIPPETS(rows);
	assert_null(
		lf_test_parse(LF_TEST_KS "%post\necho", LF_KICKSTART_WHOLE, NULL, NULL, &findings));
	assert_string_equal(findings, "4:1 error unterminated-section");
}

static void an_end_without_a_section_is_an_error(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%end", "1:1 error stray-end" },
		{ "%post\n%end\n%end", "3:1 error stray-end" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void text_behind_end_is_ignored(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%post\necho\n  %end of 'it", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void unknown_sections_are_errors_and_stepped_over(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%foo\nthis is 'no command\n%end", "1:1 error unknown-section" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void a_line_end_in_a_here_document_ends_the_section(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%post\ncat <<E\n%end\nE\n%end",
		  "4:1 error unknown-command; 5:1 error stray-end" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void other_words_with_a_percent_sign_belong_to_the_script(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%post\n%foo bar 'x\n  %ending\nprintf %s\n%end", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void section_options_are_checked(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%pre --interpreter=/bin/bash --erroronfail --log=/tmp/log\n%end", "" },
		{ "%post --nochroot --logfile /root/x\n%end", "" },
		{ "%post --lo=/x --err\n%end", "" },
		{ "%pre --nochroot\n%end", "1:6 error unknown-option" },
		{ "%post --interpreter=bash\n%end", "1:21 error invalid-value" },
		{ "%post echo\n%end", "1:7 error unexpected-argument" },
		{ "%addon\n%end", "1:1 error missing-argument" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void sections_that_are_not_carried_out_say_so(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%packages --ignoremissing\n@core\n%end", "1:1 error unsupported-section" },
		{ "%packages\n\n# nothing\n%end", "1:1 warning ignored-section" },
		{ "%certificate --filename=a.pem\nxxx\n%end", "1:1 error unsupported-section" },
		{ "%traceback\nls\n%end", "1:1 error unsupported-section" },
		{ "%anaconda\npwpolicy root --strict\n%end", "1:1 warning ignored-section" },
		{ "%addon org_fedora_oscap --x y z\ncontent-type = a's\n%end",
		  "1:1 warning ignored-addon" },
		{ "%ksappend http://example.org/x", "1:1 error unsupported-section" },
	};

	LF_TEST_SNIPPETS(rows);
}

// --- options ------------------------------------------------------------------------------------

static void options_are_read_as_argparse_reads_them(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "part /var --size=10", "" },
		{ "part /var --size 10", "" },
		{ "part --size 10 /var", "" },
		{ "part --size=10 -- /var", "" },
		{ "part /var --siz=10 --gro", "" },
		{ "part /var --fst ext4 --size=1", "" },
		{ "part /var --pbkdf-=1 --size=1", "1:11 error ambiguous-option" },
		{ "part /var --bogus --size=1", "1:11 error unknown-option" },
		{ "part /var -s 1", "1:11 error unknown-option; 1:14 error "
				    "unexpected-argument" },
		{ "part /var --size", "1:11 error missing-value" },
		{ "part /var --size --grow", "1:11 error missing-value" },
		{ "part /var --size=1 --grow=yes", "1:20 error unexpected-value" },
		{ "bootloader --append=\"a b\" --timeout 3", "" },
		{ "bootloader --append \"-a b\"", "" },
		{ "bootloader --append -a", "1:12 error missing-value; 1:21 error unknown-option" },
		{ "user --name=a --groups=a, b", "1:27 error unexpected-argument" },
		{ "user --password=x", "1:1 error missing-option" },
		{ "network --onboot=maybe", "1:18 error invalid-value" },
		{ "network --onboot=Yes --activate", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void numbers_are_whole_and_in_range(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "part /var --size=1.5", "1:18 error invalid-number" },
		{ "part /var --size=-1", "1:18 error out-of-range" },
		{ "part /var --size -1", "1:18 error out-of-range" },
		{ "part /var --size=0", "1:18 error out-of-range" },
		{ "part /var --size=99999999999999999999", "1:18 error out-of-range" },
		{ "part /var --size=17179869184", "" },
		{ "part /var --size=17179869185", "1:18 error out-of-range" },
		{ "bootloader --timeout=-1", "1:22 error out-of-range" },
		{ "user --name=a --uid=0", "1:21 error out-of-range" },
		{ "user --name=a --uid=4294967295", "1:21 error out-of-range" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void kernel_arguments_that_the_plan_decides_are_refused_where_they_stand(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "bootloader --append=\"quiet root=/dev/sda1\"", "1:12 error reserved-argument" },
		{ "bootloader --append='\"root=/dev/sda1\"'", "1:12 error reserved-argument" },
		{ "bootloader --append ostree=/x", "1:12 error reserved-argument" },
		{ "bootloader --append=ro", "1:12 error reserved-argument" },
		{ "bootloader --append=rd.luks.options=timeout=5", "1:12 error reserved-argument" },
		{ "bootloader --append=\xc3\xa9", "1:21 error invalid-value" },
		{ "bootloader --append='a=\"b'", "1:21 error invalid-value" },
		{ "%addon com_landfall\nkernel --flavour=standard --append=\"init=/bin/sh\"\n%end",
		  "2:27 error reserved-argument" },
		{ "%addon com_landfall\nkernel --flavour=standard --append='\"'\n%end",
		  "2:36 error invalid-value" },
		{ "bootloader --append=\"rootdelay=5 rootwait rorschach x='ro'\"", "" },
		{ "bootloader --append='dyndbg=\"file a.c ro root=x\"'", "" },
	};

	LF_TEST_SNIPPETS(rows);
}

static void an_unknown_command_comes_with_what_to_do(void **state)
{
	static const struct {
		const char *text, *advice;
	} rows[] = {
		{ "foo\n" LF_TEST_KS,
		  "remove it; what the installed system needs done can be done in "
		  "'%post'" },
		{ "zerombrr\n" LF_TEST_KS, "did you mean 'zerombr'?" },
		{ LF_TEST_KS "%addon com_landfall\nwhatever\n%end\n",
		  "remove it; the commands here are 'kernel', 'unlock', 'upgrade', 'onfailure', "
		  "'report', "
		  "'mirror', 'bandwidth', 'route', 'persist'" },
		{ LF_TEST_KS "%addon com_landfall\nunlok\n%end\n", "did you mean 'unlock'?" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
		g_autoptr(GBytes) bytes = g_bytes_new_static(rows[i].text, strlen(rows[i].text));

		assert_null(lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE, NULL, NULL,
					       diagnostics, NULL));
		assert_string_equal(lf_diagnostics_get(diagnostics, 0)->code, "unknown-command");
		assert_string_equal(lf_diagnostics_get(diagnostics, 0)->advice, rows[i].advice);
	}
}

static void the_first_error_and_the_number_of_others_are_thrown(void **state)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GBytes) bytes = g_bytes_new_static("lang C # ok\nfoo\nbar\n" LF_TEST_KS,
						     strlen("lang C # ok\nfoo\nbar\n" LF_TEST_KS));
	g_autoptr(GError) error = NULL;
	g_autoptr(LfProfile) profile = lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE,
							  NULL, NULL, diagnostics, &error);

	assert_throws(profile, error, LF_ERROR_INPUT,
		      "site.ks:2:1: error: there is no command 'foo'");
	assert_contains(error->message, "(and 1 more)");
}

static void errors_that_are_all_unsupported_are_of_that_class(void **state)
{
	static const struct {
		const char *text;
		LfErrorCode code;
	} rows[] = {
		{ "foo\n" LF_TEST_KS, LF_ERROR_INPUT },
		{ "selinux --enforcing\nfirewall\n" LF_TEST_KS, LF_ERROR_UNSUPPORTED },
		{ "rescue\nnetwork --essid=x\n" LF_TEST_KS, LF_ERROR_UNSUPPORTED },
		{ "autopart\nostreesetup --osname=a --url=file:///r --ref=a\n",
		  LF_ERROR_UNSUPPORTED },
		{ "selinux --enforcing\nfoo\n" LF_TEST_KS, LF_ERROR_INPUT },
	};
	// One list for all: former findings do not count.
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GBytes) bytes = g_bytes_new_static(rows[i].text, strlen(rows[i].text));
		g_autoptr(GError) error = NULL;
		g_autoptr(LfProfile) profile = lf_kickstart_parse(
			bytes, "site.ks", LF_KICKSTART_WHOLE, NULL, NULL, diagnostics, &error);

		assert_throws(profile, error, rows[i].code, "site.ks:1:1: error: ");
	}
}

static void at_most_200_findings_are_kept_and_all_are_counted(void **state)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GString) text = g_string_new(LF_TEST_KS);
	g_autoptr(GBytes) bytes = NULL;

	for (int i = 0; i < 1000; i++)
		g_string_append(text, "foo\n");
	bytes = g_bytes_new(text->str, text->len);
	assert_null(lf_kickstart_parse(bytes, "site.ks", LF_KICKSTART_WHOLE, NULL, NULL,
				       diagnostics, NULL));
	assert_int_equal(lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR), 1000);
	assert_non_null(lf_diagnostics_get(diagnostics, 199));
	assert_null(lf_diagnostics_get(diagnostics, 200));
}

static void a_finding_shows_no_control_characters(void **state)
{
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	LfPlace place = { "a\x1b[2Jb", 1, 2 };
	g_autofree char *text = NULL;

	lf_diagnostics_add(diagnostics, LF_SEVERITY_ERROR, &place, "x", "y\n", "%s",
			   "\x1b]0;z\x07");
	text = lf_diagnostic_text(lf_diagnostics_get(diagnostics, 0));
	assert_string_equal(text, "a\\x1b[2Jb:1:2: error: \\x1b]0;z\\x07 — y\\x0a");
}

// --- includes -----------------------------------------------------------------------------------

typedef struct {
	const char *name; /* as resolved */
	const char *text;
} File;

static const File files[] = {
	{ "lang.ks", "lang C\n" },
	{ "wrong.ks", "keyboard us\nfoo\n" },
	{ "body", "echo in\n" },
	{ "ends", "%end\n" },
	{ "begins", "%post\n" },
	{ "loop.ks", "%include loop.ks\n" },
	{ "a/one.ks", "%include two.ks\n" },
	{ "a/two.ks", "timezone UTC\nbar\n" },
	{ "http://h.example/x/one.ks", "%include two.ks?token=secret\n" },
	{ "http://h.example/x/two.ks?token=secret", "bar\n" },
};

static GBytes *load(const char *name, const char *from, void *user_data, GError **error)
{
	g_autofree char *resolved = lf_kickstart_resolve(name, from);

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (strcmp(files[i].name, resolved) == 0)
			return g_bytes_new(files[i].text, strlen(files[i].text));
	return lf_throw_null(error, LF_ERROR_INPUT, "no file '%s'", resolved);
}

static char *include(const char *snippet, LfKickstartPass pass)
{
	g_autofree char *text = g_strconcat(snippet, "\n", LF_TEST_KS, NULL);
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	g_autoptr(LfProfile) profile =
		lf_kickstart_parse(bytes, "site.ks", pass, load, NULL, diagnostics, NULL);
	GString *found = g_string_new(NULL);
	const LfDiagnostic *finding;

	for (size_t i = 0; (finding = lf_diagnostics_get(diagnostics, i)); i++)
		g_string_append_printf(found, "%s%s:%u:%u %s", i ? "; " : "", finding->place.file,
				       finding->place.line, finding->place.column, finding->code);
	return g_string_free(found, FALSE);
}

static void the_public_name_of_a_url_has_neither_user_nor_query(void **state)
{
	static const char *const rows[][2] = {
		{ "site.ks", "site.ks" },
		{ "/a?b#c@d", "/a?b#c@d" },
		{ "http://h.example/x/a.ks?token=x#y", "http://h.example/x/a.ks" },
		{ "http://u:p@q@h.example:80/a@b.ks", "http://h.example:80/a@b.ks" },
		{ "http://h.example?a@b", "http://h.example" },
		{ "https://", "https://" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *shown = lf_kickstart_public_name(rows[i][0]);

		assert_string_equal(shown, rows[i][1]);
	}
}

static void included_lines_stand_in_the_place_of_the_include(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%include lang.ks", "" },
		{ "lang de\n%include lang.ks", "lang.ks:1:1 repeated-command" },
		{ "  %include 'wrong.ks' # here\nfoo",
		  "wrong.ks:2:1 unknown-command; site.ks:2:1 unknown-command" },
		{ "%include a/one.ks", "a/two.ks:2:1 unknown-command" },
		{ "%include http://h.example/x/one.ks",
		  "http://h.example/x/two.ks:1:1 unknown-command" },
		{ "%post\n%include body\n%end", "" },
		{ "foo\n%include wrong.ks\nbar",
		  "site.ks:1:1 unknown-command; wrong.ks:2:1 unknown-command; site.ks:3:1 "
		  "unknown-command" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *found = include(rows[i].text, LF_KICKSTART_WHOLE);

		assert_string_equal(found, rows[i].findings);
	}
}

static void includes_that_cannot_be_are_errors(void **state)
{
	static const LfTestSnippet rows[] = {
		{ "%include", "site.ks:1:1 missing-argument" },
		{ "%include gone.ks", "site.ks:1:10 include-failed" },
		{ "%include loop.ks", "loop.ks:1:10 include-loop" },
		{ "%include site.ks", "site.ks:1:10 include-loop" },
		{ "%include http://u:p@h.example/x", "site.ks:1:10 url-credentials" },
		{ "%post\n%include ends\n%end", "ends:1:1 stray-end; site.ks:3:1 stray-end" },
		{ "%include begins\n%end",
		  "begins:1:1 unterminated-section; site.ks:2:1 stray-end" },
	};
	static const LfTestSnippet no_loader[] = {
		{ "%include lang.ks", "1:10 error include-not-allowed" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *found = include(rows[i].text, LF_KICKSTART_WHOLE);

		assert_string_equal(found, rows[i].findings);
	}
	LF_TEST_SNIPPETS(no_loader);
}

static void includes_are_bounded(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *found = NULL;

	for (int i = 0; i < 32; i++)
		g_string_append(text, "%include body\n");
	found = include(text->str, LF_KICKSTART_SCRIPTS_ONLY);
	assert_string_equal(found, "site.ks:32:10 too-many-includes");
}

static void before_pre_scripts_a_missing_include_is_no_finding(void **state)
{
	g_autofree char *found =
		include("foo 'x\n%include /tmp/parts\n%pre\necho\n%end", LF_KICKSTART_SCRIPTS_ONLY);

	assert_string_equal(found, "");
}

static void at_the_desk_an_include_that_a_script_may_write_is_a_warning(void **state)
{
	g_autofree char *with = include("%pre\n%end\n%include /tmp/parts", LF_KICKSTART_DESK);
	g_autofree char *without = include("%include /tmp/parts", LF_KICKSTART_DESK);
	g_autofree char *ahead =
		include("%include /tmp/parts\n  %pre --log=/x\r\n%end", LF_KICKSTART_DESK);
	g_autofree char *other =
		include("%include /tmp/parts\n#%pre\n%pre-install\n%end", LF_KICKSTART_DESK);
	g_autofree char *machine = include("%include /tmp/parts\n%pre\n%end", LF_KICKSTART_WHOLE);

	assert_string_equal(with, "site.ks:3:10 include-later");
	assert_string_equal(without, "site.ks:1:10 include-failed");
	assert_string_equal(ahead, "site.ks:1:10 include-later");
	assert_string_equal(other, "site.ks:1:10 include-failed");
	assert_string_equal(machine, "site.ks:1:10 include-failed");
}

// --- golden files -------------------------------------------------------------------------------

#define GOLDEN "tests/golden/kickstart"

static void check_golden(const char *name)
{
	g_autofree char *base = g_strndup(name, strlen(name) - strlen(".ks"));
	g_autofree char *path = g_build_filename(GOLDEN, name, NULL);
	g_autofree char *json_path = g_strconcat(GOLDEN "/", base, ".json", NULL);
	g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
	g_autoptr(json_t) found = NULL;
	g_autofree char *text = NULL;
	g_autofree char *wanted = NULL;
	g_autofree char *printed = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(LfProfile) profile = NULL;
	gsize size;

	assert_true(g_file_get_contents(path, &text, &size, NULL));
	assert_true(g_file_get_contents(json_path, &wanted, NULL, NULL));
	bytes = g_bytes_new(text, size);
	profile = lf_kickstart_parse(bytes, name, LF_KICKSTART_DESK, NULL, NULL, diagnostics, NULL);
	found = lf_diagnostics_to_json(diagnostics);
	printed = lf_json_print(found, true);
	if (strcmp(printed, wanted) != 0)
		fail_msg("%s: 'landfall check --json %s' in " GOLDEN " now says\n%s", name, name,
			 printed);
}

static void whole_files_have_the_findings_of_their_golden_files(void **state)
{
	g_autoptr(GDir) dir = g_dir_open(GOLDEN, 0, NULL);
	const char *name;
	size_t n = 0;

	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		if (!g_str_has_suffix(name, ".ks"))
			continue;
		check_golden(name);
		n++;
	}
	assert_true(n >= 3);
}

static void real_files_of_others_do_no_harm(void **state)
{
	static const char *const folders[] = { "../shared/data/kickstart" };
	g_autoptr(GDir) dir = g_dir_open(folders[0], 0, NULL);
	const char *name;

	if (!dir)
		lf_test_skip("no folder ../shared/data/kickstart with kickstart files");
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folders[0], name, NULL);
		g_autoptr(LfDiagnostics) diagnostics = lf_diagnostics_new();
		g_autofree char *text = NULL;
		g_autoptr(GBytes) bytes = NULL;
		g_autoptr(LfProfile) profile = NULL;
		gsize size;

		assert_true(g_file_get_contents(path, &text, &size, NULL));
		bytes = g_bytes_new(text, size);
		profile = lf_kickstart_parse(bytes, name, LF_KICKSTART_DESK, NULL, NULL,
					     diagnostics, NULL);
		assert_true((profile == NULL) ==
			    (lf_diagnostics_count(diagnostics, LF_SEVERITY_ERROR) > 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LF_TEST(a_whole_kickstart_has_no_findings),
		LF_TEST(windows_line_ends_are_accepted),
		LF_TEST(a_byte_order_mark_is_an_error),
		LF_TEST(text_in_utf_16_is_an_error),
		LF_TEST(a_file_that_cannot_be_read_has_that_one_finding),
		LF_TEST(unknown_commands_are_errors),
		LF_TEST(the_nearest_known_name_is_the_advice),
		LF_TEST(commands_that_are_not_carried_out_are_errors),
		LF_TEST(single_commands_replace_each_other_with_a_warning),
		LF_TEST(a_section_must_have_its_end),
		LF_TEST(an_end_without_a_section_is_an_error),
		LF_TEST(text_behind_end_is_ignored),
		LF_TEST(unknown_sections_are_errors_and_stepped_over),
		LF_TEST(a_line_end_in_a_here_document_ends_the_section),
		LF_TEST(other_words_with_a_percent_sign_belong_to_the_script),
		LF_TEST(section_options_are_checked),
		LF_TEST(sections_that_are_not_carried_out_say_so),
		LF_TEST(options_are_read_as_argparse_reads_them),
		LF_TEST(numbers_are_whole_and_in_range),
		LF_TEST(kernel_arguments_that_the_plan_decides_are_refused_where_they_stand),
		LF_TEST(an_unknown_command_comes_with_what_to_do),
		LF_TEST(the_first_error_and_the_number_of_others_are_thrown),
		LF_TEST(errors_that_are_all_unsupported_are_of_that_class),
		LF_TEST(at_most_200_findings_are_kept_and_all_are_counted),
		LF_TEST(a_finding_shows_no_control_characters),
		LF_TEST(the_public_name_of_a_url_has_neither_user_nor_query),
		LF_TEST(included_lines_stand_in_the_place_of_the_include),
		LF_TEST(includes_that_cannot_be_are_errors),
		LF_TEST(includes_are_bounded),
		LF_TEST(before_pre_scripts_a_missing_include_is_no_finding),
		LF_TEST(at_the_desk_an_include_that_a_script_may_write_is_a_warning),
		LF_TEST(whole_files_have_the_findings_of_their_golden_files),
		LF_TEST(real_files_of_others_do_no_harm),
	};

	return LF_TEST_MAIN(tests);
}
