#pragma once

#include <elf.h>
#include <string.h>

#include "tests/unit/test.h"

/**
 * LfTestElf: a small but whole program: header, three program headers, dynamic section, string
 * table. It needs liba.1 and libb.2, looks in $ORIGIN/x first and wants the loader /lib/ld.so.
 */
typedef struct {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Dyn dynamic[6];
	char strings[64];
	char interpreter[16];
} LfTestElf;

enum { LIBA = 1, LIBB = 8, RUNPATH = 15 };

#define BASE_ADDRESS 0x10000

static inline LfTestElf lf_test_elf(void)
{
	LfTestElf sample = { 0 };
	Elf64_Dyn dynamic[] = {
		{ DT_STRTAB, { BASE_ADDRESS + offsetof(LfTestElf, strings) } },
		{ DT_STRSZ, { sizeof(sample.strings) } },
		{ DT_NEEDED, { LIBA } },
		{ DT_NEEDED, { LIBB } },
		{ DT_RUNPATH, { RUNPATH } },
		{ DT_NULL, { 0 } },
	};

	memcpy(sample.header.e_ident, ELFMAG, SELFMAG);
	sample.header.e_ident[EI_CLASS] = ELFCLASS64;
	sample.header.e_ident[EI_DATA] = ELFDATA2LSB;
	sample.header.e_phoff = offsetof(LfTestElf, segments);
	sample.header.e_phentsize = sizeof(Elf64_Phdr);
	sample.header.e_phnum = G_N_ELEMENTS(sample.segments);
	sample.segments[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
					   .p_vaddr = BASE_ADDRESS,
					   .p_filesz = sizeof(sample) };
	sample.segments[1] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
					   .p_offset = offsetof(LfTestElf, dynamic),
					   .p_filesz = sizeof(sample.dynamic) };
	sample.segments[2] = (Elf64_Phdr){ .p_type = PT_INTERP,
					   .p_offset = offsetof(LfTestElf, interpreter),
					   .p_filesz = sizeof(sample.interpreter) };
	memcpy(sample.dynamic, dynamic, sizeof(dynamic));
	memcpy(sample.strings + LIBA, "liba.1", 7);
	memcpy(sample.strings + LIBB, "libb.2", 7);
	memcpy(sample.strings + RUNPATH, "$ORIGIN/x", 10);
	memcpy(sample.interpreter, "/lib/ld.so", 11);
	return sample;
}
