// Which known name is nearest to a wrong one (edit distance with swaps).
// Not here: the tables of names.
#include "kickstart/near.h"

#include <string.h>

#define MAX_NAME_BYTES 40

void lf_near_init(LfNear *near, const char *wanted)
{
	size_t length = strlen(wanted);

	// A third of the letters may be wrong, but at least one.
	*near = (LfNear){ wanted, NULL, length > MAX_NAME_BYTES ? 0 : MAX(length / 3, 1) + 1 };
}

static size_t min3(size_t a, size_t b, size_t c)
{
	return MIN(a, MIN(b, c));
}

// Optimal string alignment; three rows of the table are enough.
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][MAX_NAME_BYTES + 1];
	size_t length_b = strlen(b);

	for (size_t j = 0; j <= length_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *higher = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			bool is_other = a[i - 1] != b[j - 1];

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + is_other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], higher[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][length_b];
}

void lf_near_try(LfNear *near, const char *known)
{
	size_t distance;

	if (near->distance == 0 || strlen(known) > MAX_NAME_BYTES)
		return;
	distance = edit_distance(near->wanted, known);
	if (distance >= near->distance)
		return;
	near->distance = distance;
	near->best = known;
}

char *lf_near_advice(const LfNear *near)
{
	return near->best ? g_strdup_printf("did you mean '%s'?", near->best) : NULL;
}
