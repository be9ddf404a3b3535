// Loop devices: a range of a file or disk as a block device.
// Not here: what is on it.
#include "installer/apply/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/fd.h"

#define MAX_TRIES 16

static bool detach(void *object, GError **error)
{
	lf_autofd fd = GPOINTER_TO_INT(object);

	if (ioctl(fd, LOOP_CLR_FD) < 0)
		return lf_throw_errno(error, "cannot detach");
	return true;
}

// Between asking for a free number and using it another program may take it.
static bool try_attach(int control_fd, const struct loop_config *config, int *ret_fd,
		       int *ret_number)
{
	g_autofree char *node = NULL;
	int number = ioctl(control_fd, LOOP_CTL_GET_FREE);
	lf_autofd fd = -1;

	if (number < 0)
		return false;
	node = g_strdup_printf("/dev/loop%d", number);
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, config) < 0)
		return false;
	*ret_fd = lf_steal_fd(&fd);
	*ret_number = number;
	return true;
}

// It ends with its last user, also when this program crashes.
static bool attach(int file_fd, uint64_t start_bytes, uint64_t size_bytes, uint32_t flags,
		   LfScope *held, char **ret_node, GError **error)
{
	struct loop_config config = { .fd = (uint32_t)file_fd,
				      .info = { .lo_offset = start_bytes,
						.lo_sizelimit = size_bytes,
						.lo_flags = LO_FLAGS_AUTOCLEAR | flags } };
	lf_autofd control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int fd = -1, number = -1;

	for (int i = 0; control_fd >= 0 && i < MAX_TRIES; i++)
		if (try_attach(control_fd, &config, &fd, &number)) {
			*ret_node = g_strdup_printf("/dev/loop%d", number);
			lf_scope_push(held, detach, GINT_TO_POINTER(fd), "'%s'", *ret_node);
			return true;
		} else if (errno != EBUSY) {
			break;
		}
	return lf_throw(error, LF_ERROR_UNSUPPORTED,
			"cannot show a file's partition as a device: %s", g_strerror(errno));
}

bool lf_loop_attach(int file_fd, uint64_t start_bytes, uint64_t size_bytes, LfScope *held,
		    char **ret_node, GError **error)
{
	return attach(file_fd, start_bytes, size_bytes, 0, held, ret_node, error);
}

bool lf_loop_attach_readonly(int file_fd, uint64_t start_bytes, uint64_t size_bytes, LfScope *held,
			     char **ret_node, GError **error)
{
	return attach(file_fd, start_bytes, size_bytes, LO_FLAGS_READ_ONLY, held, ret_node, error);
}
