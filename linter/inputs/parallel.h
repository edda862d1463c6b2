// Work on many things at once.
#pragma once

#include <cstddef>
#include <functional>

namespace ipo {

// Calls work(0) .. work(count - 1), each once and in any order, on `jobs` threads at most, this one among them; on fewer where the
// system gives no more. When all have ended, one of the exceptions they threw is thrown again.
void parallel(unsigned jobs, std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace ipo
