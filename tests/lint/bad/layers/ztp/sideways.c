// Includes sideways.
#include "installer/apply/apply.h"
