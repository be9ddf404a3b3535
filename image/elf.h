#pragma once

#include "base/throw.h"

#include <stddef.h>

/**
 * LfElf: what the loader will look for when it starts or opens an ELF file.
 * @interpreter: (nullable): PT_INTERP, an absolute path
 * @needed: (element-type utf8): DT_NEEDED names, in the file's order
 * @runpath: (nullable): DT_RUNPATH or DT_RPATH as written, with its $ORIGIN and colons
 */
typedef struct {
	char *interpreter;
	GPtrArray *needed;
	char *runpath;
} LfElf;

void lf_elf_free(LfElf *elf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LfElf, lf_elf_free)

/** lf_elf_is: whether the bytes start as an ELF file does; a script or a data file does not. */
bool lf_elf_is(const void *data, size_t size);

/**
 * lf_elf_parse:
 * @data: (array length=size): a whole ELF file, hostile
 *
 * Reads the program headers and the dynamic section of a 64-bit little-endian ELF file. A static
 * program has neither and gives an empty result.
 *
 * Errors: INPUT for a file that is not what its headers say, UNSUPPORTED for other ELF classes.
 * Source: System V ABI, gABI 4.1, chapters 4 and 5.
 * Returns: (transfer full) (nullable): NULL with @error set
 */
LfElf *lf_elf_parse(const void *data, size_t size, GError **error);
