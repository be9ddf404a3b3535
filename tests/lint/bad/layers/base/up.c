// Includes upwards.
#include "kickstart/profile.h"
#include "base/fd.h"
