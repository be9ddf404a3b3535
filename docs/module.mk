# Manual pages: text from docs/man, options from the programs themselves.
HELP += 'man          the manual pages, in $(O)/man'

MAN_PAGES := $(patsubst docs/man/%.in,$(O)/man/%,$(wildcard docs/man/*.in))

.PHONY: man
man: $(MAN_PAGES)
# The README sends the reader of either there.
all demo: man

$(O)/man/%: docs/man/%.in docs/mkman $(O)/landfall $(O)/landfall-fdo $(O)/landfall-installer
	$(call say,MAN,$@)mkdir -p $(@D) && docs/mkman $< $(O) '$(VERSION)' >$@
