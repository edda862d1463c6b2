#include "rules/matrix/port_matrix.h"
namespace ipo {}
