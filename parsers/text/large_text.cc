// The string's memory is advised where it lies: whole large pages within its capacity.
#include "parsers/text/large_text.h"

#include <sys/mman.h>

#include <cstdint>

namespace ipo {

void reserve_large(std::string& text, std::size_t bytes) {
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  text.reserve(bytes);
#if defined(MADV_HUGEPAGE)
  if (bytes < 2 * page) return;
  std::uintptr_t start = reinterpret_cast<std::uintptr_t>(text.data());
  std::uintptr_t begin = (start + page - 1) & ~(page - 1), end = (start + text.capacity()) & ~(page - 1);
  if (begin < end) ::madvise(text.data() + (begin - start), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace ipo
