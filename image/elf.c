// Reads from ELF files which interpreter and shared libraries they ask for.
// Not here: where those are found (initramfs.c), nor anything about sections or symbols.
#include "image/elf.h"

#include <elf.h>
#include <string.h>

// Far above any real file; bounds the work on a hostile one.
#define MAX_PROGRAM_HEADERS 1024
#define MAX_DYNAMIC_ENTRIES 65536

typedef struct {
	const uint8_t *data;
	size_t size;
	Elf64_Ehdr header;
} Image;

void lf_elf_free(LfElf *elf)
{
	if (!elf)
		return;
	g_free(elf->interpreter);
	g_free(elf->runpath);
	g_ptr_array_unref(elf->needed);
	g_free(elf);
}

bool lf_elf_is(const void *data, size_t size)
{
	return size >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static bool has_range(const Image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

// A copy, because nothing says that a hostile file keeps its structures aligned.
static bool read_at(const Image *image, uint64_t offset, void *ret, size_t size, GError **error)
{
	if (!has_range(image, offset, size))
		return lf_throw(error, LF_ERROR_INPUT,
				"ELF structure at %" G_GUINT64_FORMAT " lies outside the file",
				offset);
	memcpy(ret, image->data + offset, size);
	return true;
}

static char *read_string(const Image *image, uint64_t offset, uint64_t max_bytes, GError **error)
{
	if (!has_range(image, offset, max_bytes) || !memchr(image->data + offset, '\0', max_bytes))
		return lf_throw_null(error, LF_ERROR_INPUT,
				     "ELF string at %" G_GUINT64_FORMAT " has no end", offset);
	return g_strdup((const char *)image->data + offset);
}

static bool read_header(Image *image, GError **error)
{
	const unsigned char *ident = image->header.e_ident;

	if (!read_at(image, 0, &image->header, sizeof(image->header), error))
		return false;
	if (!lf_elf_is(ident, EI_NIDENT))
		return lf_throw(error, LF_ERROR_INPUT, "no ELF magic");
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return lf_throw(error, LF_ERROR_UNSUPPORTED,
				"only 64-bit little-endian ELF files are read");
	if (image->header.e_phnum > 0 && image->header.e_phentsize != sizeof(Elf64_Phdr))
		return lf_throw(error, LF_ERROR_INPUT, "ELF program headers have a wrong size");
	if (image->header.e_phnum > MAX_PROGRAM_HEADERS)
		return lf_throw(error, LF_ERROR_INPUT, "ELF file has too many program headers");
	return true;
}

static bool read_program_header(const Image *image, unsigned index, Elf64_Phdr *ret, GError **error)
{
	uint64_t offset;

	if (__builtin_add_overflow(image->header.e_phoff, (uint64_t)index * sizeof(*ret), &offset))
		return lf_throw(error, LF_ERROR_INPUT, "ELF program headers overflow");
	return read_at(image, offset, ret, sizeof(*ret), error);
}

// The dynamic section speaks of addresses in memory; the load segments say where those are on disk.
static bool address_to_offset(const Image *image, uint64_t address, uint64_t *ret,
			      uint64_t *ret_left, GError **error)
{
	for (unsigned i = 0; i < image->header.e_phnum; i++) {
		Elf64_Phdr segment;
		uint64_t offset;

		if (!read_program_header(image, i, &segment, error))
			return false;
		if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		if (__builtin_add_overflow(segment.p_offset, address - segment.p_vaddr, &offset))
			break;
		*ret = offset;
		*ret_left = segment.p_filesz - (address - segment.p_vaddr);
		return true;
	}
	return lf_throw(error, LF_ERROR_INPUT, "ELF address %" G_GUINT64_FORMAT " is in no segment",
			address);
}

typedef struct {
	uint64_t strtab;
	uint64_t strtab_size;
	uint64_t runpath;
	bool has_strtab;
	bool has_runpath;
	GArray *needed;
} Dynamic;

static void note_entry(Dynamic *dynamic, const Elf64_Dyn *entry)
{
	switch (entry->d_tag) {
	case DT_STRTAB:
		dynamic->strtab = entry->d_un.d_ptr;
		dynamic->has_strtab = true;
		break;
	case DT_STRSZ:
		dynamic->strtab_size = entry->d_un.d_val;
		break;
	case DT_NEEDED:
		g_array_append_val(dynamic->needed, entry->d_un.d_val);
		break;
	case DT_RPATH:
	case DT_RUNPATH:
		dynamic->runpath = entry->d_un.d_val;
		dynamic->has_runpath = true;
		break;
	default:
		break;
	}
}

static bool read_entries(const Image *image, const Elf64_Phdr *segment, Dynamic *dynamic,
			 GError **error)
{
	uint64_t count = segment->p_filesz / sizeof(Elf64_Dyn);

	if (count > MAX_DYNAMIC_ENTRIES)
		return lf_throw(error, LF_ERROR_INPUT, "ELF dynamic section is too long");
	if (!has_range(image, segment->p_offset, segment->p_filesz))
		return lf_throw(error, LF_ERROR_INPUT, "ELF dynamic section lies outside the file");
	for (uint64_t i = 0; i < count; i++) {
		Elf64_Dyn entry;

		if (!read_at(image, segment->p_offset + i * sizeof(entry), &entry, sizeof(entry),
			     error))
			return false;
		if (entry.d_tag == DT_NULL)
			break;
		note_entry(dynamic, &entry);
	}
	return true;
}

static char *read_name(const Image *image, const Dynamic *dynamic, uint64_t table, uint64_t index,
		       GError **error)
{
	if (index >= dynamic->strtab_size)
		return lf_throw_null(error, LF_ERROR_INPUT, "ELF name lies outside its table");
	return read_string(image, table + index, dynamic->strtab_size - index, error);
}

static bool resolve_names(const Image *image, const Dynamic *dynamic, LfElf *elf, GError **error)
{
	uint64_t table = 0, left = 0;

	if (dynamic->needed->len == 0 && !dynamic->has_runpath)
		return true;
	if (!dynamic->has_strtab)
		return lf_throw(error, LF_ERROR_INPUT, "ELF dynamic section has no string table");
	if (!address_to_offset(image, dynamic->strtab, &table, &left, error))
		return false;
	if (dynamic->strtab_size > left || !has_range(image, table, dynamic->strtab_size))
		return lf_throw(error, LF_ERROR_INPUT, "ELF string table lies outside its segment");
	for (unsigned i = 0; i < dynamic->needed->len; i++) {
		uint64_t index = g_array_index(dynamic->needed, uint64_t, i);
		char *name = read_name(image, dynamic, table, index, error);

		if (!name)
			return false;
		g_ptr_array_add(elf->needed, name);
	}
	if (dynamic->has_runpath)
		elf->runpath = read_name(image, dynamic, table, dynamic->runpath, error);
	return !dynamic->has_runpath || elf->runpath;
}

static bool read_dynamic(const Image *image, const Elf64_Phdr *segment, LfElf *elf, GError **error)
{
	g_autoptr(GArray) needed = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	Dynamic dynamic = { .needed = needed };

	return read_entries(image, segment, &dynamic, error) &&
	       resolve_names(image, &dynamic, elf, error);
}

LfElf *lf_elf_parse(const void *data, size_t size, GError **error)
{
	Image image = { .data = data, .size = size };
	g_autoptr(LfElf) elf = g_new0(LfElf, 1);

	elf->needed = g_ptr_array_new_with_free_func(g_free);
	if (!read_header(&image, error))
		return NULL;
	for (unsigned i = 0; i < image.header.e_phnum; i++) {
		Elf64_Phdr segment;

		if (!read_program_header(&image, i, &segment, error))
			return NULL;
		if (segment.p_type == PT_INTERP && !elf->interpreter) {
			elf->interpreter =
				read_string(&image, segment.p_offset, segment.p_filesz, error);
			if (!elf->interpreter)
				return NULL;
		}
		if (segment.p_type == PT_DYNAMIC && elf->needed->len == 0 && !elf->runpath &&
		    !read_dynamic(&image, &segment, elf, error))
			return NULL;
	}
	return g_steal_pointer(&elf);
}
